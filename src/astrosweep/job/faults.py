"""How a command ends where something goes wrong."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from astrosweep.core.errors import AstrosweepError

INTERRUPTED = 130
"""Exit code of a command that was stopped, as of one that Ctrl-C ends."""
FAULT = "A fault of astrosweep, not of your input; please report it with the lines below."
_log = logging.getLogger(__name__)


@contextmanager
def ends_the_command() -> Iterator[None]:
    """Let what fails in the body end the program with a message and exit code 1.

    Hydra only warns of what fails in a callback, and goes on. An error that the user can mend is one message;
    anything else is told as a fault of the program, with its traceback.
    """
    try:
        yield
    except (AstrosweepError, OSError) as error:
        _log.error("%s", error)
        sys.exit(1)
    except Exception:
        _log.exception(FAULT)
        sys.exit(1)


@contextmanager
def ends_a_job(nothing_lost: str) -> Iterator[None]:
    """Let what fails in a command's one job end the program with a message and its exit code.

    Args:
        nothing_lost: Sentence that says what a file that cannot be written left as it was.
    """
    try:
        yield
    except KeyboardInterrupt:
        _log.error("Stopped. The same command again goes on.")
        sys.exit(INTERRUPTED)
    except AstrosweepError as error:
        _log.error("%s", error)
        sys.exit(1)
    except OSError as error:
        _log.error("A file cannot be written or read: %s. %s", error, nothing_lost)
        sys.exit(1)
    except MemoryError:
        _log.error("Out of memory: lower ensemble.max_candidates. %s", nothing_lost)
        sys.exit(1)
    except Exception:
        _log.exception(FAULT)
        sys.exit(1)
