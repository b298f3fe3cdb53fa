"""The validated configuration: Hydra composes, pydantic judges; above this layer nobody sees OmegaConf."""

from astrosweep.config.kinds.clusters import (
    AugmentationConfig,
    ClusterCleaningConfig,
    ClusterDataConfig,
    ClusterSimulationConfig,
    ProfilePreparationConfig,
    TablesConfig,
)
from astrosweep.config.kinds.stars import (
    ArchiveConfig,
    CleaningConfig,
    FeaturesConfig,
    OutliersConfig,
    PreparationConfig,
    SimulationConfig,
    StarDataConfig,
)
from astrosweep.config.loss import LossConfig
from astrosweep.config.model import (
    DeprojectorConfig,
    DnnConfig,
    EncoderDecoder1dConfig,
    EncoderDecoder2dConfig,
    EncoderDecoderSimpleConfig,
    MlpConfig,
    ModelConfig,
)
from astrosweep.config.optimizer import OptimizerConfig, SchedulerConfig
from astrosweep.config.parse import load_run_config, parse
from astrosweep.config.pruner import PrunerConfig
from astrosweep.config.run import RunConfig
from astrosweep.config.sampler import SamplerConfig
from astrosweep.config.search import SearchConfig
from astrosweep.config.space import Distribution
from astrosweep.config.split import HoldoutConfig, KFoldConfig, SplitConfig
from astrosweep.config.tracking import TrackingConfig
from astrosweep.config.trainer import TrainerConfig

__all__ = [
    "ArchiveConfig",
    "AugmentationConfig",
    "CleaningConfig",
    "ClusterCleaningConfig",
    "ClusterDataConfig",
    "ClusterSimulationConfig",
    "DeprojectorConfig",
    "Distribution",
    "DnnConfig",
    "EncoderDecoder1dConfig",
    "EncoderDecoder2dConfig",
    "EncoderDecoderSimpleConfig",
    "FeaturesConfig",
    "HoldoutConfig",
    "KFoldConfig",
    "LossConfig",
    "MlpConfig",
    "ModelConfig",
    "OptimizerConfig",
    "OutliersConfig",
    "PreparationConfig",
    "ProfilePreparationConfig",
    "PrunerConfig",
    "RunConfig",
    "SamplerConfig",
    "SchedulerConfig",
    "SearchConfig",
    "SimulationConfig",
    "SplitConfig",
    "StarDataConfig",
    "TablesConfig",
    "TrackingConfig",
    "TrainerConfig",
    "load_run_config",
    "parse",
]
