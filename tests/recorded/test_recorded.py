"""Runs and bundles that were recorded once are read for good, and predict what they predicted then."""

import re
from pathlib import Path

import pandas as pd
import pytest

from astrosweep.ensemble import bundle
from astrosweep.ensemble.bundle.contents import FORMAT as BUNDLE_FORMAT
from astrosweep.recording import FORMAT
from tests.recorded.make import HERE, RUNS, predict, predict_by_bundle

RECORDED = sorted(path.parent.name for path in HERE.glob("*/run.json"))
BUNDLES = sorted(path.parents[1].name for path in HERE.glob("*/bundle/bundle.json"))


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


def test_there_is_a_bundle_of_this_format() -> None:
    assert f"bundle-{BUNDLE_FORMAT}" in BUNDLES


@pytest.mark.parametrize("name", BUNDLES)
def test_a_recorded_bundle_predicts_what_it_did(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / name)
    expected, found = pd.read_csv("expected.csv"), predict_by_bundle(Path("bundle"))
    assert len(found) == 60
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-5, atol=0.0)


@pytest.mark.parametrize("name", BUNDLES)
def test_a_recorded_bundle_says_what_it_is(name: str) -> None:
    read = bundle.load_bundle(HERE / name / "bundle")
    assert sorted(member.name for member in read.entry.members if member.kind == "networks") == [
        "one", "two/replicate_0", "two/replicate_1",
    ]  # fmt: skip
    assert any(member.kind == "baseline" for member in read.entry.members)
    assert sum(member.weight for member in read.entry.members) == pytest.approx(1.0)
    assert (read.entry.objective, read.entry.strategy) == ("mse", "performance")
    assert read.validation is not None
    assert read.test is not None
    assert len(read.validation) + len(read.test) == 60
    assert read.provenance["data"]["fingerprint"]
    assert [opening["name"] for opening in read.provenance["seal"]] == ["recorded"]
    assert read.merit["nested"]["performance"]["n_members"] == len(read.entry.members)


@pytest.mark.parametrize("name", [*RECORDED, *BUNDLES])
def test_a_recorded_run_is_small_and_names_no_place(name: str) -> None:
    files = [path for path in (HERE / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < (400_000 if name in BUNDLES else 200_000)
    for path in files:
        if path.suffix in (".json", ".yaml", ".csv", ".txt"):
            assert not re.search(r"(^|[\s'\"])(/|[A-Z]:\\)\w", path.read_text(), re.MULTILINE), path
