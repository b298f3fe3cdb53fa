"""The settings of MLflow that can only be given as environment variables."""

import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_before: dict[str, str | None] = {}
_n_inside = 0


@contextmanager
def mlflow_settings(timeout_s: float) -> Iterator[None]:
    """Bound MLflow's requests in time and keep it off the terminal, while any thread is inside.

    One attempt is made for each request: MLflow's own retries take minutes. Threads that are inside at the
    same time share the settings of the first.

    Args:
        timeout_s: Longest wait for the answer to one request, in seconds.
    """
    global _n_inside
    settings = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(math.ceil(timeout_s)),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
    with _lock:
        if _n_inside == 0:
            _before.update({key: os.environ.get(key) for key in settings})
            os.environ.update(settings)
        _n_inside += 1
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            if _n_inside == 0:
                for key, value in _before.items():
                    if value is None:
                        os.environ.pop(key, None)
                    else:
                        os.environ[key] = value
