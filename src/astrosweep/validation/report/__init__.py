"""The report of a validation: one page that opens offline, its numbers as JSON, figures and a model card."""

from astrosweep.validation.report.words import headlines
from astrosweep.validation.report.write import PAGE, write_report

__all__ = ["PAGE", "headlines", "write_report"]
