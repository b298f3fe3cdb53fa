"""The validated configuration: Hydra composes, pydantic judges; above this layer nobody sees OmegaConf."""

from astrosweep.config.kinds import DataConfig, KindConfig
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
from astrosweep.config.run import RunConfig, StudyConfig
from astrosweep.config.sampler import SamplerConfig
from astrosweep.config.search import SearchConfig
from astrosweep.config.space import Distribution
from astrosweep.config.split import HoldoutConfig, KFoldConfig, SplitConfig
from astrosweep.config.target import TargetTransformConfig
from astrosweep.config.tracking import TrackingConfig
from astrosweep.config.trainer import TrainerConfig

__all__ = [
    "DataConfig",
    "DeprojectorConfig",
    "Distribution",
    "DnnConfig",
    "EncoderDecoder1dConfig",
    "EncoderDecoder2dConfig",
    "EncoderDecoderSimpleConfig",
    "HoldoutConfig",
    "KFoldConfig",
    "KindConfig",
    "LossConfig",
    "MlpConfig",
    "ModelConfig",
    "OptimizerConfig",
    "PrunerConfig",
    "RunConfig",
    "SamplerConfig",
    "SchedulerConfig",
    "SearchConfig",
    "SplitConfig",
    "StudyConfig",
    "TargetTransformConfig",
    "TrackingConfig",
    "TrainerConfig",
    "load_run_config",
    "parse",
]
