"""Where a fit runs: the device, the threads, and what running out of memory means."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import torch
from lightning_fabric import Fabric

from astrosweep.config import RunConfig, TrainerConfig
from astrosweep.core.errors import ConfigError, TrainingError

Chosen = TypeVar("Chosen", bound=RunConfig)


def fabric_of(config: RunConfig) -> Fabric:
    """Fabric on the device that the configuration asks for.

    Raises:
        ConfigError: This machine does not have it.
    """
    trainer = config.trainer
    _check_device(trainer)
    on_cpu = trainer.accelerator == "cpu" or (
        trainer.accelerator == "auto" and not (torch.cuda.is_available() or torch.backends.mps.is_available())
    )
    return _fabric("cpu" if on_cpu else trainer.accelerator, trainer.device, trainer.precision)


@cache
def _fabric(accelerator: str, device: int, precision: Any) -> Fabric:
    """Fabric looks for plugins among all installed packages each time, which takes longer than to predict."""
    for name in ("lightning_fabric", "pytorch_lightning"):
        logging.getLogger(name).setLevel(logging.WARNING)
    devices: Any = 1 if accelerator == "cpu" else [device]
    with warnings.catch_warnings():
        # On a login node of Slurm: one process is what is wanted there.
        warnings.filterwarnings("ignore", message="The `srun` command is available")
        return Fabric(accelerator=accelerator, devices=devices, precision=precision)


def on_own_device(config: Chosen, number: int) -> Chosen:
    """One GPU for each process of a command, where there are GPUs.

    Args:
        config: The process's configuration.
        number: Number of the worker or job: it takes GPU ``number`` modulo how many there are.

    Returns:
        The configuration with that device; as it is where nothing is to be chosen.
    """
    n_gpus = torch.cuda.device_count()
    if n_gpus == 0 or config.trainer.accelerator in ("cpu", "mps"):
        return config
    trainer = config.trainer.model_copy(update={"device": number % n_gpus})
    return config.model_copy(update={"trainer": trainer})


def _check_device(trainer: TrainerConfig) -> None:
    """Refuse an accelerator that this machine does not have.

    Raises:
        ConfigError: It has no such device.
    """
    n_cuda, has_mps = torch.cuda.device_count(), torch.backends.mps.is_available()
    found = {"cpu": 1, "cuda": n_cuda, "mps": int(has_mps), "gpu": max(n_cuda, int(has_mps)), "auto": 1}
    if found[trainer.accelerator] == 0:
        raise ConfigError(
            f"trainer.accelerator={trainer.accelerator}: this machine has no such device; it has "
            f"{n_cuda} CUDA devices and {'an' if has_mps else 'no'} MPS device; allowed here: auto, cpu"
        )
    if n_cuda and trainer.accelerator != "cpu" and trainer.device >= n_cuda:
        raise ConfigError(f"trainer.device={trainer.device}: this machine has CUDA devices 0 to {n_cuda - 1}")


@contextmanager
def limited_threads(n_threads: int) -> Iterator[None]:
    """Limit torch's threads during a fit; a second thread gains almost nothing for small networks."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
            warnings.filterwarnings("ignore", message="The `srun` command is available")
            yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def memory_explained(device: torch.device) -> Iterator[None]:
    """Say what to do where torch could not get memory; on the CPU it raises a plain RuntimeError.

    Raises:
        TrainingError: The device has too little memory.
    """
    try:
        yield
    except RuntimeError as error:
        if not (isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)):
            raise
        raise TrainingError(
            f"Out of memory on {device}: use a smaller data.batch_size or network. {error}"
        ) from error
