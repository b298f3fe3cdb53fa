"""What keeps a prediction from being trusted: a code, the sum of powers of two, and the reasons in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.data.incoming import Outgoing, Unlike
from astrosweep.prediction.model import disagreement_of

RANGE, WHOLE, CLASS, MISSING, DISAGREEMENT, SELECTION, DERIVED, UNPREDICTED = (2**bit for bit in range(8))
MEANINGS = {
    RANGE: "an input outside the training range",
    WHOLE: "far from the training objects in all inputs together",
    CLASS: "a class never seen in training",
    MISSING: "an input missing that training objects have",
    DISAGREEMENT: "networks disagree more than usual",
    SELECTION: "outside the selection of the training objects",
    DERIVED: "a derived quantity lacks something",
    UNPREDICTED: "not predicted",
}
"""Code to what it says."""
_OF_SORTS = {"range": RANGE, "whole": WHOLE, "class": CLASS, "missing": MISSING}
_DISAGREE = "networks disagree more than usual"

Texts = NDArray[np.object_]
"""Reasons, empty for none, shape (N,)."""


@dataclass(frozen=True, eq=False)
class Flags:
    """Flags of N objects.

    Attributes:
        code: Sum of the codes of ``MEANINGS``, 0 for none, shape (N,).
        reason: In words, empty for none, shape (N,).
        distance: See ``Unlike``, shape (N,); NaN where not known.
    """

    code: NDArray[np.int16]
    reason: Texts
    distance: FloatArray


def flags_of(
    outgoing: Outgoing,
    unlike: Unlike | None,
    usual_disagreement: float | None,
    remarks: Texts | None = None,
    derived: Texts | None = None,
) -> Flags:
    """Flag predictions.

    Args:
        outgoing: Predictions of N objects.
        unlike: How the objects differ from those of the training.
        usual_disagreement: Largest ratio of epistemic to aleatoric uncertainty that is usual.
        remarks: Why objects would not have been trained on.
        derived: What quantities that are derived from the predictions lack.
    """
    n = len(outgoing.judged)
    columns: list[NDArray[np.bool_]] = []
    codes: list[int] = []
    labels: list[str] = []
    distance = np.full(n, np.nan)
    if unlike is not None:
        columns += list(unlike.found.T)
        codes += [_OF_SORTS[sort] for sort in unlike.sorts]
        labels += unlike.labels
        distance = unlike.distance
    if usual_disagreement is not None:
        columns.append(disagreement_of(outgoing.aleatoric, outgoing.epistemic) > usual_disagreement)
        codes.append(DISAGREEMENT)
        labels.append(_DISAGREE)
    code, reason = _combined(n, columns, codes, labels)
    for bit, texts, words in ((SELECTION, remarks, MEANINGS[SELECTION] + ": "), (DERIVED, derived, "")):
        if texts is not None and (rows := np.flatnonzero(texts != "")).size:
            code[rows] |= bit
            reason[rows] = [
                f"{before}; {words}{text}" if before else f"{words}{text}"
                for before, text in zip(reason[rows], texts[rows], strict=True)
            ]
    return Flags(code, reason, distance)


def _combined(
    n: int, columns: Sequence[NDArray[np.bool_]], codes: Sequence[int], labels: Sequence[str]
) -> tuple[NDArray[np.int16], Texts]:
    """Codes and reasons; each combination of reasons is put into words once."""
    code, reason = np.zeros(n, dtype=np.int16), np.full(n, "", dtype=object)
    if not columns:
        return code, reason
    found = np.stack(columns, axis=1)
    flagged = np.flatnonzero(found.any(axis=1))
    if not flagged.size:
        return code, reason
    packed = np.packbits(found[flagged], axis=1)
    kinds, place = np.unique(packed, axis=0, return_inverse=True)
    bits = np.unpackbits(kinds, axis=1, count=len(columns)).astype(np.bool_)
    of_kind = [np.bitwise_or.reduce(np.array(codes, dtype=np.int16)[row]) for row in bits]
    words = np.array(["; ".join(np.array(labels, dtype=object)[row]) for row in bits], dtype=object)
    place = place.reshape(-1)
    code[flagged], reason[flagged] = np.array(of_kind, dtype=np.int16)[place], words[place]
    return code, reason
