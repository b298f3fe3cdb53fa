"""Figures of runs on rows of a table."""

from astrosweep.kinds.tables.figures.write import write_figures

__all__ = ["write_figures"]
