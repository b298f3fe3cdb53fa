"""The whole configuration of one run."""

from typing import Annotated

from pydantic import Field, model_validator

from astrosweep.config.address import StorageAddress
from astrosweep.config.base import Strict
from astrosweep.config.kinds import DataConfig
from astrosweep.config.loss import LossConfig
from astrosweep.config.model import ModelConfig, ProfileModelConfig
from astrosweep.config.optimizer import OptimizerConfig, SchedulerConfig
from astrosweep.config.search import SearchConfig, check_objectives
from astrosweep.config.split import SplitConfig
from astrosweep.config.tracking import TrackingConfig
from astrosweep.config.trainer import TrainerConfig
from astrosweep.core.errors import ConfigError


class RunConfig(Strict):
    """One run: a network fitted to one dataset under one split.

    Attributes:
        name: Readable name of the run; null builds one from class, source and model.
        seed: Seed of initialisation, batch order and dropout.
        replicates: Trainings with successive seeds; metrics are means over them.
        worker: Number of this process among those that share a study, from 0.
        storage: Optuna's storage of studies: ``sqlite:///...`` (one machine) or ``postgresql+psycopg://...``
            (many machines). A relative SQLite file is taken from the current folder.
        target: What is learned: one of the targets that the data have, or ``all`` at once where they have
            several. Null: what there is.
        data: The dataset.
        model: The network.
        loss: The loss.
        optimizer: The optimiser.
        scheduler: The learning-rate schedule.
        trainer: The training loop.
        split: Train, validation and test.
        tracking: Where the run is recorded.
        search: The study that this configuration is the start of; null for a single run.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    replicates: Annotated[int, Field(ge=1, le=100)] = 1
    worker: Annotated[int, Field(ge=0)] = 0
    storage: StorageAddress = "sqlite:///mlruns/studies.db"
    target: Annotated[str, Field(min_length=1)] | None = None
    data: DataConfig
    model: ModelConfig
    loss: LossConfig
    optimizer: OptimizerConfig
    scheduler: SchedulerConfig
    trainer: TrainerConfig
    split: SplitConfig
    tracking: TrackingConfig
    search: SearchConfig | None = None

    @model_validator(mode="after")
    def _schedule_fits_in_training(self) -> "RunConfig":
        warmup = getattr(self.scheduler, "warmup_epochs", 0)
        if warmup >= self.trainer.max_epochs:
            raise ValueError(
                f"scheduler.warmup_epochs = {warmup} must be below trainer.max_epochs = "
                f"{self.trainer.max_epochs}"
            )
        return self

    @model_validator(mode="after")
    def _model_fits_data(self) -> "RunConfig":
        targets = self.data.targets(self.target)
        if isinstance(self.model, ProfileModelConfig) and not self.data.has_profiles:
            raise ValueError(
                f"model={self.model.name} takes profiles, and data={self.data.name} has none; allowed: "
                "model=dnn or mlp, or data with profiles"
            )
        head = getattr(self.model, "head", "free")
        if head != "free" and head not in self.data.laws(targets):
            raise ValueError(
                f"model.head={head} needs target=all, data.preparation.output=values and "
                "data.preparation.logarithm=true"
            )
        return self

    @model_validator(mode="after")
    def _objectives_are_metrics(self) -> "RunConfig":
        if self.search:
            known = {f"val/{name}" for name in self.data.metric_names(self.targets)}
            check_objectives(self.search.objectives, known, self.data.metric_pattern())
        return self

    @model_validator(mode="after")
    def _folds_to_compare(self) -> "RunConfig":
        if self.search and self.search.pruner.name == "wilcoxon" and self.split.name != "kfold":
            raise ValueError("search.pruner.name = wilcoxon compares folds: say split=kfold")
        if self.search and self.search.pruner.name == "wilcoxon" and self.trainer.folds == "together":
            raise ValueError(
                "search.pruner.name = wilcoxon decides between folds, which trainer.folds = together trains "
                "at once: say trainer.folds=auto"
            )
        return self

    @property
    def run_name(self) -> str:
        """Name of the run: the given one, or that of the data, the network and a target that was chosen."""
        target = f"-{self.target}" if self.target and len(self.data.all_targets) > 1 else ""
        return self.name or f"{self.data.title}-{self.model.name}{target}"

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the targets."""
        return self.data.targets(self.target)

    def as_study(self) -> "StudyConfig":
        """The same configuration as that of a study.

        Raises:
            ConfigError: It has no search.
        """
        if self.search is None:
            raise ConfigError("search = None: a study needs a search; say for example search=tpe")
        return StudyConfig.model_construct(self.model_fields_set, **dict(self))


class StudyConfig(RunConfig):
    """One study: what its trials start from, and the search that varies it.

    Attributes:
        search: The search.
    """

    search: SearchConfig

    @property
    def study_name(self) -> str:
        """Name of the study: its own, or that of the run."""
        return self.search.study or self.run_name
