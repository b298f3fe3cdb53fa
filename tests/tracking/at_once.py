"""What a process does of several calls that begin at the same instant."""

from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from typing import Any


def call(barrier: Barrier, results: Any, function: Callable[..., Any], *arguments: Any) -> None:
    """Wait for the others, and tell what came of a call."""
    barrier.wait(60)
    try:
        results.put(function(*arguments))
    except Exception as error:
        results.put(f"{type(error).__name__}: {error}")
