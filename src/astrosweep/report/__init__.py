"""What people look at: figures and tables of runs and of studies."""

from astrosweep.report.calibration import calibration
from astrosweep.report.cluster_errors import errors_by_radius
from astrosweep.report.cluster_figures import write_cluster_figures
from astrosweep.report.correlation import correlation_heatmap
from astrosweep.report.curves import learning_curves
from astrosweep.report.figures import write_figures
from astrosweep.report.predicted import predicted_against_observed
from astrosweep.report.residuals import residuals_against_parallax
from astrosweep.report.study import importances, write_study_figures
from astrosweep.report.study_table import StudyRow, studies_table
from astrosweep.report.table import results_table

__all__ = [
    "StudyRow",
    "calibration",
    "correlation_heatmap",
    "errors_by_radius",
    "importances",
    "learning_curves",
    "predicted_against_observed",
    "residuals_against_parallax",
    "results_table",
    "studies_table",
    "write_cluster_figures",
    "write_figures",
    "write_study_figures",
]
