"""The strategies, one per file, and the dictionary that finds them by name."""

from astrosweep.ensemble.strategies._base import Strategy
from astrosweep.ensemble.strategies.best import Best
from astrosweep.ensemble.strategies.greedy import Greedy
from astrosweep.ensemble.strategies.inverse_variance import InverseVariance
from astrosweep.ensemble.strategies.performance import Performance
from astrosweep.ensemble.strategies.stacking import Stacking
from astrosweep.ensemble.strategies.top_k import TopK

__all__ = ["STRATEGIES", "Strategy", "strategies"]


def strategies(top_k: int = TopK.k) -> dict[str, Strategy]:
    """The strategies, the simplest first: of those that are equally good the first is proposed.

    Args:
        top_k: Members of the strategies that take the best few.
    """
    return {
        "best": Best(),
        "top_k": TopK(top_k),
        "performance": Performance(top_k),
        "inverse_variance": InverseVariance(top_k),
        "stacking": Stacking(),
        "greedy": Greedy(),
    }


STRATEGIES = strategies()
