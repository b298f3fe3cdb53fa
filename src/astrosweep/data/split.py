"""Assign objects to the sealed test part and to validation folds; remove the test part's targets.

Membership depends on the objects of the table, their targets' quantiles and the split's seed, not on
features, cuts or the kind of split: ``holdout`` and ``kfold`` with the same seed, strata and test share seal
the same objects. Other rows or other targets (a zero point, say) move the strata, and with them some objects;
runs that sealed the same ones share the tag ``sealed_fingerprint``.
"""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.config.split import HoldoutConfig, KFoldConfig, SplitConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray

TEST = -2
TRAIN_ONLY = -1


def assign(ids: IdArray, target: FloatArray, config: SplitConfig) -> NDArray[np.int64]:
    """Assign each row to the fold in which it validates, or to test.

    Objects are ordered by a seeded hash of their identifier within strata of their target; shares are cut
    from that order. Rows of one object always fall together.

    Args:
        ids: Object identifiers, shape (N,).
        target: Target of each row, shape (N,), finite.
        config: The split.

    Returns:
        Shape (N,): ``TEST``; or the fold (0 for ``holdout``) whose validation part the row belongs to; or
        ``TRAIN_ONLY`` for a row that never validates.

    Raises:
        DataError: A part would be empty.
    """
    objects = pd.DataFrame({"id": ids, "target": target}).groupby("id")["target"].mean()
    share = _stratified_share(objects.index.to_numpy(), objects.to_numpy(), config.n_strata, config.seed)
    rest = (share - config.test) / (1.0 - config.test)
    if isinstance(config, HoldoutConfig):
        part = np.where(rest < config.val / (config.val + config.train), 0, TRAIN_ONLY)
        expected = {TEST, 0, TRAIN_ONLY}
    else:
        part = np.floor(rest * config.n_folds).astype(np.int64)
        expected = {TEST, *range(config.n_folds)}
    part = np.where(share < config.test, TEST, part)
    if missing := expected - set(part.tolist()):
        raise DataError(
            f"split={config.name}: {len(objects)} objects are too few; {len(missing)} of its "
            f"{len(expected)} parts would be empty. Use more objects, larger parts or fewer folds."
        )
    return part[objects.index.get_indexer(pd.Index(ids))].astype(np.int64)


def number_of_folds(config: SplitConfig) -> int:
    """Number of folds; 1 for ``holdout``."""
    return config.n_folds if isinstance(config, KFoldConfig) else 1


def count_parts(part: NDArray[np.int64], n_folds: int) -> dict[str, int]:
    """Return how many objects each part has, for reports.

    Args:
        part: As ``assign`` gives it, shape (N,).
        n_folds: Number of folds.
    """
    test, train_only = int((part == TEST).sum()), int((part == TRAIN_ONLY).sum())
    if n_folds == 1:
        return {"train": train_only, "val": int((part == 0).sum()), "test": test}
    folds = {f"fold_{k}": int((part == k).sum()) for k in range(n_folds)}
    return {**folds, **({"training_only": train_only} if train_only else {}), "test": test}


def fingerprint_of(ids: IdArray) -> str:
    """First 16 hexadecimal digits of the SHA-256 of identifiers, whatever their order."""
    return hashlib.sha256(np.sort(ids).tobytes()).hexdigest()[:16]


def _stratified_share(ids: IdArray, target: FloatArray, n_strata: int, seed: int) -> FloatArray:
    """Position of each object in (0, 1) in a seeded order that is uniform within each target stratum."""
    n = len(ids)
    rank = np.argsort(np.argsort(target, kind="stable"), kind="stable")
    stratum = rank * min(n_strata, max(n // 10, 1)) // n
    key = pd.util.hash_array(np.array([seed], dtype=np.uint64))[0]
    scattered = pd.util.hash_array(ids.astype(np.uint64) ^ key)
    order = np.lexsort((scattered, stratum))
    share = np.empty(n)
    start = 0
    for size in np.unique(stratum, return_counts=True)[1]:
        members = order[start : start + size]
        offset = (scattered[members[0]] % np.uint64(1000)) / 1000.0
        share[members] = (np.arange(size) + offset) / size
        start += size
    return share
