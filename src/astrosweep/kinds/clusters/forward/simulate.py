"""The built-in sample: simulated clusters whose true profiles are known.

Clusters are drawn in blocks with random numbers of their own, so a cluster is the same whatever number of
clusters is asked for.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from astrosweep.config.kinds.clusters import ClusterSimulationConfig
from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.cache import cache_path, read_cached, write_cached
from astrosweep.kinds.clusters.forward.lognormal import draw_lognormal
from astrosweep.kinds.clusters.forward.observe import observe, targets_of
from astrosweep.kinds.clusters.forward.roughness import roughen
from astrosweep.kinds.clusters.forward.truths import TrueClusters, draw_masses, plausible, scaled_to
from astrosweep.kinds.clusters.forward.vikhlinin import draw_vikhlinin
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, Profiles, TrueProfiles

BLOCK = 200
"""Clusters that share random numbers. Changing it changes every sample."""
GENERATORS: dict[str, Callable[[int, Generator], tuple[FloatArray, FloatArray]]] = {
    "vikhlinin": draw_vikhlinin,
    "lognormal": draw_lognormal,
}


def simulate_clusters(config: ClusterSimulationConfig) -> ClusterSample:
    """Simulate a sample, or read it where it was simulated before.

    Args:
        config: Number, seed, generator, noise, effects and the folder in which samples are kept.

    Returns:
        Clusters ``sim-000000`` and so on, with all observables and targets.
    """
    if config.cache_dir is None:
        return _simulate(config)
    path = cache_path(config)
    sample = read_cached(path)
    if sample is None:
        sample = _simulate(config)
        write_cached(sample, path)
    return sample


def _simulate(config: ClusterSimulationConfig) -> ClusterSample:
    """Simulate a sample of as many blocks as it takes; the last one is cut."""
    n = config.n_clusters
    blocks = [_simulate_block(block, config) for block in range(-(-n // BLOCK))]
    clusters, generators, training_only, observed, targets = zip(*blocks, strict=True)
    objects = Clusters(
        ids=np.arange(len(blocks) * BLOCK, dtype=np.int64),
        names=np.array([f"sim-{i:06d}" for i in range(len(blocks) * BLOCK)]),
        redshift=np.concatenate([part.redshift for part in clusters]),
        r500_kpc=np.concatenate([part.r500_kpc for part in clusters]),
        observed=_joined(observed),
        generator=np.concatenate(generators),
        origin=f"{n} simulated clusters ({config.generator}), seed {config.seed}",
        training_only=np.concatenate(training_only),
    )
    whole = ClusterSample(objects, TrueProfiles(_joined(targets)))
    return whole if len(whole) == n else whole.take(np.arange(n, dtype=np.int64))


def _simulate_block(
    block: int, config: ClusterSimulationConfig
) -> tuple[TrueClusters, np.ndarray, NDArray[np.bool_], dict[str, Profiles], dict[str, Profiles]]:
    """Draw and observe ``BLOCK`` clusters."""
    truth_seed, noise_seed, rough_seed = SeedSequence(config.seed, spawn_key=(block,)).spawn(3)
    rng = default_rng(truth_seed)
    names = list(GENERATORS) if config.generator == "mixture" else [config.generator]
    share = BLOCK // len(names)
    parts = [draw_clusters(name, share, rng) for name in names]
    # One of each generator in turn, in random order: any number of clusters is a fair mixture.
    order = rng.permuted(np.arange(BLOCK).reshape(len(names), share), axis=0).T.ravel()
    clusters = TrueClusters(
        *(
            np.concatenate([getattr(part, field) for part in parts])[order]
            for field in ("redshift", "r500_kpc", "density", "pressure")
        )
    )
    generator = np.repeat(np.array(names), share)[order]
    rough = np.zeros(BLOCK, dtype=np.bool_)
    if config.roughness > 0.0:
        clusters, rough = roughen(clusters, config.roughness, default_rng(rough_seed))
    observed = observe(clusters, config, default_rng(noise_seed))
    return clusters, generator, rough, observed, targets_of(clusters)


def draw_clusters(generator: str, n: int, rng: Generator) -> TrueClusters:
    """Draw ``n`` plausible clusters of one generator; implausible ones are replaced."""
    kept: list[TrueClusters] = []
    missing = n
    while missing:
        mass, redshift = draw_masses(n, rng)
        drawn = scaled_to(mass, redshift, *GENERATORS[generator](n, rng))
        kept.append(drawn.take(plausible(drawn)[:missing]))
        missing -= len(kept[-1])
    return TrueClusters(
        *(
            np.concatenate([getattr(part, field) for part in kept])
            for field in ("redshift", "r500_kpc", "density", "pressure")
        )
    )


def _joined(blocks: tuple[dict[str, Profiles], ...]) -> dict[str, Profiles]:
    """Join the same profiles of several blocks."""
    return {name: _join([block[name] for block in blocks]) for name in blocks[0]}


def _join(parts: list[Profiles]) -> Profiles:
    noiseless = [part.noiseless for part in parts if part.noiseless is not None]
    return Profiles(
        radius=np.concatenate([part.radius for part in parts]),
        value=np.concatenate([part.value for part in parts]),
        error=np.concatenate([part.error for part in parts]),
        noiseless=np.concatenate(noiseless) if noiseless else None,
    )
