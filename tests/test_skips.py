"""A skipped test fails the run where CI says so, and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import skips
from tests.conftest import ROOT

pytestmark = pytest.mark.process
TESTS = """
import pytest

def test_that_runs():
    pass

def test_that_cannot():
    pytest.skip("Slurm is not installed")

@pytest.mark.parametrize("nothing", [])
def test_of_nothing(nothing):
    pass
"""


def run(folder: Path, *options: str, tests: str = TESTS, **environment: str) -> tuple[int, str]:
    (folder / "test_some.py").write_text(tests)
    kept = {key: value for key, value in os.environ.items() if key not in ("CI", "PYTEST_ADDOPTS")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.skips", *options],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_a_skipped_test_fails_a_run_in_ci(workers, tmp_path):
    code, output = run(tmp_path, *workers, CI="true")
    assert code == 1
    assert "skipped tests, which CI does not allow" in output
    assert "test_some.py::test_that_cannot: Skipped: Slurm is not installed" in output
    assert "test_some.py::test_of_nothing[NOTSET]: Skipped: got empty parameter set" in output
    assert "1 passed, 2 skipped" in output


def test_tests_of_real_tables_may_be_skipped_in_ci(tmp_path):
    reason = skips.REAL_TABLES_ARE_MISSING.format(folder="gaia")
    tests = TESTS.replace("Slurm is not installed", reason).split("@pytest")[0]
    code, output = run(tmp_path, tests=tests, CI="true")
    assert (code, "CI does not allow" in output) == (0, False)
    assert "1 passed, 1 skipped" in output


def test_a_run_in_ci_that_skips_nothing_succeeds(tmp_path):
    code, output = run(tmp_path, "-k", "test_that_runs", CI="true")
    assert (code, "CI does not allow" in output) == (0, False)


@pytest.mark.parametrize("environment", [{}, {"CI": ""}, {"CI": "false"}], ids=str)
def test_elsewhere_a_skipped_test_is_skipped(environment, tmp_path):
    code, output = run(tmp_path, **environment)
    assert (code, "CI does not allow" in output) == (0, False)
    assert "1 passed, 2 skipped" in output


def test_the_tests_of_this_repository_are_bound_by_it(request):
    for name in ("pytest_sessionfinish", "pytest_terminal_summary"):
        callers = getattr(request.config.hook, name).get_hookimpls()
        assert getattr(skips, name) in [caller.function for caller in callers]
