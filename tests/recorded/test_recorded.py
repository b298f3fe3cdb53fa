"""Runs that were recorded once are read for good, and predict what they predicted then."""

import re
from pathlib import Path

import pandas as pd
import pytest

from astrosweep.recording import FORMAT
from tests.recorded.make import HERE, RUNS, predict

RECORDED = sorted(path.parent.name for path in HERE.glob("*/run.json"))


def test_there_is_a_run_of_every_kind_and_of_this_format() -> None:
    assert {f"{kind}-{FORMAT}" for kind in RUNS} <= set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_run_predicts_what_it_did(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / name)
    expected, found = pd.read_csv("expected.csv"), predict(Path())
    assert list(found.columns) == list(expected.columns)
    key = [name for name in expected if name in ("source_id", "objid", "cluster", "target", "radius_scaled")]
    found = found.sort_values(key, ignore_index=True)
    expected = expected.sort_values(key, ignore_index=True)
    assert len(found) > 50
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-5, atol=0.0)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_run_is_small_and_names_no_place(name: str) -> None:
    files = [path for path in (HERE / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 200_000
    for path in files:
        if path.suffix in (".json", ".yaml", ".csv", ".txt"):
            assert not re.search(r"(^|[\s'\"])(/|[A-Z]:\\)\w", path.read_text(), re.MULTILINE), path
