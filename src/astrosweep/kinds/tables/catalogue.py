"""Predictions of rows as columns of a catalogue: a value, its intervals and uncertainties, with units."""

import numpy as np

from astrosweep.core.types import FloatArray
from astrosweep.data.field import Field
from astrosweep.data.incoming import Column, Outgoing
from astrosweep.kinds.tables.table import Roles

_LEVELS = {"68": 1, "95": 3}
"""Name of an interval to its place among the widths."""


def catalogue_of(roles: Roles, outgoing: Outgoing, ucd: str) -> list[Column]:
    """Columns of one target.

    Args:
        roles: Name and unit of the target.
        outgoing: Predictions of N rows.
        ucd: Descriptor of the target.

    Returns:
        Columns of N values: the prediction, lower and upper end of 68 and 95 %, total, aleatoric and
        epistemic uncertainty.
    """
    target, unit = roles.target, roles.unit
    mean = outgoing.judged.predicted.mean[:, 0]

    def column(suffix: str, values: FloatArray, words: str, description: str) -> Column:
        field = Field(f"{target}_{suffix}", np.float64, unit, words, description)
        return field, values

    found = [column("predicted", mean, ucd, f"predicted {target}")]
    for level, place in _LEVELS.items():
        half = outgoing.widths[place, :, 0]
        for name, sign, word in (("lower", -1.0, "stat.min"), ("upper", 1.0, "stat.max")):
            text = f"{name} end of the {level} % interval of the true {target}"
            found.append(column(f"{name}_{level}", mean + sign * half, f"stat.error;{word};{ucd}", text))
    parts = {
        "uncertainty": (outgoing.judged.predicted.std, "half the calibrated 68 % interval"),
        "aleatoric": (outgoing.aleatoric, "part of the uncertainty that the inputs leave open"),
        "epistemic": (outgoing.epistemic, "part of the uncertainty that networks disagree about"),
    }
    for name, (values, text) in parts.items():
        found.append(column(name, values[:, 0], f"stat.error;{ucd}", f"{target}: {text}"))
    return found
