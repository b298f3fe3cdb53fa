"""Real clusters whose density and pressure were measured, as truths that the forward model observes.

The table has one row a radius and cluster: ``name``, ``z``, ``M500_1e14``, ``R500_kpc``, ``r_kpc``,
``ne_cm3``, ``ne_err`` and ``P_gnfw_keVcm3``; other columns are left alone. Densities are deprojected and
uneven from shell to shell by a few per cent, which is noise of the measurement and not gas: the truth is
their smoothing spline. Pressures are values of a fitted curve and are interpolated. Both are curves in ln r
of ln n_e and ln P.

Shapes: M rows of one cluster, G nodes.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import SeedSequence, default_rng
from scipy.interpolate import CubicSpline, make_smoothing_spline

from astrosweep.config.kinds.clusters import ClusterSimulationConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.identifiers import id_of
from astrosweep.data.reading import check_named, read_table
from astrosweep.data.reading.convert import to_numbers
from astrosweep.kinds.clusters.forward.grid import NODES
from astrosweep.kinds.clusters.forward.observe import observe, targets_of
from astrosweep.kinds.clusters.forward.truths import TrueClusters
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, TrueProfiles

NUMBERS = ("z", "M500_1e14", "R500_kpc", "r_kpc", "ne_cm3", "ne_err", "P_gnfw_keVcm3")
OF_A_CLUSTER = ("z", "M500_1e14", "R500_kpc")
FEWEST_RADII = 5
SMOOTHING = 10.0
"""Weight of the integrated squared curvature of ln n_e in ln r against chi-squared. The curve is then
2 per cent (rms; median of the 31 REXCESS clusters) off the measured densities, within their errors."""
SMALLEST_ERROR = 0.02
"""Smallest relative error of a density; the stated ones leave out what varies from shell to shell."""
OUTER_SLOPES = {"density": -3.0, "pressure": -4.6}
"""Logarithmic slopes at 5 R500, towards which the slopes at the last measured radius go linearly in ln r, as
those of the simulated clusters do on average. Inwards of the first radius the slopes stay as they are."""
STREAM = 0x5EC5
"""Sets the noise apart from that of simulated clusters of the same seed."""


def load_rexcess(path: str | Path, config: ClusterSimulationConfig, realisations: int = 1) -> ClusterSample:
    """Read measured clusters and observe them through the forward model.

    Args:
        path: The table, of any format that ``read_table`` reads.
        config: Seed of the noise, noise and effects; its other fields are not used.
        realisations: How often each cluster is observed, each time with noise of its own. From the second on
            names end in ``#2``, ``#3`` and so on. They share a truth: keep them on one side of a split.

    Returns:
        Sample with targets. ``facts`` has each cluster's ``last_measured`` radius in R500: targets
        beyond it are extrapolated.

    Raises:
        DataError: The file or a column is missing, a value is not a positive number, a cluster has too few
            radii, one radius twice, or two values of what belongs to the cluster.
    """
    path = Path(path).expanduser()
    frame = _read(path)
    names = list(dict.fromkeys(frame["name"]))
    groups = [frame[frame["name"] == name].sort_values("r_kpc") for name in names]
    for name, group in zip(names, groups, strict=True):
        _check(group, str(name), path)
    truths = _truths(groups)
    rows = np.tile(np.arange(len(names), dtype=np.int64), realisations)
    repeated = truths.take(rows)
    rng = default_rng(SeedSequence(config.seed, spawn_key=(STREAM,)))
    suffixes = ["" if copy == 0 else f"#{copy + 1}" for copy in range(realisations)]
    all_names = [f"{name}{suffix}" for suffix in suffixes for name in names]
    clusters = Clusters(
        ids=np.array([id_of(name) for name in all_names], dtype=np.int64),
        names=np.array(all_names),
        redshift=repeated.redshift,
        r500_kpc=repeated.r500_kpc,
        observed=observe(repeated, config, rng),
        generator=np.full(len(rows), "rexcess"),
        origin=f"{len(names)} measured clusters of {path.name}, each observed {realisations} times by the "
        "forward model",
        facts={
            "last_measured": {
                str(name): round(float((group["r_kpc"] / group["R500_kpc"]).iloc[-1]), 3)
                for name, group in zip(names, groups, strict=True)
            }
        },
    )
    return ClusterSample(clusters, TrueProfiles(targets_of(repeated)))


def _read(path: Path) -> pd.DataFrame:
    """Read the table: ``name`` as text, all others of ``NUMBERS`` positive."""
    raw = read_table(path, text=("name",))
    check_named(raw, path)
    frame = raw.frame
    missing = [column for column in ("name", *NUMBERS) if column not in frame]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; needed: name, {', '.join(NUMBERS)}; "
            f"the file has: {', '.join(map(str, frame.columns))}"
        )
    read = pd.DataFrame({"name": frame["name"].astype(str)}, index=frame.index)
    for column in NUMBERS:
        numbers = to_numbers(frame[column], column, path)
        bad = np.flatnonzero(~(numbers > 0.0))
        if bad.size:
            raise DataError(
                f"{path}: {frame.index.name} {frame.index[bad[0]]}: {column}={frame[column].iloc[bad[0]]} "
                f"of cluster {read['name'].iloc[bad[0]]}; allowed: numbers above 0 "
                f"({bad.size} of {len(numbers)} values are not)"
            )
        read[column] = numbers
    return read


def _check(group: pd.DataFrame, name: str, path: Path) -> None:
    """Refuse a cluster that gives no profile. Its rows are in the order of the radius."""
    if len(group) < FEWEST_RADII:
        raise DataError(f"{path}: cluster {name} has {len(group)} radii; allowed: {FEWEST_RADII} or more")
    for column in OF_A_CLUSTER:
        values = group[column].unique()
        if len(values) > 1:
            raise DataError(
                f"{path}: cluster {name} has {column}={values[0]:g} and {values[1]:g}; allowed: one value"
            )
    twice = group[group["r_kpc"].duplicated()]
    if len(twice):
        raise DataError(
            f"{path}: {twice.index.name} {twice.index[0]}: r_kpc={twice['r_kpc'].iloc[0]:g} of cluster "
            f"{name} occurs twice; allowed: each radius once"
        )


def _truths(groups: list[pd.DataFrame]) -> TrueClusters:
    """Turn the rows of each cluster, in the order of the radius, into curves at the nodes."""
    density, pressure = [], []
    for group in groups:
        ln_x = np.log((group["r_kpc"] / group["R500_kpc"]).to_numpy())
        ln_density = np.log(group["ne_cm3"].to_numpy())
        error = np.maximum((group["ne_err"] / group["ne_cm3"]).to_numpy(), SMALLEST_ERROR)
        smooth = make_smoothing_spline(ln_x, ln_density, w=error**-2, lam=SMOOTHING)
        density.append(_continued(smooth, ln_x, OUTER_SLOPES["density"]))
        curve = CubicSpline(ln_x, np.log(group["P_gnfw_keVcm3"].to_numpy()), bc_type="natural")
        pressure.append(_continued(curve, ln_x, OUTER_SLOPES["pressure"]))
    return TrueClusters(
        redshift=np.array([group["z"].iloc[0] for group in groups]),
        r500_kpc=np.array([group["R500_kpc"].iloc[0] for group in groups]),
        density=np.exp(density),
        pressure=np.exp(pressure),
    )


def _continued(curve: CubicSpline, ln_x: FloatArray, outer_slope: float) -> FloatArray:
    """Return a curve at the nodes, continued with its end slopes, shape (G,).

    Outwards the slope bends linearly in ln x to the outer slope at 5 R500, so value and slope are continuous.

    Args:
        curve: A spline in ln x.
        ln_x: Where it is known, increasing, shape (M,).
        outer_slope: At 5 R500.
    """
    nodes, first, last = np.log(NODES), ln_x[0], ln_x[-1]
    slopes = curve.derivative()(ln_x[[0, -1]])
    inward, outward = np.minimum(nodes - first, 0.0), np.maximum(nodes - last, 0.0)
    bend = (outer_slope - slopes[1]) / max(np.log(5.0) - last, 0.1)
    inside = curve(np.clip(nodes, first, last))
    return np.asarray(inside + slopes[0] * inward + slopes[1] * outward + 0.5 * bend * outward**2)
