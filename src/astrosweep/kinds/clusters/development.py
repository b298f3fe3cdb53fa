"""From a sample of clusters to those that may be learned from, with the test part's targets left behind."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.config.split import KFoldConfig, SplitConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.report import DataReport
from astrosweep.data.split import TEST, TRAIN_ONLY, assign, fingerprint_of
from astrosweep.kinds.clusters.preparation import TARGET_KEYS
from astrosweep.kinds.clusters.sample import ClusterSample


@dataclass(frozen=True, eq=False)
class ClusterDevelopment:
    """The labelled clusters of a sample, and the observed profiles alone of its sealed ones.

    Attributes:
        sample: Labelled clusters.
        fold: For each labelled cluster the fold in which it validates, or ``split.TRAIN_ONLY``.
        sealed: Test clusters, without targets.
        targets: What is learned: ``pressure``, ``density``, ``temperature``.
        data: Observables and preparation, with what an ``input_file`` says.
        n_folds: Number of folds; 1 for ``holdout``.
        report: What happened so far.
    """

    sample: ClusterSample
    fold: NDArray[np.int64]
    sealed: ClusterSample
    targets: tuple[str, ...]
    data: ClusterDataConfig
    n_folds: int
    report: DataReport


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
    if len(sample) == 0:
        raise DataError(f"{sample.origin}: there are no clusters")
    for kind, names, has in (
        ("target", [TARGET_KEYS[name] for name in targets], sample.targets),
        ("observable", data.observables, sample.observed),
    ):
        if missing := [name for name in names if name not in has]:
            raise DataError(
                f"{sample.origin}: the {kind} {', '.join(missing)} is missing; the sample has: "
                f"{', '.join(has) or 'none'}"
            )
    part = assign(sample.ids, _size(sample), split)
    # What is rougher than the clusters that a network will meet must not calibrate its intervals.
    part = np.where(sample.training_only, TRAIN_ONLY, part)
    labelled = np.flatnonzero(part != TEST)
    sealed = sample.take(np.flatnonzero(part == TEST)).sealed()
    n_folds = split.n_folds if isinstance(split, KFoldConfig) else 1
    fold = part[labelled]
    if n_folds == 1:
        parts = {"train": int((fold == TRAIN_ONLY).sum()), "val": int((fold == 0).sum())}
    else:
        parts = {f"fold_{k}": int((fold == k).sum()) for k in range(n_folds)}
        if (fold == TRAIN_ONLY).any():
            parts["training_only"] = int((fold == TRAIN_ONLY).sum())
    missing_share: dict[str, float] = {
        name: float(np.mean(~np.isfinite(sample.observed[name].value).any(axis=1)))
        for name in data.observables
    }
    return ClusterDevelopment(
        sample=sample.take(labelled),
        fold=fold,
        sealed=sealed,
        targets=targets,
        data=data,
        n_folds=n_folds,
        report=DataReport(
            origin=sample.origin,
            fingerprint=sample.fingerprint,
            rows_read=len(sample),
            parts={**parts, "test": len(sealed)},
            features=tuple(data.observables),
            missing=missing_share,
            sealed_fingerprint=fingerprint_of(sealed.ids),
            notes=dict(sample.facts),
        ),
    )


def _size(sample: ClusterSample) -> FloatArray:
    """What the parts of a split represent equally."""
    if (sample.r500_kpc > 0).all():
        return sample.r500_kpc
    first = next(iter(sample.observed.values()))
    known = np.isfinite(first.value)
    total = np.where(known, first.value, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(known.sum(axis=1), 1))
