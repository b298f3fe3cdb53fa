"""The type checker refuses a program that gives a training a sealed truth."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROGRAM = """\
import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import Dataset, Layout, Unlabelled
from astrosweep.data.fold import Fold
from astrosweep.data.kind import Development, Labelled
from astrosweep.data.report import DataReport
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.tables.rows import Rows, RowTruth

Parts = NDArray[np.int64]


def give(known: Dataset, sealed: Unlabelled, layout: Layout, transform: TargetTransform) -> None:
    Fold(known, known, sealed, layout, transform)
    Fold(known, known, known, layout, transform)  # refused: Argument 3 .* "Dataset"; expected "Unlabelled"
    Fold(sealed, known, sealed, layout, transform)  # refused: Argument 1 .* "Unlabelled"; expected "Dataset"


def look(fold: Fold) -> None:
    fold.val.target.mean()
    fold.test.target  # refused: "Unlabelled" has no attribute "target"


def keep(known: Labelled[Rows, RowTruth], sealed: Rows, parts: Parts, report: DataReport) -> None:
    development = Development(known, parts, sealed, 1, report)
    development.labelled.truth.target.mean()
    development.sealed.truth  # refused: "Rows" has no attribute "truth"
    development.sealed.target  # refused: "Rows" has no attribute "target"
    Development[Rows, RowTruth](known, parts, known, 1, report)  # refused: Argument 3 .*; expected "Rows"
"""
REFUSED = re.compile(r"  # refused: (.*)")


@pytest.mark.process
def test_a_sealed_truth_is_a_type_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program_with_secrets.py"
    program.write_text(PROGRAM)
    expected = {
        number: found[1]
        for number, line in enumerate(PROGRAM.splitlines(), start=1)
        if (found := REFUSED.search(line))
    }
    monkeypatch.setenv("MYPYPATH", "src")
    # A process of its own: mypy changes the garbage collection of the one that it runs in.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--no-color-output", str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # The folder is left out: mypy repeats what it said of the same program in another one.
    said = dict(re.findall(rf"{program.name}:(\d+): error: (.*)$", done.stdout, re.MULTILINE))
    assert {int(number) for number in said} == expected.keys(), done.stdout + done.stderr
    for number, reason in said.items():
        assert re.search(expected[int(number)], reason), reason
