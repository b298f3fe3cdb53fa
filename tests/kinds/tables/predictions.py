"""Predictions as a run leaves them, and how to read a figure back."""

import numpy as np
import pandas as pd
from matplotlib.text import Text

from astrosweep.kinds.stars.kind import ROLES
from astrosweep.kinds.tables.figures.calibration import calibration
from astrosweep.kinds.tables.figures.predicted import predicted_against_observed
from astrosweep.kinds.tables.figures.residuals import residuals_against_target
from astrosweep.kinds.tables.table import Roles

STARS = ROLES
OF_PREDICTIONS = [predicted_against_observed, residuals_against_target, calibration]
LONG_NAME = (
    "cepheid_rrlyrae-simulated-mlp model.hidden=[128,64,32] optimizer.lr=0.001 "
    "data.preparation.imputation=median loss=gaussian $seed=3"
)


def make_predictions(n, seed=0, median_mas=0.3, **columns):
    """Stars with honest errors and uncertainties in the parts train, val and the sealed test."""
    rng = np.random.default_rng(seed)
    true = median_mas * rng.lognormal(0.0, 0.8, n)
    error, std = rng.uniform(0.03, 0.1, n), 0.1 * true + 0.02
    part = rng.choice(["train", "val", "test"], n, p=[0.4, 0.5, 0.1])
    observed = np.where(part == "test", np.nan, rng.normal(true, error))
    return pd.DataFrame(
        {
            "source_id": np.arange(n),
            "part": part,
            "fold": 0,
            "parallax": observed,
            "parallax_error": np.where(part == "test", np.nan, error),
            "parallax_predicted": rng.normal(true, std),
            "parallax_uncertainty": std,
        }
    ).assign(**columns)


def make_general(observed, seed=0, std=None, **columns):
    """Objects of any table with one target, without errors of it; half of them validate.

    Args:
        observed: Their true targets, shape (N,).
        seed: Seed of the predictions' noise.
        std: Stated and true uncertainties of the predictions; a tenth of the targets' scatter unless given.
        columns: Further columns.
    """
    observed = np.asarray(observed, dtype=np.float64)
    std = np.full(len(observed), 0.1 * observed.std()) if std is None else std
    return pd.DataFrame(
        {
            "row_number": np.arange(len(observed)),
            "part": np.where(np.arange(len(observed)) % 2, "val", "train"),
            "fold": 0,
            "value": observed,
            "value_error": 0.0,
            "value_predicted": np.random.default_rng(seed).normal(observed, std),
            "value_uncertainty": std,
        }
    ).assign(**columns)


def general(unit="", type=None):
    """What the columns of ``make_general`` are."""
    return Roles("row_number", "value", "", unit, type)


def make_correlation(names):
    values = np.random.default_rng(0).normal(size=(50, len(names)))
    return pd.DataFrame(values, columns=names).corr()


def val(predictions):
    return predictions[predictions["part"] == "val"]


def line(axes, label):
    (found,) = [line for line in axes.lines if str(line.get_label()).startswith(label)]
    return found


def note_of(axes):
    return "\n".join(text.get_text() for text in axes.texts)


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def drawn(figure):
    """Return the data of all artists and all words of a figure."""
    content = [figure.get_suptitle()]
    for axes in figure.axes:
        content += [line.get_xydata().tolist() for line in axes.lines]
        content += [[path.vertices.tolist() for path in item.get_paths()] for item in axes.collections]
        content += [note_of(axes), axes.get_xlim(), axes.get_ylim()]
    return content


def words(figure):
    """Return every word that a figure shows."""
    shown = [text.get_text() for text in figure.findobj(Text)]
    return " ".join(text for text in shown if text)
