"""Predicted against observed targets, drawn by the kind of data, with the metrics of all objects below."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.kind import Judged, Part
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.contenders import judged_with
from astrosweep.ensemble.correction import SIGMA
from astrosweep.ensemble.mixture import Combined
from astrosweep.ensemble.report.shown import headlines
from astrosweep.ensemble.verdict import Verdict
from astrosweep.report.canvas import INK

_MOST_VALUES = 1_000_000


def predicted_against_observed(
    built: Built,
    judged: Judged[Any, Any],
    combined: Combined,
    factors: FloatArray,
    verdict: Verdict,
    part: Part,
    title: str,
) -> Figure:
    """Draw what an ensemble predicts of some objects.

    Args:
        built: The ensemble.
        judged: The objects with their truth.
        combined: Their predictions.
        factors: Calibration factors of the four intervals, shape (4, N, T).
        verdict: How it did on all of them.
        part: Which objects they are.
        title: Title; the number of objects is added in brackets.
    """
    known = np.flatnonzero((np.isfinite(judged.target) & np.isfinite(combined.mean)).any(axis=1))
    title, lines = f"{title} ({len(known):,})", headlines(built.gathered.config, verdict.metrics)
    most = max(1, _MOST_VALUES // judged.target.shape[1])
    drawn: IdArray = known
    if len(known) > most:
        drawn = np.sort(np.random.default_rng(0).choice(known, most, replace=False))
        lines.append(f"{len(drawn):,} objects drawn at random are shown; the figures are of all")
    calibrated = judged_with(judged, combined, combined.std * factors[SIGMA])
    preparation = built.gathered.reference.members[0].preparation
    figure = built.gathered.kind.draw_predicted(preparation, taken(calibrated, drawn), part, title)
    figure.supxlabel("\n".join(lines), fontsize=8.5, color=INK, parse_math=False)
    return figure


def taken(judged: Judged[Any, Any], rows: IdArray) -> Judged[Any, Any]:
    """Some of the objects."""
    predicted = judged.predicted
    return Judged(
        objects=judged.objects.take(rows),
        predicted=type(predicted)(predicted.ids[rows], predicted.mean[rows], predicted.std[rows]),
        truth=None if judged.truth is None else judged.truth.take(rows),
        target=judged.target[rows],
        error=judged.error[rows],
    )
