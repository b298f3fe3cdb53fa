"""From a sample of clusters to those that may be learned from, with the test part's truth left behind."""

import numpy as np

from astrosweep.config.kinds.clusters import TARGET_KEYS, ClusterDataConfig
from astrosweep.config.split import SplitConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.kind import Development
from astrosweep.data.report import DataReport
from astrosweep.data.split import TEST, TRAIN_ONLY, assign, count_parts, fingerprint_of, number_of_folds
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, TrueProfiles, fingerprint_of_sample

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
        DataError: A target or an observable is missing, or the clusters are too few for the split.
    """
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
    part = assign(clusters.ids, _size(clusters), split)
    # What is rougher than the clusters that a network will meet must not calibrate its intervals.
    part = np.where(clusters.training_only, TRAIN_ONLY, part)
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
            notes=dict(clusters.facts),
        ),
    )


def _size(clusters: Clusters) -> FloatArray:
    """What the parts of a split represent equally."""
    if (clusters.r500_kpc > 0).all():
        return clusters.r500_kpc
    first = next(iter(clusters.observed.values()))
    known = np.isfinite(first.value)
    total = np.where(known, first.value, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(known.sum(axis=1), 1))
