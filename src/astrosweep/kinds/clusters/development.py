"""From a sample of clusters to those that may be learned from, with the test part's truth left behind."""

import logging

import numpy as np
from numpy.typing import NDArray

from astrosweep.config.kinds.clusters import TARGET_KEYS, ClusterDataConfig
from astrosweep.config.split import SplitConfig
from astrosweep.core.errors import DataError, LeakageError
from astrosweep.core.types import FloatArray
from astrosweep.data.kind import Development
from astrosweep.data.report import DataReport
from astrosweep.data.split import TEST, TRAIN_ONLY, assign, count_parts, fingerprint_of, number_of_folds
from astrosweep.kinds.clusters.sample import (
    IMPOSSIBLE,
    Clusters,
    ClusterSample,
    TrueProfiles,
    fingerprint_of_sample,
)
from astrosweep.kinds.clusters.scaling import SCALES, resolve

_log = logging.getLogger(__name__)
_COPY = 1e-6
"""An observable whose ratio to a target varies by less than this, relative, is a copy of it."""

ClusterDevelopment = Development[Clusters, TrueProfiles]


def develop_clusters(
    sample: ClusterSample, data: ClusterDataConfig, targets: tuple[str, ...], split: SplitConfig
) -> ClusterDevelopment:
    """Split a sample and seal its test part.

    The split depends on the clusters and their R500 (their surface brightness where that is unknown), not on
    the target, so that runs on different targets seal the same clusters.

    Args:
        sample: The clusters as simulated or read.
        data: The observables in use.
        targets: What is learned.
        split: The split.

    Returns:
        The labelled clusters and the sealed ones.

    Raises:
        DataError: A target or an observable is missing, the clusters are too few for the split, or what the
            preparation needs is known for some of them only.
        LeakageError: An observable is a copy of a target.
    """
    part = _parts(sample, data, targets, split)
    clusters = sample.objects
    labelled = np.flatnonzero(part != TEST)
    sealed = clusters.take(np.flatnonzero(part == TEST))
    n_folds = number_of_folds(split)
    return Development(
        labelled=sample.take(labelled),
        fold=part[labelled],
        sealed=sealed,
        n_folds=n_folds,
        report=DataReport(
            origin=clusters.origin,
            fingerprint=fingerprint_of_sample(sample),
            rows_read=len(clusters),
            parts=count_parts(part, n_folds),
            features=tuple(data.observables),
            missing={
                name: float(np.mean(~np.isfinite(clusters.observed[name].value).any(axis=1)))
                for name in data.observables
            },
            sealed_fingerprint=fingerprint_of(sealed.ids),
            scale=SCALES[resolve(data.preparation, clusters).radius],
            impossible=_impossible(clusters),
            notes={name: fact for name, fact in clusters.facts.items() if name != IMPOSSIBLE},
        ),
    )


def unseal_clusters(
    sample: ClusterSample, data: ClusterDataConfig, targets: tuple[str, ...], split: SplitConfig
) -> ClusterSample:
    """Split a sample as ``develop_clusters`` does and keep the test part with its truth.

    Args:
        sample: See ``develop_clusters``.
        data: See ``develop_clusters``.
        targets: See ``develop_clusters``.
        split: See ``develop_clusters``.

    Returns:
        The sealed clusters of ``develop_clusters``, in the same order.

    Raises:
        DataError: See ``develop_clusters``.
        LeakageError: See ``develop_clusters``.
    """
    return sample.take(np.flatnonzero(_parts(sample, data, targets, split) == TEST))


def _parts(
    sample: ClusterSample, data: ClusterDataConfig, targets: tuple[str, ...], split: SplitConfig
) -> NDArray[np.int64]:
    """Part of each cluster, as ``assign`` gives it, after what a run needs was found to be there."""
    clusters = sample.objects
    if len(clusters) == 0:
        raise DataError(f"{clusters.origin}: there are no clusters")
    for kind, names, has in (
        ("target", [TARGET_KEYS[name] for name in targets], sample.truth.profiles),
        ("observable", data.observables, clusters.observed),
    ):
        if missing := [name for name in names if name not in has]:
            raise DataError(
                f"{clusters.origin}: the {kind} {', '.join(missing)} is missing; the sample has: "
                f"{', '.join(has) or 'none'}"
            )
    resolve(data.preparation, clusters)
    _refuse_copies(sample, data, targets)
    part = assign(clusters.ids, _size(clusters), split)
    # What is rougher than the clusters that a network will meet must not calibrate its intervals.
    return np.where(clusters.training_only, TRAIN_ONLY, part)


def _size(clusters: Clusters) -> FloatArray:
    """What the parts of a split represent equally."""
    if (clusters.r500_kpc > 0).all():
        return clusters.r500_kpc
    first = next(iter(clusters.observed.values()))
    known = np.isfinite(first.value)
    total = np.where(known, first.value, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(known.sum(axis=1), 1))


def _refuse_copies(sample: ClusterSample, data: ClusterDataConfig, targets: tuple[str, ...]) -> None:
    """Refuse an observable that is a target, or a constant times it, in all clusters."""
    for target in targets:
        true = sample.truth.profiles[TARGET_KEYS[target]].value
        for name in data.observables:
            seen = sample.objects.observed[name].value
            if seen.shape != true.shape:
                continue
            with np.errstate(all="ignore"):
                ratio = seen / true
            ratio = ratio[np.isfinite(ratio)]
            if ratio.size > true.shape[1] and np.ptp(ratio) <= _COPY * abs(float(np.median(ratio))):
                raise LeakageError(
                    f"{sample.objects.origin}: the observable {name} is the target {target} "
                    f"({ratio[0]:g} times it, at every radius of every cluster). Take it out of "
                    "data.observables, or say which column of its file it is (data.tables.value_column)."
                )


def _impossible(clusters: Clusters) -> dict[str, dict[str, int]]:
    """Numbers of the profiles that cannot be, said aloud."""
    found = clusters.facts.get(IMPOSSIBLE, {})
    assert isinstance(found, dict)
    if found:
        text = "; ".join(
            f"{kind}: {', '.join(f'{value} ({n} times)' for value, n in counts.items())}"
            for kind, counts in found.items()
        )
        _log.warning("%s: numbers that cannot be count as gaps: %s", clusters.origin, text)
    return found
