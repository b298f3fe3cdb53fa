"""How rows differ from those that a model was trained on: one way a column, and all numbers together."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.data.incoming import Unlike
from astrosweep.data.space import Space
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.kinds.tables.rows import Rows

Way = tuple[str, str, NDArray[np.bool_]]
"""Sort, label, and which rows differ so."""
_NEVER_MISSING = 1e-3
"""Share of missing values of a column that counts as complete."""
_MARGIN = 0.1
"""Where no margin was measured: of the width of the training range, on each side."""


def unlike_rows(preparation: RowPreparation, rows: Rows, ranges: Mapping[str, Any] | None) -> Unlike:
    """See ``Kind.unlike``.

    Args:
        preparation: What is known where there are no ranges: the least and the greatest prepared values.
        rows: N rows.
        ranges: What ``row_ranges`` gave; earlier versions gave no ``space`` and no ``unclassed``.
    """
    known = ranges if ranges and isinstance(ranges.get("features"), Mapping) else None
    distance = np.full(len(rows), np.nan)
    if known is None:
        ways = [*_outside_prepared(preparation, rows), *_unseen_prepared(preparation, rows)]
    else:
        space = Space.from_dict(known["space"]) if known.get("space") else None
        limits = _limits(known, space)
        ways = [*_outside(limits, rows), *_unseen(known, rows), *_missing(known, rows)]
        if space is not None:
            distance = space.distances(rows.frame)
            ways.append(("whole", "unlike the training rows in all inputs together", distance > 1.0))
    sorts, labels, found = zip(*ways, strict=True) if ways else ((), (), ())
    return Unlike(
        sorts=tuple(sorts),
        labels=tuple(labels),
        found=np.stack(found, axis=1) if found else np.zeros((len(rows), 0), dtype=np.bool_),
        distance=distance,
    )


def _limits(known: Mapping[str, Any], space: Space | None) -> dict[str, tuple[float, float]]:
    """Lowest and highest number of each column that counts as within the training range."""
    limits = {}
    for name, one in known["features"].items():
        if space is not None and name in space.scores:
            limits[name] = space.scores[name].limits(space.margin)
        elif one.get("min") is not None:
            margin = _MARGIN * (one["p99.9"] - one["p0.1"])
            limits[name] = (one["min"] - margin, one["max"] + margin)
    return limits


def _outside(limits: Mapping[str, tuple[float, float]], rows: Rows) -> Iterator[Way]:
    for name, (low, high) in limits.items():
        if name in rows.frame:
            values = rows.frame[name].to_numpy(dtype=np.float64)
            yield "range", f"{name} below {low:.4g}", values < low
            yield "range", f"{name} above {high:.4g}", values > high


def _unseen(known: Mapping[str, Any], rows: Rows) -> Iterator[Way]:
    for name, counts in known.get("classes", {}).items():
        if name in rows.frame:
            values = rows.frame[name]
            yield "class", _unseen_label(name), (values.notna() & ~values.isin(list(counts))).to_numpy()


def _unseen_label(name: str) -> str:
    return f"a {name} that no training row has"


def _missing(known: Mapping[str, Any], rows: Rows) -> Iterator[Way]:
    """A class counts even where all training rows have the same one, which no network is shown."""
    shares = {name: one.get("missing", 1.0) for name, one in known["features"].items()}
    for name, share in (shares | known.get("unclassed", {})).items():
        if name in rows.frame and share <= _NEVER_MISSING:
            yield "missing", f"no {name}, which training rows have", rows.frame[name].isna().to_numpy()


def _outside_prepared(preparation: RowPreparation, rows: Rows) -> Iterator[Way]:
    """The range that a network is shown is that of its training rows, widened by itself on each side."""
    low = (2.0 * preparation.low + preparation.high) / 3.0
    high = (preparation.low + 2.0 * preparation.high) / 3.0
    features = preparation.features(rows)
    for place, name in enumerate(preparation.feature_names):
        if name not in preparation.used or name in preparation.classes:
            continue
        margin = _MARGIN * (high[place] - low[place]) + 1e-6
        known = rows.frame[name].notna().to_numpy()
        for word, found in (
            ("below", features[:, place] < low[place] - margin),
            ("above", features[:, place] > high[place] + margin),
        ):
            yield "range", f"{name} {word} the training range", found & known


def _unseen_prepared(preparation: RowPreparation, rows: Rows) -> Iterator[Way]:
    classes = [name for name in preparation.used if name in preparation.classes]
    steps = dict(zip(*_class_step(preparation), strict=True)) if classes else {}
    for name in classes:
        values = rows.frame[name]
        yield "class", _unseen_label(name), (values.notna() & ~values.isin(list(steps[name]))).to_numpy()


def _class_step(preparation: RowPreparation) -> tuple[list[str], list[Any]]:
    """Columns of classes, and the classes of each, as the encoder knows them."""
    for step, fitted, columns in preparation.transformer.transformers_:
        if step == "class":
            return list(columns), list(fitted.named_steps["encode"].categories_)
    return [], []
