"""Commands of MLflow for a store, as they are printed: whoever copies one into a shell runs it."""

import shlex
import shutil
import sys
from pathlib import Path

from astrosweep.config import TrackingConfig
from astrosweep.tracking.address import Address


def ui_command(config: TrackingConfig, port: int = 5000) -> str:
    """The shell command that opens MLflow's pages for a store.

    Args:
        config: Where runs are recorded.
        port: Where the pages are served on this machine; not used for a server, which serves them itself.

    Returns:
        The command, with absolute paths. A password in the address is shown as ``***``.
    """
    address = Address.of(config)
    shown = shlex.quote(address.shown)
    if address.is_server:
        return f"python -m webbrowser {shown}"
    return f"{_program()} ui --backend-store-uri {shown} --port {port} --workers 1"


def restore_command(address: Address, experiment_id: str) -> str:
    """The shell command that brings a deleted experiment back.

    Args:
        address: The store; a password in it is shown as ``***``.
        experiment_id: The experiment.
    """
    store = (
        f"MLFLOW_TRACKING_URI={shlex.quote(address.shown)}"  # without it MLflow makes a database of its own
    )
    return f"{store} {_program()} experiments restore --experiment-id {experiment_id}"


def upgrade_command(address: Address) -> str:
    """The shell command that brings the tables of an older MLflow up to date; a password is ``***``."""
    return f"{_program()} db upgrade {shlex.quote(address.shown)}"


def _program() -> str:
    """How to call MLflow from this shell, whose PATH may not have this environment."""
    installed = Path(sys.executable).with_name("mlflow")
    if shutil.which("mlflow") or not installed.exists():
        return "mlflow"
    return shlex.quote(str(installed))
