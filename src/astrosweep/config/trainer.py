"""Configuration of the training loop."""

from typing import Annotated, Literal

from pydantic import Field

from astrosweep.config.base import Strict

Accelerator = Literal["auto", "cpu", "gpu", "cuda", "mps"]


class EarlyStoppingConfig(Strict):
    """When a fit ends before its last epoch.

    Attributes:
        patience: Epochs without improvement of the validation loss; null trains to the last epoch.
        min_delta: Smallest decrease of the validation loss that counts as improvement.
    """

    patience: Annotated[int, Field(ge=1)] | None = 30
    min_delta: Annotated[float, Field(ge=0.0)] = 0.0


class TrainerConfig(Strict):
    """How a fit runs. The weights of the best epoch (lowest validation loss) are kept.

    Attributes:
        max_epochs: Longest training, in epochs.
        accelerator: Device, as Lightning names it; ``auto`` takes a GPU where there is one.
        device: Index of the GPU among the visible ones.
        precision: Arithmetic, as Lightning names it; bf16 keeps the range of 32 bits, so no loss is scaled.
        gradient_clip: Largest norm of the gradient; null for no clipping.
        early_stopping: When to stop.
        folds: Whether the folds of a split are trained at once, as one stacked network, which is faster for
            small ones; ``auto`` does so where it can.
        n_threads: Threads of one fit on the CPU; more than one gains almost nothing for small networks.
        progress: Whether to show a progress bar.
    """

    max_epochs: Annotated[int, Field(ge=1, le=1_000_000)] = 300
    accelerator: Accelerator = "auto"
    device: Annotated[int, Field(ge=0)] = 0
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    gradient_clip: Annotated[float, Field(gt=0.0)] | None = None
    early_stopping: EarlyStoppingConfig = EarlyStoppingConfig()
    folds: Literal["auto", "together", "sequential"] = "auto"
    n_threads: Annotated[int, Field(ge=1)] = 1
    progress: bool = True
