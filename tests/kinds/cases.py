"""Small data of every kind, for tests that hold for all of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.clusters import ClusterSimulationConfig
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.profiles.write import write_sample
from astrosweep.kinds.clusters.sample import Profiles, TrueProfiles

TINY = (
    "model.l2=0.0",
    "trainer.max_epochs=2",
    "trainer.accelerator=cpu",
    "trainer.progress=false",
    "tracking=none",
    "tracking.figures=false",
)
STARS = ("data=cepheid", "data.simulation.n_stars=160")
CLUSTERS = (
    "data=cluster",
    "data.simulation.n_clusters=30",
    "data.simulation.cache_dir=null",
    "data.preparation.n_input=12",
    "data.preparation.n_output=10",
    "data.preparation.tolerance=1e9",  # so few points do not keep the shape of a profile
    "split.test=0.2",
)
PROFILES = (
    "data=cluster",
    "data.source=tables",
    "data.path={folder}/profiles",
    "data.tables.error_column=4",
    "data.observables=[sb,Txray]",
    "target=density",
    *CLUSTERS[3:],
)
TABLE = (
    "data=table",
    "data.path={folder}/objects.csv",
    "data.target=z",
    "data.id=objid",
    "data.target_unit=c",
)
CLASSES = ("data.features.classes=[kind]",)
ERRORS = ("data.target_error=z_error",)
MLP = ("model=mlp", "model.hidden=[8]")
DEPROJECTOR = ("model=deprojector", "model.width=8", "model.n_blocks=1")


def write_objects(folder: Path, n: int = 160, seed: int = 0) -> Path:
    """A table with numbers and classes, some of both missing, a target and its errors, some unknown."""
    rng = np.random.default_rng(seed)
    g, z = rng.normal(20.0, 1.0, n), rng.gamma(3.0, 0.2, n)
    frame = pd.DataFrame(
        {
            "objid": np.arange(n) + 9_000_000_000_000_000_000,
            "g": g,
            "r": g - 0.5 - 0.8 * z + rng.normal(0.0, 0.05, n),
            "size": rng.lognormal(0.0, 0.3, n),
            "kind": rng.choice(["spiral", "elliptical", "irregular"], n),
            "z": z,
            "z_error": rng.uniform(0.01, 0.03, n),
        }
    )
    frame.loc[::7, "r"] = np.nan
    frame.loc[::11, "kind"] = np.nan
    frame.loc[::13, "z_error"] = np.nan
    frame.loc[3, "size"] = np.inf
    path = folder / "objects.csv"
    frame.to_csv(path, index=False)
    return path


def write_profiles(folder: Path, n: int = 30, seed: int = 0) -> Path:
    """Tables of few points of each profile; some profiles are shorter, and one cluster lacks one."""
    sample = simulate_clusters(ClusterSimulationConfig(n_clusters=n, seed=seed, cache_dir=None))
    observed = {name: _thinned(sample.objects.observed[name]) for name in ("sb", "Txray")}
    observed["Txray"].radius[2] = np.nan
    truth = TrueProfiles({"ne3d": _thinned(sample.truth.profiles["ne3d"])})
    path = folder / "profiles"
    write_sample(replace(sample, objects=replace(sample.objects, observed=observed), truth=truth), path)
    return path


def _thinned(profiles: Profiles) -> Profiles:
    """Eight points of each profile, to 6 digits; the last two of every third cluster are left out."""
    n_measured = np.isfinite(profiles.radius).sum(axis=1)
    kept = np.linspace(0, n_measured - 1, 8).round().astype(int).T
    radius, value, error = (
        np.array([[float(f"{number:.6g}") for number in row] for row in np.take_along_axis(array, kept, 1)])
        for array in (profiles.radius, profiles.value, profiles.error)
    )
    radius[::3, -2:] = np.nan
    return Profiles(radius, value, error)


def holdout(*overrides: str) -> tuple[str, ...]:
    """Overrides with a training part that makes room for ``split.test``."""
    return (*overrides, "split.train=0.6") if "split.test=0.2" in overrides else overrides


def in_folder(overrides: tuple[str, ...], folder: Path) -> list[str]:
    """Overrides with the place of the table."""
    return [word.format(folder=folder) if "{folder}" in word else word for word in overrides]
