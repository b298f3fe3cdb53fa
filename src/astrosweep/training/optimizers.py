"""Optimisers and schedules from their configuration."""

from collections.abc import Iterable

from torch import Tensor, optim
from torch.optim import lr_scheduler

from astrosweep.config.optimizer import (
    AdamConfig,
    AdamWConfig,
    ConstantConfig,
    CosineConfig,
    OptimizerConfig,
    PlateauConfig,
    SchedulerConfig,
    SgdConfig,
    StepConfig,
)


def build_optimizer(config: OptimizerConfig, parameters: Iterable[Tensor]) -> optim.Optimizer:
    """Build the optimiser; the fused kernels do a whole step in one call, on CPU and GPU alike."""
    parameters = list(parameters)
    if isinstance(config, AdamConfig):
        return optim.Adam(parameters, config.lr, (config.beta1, config.beta2), fused=True)
    if isinstance(config, AdamWConfig):
        return optim.AdamW(
            parameters,
            config.lr,
            (config.beta1, config.beta2),
            weight_decay=config.weight_decay,
            fused=True,
        )
    if isinstance(config, SgdConfig):
        nesterov = config.nesterov and config.momentum > 0
        return optim.SGD(parameters, config.lr, config.momentum, nesterov=nesterov, fused=True)
    return optim.RMSprop(parameters, config.lr, config.alpha, momentum=config.momentum, foreach=True)


def build_scheduler(
    config: SchedulerConfig, optimizer: optim.Optimizer, max_epochs: int
) -> lr_scheduler.LRScheduler | None:
    """Build the schedule, stepped once an epoch; None keeps the rate constant."""
    if isinstance(config, ConstantConfig):
        return None
    if isinstance(config, CosineConfig):
        return _cosine(config, optimizer, max_epochs)
    if isinstance(config, StepConfig):
        return lr_scheduler.StepLR(optimizer, config.every_epochs, config.factor)
    assert isinstance(config, PlateauConfig)
    # The default, a relative threshold, takes a flat negative loss for an improvement.
    return lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=config.factor, patience=config.patience, threshold=0.0, threshold_mode="abs"
    )


def _cosine(config: CosineConfig, optimizer: optim.Optimizer, max_epochs: int) -> lr_scheduler.LRScheduler:
    warmup = config.warmup_epochs
    lowest = optimizer.param_groups[0]["lr"] * config.final_fraction
    decay = lr_scheduler.CosineAnnealingLR(optimizer, max(max_epochs - warmup - 1, 1), eta_min=lowest)
    if warmup == 0:
        return decay
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1.0 / (warmup + 1), total_iters=warmup)
    return lr_scheduler.SequentialLR(optimizer, [rise, decay], milestones=[warmup])
