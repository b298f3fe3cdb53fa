"""What training costs beyond the arithmetic: astrosweep's loop and Lightning's Trainer against bare PyTorch.

Usage: python benchmarks/loop.py [--epochs 100] [--repeats 5]

Three programs train the same network on the same tensors, one thread, fixed costs (building network,
optimiser and loop) included:

* floor: a bare PyTorch loop over in-memory tensors, with the same optimiser, validation each epoch and a
  copy of the best weights;
* astrosweep: ``astrosweep.training.fit``;
* trainer: Lightning's Trainer with a DataLoader over a TensorDataset, its progress bar, logger and
  checkpoints switched off.

The programs take turns, so that a drift of the machine's speed meets all three; ratios are medians of the
ratios of each turn. The last line is JSON.
"""

import argparse
import json
import logging
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from astrosweep.config import RunConfig, TargetTransformConfig
from astrosweep.config.parse import validate
from astrosweep.core.types import Dataset, Layout, Unlabelled
from astrosweep.data.fold import Fold
from astrosweep.data.target import TargetTransform
from astrosweep.training import RegressionModule, fit

SIZES = {"small": (700, 10, 64), "large": (20_000, 20, 256)}


def make_config(batch_size: int, epochs: int) -> RunConfig:
    """The default MLP with mean squared error, without early stopping."""
    return validate(
        {
            "data": {
                "name": "cepheid",
                "features": {"name": "benchmark", "required": ["phot_g_mean_mag"]},
                "archive": {"url": "http://localhost"},
                "batch_size": batch_size,
            },
            "model": {"name": "mlp"},
            "loss": {"name": "mse"},
            "optimizer": {"name": "adam"},
            "scheduler": {"name": "constant"},
            "trainer": {
                "max_epochs": epochs,
                "accelerator": "cpu",
                "early_stopping": {"patience": None},
                "progress": False,
            },
            "split": {"name": "holdout"},
            "tracking": {"name": "none"},
        }
    )


def make_fold(n_rows: int, n_features: int) -> Fold:
    """Random rows with a smooth target; a fifth as many validation rows."""
    generator = np.random.default_rng(0)

    def part(n: int) -> Dataset:
        x = generator.normal(size=(n, n_features)).astype(np.float32)
        y = np.tanh(x[:, :1]) + 0.1 * generator.normal(size=(n, 1))
        return Dataset(np.arange(n), x, y, np.zeros_like(y))

    train, val = part(n_rows), part(n_rows // 5)
    return Fold(
        train=train,
        val=val,
        test=Unlabelled(np.arange(1), np.zeros((1, n_features), np.float32)),
        layout=Layout((n_features,), ("y",)),
        transform=TargetTransform.fit(train.target, TargetTransformConfig()),
    )


def run_floor(config: RunConfig, fold: Fold) -> None:
    """The arithmetic and nothing else."""
    torch.manual_seed(config.seed)
    module = RegressionModule(config, fold.layout, fold.transform)
    network, l2 = module.network, config.model.l2
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
    kernels = [layer.weight for layer in network.modules() if isinstance(layer, nn.Linear)]
    x, y = (
        torch.from_numpy(fold.train.features),
        torch.from_numpy(fold.transform.forward(fold.train.target)).float(),
    )
    x_val, y_val = (
        torch.from_numpy(fold.val.features),
        torch.from_numpy(fold.transform.forward(fold.val.target)).float(),
    )
    best, best_state = float("inf"), {k: v.clone() for k, v in network.state_dict().items()}
    size = config.data.batch_size
    for _ in range(config.trainer.max_epochs):
        network.train()
        order = torch.randperm(len(x))
        x_epoch, y_epoch = x[order], y[order]
        for start in range(0, len(x), size):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(
                network(x_epoch[start : start + size]), y_epoch[start : start + size]
            )
            loss.backward()  # type: ignore[no-untyped-call]
            torch._foreach_add_(
                [k.grad for k in kernels if k.grad is not None], [k.detach() for k in kernels], alpha=2 * l2
            )
            optimizer.step()
        network.eval()
        with torch.no_grad():
            val_loss = float(nn.functional.mse_loss(network(x_val), y_val))
            if val_loss < best:
                best = val_loss
                for name, tensor in network.state_dict().items():
                    best_state[name].copy_(tensor)


def run_trainer(config: RunConfig, fold: Fold) -> None:
    """Lightning's Trainer as its users write it."""
    torch.manual_seed(config.seed)
    module = RegressionModule(config, fold.layout, fold.transform)

    def loader(part: Dataset, batch_size: int, shuffle: bool) -> "DataLoader[tuple[torch.Tensor, ...]]":
        y, e = module.loss.encode(part.target, part.target_error)
        return DataLoader(
            TensorDataset(torch.from_numpy(part.features), y, e), batch_size=batch_size, shuffle=shuffle
        )

    trainer = pl.Trainer(
        max_epochs=config.trainer.max_epochs,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    size = config.data.batch_size
    trainer.fit(module, loader(fold.train, size, True), loader(fold.val, len(fold.val), False))


def seconds(program: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    program()
    return time.perf_counter() - start


def measure(size: str, epochs: int, repeats: int) -> dict[str, float]:
    """Median ratios of one size."""
    n_rows, n_features, batch_size = SIZES[size]
    config, fold = make_config(batch_size, epochs), make_fold(n_rows, n_features)
    programs: dict[str, Callable[[], object]] = {
        "floor": lambda: run_floor(config, fold),
        "astrosweep": lambda: fit(config, fold),
        "trainer": lambda: run_trainer(config, fold),
    }
    warm = make_config(batch_size, 1)
    run_floor(warm, fold)
    fit(warm, fold)
    run_trainer(warm, fold)
    turns = [{name: seconds(program) for name, program in programs.items()} for _ in range(repeats)]
    medians = {name: statistics.median(turn[name] for turn in turns) for name in programs}
    ratios = {
        name: statistics.median(turn[name] / turn["floor"] for turn in turns)
        for name in ("astrosweep", "trainer")
    }
    print(f"{size}: {n_rows} x {n_features}, batch {batch_size}, {epochs} epochs, {repeats} turns")
    for name, value in medians.items():
        print(f"  {name:<11}{value:8.3f} s   ratio to the floor {ratios.get(name, 1.0):6.3f}")
    return ratios


def main() -> None:
    """Measure both sizes and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    ratios = {size: measure(size, arguments.epochs, arguments.repeats) for size in SIZES}
    print(
        json.dumps(
            {
                f"{prefix}{size}_ratio": round(ratios[size][name], 3)
                for prefix, name in (("", "astrosweep"), ("trainer_", "trainer"))
                for size in SIZES
            }
        )
    )


if __name__ == "__main__":
    main()
