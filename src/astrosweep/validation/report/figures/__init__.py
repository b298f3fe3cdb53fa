"""Figures of a validation."""

from astrosweep.validation.report.figures.draw import draw_figures

__all__ = ["draw_figures"]
