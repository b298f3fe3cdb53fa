"""Figures of an ensemble."""

from astrosweep.ensemble.report.figures.draw import draw_figures

__all__ = ["draw_figures"]
