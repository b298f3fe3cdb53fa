"""The files that a run leaves."""

from collections.abc import Sequence
from pathlib import Path

from astrosweep.config import RunConfig
from astrosweep.core.files import write_json
from astrosweep.kinds import kind_of
from astrosweep.recording.saved import folders_of, write_networks
from astrosweep.recording.values import metrics_of
from astrosweep.training import TrainingResult

METRICS = "metrics.json"


def write_artifacts(folder: Path, config: RunConfig, results: Sequence[TrainingResult]) -> None:
    """Write data report, predictions, networks, curves and figures.

    Several replicates have a folder ``replicate_<r>`` each.

    Args:
        folder: The run's folder, which has its configuration.
        config: The run's configuration.
        results: What the training left, one result for each replicate.

    Raises:
        OSError: A file cannot be written.
    """
    kind = kind_of(config)
    write_json(folder / METRICS, metrics_of(results))
    for below, result in zip(folders_of(folder, len(results)), results, strict=True):
        below.mkdir(exist_ok=True)
        write_json(below / "data_report.json", result.report.as_dict())
        write_json(below / "curves.json", result.curves)
        result.predictions.to_parquet(below / "predictions.parquet", index=False)
        kind.report(
            below,
            config.run_name,
            result.predictions,
            result.curves,
            result.prepared[0],
            figures=config.tracking.figures,
        )
    write_networks(folder, results)
