"""In CI nothing is skipped that could run there: what cannot is a fault of the machine, and no success.

Real tables are no part of the repository, so tests of them are skipped wherever they are not beside the
checkout. Elsewhere than in CI, a test may also be skipped for want of PostgreSQL, Slurm or the like.
"""

import os

import pytest
from _pytest.terminal import TerminalReporter

REAL_TABLES_ARE_MISSING = "real tables are not beside this checkout ({folder} is missing)"
_REAL_TABLES = "real tables are not beside this checkout"
_TITLE = "skipped tests, which CI does not allow"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make a run fail that skipped a test; a worker of xdist leaves that to the process that counts."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _forbidden(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """List what was skipped, and why."""
    forbidden = _forbidden(terminalreporter)
    if forbidden:
        terminalreporter.section(_TITLE, red=True, bold=True)
    for line in forbidden:
        terminalreporter.line(line)


def _forbidden(reporter: TerminalReporter) -> list[str]:
    if os.environ.get("CI", "").lower() not in ("1", "true"):
        return []
    skipped = [(report.nodeid, report.longrepr[2]) for report in reporter.stats.get("skipped", [])]
    return [f"{name}: {reason}" for name, reason in skipped if _REAL_TABLES not in reason]
