"""Figures of runs on clusters."""

from astrosweep.kinds.clusters.figures.write import write_figures

__all__ = ["write_figures"]
