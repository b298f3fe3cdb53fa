"""Which objects of a file a model knows already: the seal of a run is not opened by giving its own table."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.ensemble.bundle import Scored
from astrosweep.validation.subject import Subject

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Known:
    """What a model has to do with N objects.

    Attributes:
        seen: Whether an object was, or may have been, used to train or to choose the model, shape (N,).
        remark: What a reader must know; empty for nothing.
    """

    seen: Mask
    remark: str = ""


def known_objects(subject: Subject, path: Path, ids: IdArray, target: FloatArray) -> Known:
    """Find the objects that a model knows.

    An object is one of a bundle's where identifier and target are the same. A bundle keeps its validation
    objects, if networks were not trained again on all, and the sealed ones that were opened. Where it was
    trained on others besides, a file that has any of those it keeps may have the others too, and only the
    opened ones count as new.

    Args:
        subject: The model.
        path: The file.
        ids: Identifiers of its objects, shape (N,).
        target: Their targets, shape (N, T).

    Raises:
        DataError: It is the table of a single run, whose test objects are sealed.
    """
    bundle = subject.bundle
    if bundle is None:
        return _of_run(subject, path, ids)
    nothing = np.zeros(len(ids), dtype=np.bool_)
    kept, test = bundle.validation, bundle.test
    seen = nothing if kept is None else _same(kept, ids, target)
    opened = nothing if test is None else _same(test, ids, target)
    data = subject.provenance.get("data")
    n_labelled = data.get("n_labelled", 0) if isinstance(data, dict) else 0
    n_kept, n_opened = 0 if kept is None else len(kept), int(opened.sum())
    if n_kept >= n_labelled > 0:
        words = f"{n_opened} of the objects are the sealed ones, which were opened before."
        return Known(seen, words if n_opened else "")
    if seen.any() or opened.any():
        remark = (
            f"The file has objects of the training table, of which the bundle keeps {n_kept} of the "
            f"{n_labelled} that are not sealed, so that the others cannot be told from new ones: all count "
            f"as seen but for {n_opened} sealed ones, which were opened before."
        )
        return Known(~opened, remark)
    remark = f"The bundle keeps {n_kept} of its {n_labelled} training objects, none of which are here."
    return Known(nothing, remark)


def _of_run(subject: Subject, path: Path, ids: IdArray) -> Known:
    own = getattr(subject.model.config.data, "path", None)
    paths = [own] if isinstance(own, str) else list(own or ())
    same_file = any(Path(one).expanduser().resolve() == path.resolve() for one in paths)
    # Numbers of rows are the same in any table.
    are_rows = len(ids) > 0 and int(ids.max(initial=0)) <= 10 * len(ids)
    n_shared = 0 if are_rows else int(np.isin(ids, subject.validated).sum())
    if same_file or n_shared:
        what = "is the table that the run was trained on" if same_file else (
            f"has {n_shared} objects that the run was validated on"
        )  # fmt: skip
        raise DataError(
            f"{path}: {what}, and may have its test objects, which are sealed; give other objects, or let "
            "python ensemble.py open the seal, and validate its bundle"
        )
    remark = (
        "A single run keeps only its validation objects, none of which are here; make sure these are new."
    )
    return Known(np.zeros(len(ids), dtype=np.bool_), remark)


def _same(scored: Scored, ids: IdArray, target: FloatArray) -> Mask:
    """Which objects have the identifier and the target of one of these."""
    place = {int(one): row for row, one in enumerate(scored.ids)}
    row = np.array([place.get(int(one), -1) for one in ids], dtype=np.int64)
    found = row >= 0
    same = np.zeros(len(ids), dtype=np.bool_)
    if found.any():
        close = np.isclose(target[found], scored.target[row[found]], rtol=1e-6, atol=1e-9, equal_nan=True)
        same[found] = close.all(axis=1)
    return same
