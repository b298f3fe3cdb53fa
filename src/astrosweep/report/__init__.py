"""What people look at: figures of one run and the table of many."""

from astrosweep.report.calibration import calibration
from astrosweep.report.correlation import correlation_heatmap
from astrosweep.report.curves import learning_curves
from astrosweep.report.figures import write_figures
from astrosweep.report.predicted import predicted_against_observed
from astrosweep.report.residuals import residuals_against_parallax
from astrosweep.report.table import results_table

__all__ = [
    "calibration",
    "correlation_heatmap",
    "learning_curves",
    "predicted_against_observed",
    "residuals_against_parallax",
    "results_table",
    "write_figures",
]
