"""The files that a run leaves."""

import json
import math
from pathlib import Path
from typing import Any

import torch
import yaml

from astrosweep.config import RunConfig
from astrosweep.report import write_figures
from astrosweep.training import TrainingResult

CONFIG = "config.yaml"
METRICS = "metrics.json"


def write_artifacts(folder: Path, config: RunConfig, result: TrainingResult) -> None:
    """Write data report, predictions, weights, preparation, curves and figures.

    Weights are plain state dictionaries (``torch.load(..., weights_only=True)``), the preparation is a skops
    file: nothing here runs code when it is read.

    Args:
        folder: An existing folder.
        config: The run's configuration.
        result: What the training left.

    Raises:
        OSError: A file cannot be written.
    """
    write_json(folder / METRICS, result.metrics)
    write_json(folder / "data_report.json", result.report.as_dict())
    write_json(folder / "curves.json", result.curves)
    result.predictions.to_parquet(folder / "predictions.parquet", index=False)
    for k, (prepared, fit) in enumerate(zip(result.prepared, result.fits, strict=True)):
        fold = folder / f"fold_{k}"
        fold.mkdir(exist_ok=True)
        torch.save(fit.state, fold / "weights.pt")
        prepared.save(fold / "preparation.skops")
        write_json(
            fold / "fold.json",
            {
                "target_transform": vars(prepared.target_transform),
                "feature_names": prepared.fold.feature_names,
                "target_names": prepared.fold.target_names,
                "inputs_low": prepared.low.tolist(),
                "inputs_high": prepared.high.tolist(),
                "uncertainty_factor": result.uncertainty_factor,
                "best_epoch": fit.best_epoch,
            },
        )
    if config.tracking.figures:
        first_fold = result.prepared[0].correlation
        write_figures(folder / "figures", result.predictions, result.curves, first_fold, config.run_name)


def write_config(folder: Path, config: RunConfig) -> None:
    """Write the resolved configuration; ``python train.py +reproduce=<run>`` reads it back."""
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    (folder / CONFIG).write_text(text)


def write_json(path: Path, value: Any) -> None:
    """Write JSON that every parser reads: values that are not finite become null."""
    path.write_text(json.dumps(_finite(value), indent=2, default=str) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
