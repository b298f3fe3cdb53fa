"""What ends a job from outside."""

import signal
import threading


def interrupt_on_sigterm() -> None:
    """Let a polite kill, such as a scheduler's at the time limit, end a run as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)
