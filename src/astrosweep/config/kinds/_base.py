"""What the configuration of every kind of data has, and what the rest of the program asks of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from astrosweep.config.base import Strict


@dataclass(frozen=True)
class Column:
    """A column of the table of results.

    Attributes:
        header: Its header; ``{unit}`` stands for the target's unit.
        metric: Name of the metric; ``{target}`` stands for each target in turn.
        decimals: Decimals shown.
        scale: What values are multiplied by.
    """

    header: str
    metric: str
    decimals: int
    scale: float = 1.0


@dataclass(frozen=True)
class Headline:
    """What the table of results shows of runs on one kind of data.

    Attributes:
        title: Title of the table; ``{scale}`` stands for what lengths were divided by.
        columns: Its columns. Where a metric names the target, each target has a line of its own.
    """

    title: str
    columns: tuple[Column, ...]

    @property
    def by_target(self) -> bool:
        """Whether each target has a line of its own."""
        return any("{target}" in column.metric for column in self.columns)


class KindConfig(Strict):
    """The base of the configuration of a kind of data.

    Attributes:
        name: What a data option is called.
        source: Where the data come from.
        batch_size: Objects of one optimiser step.
    """

    name: str
    source: str
    batch_size: Annotated[int, Field(ge=2, le=1_000_000)] = 64

    headline: ClassVar[Headline]
    has_profiles: ClassVar[bool] = False
    """Whether features are channels of points, which some networks need."""

    @property
    def title(self) -> str:
        """What names a run on these data, for example ``cepheid-simulated``."""
        raise NotImplementedError

    @property
    def model_name(self) -> str:
        """Name of a registered model that predicts such data."""
        return self.name

    @property
    def feature_set(self) -> str:
        """Name of the set of features."""
        raise NotImplementedError

    @property
    def all_targets(self) -> tuple[str, ...]:
        """Every target that these data have."""
        raise NotImplementedError

    @property
    def unit(self) -> str:
        """Unit of a scalar target, empty for none."""
        return ""

    def targets(self, chosen: str | None) -> tuple[str, ...]:
        """Return the targets that ``RunConfig.target`` means.

        Raises:
            ValueError: The data have no such target.
        """
        several = len(self.all_targets) > 1
        if chosen is None or (several and chosen == "all"):
            return self.all_targets
        if chosen not in self.all_targets:
            allowed = ", ".join((*self.all_targets, *(("all",) if several else ())))
            raise ValueError(f"target = {chosen}: data={self.name} has none; allowed: {allowed}")
        return (chosen,)

    def laws(self, targets: Sequence[str]) -> frozenset[str]:  # noqa: ARG002
        """Physical laws between these targets that a network's head can hold."""
        return frozenset()

    def target_space(self, targets: Sequence[str]) -> tuple[object, ...]:  # noqa: ARG002
        """What shapes target arrays: equal for two configurations whose targets are the same numbers.

        It compares configurations of the same data and the same target; errors of the targets may differ.
        """
        return ()

    def metric_names(self, targets: Sequence[str]) -> frozenset[str]:
        """Names of the metrics that every run on these data and targets has, without their split."""
        raise NotImplementedError

    def metric_pattern(self) -> re.Pattern[str] | None:
        """What names of metrics look like that depend on the data, such as those of classes."""
        return None
