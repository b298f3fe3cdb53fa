"""Baselines of rows find what is there to find, and say how well."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io

from astrosweep.core.errors import DataError, FormatError
from astrosweep.kinds import kind_of
from astrosweep.kinds.tables.boosting import BOOSTING
from astrosweep.kinds.tables.prepare import PreparedRows
from astrosweep.kinds.tables.rows import Rows

N = 1500


def table(folder: Path, n: int = N, *, error: float = 0.0, linear: bool = True) -> Path:
    """Rows of a linear relation with a scatter of 0.1; or of steps by class and by what is missing."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=n), rng.uniform(size=n)
    kind = rng.choice(["a", "b"], n)
    frame = pd.DataFrame({"x": x, "w": w, "kind": kind})
    if linear:
        frame["y"] = 5.0 + 2.0 * x - 3.0 * w + rng.normal(0.0, 0.1, n)
    else:
        gap = rng.uniform(size=n) < 0.3
        frame["y"] = np.where(kind == "a", 1.0, 3.0) + np.where(gap, 6.0, 0.0) + rng.normal(0.0, 0.05, n)
        frame.loc[gap, "x"] = np.nan
    frame["y"] += rng.normal(0.0, error, n)
    if error:
        frame["y_error"] = error
    frame.to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def prepared(make_config: Any, path: Path, *overrides: str) -> tuple[Any, PreparedRows]:
    config = make_config(
        "data=table", f"data.path={path}", "data.target=y", "data.features.classes=[kind]", *overrides
    )
    kind = kind_of(config)
    return kind.baselines(config), kind.prepare(config, kind.develop(config), 0)


@pytest.mark.parametrize(("error", "more"), [(0.0, ()), (0.3, ("data.target_error=y_error",))])
def test_a_linear_relation_and_its_scatter_are_found(
    make_config: Any, tmp_path: Path, error: float, more: tuple[str, ...]
) -> None:
    (linear, _), fold = prepared(make_config, table(tmp_path, error=error), *more)
    frame = pd.DataFrame({"x": [0.0, 1.0, 0.0], "w": [0.5, 0.5, 0.9], "kind": ["a", "b", "a"]})
    predicted = linear.fit(fold).predict(Rows(np.arange(3), frame))
    np.testing.assert_allclose(predicted.mean[:, 0], [3.5, 5.5, 2.3], atol=0.02 + 0.15 * error)
    # The scatter of the true value: the catalogue's error is not in it.
    np.testing.assert_allclose(predicted.std, 0.1, atol=0.015 + 0.15 * error)
    assert np.ptp(predicted.std) == 0.0


@pytest.mark.parametrize("transform", ["log", "asinh"])
def test_scatter_goes_with_the_slope_of_the_map_of_the_target(
    make_config: Any, tmp_path: Path, transform: str
) -> None:
    path = table(tmp_path)
    frame = pd.read_csv(path)
    frame["y"] = 0.1 * np.exp(0.5 * frame["y"])
    frame.to_csv(path, index=False)
    baselines, fold = prepared(make_config, path, f"data.preparation.target_transform.name={transform}")
    own = fold.preparation.transform
    for baseline in baselines:
        fitted = baseline.fit(fold)
        predicted = fitted.predict(fold.test)
        ratio = predicted.std / own.slope(own.forward(predicted.mean))
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)
        if transform == "log" and baseline.name == "linear":
            np.testing.assert_allclose(predicted.std / predicted.mean, 0.05, rtol=0.1)


def test_trees_use_classes_and_what_is_missing(make_config: Any, tmp_path: Path) -> None:
    _, fold = prepared(make_config, table(tmp_path, linear=False))
    fitted = BOOSTING.fit(fold)
    x = [0.0, 0.0, np.nan, np.nan, 0.0]
    kinds = pd.Series(["a", "b", "a", "b", "unseen"], dtype=object)
    predicted = fitted.predict(Rows(np.arange(5), pd.DataFrame({"x": x, "w": 0.5, "kind": kinds})))
    np.testing.assert_allclose(predicted.mean[:4, 0], [1.0, 3.0, 7.0, 9.0], atol=0.03)
    assert 0.9 < predicted.mean[4, 0] < 3.1
    np.testing.assert_allclose(predicted.std, 0.05, atol=0.01)
    with pytest.raises(DataError, match="the rows have no column w; needed: x, w, kind"):
        fitted.predict(Rows(np.arange(5), pd.DataFrame({"x": x, "kind": kinds})))


def test_too_few_rows_are_refused(make_config: Any, tmp_path: Path) -> None:
    baselines, fold = prepared(make_config, table(tmp_path, 60))
    few = fold.train.take(np.arange(8))
    dataset = replace(
        fold.fold.train,
        **{
            name: getattr(fold.fold.train, name)[:8] for name in ("ids", "features", "target", "target_error")
        },
    )
    short = replace(fold, train=few, fold=replace(fold.fold, train=dataset))
    for baseline in baselines:
        with pytest.raises(
            DataError, match=rf"{baseline.label} cannot be fitted to \d training objects; needed: 10"
        ):
            baseline.fit(short)


def turn(model: Any, field: str, value: int) -> None:
    nodes = model._predictors[0][0].nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    nodes[field][inner[0]] = value


HOSTILE = {
    "a loop": (lambda model: turn(model, "left", 0), "a branch leads nowhere"),
    "out of the tree": (lambda model: turn(model, "right", 10_000), "a branch leads nowhere"),
    "no such feature": (lambda model: turn(model, "feature_idx", 77), "a branch asks for no feature"),
    "no set of classes": (lambda model: turn(model, "bitset_idx", 9_999), "a branch has no set of classes"),
    "numbers for classes": (
        lambda model: turn(model, "feature_idx", 2),
        "a branch takes numbers for classes",
    ),
    "another mapper": (lambda model: model._bin_mapper.bin_thresholds_.pop(), "it has other features"),
    "a class far out": (
        lambda model: model._bin_mapper.bin_thresholds_.__setitem__(0, np.array([1e6])),
        "a class has a number that none can have",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_trees_that_would_lead_out_of_memory_are_refused(make_config: Any, tmp_path: Path, name: str) -> None:
    _, fold = prepared(make_config, table(tmp_path, linear=False))
    fitted = BOOSTING.fit(fold)
    fitted.save(tmp_path)
    assert fitted.model._predictors[0][0].nodes["is_categorical"][0] in (0, 1)
    model = copy.deepcopy(fitted.model)
    if name in ("no set of classes", "numbers for classes"):
        by_class = model._predictors[0][0].nodes
        by_class["is_categorical"][np.flatnonzero(by_class["is_leaf"] == 0)[0]] = 1
        by_class["feature_idx"][np.flatnonzero(by_class["is_leaf"] == 0)[0]] = 0
    change, message = HOSTILE[name]
    change(model)
    skops.io.dump(model, tmp_path / "baseline.skops")
    with pytest.raises(FormatError, match=rf"baseline\.skops: not the trees of a fitted model: {message}"):
        BOOSTING.load(tmp_path)
