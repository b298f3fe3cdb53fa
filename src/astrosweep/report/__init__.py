"""What people look at: figures and tables of runs and of studies.

This door opens fast: what draws is imported from its own module, so that the process that launches and shows
tables does not wait for matplotlib.
"""

from astrosweep.report.named_table import NamedTable
from astrosweep.report.study_table import StudyRow, studies_table
from astrosweep.report.table import results_table

__all__ = ["NamedTable", "StudyRow", "results_table", "studies_table"]
