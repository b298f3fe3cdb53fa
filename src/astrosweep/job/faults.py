"""How a command ends where something goes wrong."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from astrosweep.core.errors import AstrosweepError

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
