"""Every call to a store: bounded in time, quiet, and failing with one clear message."""

import time
from collections.abc import Callable
from typing import TypeVar

from astrosweep.core.errors import TrackingError
from astrosweep.tracking.address import Address
from astrosweep.tracking.environment import mlflow_settings
from astrosweep.tracking.failures import diagnose, was_not_served

_T = TypeVar("_T")
_PAUSE_S = 0.3


class Calls:
    """Makes calls to one store.

    Args:
        address: The store.
    """

    def __init__(self, address: Address) -> None:
        self._address = address

    def __call__(self, purpose: str, call: Callable[[], _T], kept: str = "") -> _T:
        """Make one call; while a server is not there to serve it, try again until the time is up.

        Args:
            purpose: What fails if the call fails, for example ``The run cannot be recorded``.
            call: The call.
            kept: Sentence that says what is not lost.

        Raises:
            TrackingError: The store failed, refused or did not answer in time.
        """
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        deadline_s = time.monotonic() + self._address.timeout_s
        with mlflow_settings(self._address.timeout_s):
            while True:
                try:
                    return call()
                except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
                    if was_not_served(error) and time.monotonic() + _PAUSE_S < deadline_s:
                        time.sleep(_PAUSE_S)
                        continue
                    reason = diagnose(error, self._address)
                    message = f"{purpose} in {self._address.shown}: {reason}. {kept}".rstrip()
                    raise TrackingError(message) from error
