"""All that a validation finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from astrosweep.config.validate import ValidateConfig
from astrosweep.validation.calibration import Calibrated
from astrosweep.validation.card import Card
from astrosweep.validation.cost import Cost
from astrosweep.validation.effect import Effectiveness
from astrosweep.validation.fresh import Fresh
from astrosweep.validation.groups import Group
from astrosweep.validation.robustness import Robustness
from astrosweep.validation.seeds import Seeds
from astrosweep.validation.shift import Shift
from astrosweep.validation.subject import Subject


@dataclass(frozen=True, eq=False)
class Validation:
    """All that was found.

    Attributes:
        subject: The model.
        config: The command.
        fresh: Labelled objects; None for none.
        effectiveness: Metrics on all sets of objects.
        robustness: What changed inputs do; None without objects.
        groups: Metrics by group of fresh objects.
        seeds: Networks one by one; None where nothing is known of them.
        shifts: How inputs and target moved from the training.
        flags: Meaning of each flag to the share of fresh objects that have it; ``any`` to that of all.
        calibrated: Coverage and transform.
        cost: Time, memory and size.
        card: The model card.
    """

    subject: Subject
    config: ValidateConfig
    fresh: Fresh | None
    effectiveness: Effectiveness
    robustness: Robustness | None
    groups: tuple[Group, ...]
    seeds: Seeds | None
    shifts: tuple[Shift, ...]
    flags: Mapping[str, float]
    calibrated: Calibrated
    cost: Cost
    card: Card


@dataclass(frozen=True, eq=False)
class Written:
    """A validation and where its report lies."""

    validation: Validation
    folder: Path
