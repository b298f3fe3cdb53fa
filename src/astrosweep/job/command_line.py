"""What a command brings with it: its words and its signals."""

import re
import signal
import threading

from omegaconf import OmegaConf

_DOTTED_KEY = re.compile(r"(?!hydra\.)[A-Za-z_]\w*\.[\w.]+=")


def _cpu_count() -> int:
    """Cores that this process may use, as the joblib launcher counts them."""
    import joblib

    return int(joblib.cpu_count())


OmegaConf.register_new_resolver("cpu_count", _cpu_count, replace=True)


def interrupt_on_sigterm() -> None:
    """Let a polite kill, such as a scheduler's at the time limit, end a run as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)


def judged_by_pydantic(arguments: list[str]) -> list[str]:
    """Turn ``group.key=value`` into ``++group.key=value``.

    Hydra refuses an unknown key with a hint to add it; added, it reaches the validation, which says what is
    allowed and what was probably meant. A distribution of ``search.space`` is quoted, so that Hydra hands it
    to the search instead of making jobs of it.
    """
    return [f"++{_quoted(word)}" if _DOTTED_KEY.match(word) else word for word in arguments]


def _quoted(word: str) -> str:
    key, _, value = word.partition("=")
    if not key.startswith("search.space.") or value[:1] in ("'", '"') or value == "null":
        return word
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{key}='{escaped}'"
