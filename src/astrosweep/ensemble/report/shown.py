"""How a report words losses, metrics and names."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from astrosweep.config import RunConfig
from astrosweep.config.kinds import Column

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
        """Name with the unit, such as ``RMSE (m)``."""
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


def metric_columns(config: RunConfig) -> list[tuple[str, Column]]:
    """The columns that the table of results shows, under headers of one line."""
    columns = config.data.headline.columns
    unit = f"({config.data.unit})" if config.data.unit else ""
    return [(" ".join(column.header.format(unit=unit).split()), column) for column in columns]


def shown_metric(metrics: Mapping[str, float], column: Column, target: str) -> str:
    """A metric as the table of results shows it, a dash where there is none."""
    value = metrics.get(column.metric.format(target=target), math.nan)
    return f"{column.scale * value:.{column.decimals}f}" if math.isfinite(value) else "–"


def metric_targets(config: RunConfig) -> tuple[str, ...]:
    """The targets that have metrics of their own; an empty name where all have one."""
    return config.targets if config.data.headline.by_target else ("",)


def headlines(config: RunConfig, metrics: Mapping[str, float]) -> list[str]:
    """The metrics that the table of results shows in words, a line for each target that has its own."""
    lines = []
    for target in metric_targets(config):
        shown = [f"{name} {shown_metric(metrics, column, target)}" for name, column in metric_columns(config)]
        lines.append(f"{target}: {', '.join(shown)}" if target else ", ".join(shown))
    return lines
