"""Looking at recorded runs."""

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


def _program() -> str:
    """How to call MLflow from this shell, whose PATH may not have this environment."""
    installed = Path(sys.executable).with_name("mlflow")
    if shutil.which("mlflow") or not installed.exists():
        return "mlflow"
    return shlex.quote(str(installed))
