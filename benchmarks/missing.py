"""What missing observables and missing outer radii cost a network that was trained with masks.

Usage: python benchmarks/missing.py [--clusters 6000] [--epochs 20] [--test 500]

Trains one network on simulated clusters from which observables and outer radii are dropped at random in each
epoch, and a second one on clusters observed in full. Both predict clusters that no training saw, as
far as they take them. The last line is JSON: by network, what was observed and target the median over
clusters of each cluster's median relative error (per cent) over 0.03 to 1 R500, the median half width of the
68 % interval, and the share of points that it holds; and the same over 0.5 to 1 R500 (``outer_...``).
"""

import argparse
import json
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir

from astrosweep.config import RunConfig, parse
from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.core.types import FloatArray, IdArray, Unlabelled
from astrosweep.data.kind import PreparedData
from astrosweep.kinds.clusters.development import develop_clusters
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.kind import ClusterKind
from astrosweep.kinds.clusters.measured import measured, why_not
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, Profiles
from astrosweep.training import TrainingResult, predict, train

ROOT = Path(__file__).parents[1]
OUTER = 0.5
DROPPED = 0.4
"""Share of clusters that lose observables, and of those that end early."""
INNER, LAST = 0.03, 1.0
Thinning = Callable[[Clusters, IdArray], Clusters]


def in_full(clusters: Clusters, rows: IdArray) -> Clusters:  # noqa: ARG001
    """Leave clusters as they are."""
    return clusters


def x_rays_only(clusters: Clusters, rows: IdArray) -> Clusters:
    """Take the Compton profiles from some clusters."""
    return _lacking(clusters, rows, [name for name in clusters.observed if name.startswith("y")])


def inner_radii_only(clusters: Clusters, rows: IdArray) -> Clusters:
    """Take all points beyond ``OUTER`` R500 from some clusters."""
    end = OUTER * clusters.r500_kpc[:, None]
    observed = {
        name: _without(profiles, rows, profiles.radius > end) for name, profiles in clusters.observed.items()
    }
    return replace(clusters, observed=observed)


def microwaves_only(clusters: Clusters, rows: IdArray) -> Clusters:
    """Take surface brightness and temperature from some clusters."""
    return _lacking(clusters, rows, ("sb", "Txray"))


def no_temperature(clusters: Clusters, rows: IdArray) -> Clusters:
    """Take the X-ray temperature from some clusters."""
    return _lacking(clusters, rows, ("Txray",))


def no_brightness(clusters: Clusters, rows: IdArray) -> Clusters:
    """Take the surface brightness from some clusters."""
    return _lacking(clusters, rows, ("sb",))


THINNED: dict[str, Thinning] = {
    "all": in_full,
    "X-rays only": x_rays_only,
    "microwaves only": microwaves_only,
    "no Txray": no_temperature,
    "no sb": no_brightness,
    f"to {OUTER} R500": inner_radii_only,
}


def _lacking(clusters: Clusters, rows: IdArray, names: Collection[str]) -> Clusters:
    observed = {
        name: _without(profiles, rows, np.ones_like(profiles.radius, dtype=np.bool_))
        if name in names
        else profiles
        for name, profiles in clusters.observed.items()
    }
    return replace(clusters, observed=observed)


def _without(profiles: Profiles, rows: IdArray, points: np.ndarray) -> Profiles:
    mask = np.zeros_like(points, dtype=np.bool_)
    mask[rows] = points[rows]

    def blank(array: FloatArray) -> FloatArray:
        return np.where(mask, np.nan, array)

    noiseless = None if profiles.noiseless is None else blank(profiles.noiseless)
    return Profiles(blank(profiles.radius), blank(profiles.value), blank(profiles.error), noiseless)


def train_on(config: RunConfig, sample: ClusterSample) -> tuple[TrainingResult, ProfilePreparation]:
    """Train one network."""
    assert isinstance(config.data, ClusterDataConfig)
    kind = ClusterKind()
    development = develop_clusters(sample, config.data, config.targets, config.split)
    data = PreparedData(kind, development.report, (kind.prepare(config, development, 0),))
    (result,) = train(config, data)
    return result, data.folds[0].preparation


def errors(
    config: RunConfig, result: TrainingResult, preparation: ProfilePreparation, sample: ClusterSample
) -> dict[str, dict[str, float]] | str:
    """Errors of a sample by target, or why it is not predicted."""
    refused = why_not(measured(preparation, sample.objects))
    if refused:
        return f"{len(refused)} of {len(sample)} refused: {next(iter(refused.values()))[:90]}"
    features = Unlabelled(sample.objects.ids, preparation.features(sample.objects))
    state = result.fits[0].state
    predicted = predict(config, preparation.layout, preparation.transform, state, features)
    predicted = predicted.scaled(result.factor)
    target, _ = preparation.targets(sample)
    found: dict[str, dict[str, float]] = {}
    for name in preparation.quantities:
        place = preparation.columns_of(name)
        apart, std = (predicted.mean - target)[:, place], predicted.std[:, place]
        found[name] = {}
        for prefix, low in (("", INNER), ("outer_", OUTER)):
            at = (preparation.output_radii >= low) & (preparation.output_radii <= LAST)
            own, width = np.abs(apart[:, at]), std[:, at]
            error = float(100.0 * np.median(np.nanmedian(np.expm1(own), axis=1)))
            found[name] |= {
                f"{prefix}error": round(error, 2),
                f"{prefix}width": round(float(100.0 * np.median(width)), 2),
                f"{prefix}inside": round(float(np.mean(own <= width)), 3),
            }
    return found


def configured(n_clusters: int, epochs: int, *more: str) -> RunConfig:
    """The experiment ``deprojection``, smaller and with masks."""
    overrides = (
        "experiment=deprojection", f"data.simulation.n_clusters={n_clusters}", "data.simulation.roughness=0",
        "data.preparation.masks=on", f"trainer.max_epochs={epochs}", "trainer.progress=false",
        "trainer.accelerator=cpu", *more,
    )  # fmt: skip
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return parse(compose("config", list(overrides)))


def main() -> None:
    """Train, predict and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clusters", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--test", type=int, default=500)
    arguments = parser.parse_args()
    config = configured(arguments.clusters, arguments.epochs)
    assert isinstance(config.data, ClusterDataConfig)
    sample = simulate_clusters(config.data.simulation)
    test = simulate_clusters(
        config.data.simulation.model_copy(update={"n_clusters": arguments.test, "seed": 10_007})
    )
    every = np.arange(len(test))
    found: dict[str, object] = {}
    drops = [
        "data.preparation.beyond=shape",
        *(f"data.preparation.augmentation.{key}={DROPPED}" for key in ("drop_observables", "drop_radii")),
    ]
    trained = {
        "trained with less": configured(arguments.clusters, arguments.epochs, *drops),
        "trained in full": config,
    }
    for name, config in trained.items():
        start = time.perf_counter()
        result, preparation = train_on(config, sample)
        took = time.perf_counter() - start
        print(f"{name}: {took:.0f} s")
        found[name] = {
            what: errors(config, result, preparation, replace(test, objects=thin(test.objects, every)))
            for what, thin in THINNED.items()
        }
        print(json.dumps(found[name], indent=1))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
