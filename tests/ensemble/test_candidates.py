"""Which runs of a record may be members."""

import pytest

from astrosweep.config.ensemble import EnsembleConfig, EnsembleSettings
from astrosweep.config.tracking import TrackingConfig
from astrosweep.core.errors import ConfigError
from astrosweep.core.types import RunRecord
from astrosweep.ensemble.candidates import reasons, select
from astrosweep.tracking import MemoryTracker

TAGS = {
    "role": "run",
    "class": "cepheid",
    "model": "mlp",
    "target": "parallax",
    "data_fingerprint": "aaaa0000",
    "sealed_fingerprint": "bbbb0000",
    "data_origin": "stars.csv",
}
PARAMS = {"data.name": "cepheid", "data.source": "table", "split.name": "kfold", "split.seed": 0}


def add(tracker, name, rmse, *, status="finished", tags=None, params=None, metrics=None):
    record = RunRecord(
        name,
        status,
        metrics={"val/rmse": rmse, **(metrics or {})},
        params={**PARAMS, **(params or {})},
        tags={**TAGS, **(tags or {})},
    )
    run_id = tracker.start(name, record.tags)
    if status == "running":
        tracker.write(run_id, record)
    else:
        tracker.finish(run_id, record)
    return run_id


def wanted(settings=None, **keys):
    values = {key.replace("__", "."): value for key, value in keys.items()} or {"data.name": "cepheid"}
    return EnsembleConfig(
        tracking=TrackingConfig(name="none"), ensemble=EnsembleSettings(**(settings or {})), wanted=values
    )


@pytest.fixture
def tracker():
    tracker = MemoryTracker()
    add(tracker, "good", 0.2)
    add(tracker, "better", 0.1, tags={"model": "dnn"})
    return tracker


def names(selection):
    return [run.name for run in selection.runs]


def why(selection):
    return {one.run: one.reason for one in selection.left_out}


def test_the_best_comes_first_and_what_is_no_member_says_why(tracker):
    add(tracker, "failed", 0.1, status="failed")
    add(tracker, "goes on", 0.1, status="running")
    add(tracker, "pruned", 0.1, tags={"role": "trial", "trial_state": "pruned"})
    add(tracker, "nan", float("nan"))
    add(tracker, "a study", 0.1, tags={"role": "study"})
    add(tracker, "other class", 0.1, tags={"class": "rrlyrae"}, params={"data.name": "rrlyrae"})
    selection = select(tracker, wanted())
    assert names(selection) == ["better", "good"]
    assert why(selection) == {
        "failed": "failed",
        "goes on": "is running",
        "pruned": "its trial was pruned",
        "nan": "val/rmse is no number",
    }
    assert "  1 run: is running" in reasons(selection.left_out)


def test_keys_of_a_run_say_which_are_wanted(tracker):
    add(tracker, "simulated", 0.3, params={"data.source": "simulated"})
    selection = select(tracker, wanted(data__name="cepheid", data__source="table"))
    assert names(selection) == ["better", "good"]
    assert why(selection) == {"simulated": "data.source is not table"}


def test_settings_of_the_ensemble_choose_too(tracker):
    add(tracker, "t0", 0.05, tags={"role": "trial", "study": "s"}, metrics={"val/r2": 0.9})
    add(tracker, "t1", 0.06, tags={"role": "trial", "study": "s"}, metrics={"val/r2": 0.8})
    add(tracker, "t2", 0.07, tags={"role": "trial", "study": "s"}, metrics={"val/r2": 0.4})
    assert names(select(tracker, wanted({"studies": ["s"]}))) == ["t0", "t1", "t2"]
    assert names(select(tracker, wanted({"networks": ["dnn"]}))) == ["better"]
    assert names(select(tracker, wanted({"min": {"val/r2": 0.5}}))) == ["t0", "t1"]
    assert names(select(tracker, wanted({"max": {"val/rmse": 0.06}}))) == ["t0", "t1"]
    few = select(tracker, wanted({"per_study": 1}))
    assert names(few) == ["t0", "better", "good"]
    assert why(few)["t2"] == "not among the best 1 of its study"
    assert names(select(tracker, wanted({"max_candidates": 2}))) == ["t0", "t1"]
    assert names(select(tracker, wanted({"exclude": ["better"]}))) == ["t0", "t1", "t2", "good"]


def test_a_metric_that_no_candidate_has_is_refused(tracker):
    with pytest.raises(ConfigError, match=r"ensemble\.min: no candidate has a metric val/accuracy.*val/rmse"):
        select(tracker, wanted({"min": {"val/accuracy": 0.5}}))


def test_an_excluded_run_that_does_not_exist_is_refused(tracker):
    with pytest.raises(ConfigError, match=r"ensemble\.exclude: no run on these data is named bettr"):
        select(tracker, wanted({"exclude": ["bettr"]}))


@pytest.mark.parametrize(
    ("tags", "params"),
    [
        ({"data_fingerprint": "cccc0000"}, {}),
        ({"sealed_fingerprint": "dddd0000"}, {}),
        ({"target": "density"}, {}),
        ({}, {"split.seed": 1}),
    ],
)
def test_runs_that_cannot_be_compared_are_refused_with_how_to_choose(tracker, tags, params):
    add(tracker, "other", 0.1, tags={"data_origin": "others.csv", **tags}, params=params)
    with pytest.raises(ConfigError, match="could not be compared") as refused:
        select(tracker, wanted())
    assert "2 on stars.csv, split kfold, target parallax" in str(refused.value)
    assert "1 on others.csv" in str(refused.value)


def test_a_fingerprint_chooses_between_tables(tracker):
    add(tracker, "other", 0.05, tags={"data_fingerprint": "cccc0000"})
    assert names(select(tracker, wanted({"fingerprint": "cccc"}))) == ["other"]
    selection = select(tracker, wanted({"fingerprint": "aaaa"}))
    assert names(selection) == ["better", "good"]
    assert why(selection) == {"other": "other data, split or target"}
    with pytest.raises(ConfigError, match=r"ensemble\.fingerprint=eeee: no run is on such data"):
        select(tracker, wanted({"fingerprint": "eeee"}))


def test_nothing_found_is_refused(tracker):
    with pytest.raises(ConfigError, match="The record has no run on data=rrlyrae"):
        select(tracker, wanted(data__name="rrlyrae"))
    with pytest.raises(
        ConfigError, match=r"No run on data=cepheid model=rnn may be a member:\n  2 runs: model"
    ):
        select(tracker, wanted(data__name="cepheid", model__name="rnn"))
