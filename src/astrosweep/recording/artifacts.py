"""The files that a run leaves."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import yaml

from astrosweep.config import RunConfig
from astrosweep.core.files import write_json
from astrosweep.kinds.clusters.figures.all import write_cluster_figures
from astrosweep.kinds.clusters.figures.errors import errors_by_radius
from astrosweep.kinds.clusters.prepared import PreparedClusters
from astrosweep.kinds.tables.figures.all import write_figures
from astrosweep.recording.values import metrics_of
from astrosweep.training import TrainingResult

CONFIG = "config.yaml"
METRICS = "metrics.json"


def write_artifacts(folder: Path, config: RunConfig, results: Sequence[TrainingResult]) -> None:
    """Write data report, predictions, weights, preparation, curves and figures.

    Weights are plain state dictionaries (``torch.load(..., weights_only=True)``), the preparation is a skops
    file: nothing here runs code when it is read. Several replicates have a folder ``replicate_<r>`` each.

    Args:
        folder: An existing folder.
        config: The run's configuration.
        results: What the training left, one result for each replicate.

    Raises:
        OSError: A file cannot be written.
    """
    write_json(folder / METRICS, metrics_of(results))
    if config.replicates == 1:
        _write_result(folder, config, results[0])
        return
    for replicate, result in enumerate(results):
        below = folder / f"replicate_{replicate}"
        below.mkdir(exist_ok=True)
        _write_result(below, config, result)


def _write_result(folder: Path, config: RunConfig, result: TrainingResult) -> None:
    write_json(folder / "data_report.json", result.report.as_dict())
    write_json(folder / "curves.json", result.curves)
    result.predictions.to_parquet(folder / "predictions.parquet", index=False)
    for k, (prepared, fit) in enumerate(zip(result.prepared, result.fits, strict=True)):
        fold = folder / f"fold_{k}"
        fold.mkdir(exist_ok=True)
        torch.save(fit.state, fold / "weights.pt")
        prepared.save(fold)
        write_json(
            fold / "fold.json",
            {
                "target_transform": prepared.target_transform.as_dict(),
                "feature_names": prepared.fold.feature_names,
                "target_names": prepared.fold.target_names,
                **prepared.describe(),
                "uncertainty_factor": np.asarray(result.uncertainty_factor).tolist(),
                "best_epoch": fit.best_epoch,
            },
        )
    if isinstance(result.prepared[0], PreparedClusters):
        errors_by_radius(result.predictions).to_csv(folder / "errors_by_radius.csv", index=False)
    if config.tracking.figures:
        _write_figures(folder / "figures", config, result)


def _write_figures(folder: Path, config: RunConfig, result: TrainingResult) -> None:
    first = result.prepared[0]
    if isinstance(first, PreparedClusters):
        write_cluster_figures(folder, result.predictions, result.curves, first, config.run_name)
    else:
        write_figures(folder, result.predictions, result.curves, first.correlation, config.run_name)


def write_config(folder: Path, config: RunConfig) -> None:
    """Write the resolved configuration; ``python train.py +reproduce=<run>`` reads it back."""
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    (folder / CONFIG).write_text(text)
