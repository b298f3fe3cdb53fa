"""The report of an ensemble: figures, one page that needs no other file, and the same as plain values."""

from astrosweep.ensemble.report.write import write_report

__all__ = ["write_report"]
