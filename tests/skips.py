"""In CI nothing is skipped: what cannot run there is a fault of the machine, and no success.

Elsewhere, a test may be skipped for want of real tables, PostgreSQL, Slurm or the like.
"""

import os

import pytest
from _pytest.terminal import TerminalReporter

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
    return [f"{report.nodeid}: {report.longrepr[2]}" for report in reporter.stats.get("skipped", [])]
