"""The strategies, one per file, and the dictionary that finds them by name."""

from astrosweep.ensemble.strategies._base import Strategy
from astrosweep.ensemble.strategies.best import Best
from astrosweep.ensemble.strategies.greedy import Greedy
from astrosweep.ensemble.strategies.inverse_variance import InverseVariance
from astrosweep.ensemble.strategies.performance import Performance
from astrosweep.ensemble.strategies.stacking import Stacking
from astrosweep.ensemble.strategies.top_k import TopK

__all__ = ["STRATEGIES", "Strategy"]

STRATEGIES: dict[str, Strategy] = {
    "best": Best(),
    "top_k": TopK(),
    "performance": Performance(),
    "inverse_variance": InverseVariance(),
    "stacking": Stacking(),
    "greedy": Greedy(),
}
"""The simplest first: of those that are equally good the first is proposed."""
