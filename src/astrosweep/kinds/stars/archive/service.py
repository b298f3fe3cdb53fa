"""One query to a TAP service, as an asynchronous job, with retries.

Imports pyvo, which is optional: import this module only where a query is about to be sent. Queries run as
jobs because the Gaia archive cuts synchronous answers at 2,000 rows, without saying so, and anonymous jobs
only at 3,000,000.
"""

import io
import logging
import time
from typing import Any

import pyvo
import requests
import urllib3
from astropy.io.votable import parse as parse_votable
from astropy.io.votable.tree import TableElement
from pyvo.dal import DALFormatError, DALQueryError, DALServiceError, TAPService
from pyvo.dal.tap import AsyncTAPJob, TAPResults

from astrosweep import __version__
from astrosweep.core.errors import ArchiveError

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
FIRST_POLL_S = 0.1
LONGEST_POLL_S = 5.0
_SHORTEST_TIMEOUT_S = 1.0
_CHUNK_BYTES = 1 << 12
_RETRIED_STATUS = {408, 429}
# UWS 1.1, section 2.1.3, and RUN, which some services report; none of them is final.
_UNFINISHED = {"PENDING", "QUEUED", "EXECUTING", "RUN", "HELD", "SUSPENDED", "UNKNOWN"}
_FAILED = {"ERROR", "ABORTED"}

_log = logging.getLogger(__name__)


class _TransientError(Exception):
    """The same query may succeed a moment later."""


class Service:
    """A TAP service.

    Args:
        url: Base address.
        timeout_s: Longest wait for the answer to one query, in seconds.
        retries: Attempts after a failed one.
    """

    def __init__(self, url: str, timeout_s: float, retries: int):
        self._url = url
        self._timeout_s = timeout_s
        self._retries = retries

    def run(self, adql: str, max_rows: int) -> tuple[TableElement, bool]:
        """Run a query to its end.

        Args:
            adql: The query.
            max_rows: Rows that it may return at most.

        Returns:
            The table of the result, and whether the service says that it cut the result short.

        Raises:
            ArchiveError: The service refused the query, or failed on every attempt.
        """
        n_failed = 0
        pause_s = FIRST_BACKOFF_S
        while True:
            try:
                return self._attempt(adql, max_rows)
            except _TransientError as error:
                n_failed += 1
                if n_failed > self._retries:
                    raise ArchiveError(f"{error} (attempt {n_failed}, the last)") from error
                _log.warning("%s; attempt %d follows in %g s", error, n_failed + 1, pause_s)
                time.sleep(pause_s)
                pause_s = min(2.0 * pause_s, LONGEST_BACKOFF_S)

    def _attempt(self, adql: str, max_rows: int) -> tuple[TableElement, bool]:
        deadline = time.monotonic() + self._timeout_s
        with _Session(deadline) as session:
            try:
                # One more than the query's own TOP, so that OVERFLOW can only mean a limit of the service.
                with TAPService(self._url, session=session).submit_job(adql, maxrec=max_rows + 1) as job:
                    self._wait(job, deadline)
                    body = self._download(session, job.result_uri, deadline)
                results = TAPResults(parse_votable(body))
            except DALQueryError as error:
                raise ArchiveError(f"the service refused the query: {error}") from error
            except DALServiceError as error:
                raise _service_error(error) from error
            except requests.HTTPError as error:
                raise _service_error(DALServiceError.from_except(error)) from error
            except requests.RequestException as error:
                if isinstance(error, ValueError):
                    raise ArchiveError(f"the address is not usable: {error}") from error
                raise _TransientError(f"no connection, or the connection was lost: {error}") from error
            except (DALFormatError, urllib3.exceptions.HTTPError, ValueError) as error:
                # astropy's XML reader raises ValueError, for pyvo's job documents and for VOTables.
                raise _TransientError(f"the answer broke off or is not of TAP: {error}") from error
        return results.resultstable, results.status[0].upper() == "OVERFLOW"

    def _wait(self, job: AsyncTAPJob, deadline: float) -> None:
        job.run()
        pause_s = FIRST_POLL_S
        while (phase := job.phase) in _UNFINISHED:
            if time.monotonic() + pause_s > deadline:
                raise _TransientError(f"no result within {self._timeout_s:g} s, the job is still {phase}")
            time.sleep(pause_s)
            pause_s = min(1.5 * pause_s, LONGEST_POLL_S)
        if phase == "COMPLETED":
            return
        if phase not in _FAILED:
            raise _TransientError(f"the answer is no job of TAP, its phase is {phase}")
        summary = job.job.errorsummary
        words = summary.message.content if summary and summary.message else "no message from the service"
        message = f"the job ended in phase {phase}: {words}"
        if summary and summary.type_ == "transient":
            raise _TransientError(message)
        raise ArchiveError(message)

    def _download(self, session: requests.Session, url: str, deadline: float) -> io.BytesIO:
        body = io.BytesIO()
        with session.get(url, stream=True) as response:
            response.raise_for_status()
            for chunk in response.iter_content(_CHUNK_BYTES):
                body.write(chunk)
                if time.monotonic() > deadline:
                    raise _TransientError(f"the result did not arrive within {self._timeout_s:g} s")
        body.seek(0)
        return body


class _Session(requests.Session):
    """A session that ends every request by a deadline and closes every answer.

    pyvo sets time limits of its own, or none, and leaves the answers that it streams open.
    """

    def __init__(self, deadline: float):
        super().__init__()
        self.headers["User-Agent"] = f"astrosweep/{__version__} pyvo/{pyvo.__version__}"
        self._deadline = deadline
        self._answer: requests.Response | None = None

    def request(self, method: str, url: str, **keywords: Any) -> requests.Response:  # type: ignore[override]
        left_s = max(self._deadline - time.monotonic(), _SHORTEST_TIMEOUT_S)
        self._close_answer()
        answer = super().request(method, url, **(keywords | {"timeout": left_s}))
        self._answer = answer
        if answer.status_code >= 400:
            # Read while it is open: its words are wanted after the next request.
            _ = answer.content
        return answer

    def close(self) -> None:
        self._close_answer()
        super().close()

    def _close_answer(self) -> None:
        if self._answer is not None:
            # What pyvo left unread is read, so that the connection serves the next request too.
            self._answer.raw.drain_conn()
            self._answer.close()


def _service_error(error: DALServiceError) -> Exception:
    """Tell a failure that may pass from a refusal, in the service's own words where it sent any."""
    code = error.code or 0
    response = getattr(error.cause, "response", None)
    words = str(error) if response is None else f"HTTP {code}: {_words(response)}"
    if 400 <= code < 500 and code not in _RETRIED_STATUS:
        return ArchiveError(f"the service refused the query: {words}")
    return _TransientError(words)


def _words(response: requests.Response) -> str:
    """Return the message of a failed answer: of a VOTable (DALI 1.1, section 4.2), plain text or HTTP."""
    try:
        TAPResults(parse_votable(io.BytesIO(response.content)))
    except DALQueryError as error:
        return str(error)
    except (DALFormatError, ValueError, requests.RequestException):
        if response.headers.get("content-type", "").startswith("text/plain"):
            return response.text.strip()
    return response.reason
