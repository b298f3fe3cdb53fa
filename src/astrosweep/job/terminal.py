"""What the terminal shows when runs have ended."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from astrosweep.config import TrackingConfig
from astrosweep.core.types import RunRecord
from astrosweep.report import StudyRow, results_table, studies_table
from astrosweep.tracking import ui_command


def show_results(records: Sequence[RunRecord], tracking: TrackingConfig, folder: Path) -> None:
    """Print the table of runs and how to look at them.

    Args:
        records: The runs.
        tracking: Where they are recorded.
        folder: Where the logs are.
    """
    console = Console()
    console.print()
    console.print(results_table(records))
    _show_pages(console, tracking)
    console.print(f"Logs: {folder}", highlight=False, soft_wrap=True)


def show_studies(rows: Sequence[StudyRow], tracking: TrackingConfig) -> None:
    """Print the table of studies and how to look at them.

    Args:
        rows: The studies.
        tracking: Where their trials are recorded.
    """
    is_recorded = tracking.name == "mlflow"
    if not is_recorded:
        rows = [replace(row, best_run_id="") for row in rows]
    console = Console()
    console.print()
    console.print(studies_table(rows))
    _show_pages(console, tracking)
    if is_recorded and any(row.best_run_id for row in rows):
        console.print("Train a best trial again: python train.py +reproduce=<run>", highlight=False)


def _show_pages(console: Console, tracking: TrackingConfig) -> None:
    if tracking.name == "mlflow":
        console.print("Curves, figures and predictions in MLflow:", highlight=False)
        console.print(f"  {ui_command(tracking)}", highlight=False, soft_wrap=True)
