"""What the terminal shows when runs have ended."""

from collections.abc import Sequence

from rich.console import Console

from astrosweep.config import TrackingConfig
from astrosweep.core.types import RunRecord
from astrosweep.report import results_table
from astrosweep.tracking import ui_command


def show_results(records: Sequence[RunRecord], tracking: TrackingConfig, where: str) -> None:
    """Print the table of runs and how to look at them.

    Args:
        records: The runs.
        tracking: Where they are recorded.
        where: The run's id, or the multirun's folder.
    """
    console = Console()
    console.print()
    console.print(results_table(records))
    if tracking.name == "mlflow":
        console.print(f"Look at curves, figures and predictions of {where} in MLflow:", highlight=False)
        console.print(f"  {ui_command(tracking)}", highlight=False, soft_wrap=True)
