"""What the header of an output says of where it comes from."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import astrosweep
from astrosweep.config.predict import PredictConfig
from astrosweep.prediction.files import Task
from astrosweep.prediction.flags import MEANINGS
from astrosweep.prediction.model import Model

_LENGTH = 40


def signature_of(model: Model, config: PredictConfig, task: Task) -> str:
    """Fingerprint of model, options and input; equal for a command that is given again."""
    stat = task.source.stat() if task.source.is_file() else None
    known = {
        "model": model.fingerprint,
        "options": config.options,
        "format": task.format,
        "input": str(task.source.resolve()),
        "changed": [stat.st_size, stat.st_mtime_ns] if stat else _newest(task),
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True, default=str).encode()).hexdigest()[:_LENGTH]


def _newest(task: Task) -> list[int]:
    files = [path.stat() for path in task.source.rglob("*") if path.is_file()]
    return [len(files), max((one.st_mtime_ns for one in files), default=0)]


def header_of(
    model: Model, config: PredictConfig, task: Task, signature: str, notes: Mapping[str, Any]
) -> dict[str, str]:
    """Names and texts for the header of an output."""
    return {
        "signature": signature,
        "program": f"astrosweep {astrosweep.__version__}",
        "model": model.name,
        "model_version": model.version or "not registered",
        "model_fingerprint": model.fingerprint,
        "model_runs": ", ".join(model.runs) or "unknown",
        "model_networks": str(len(model.networks)),
        "training_data": model.config.data.title,
        "training_data_fingerprint": model.data_fingerprint or "unknown",
        "intervals": "calibrated" if model.calibration else "Gaussian, calibrated by one factor",
        "input": task.source.name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": json.dumps(config.options, sort_keys=True),
        "flag_codes": "; ".join(f"{code}: {text}" for code, text in MEANINGS.items()),
        "notes": json.dumps(dict(notes), ensure_ascii=False, default=str),
    }
