"""Figure of a sample of clusters: are its true profiles those of real clusters?

Shapes: N clusters, L radii, K tabulated radii.
"""

from collections.abc import Iterator
from itertools import cycle, product

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from astrosweep.config.kinds.clusters import TARGETS
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward import truths
from astrosweep.kinds.clusters.forward.cosmology import expansion, m500_of, p500_of, t500_of
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample
from astrosweep.report.canvas import AMBER, BLUE, GREEN, INK, ORANGE, PURPLE, dress, log_ticks, new_figure

_PANELS = {
    "ne3d": ("n_e / E(z)² (cm⁻³)", truths.DENSITY, truths.DENSITY_SCATTER),
    "t3d": ("T / T500", truths.TEMPERATURE, truths.TEMPERATURE_SCATTER),
    "szp3d": ("P / P500", truths.PRESSURE, truths.PRESSURE_SCATTER),
}
_LOOKS = tuple(product(("-", "-."), (BLUE, ORANGE, GREEN, PURPLE, AMBER)))
"""Line and colour of each generator in turn; an eleventh looks like the first."""
_APART = "--"
"""Line of clusters that are for training only."""


def scaled_targets(sample: ClusterSample) -> dict[str, FloatArray]:
    """Return the targets without their dependence on mass and redshift.

    Args:
        sample: With targets, redshifts and R500.

    Returns:
        Target to its values, shape (N, L): n_e / E^2 in cm^-3, T / T500 and P / P500.

    Raises:
        DataError: The sample has no targets, or a redshift or R500 is unknown.
    """
    clusters, truth = sample.objects, sample.truth.profiles
    missing = [name for name in TARGETS if name not in truth]
    if missing:
        raise DataError(f"the sample has no true profiles {', '.join(missing)} to compare with real clusters")
    unknown = np.isnan(clusters.redshift) | np.isnan(clusters.r500_kpc)
    if unknown.any():
        raise DataError(
            f"redshift or R500 of {int(unknown.sum())} of {len(sample)} clusters is unknown, the first is "
            f"{clusters.names[unknown][0]}; scaled profiles need both"
        )
    mass = m500_of(clusters.r500_kpc, clusters.redshift)
    scales = {
        "ne3d": expansion(clusters.redshift) ** 2,
        "t3d": t500_of(mass, clusters.redshift),
        "szp3d": p500_of(mass, clusters.redshift),
    }
    return {name: truth[name].value / scale[:, None] for name, scale in scales.items()}


def cluster_sample_figure(sample: ClusterSample) -> Figure:
    """Draw medians and 16 to 84 per cent of scaled true profiles over those of the 31 REXCESS clusters.

    Each generator of the sample has its own median and band, and dashed lines for those of its clusters that
    are for training only; the points with bars are the REXCESS medians and scatters.

    Args:
        sample: With targets on radii that are the same for all clusters in units of R500.

    Raises:
        DataError: As ``scaled_targets``.
    """
    values = scaled_targets(sample)
    figure = new_figure(f"True profiles of {sample.objects.origin}, against REXCESS", 12.0, 4.4)
    for axes, (name, (label, medians, scatters)) in zip(figure.subplots(1, 3), _PANELS.items(), strict=True):
        x = np.nanmedian(sample.truth.profiles[name].radius / sample.objects.r500_kpc[:, None], axis=0)
        for group, rows, line, colour in _groups(sample.objects):
            low, middle, high = np.nanpercentile(values[name][rows], (16, 50, 84), axis=0)
            if line == _APART:
                axes.plot(x, np.transpose([low, high]), color=colour, linestyle=line, linewidth=0.8)
            else:
                axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(x, middle, color=colour, linestyle=line, linewidth=1.8, label=group)
        bars = np.array([medians - medians * np.exp(-scatters), medians * np.exp(scatters) - medians])
        axes.errorbar(
            truths.RADII, medians, bars, fmt="o", color=INK, markersize=4, capsize=3, linewidth=1,
            label="REXCESS (31)",
        )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        dress(axes, "r / R500", label)
        log_ticks(axes.xaxis, x[0], x[-1])
        if name == "t3d":
            axes.set_ylim(0.2, 3.0)
            log_ticks(axes.yaxis, 0.2, 3.0)
    handles, groups = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, groups, loc="outside lower center", ncols=5, fontsize=9, frameon=False)
    return figure


def _groups(clusters: Clusters) -> Iterator[tuple[str, NDArray[np.bool_], str, str]]:
    """Yield label, clusters, shape (N,), line and colour of each generator, training-only clusters apart."""
    for generator, (line, colour) in zip(np.unique(clusters.generator), cycle(_LOOKS), strict=False):
        whole = clusters.generator == generator
        learned_from, judged_too = whole & clusters.training_only, whole & ~clusters.training_only
        if judged_too.any():
            yield f"{generator} ({judged_too.sum()})", judged_too, line, colour
        if learned_from.any():
            yield f"{generator}, training only ({learned_from.sum()})", learned_from, _APART, colour
