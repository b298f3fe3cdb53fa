"""All figures of one run as files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from astrosweep.kinds.tables.figures.calibration import calibration
from astrosweep.kinds.tables.figures.correlation import correlation_heatmap
from astrosweep.kinds.tables.figures.predicted import predicted_against_observed
from astrosweep.kinds.tables.figures.residuals import residuals_against_target
from astrosweep.kinds.tables.table import Roles
from astrosweep.report.canvas import save_figures
from astrosweep.report.curves import learning_curves


def write_figures(
    folder: Path,
    predictions: pd.DataFrame,
    roles: Roles,
    curves: Mapping[str, Sequence[float]],
    correlation: pd.DataFrame,
    title: str,
) -> list[Path]:
    """Write the figures of one run as PNG files, over older ones of the same names.

    Args:
        folder: Where to write; made if missing.
        predictions: One row an object and fold, as ``RowPreparation.table`` gives it, with ``part``:
            ``train``, ``val`` or ``test``, whose targets are NaN.
        roles: The columns of target and types.
        curves: ``[fold_<k>/][<split>/]<metric>`` to one value an epoch; empty, as for an ensemble, leaves
            out the learning curves.
        correlation: Features and target against themselves, shape (F + 1, F + 1).
        title: Title of the figures, usually the name of the run.

    Returns:
        The files written.

    Raises:
        DataError: If a column is missing, there are no validation objects or the matrix is not square.
    """
    figures = {
        "predicted_against_observed": predicted_against_observed(predictions, roles, title),
        "residuals": residuals_against_target(predictions, roles, title),
        "calibration": calibration(predictions, roles, title),
        "correlation": correlation_heatmap(correlation, title),
    }
    if curves:
        figures["learning_curves"] = learning_curves(curves, title)
    return save_figures(folder, figures)
