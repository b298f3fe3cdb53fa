"""What the terminal shows when runs have ended."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from astrosweep.config import TrackingConfig
from astrosweep.core.types import RunRecord
from astrosweep.report import results_table
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
    if tracking.name == "mlflow":
        console.print("Curves, figures and predictions in MLflow:", highlight=False)
        console.print(f"  {ui_command(tracking)}", highlight=False, soft_wrap=True)
    console.print(f"Logs: {folder}", highlight=False, soft_wrap=True)
