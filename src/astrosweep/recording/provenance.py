"""What a run's numbers depend on besides its configuration."""

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

import astrosweep
from astrosweep.config import RunConfig


def tags_of(config: RunConfig) -> dict[str, str]:
    """Tags that are known before any data is read: class, source, model, versions and git commit."""
    return {
        "role": "run",
        "class": config.data.name,
        "source": config.data.source,
        "features": config.data.feature_set,
        "target": ", ".join(config.targets),
        "unit": config.data.unit,
        "model": config.model.name,
        "loss": config.loss.name,
        "split": config.split.name,
        "git_commit": _git_commit(),
        "mlflow.source.name": "train.py",
        "astrosweep_version": astrosweep.__version__,
        "torch_version": version("torch"),
        "python_version": platform.python_version(),
        "host": platform.node(),
    }


@cache
def _git_commit() -> str:
    """Commit of the checkout that runs, ``+changes`` if it differs; ``unknown`` outside of one."""
    folder = Path(astrosweep.__file__).parent
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return f"{commit}+changes" if changed else commit


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
