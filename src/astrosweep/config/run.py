"""The whole configuration of one run."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from astrosweep.config.address import StorageAddress
from astrosweep.config.base import Strict
from astrosweep.config.kinds.clusters import ClusterDataConfig
from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.config.loss import LossConfig
from astrosweep.config.model import DeprojectorConfig, ModelConfig, ProfileModelConfig
from astrosweep.config.optimizer import OptimizerConfig, SchedulerConfig
from astrosweep.config.search import SearchConfig
from astrosweep.config.split import SplitConfig
from astrosweep.config.tracking import TrackingConfig
from astrosweep.config.trainer import TrainerConfig

DataConfig = Annotated[StarDataConfig | ClusterDataConfig, Field(discriminator="name")]
PROFILE_TARGETS = ("pressure", "density", "temperature")


class RunConfig(Strict):
    """One run: a network fitted to one dataset under one split.

    Attributes:
        name: Readable name of the run; null builds one from class, source and model.
        seed: Seed of initialisation, batch order and dropout.
        replicates: Trainings with successive seeds; metrics are means over them.
        worker: Number of this process among those that share a study, from 0.
        storage: Optuna's storage of studies: ``sqlite:///...`` (one machine) or ``postgresql+psycopg://...``
            (many machines). A relative SQLite file is taken from the current folder.
        target: What is learned: ``parallax`` of stars; ``pressure``, ``density``, ``temperature`` of clusters
            or ``all`` three at once. Null: the parallax, or all three.
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
    target: Literal["parallax", "pressure", "density", "temperature", "all"] | None = None
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
    def _target_belongs_to_data(self) -> "RunConfig":
        of_clusters = isinstance(self.data, ClusterDataConfig)
        allowed = (*PROFILE_TARGETS, "all") if of_clusters else ("parallax",)
        if self.target is not None and self.target not in allowed:
            raise ValueError(
                f"target = {self.target}: data={self.data.name} has none; allowed: {', '.join(allowed)}"
            )
        if isinstance(self.model, ProfileModelConfig) and not of_clusters:
            raise ValueError(
                f"model={self.model.name} takes profiles, and data={self.data.name} has none; allowed: "
                "model=dnn or mlp, or profiles: data=cluster"
            )
        if isinstance(self.model, DeprojectorConfig) and self.model.head == "ideal_gas":
            assert isinstance(self.data, ClusterDataConfig)
            preparation = self.data.preparation
            if len(self.targets) < 3 or preparation.output != "values" or not preparation.logarithm:
                raise ValueError(
                    "model.head=ideal_gas needs target=all, data.preparation.output=values and "
                    "data.preparation.logarithm=true"
                )
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
        """Name of the run: the given one, or for example ``cepheid-simulated-mlp``."""
        target = f"-{self.target}" if self.target in (*PROFILE_TARGETS, "all") else ""
        return self.name or f"{self.data.name}-{self.data.source}-{self.model.name}{target}"

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the targets."""
        if isinstance(self.data, StarDataConfig):
            return ("parallax",)
        return PROFILE_TARGETS if self.target in (None, "all") else (str(self.target),)

    @property
    def study_name(self) -> str:
        """Name of the study: its own, or that of the run."""
        return (self.search.study if self.search else None) or self.run_name
