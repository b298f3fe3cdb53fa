"""Checks of trees that were read: scikit-learn walks them without looking where it goes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from astrosweep.core.errors import FormatError

_MOST_CLASSES = 255
_WORDS = 8
"""Words of 32 bits of a set of classes."""


def check_trees(model: HistGradientBoostingRegressor, are_classes: Sequence[bool], path: Path) -> None:
    """Refuse a model with a branch that leads nowhere, back, or to a feature that there is not.

    Args:
        model: The model.
        are_classes: Of each feature whether it holds classes.
        path: Its file, for messages.

    Raises:
        FormatError: It is no model of such features.
    """
    n_features, n_classes = len(are_classes), sum(are_classes)
    mapper = model._bin_mapper
    # Within a model features that hold classes come first.
    in_order = sorted(are_classes, reverse=True)
    are_within = [False] * n_features if mapper.is_categorical_ is None else list(mapper.is_categorical_)
    row = np.zeros((1, n_features))
    prepared = row if model._preprocessor is None else model._preprocessor.transform(row)
    _require(prepared.shape == row.shape and are_within == in_order, path, "it has other features")
    _require(len(mapper.bin_thresholds_) == n_features, path, "it has other features")
    for values in mapper.bin_thresholds_[:n_classes]:
        known = (np.asarray(values) >= 0) & (np.asarray(values) <= _MOST_CLASSES)
        _require(bool(known.all()), path, "a class has a number that none can have")
    for trees in model._predictors:
        _require(len(trees) == 1, path, "a step has several trees")
        nodes, bitsets = trees[0].nodes, trees[0].raw_left_cat_bitsets
        _require(nodes.ndim == 1 and len(nodes) > 0, path, "a tree has no nodes")
        _require(bitsets.shape[1:] == (_WORDS,), path, "a tree has no sets of classes")
        inner = np.flatnonzero(nodes["is_leaf"] == 0)
        branch = nodes[inner]
        for side in ("left", "right"):
            forward = (branch[side] > inner) & (branch[side] < len(nodes))
            _require(bool(forward.all()), path, "a branch leads nowhere")
        feature, by_class = branch["feature_idx"], branch["is_categorical"] != 0
        _require(bool(((feature >= 0) & (feature < n_features)).all()), path, "a branch asks for no feature")
        _require(bool((by_class <= (feature < n_classes)).all()), path, "a branch takes numbers for classes")
        has_set = branch["bitset_idx"][by_class] < len(bitsets)
        _require(bool(has_set.all()), path, "a branch has no set of classes")
        _require(bool(np.isfinite(nodes["value"]).all()), path, "a value is not finite")


def _require(holds: bool, path: Path, fault: str) -> None:
    if not holds:
        raise FormatError(f"{path}: not the trees of a fitted model: {fault}")
