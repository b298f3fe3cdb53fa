"""How a report words losses, metrics and names."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from astrosweep.config import RunConfig

_NAMES = {"mse": "RMSE", "nll": "NLL", "crps": "CRPS"}


@dataclass(frozen=True)
class Loss:
    """A mean loss as people read it: a squared error as its root.

    Attributes:
        objective: ``mse``, ``nll`` or ``crps``.
        unit: Unit of the target, empty for none; a likelihood has none that people know.
    """

    objective: str
    unit: str = ""

    @classmethod
    def of(cls, objective: str, config: RunConfig) -> "Loss":
        """That of a run's target; several target columns are pooled in normalised units."""
        return cls(objective, "normalised" if config.data.has_profiles else config.data.unit)

    @property
    def name(self) -> str:
        """Such as ``RMSE``."""
        return _NAMES[self.objective]

    @property
    def label(self) -> str:
        """Name with the unit, such as ``RMSE (mas)``."""
        return f"{self.name} ({self.unit})" if self.unit and self.objective != "nll" else self.name

    def value(self, mean: float) -> float:
        """What is shown for a mean loss."""
        return math.sqrt(mean) if self.objective == "mse" else mean

    def error(self, mean: float, error: float) -> float:
        """The error of what is shown; NaN where there is none."""
        if self.objective != "mse":
            return error
        root = math.sqrt(mean)
        return error / (2.0 * root) if root > 0.0 else math.nan


def number(value: float | None) -> str:
    """A number with four digits that matter, a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.4g}"


def shortened(name: str, length: int) -> str:
    """A name cut in its middle, since runs of one study differ at the end."""
    if len(name) <= length:
        return name
    tail = (length - 1) * 2 // 3
    return f"{name[: length - 1 - tail]}…{name[-tail:]}"


def headlines(config: RunConfig, metrics: Mapping[str, float]) -> list[str]:
    """The metrics that the table of results shows, one line for each target of data that have several."""
    headline = config.data.headline
    lines = []
    for target in config.targets if headline.by_target else ("",):
        parts = []
        for column in headline.columns:
            value = metrics.get(column.metric.format(target=target), math.nan)
            if math.isfinite(value):
                header, _, unit = column.header.partition("\n")
                unit = unit.strip("()") if unit.startswith("(") else ""
                shown = f"{column.scale * value:.{column.decimals}f}{f' {unit}' if unit else ''}"
                parts.append(
                    f"{header.strip()}{' coverage' if unit == '' and 'cov' in column.header else ''} {shown}"
                )
        lines.append(f"{target}: {', '.join(parts)}" if target else ", ".join(parts))
    return [line for line in lines if line]
