"""An ensemble in the record and the registry: whole or not at all, and the same call goes on."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from astrosweep.config import RunConfig, TrackingConfig
from astrosweep.config.ensemble import EnsembleConfig, EnsembleSettings
from astrosweep.core.errors import StudyError, TrackingError
from astrosweep.ensemble import build as building
from astrosweep.ensemble import record as recording
from astrosweep.ensemble import seal
from astrosweep.ensemble.build import Built, build
from astrosweep.ensemble.bundle import load_bundle, write
from astrosweep.ensemble.candidates import Group
from astrosweep.ensemble.record import Recorded, record
from astrosweep.tracking import Registry, RunSummary, Tracker, bundle_of, open_tracker
from astrosweep.tracking.mlflow_tracker import MlflowTracker
from tests.ensemble.trained import record_runs

pytestmark = pytest.mark.process
MEMBERS = ("mlp-0", "mlp-1", "mlp-2")


@pytest.fixture(scope="module")
def made(
    make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A database with three runs, and where their files are."""
    folder = tmp_path_factory.mktemp("made")
    tracker = open_tracker(_tracking(folder / "mlflow.db", folder / "artifacts"))
    record_runs(make_config, "stars", folder / "stars", tracker)
    return folder / "mlflow.db", folder / "artifacts"


@pytest.fixture
def tracking(made: tuple[Path, Path], tmp_path: Path) -> TrackingConfig:
    """A record of its own for each test; the files of the runs are shared."""
    shutil.copy(made[0], tmp_path / "mlflow.db")
    return _tracking(tmp_path / "mlflow.db", made[1])


def _tracking(database: Path, artifacts: Path) -> TrackingConfig:
    return TrackingConfig(uri=f"sqlite:///{database}", artifacts=str(artifacts), timeout_s=5.0)


@pytest.fixture(autouse=True)
def short_reports(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take longer than all the rest; one test looks at them."""
    if request.function is not test_the_run_of_an_ensemble_says_all_about_it:
        monkeypatch.setattr(recording, "write_report", _short_report)


def _short_report(folder: Path, *_: object) -> None:
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("short")


def ensemble(
    tracking: TrackingConfig, folder: Path, tracker: Tracker | None = None, **settings: object
) -> tuple[Built, Recorded]:
    """What ``ensemble.py`` does, with all candidates."""
    values = {"folder": str(folder / "ensembles"), "strategy": "top_k", **settings}
    config = EnsembleConfig(tracking=tracking, ensemble=EnsembleSettings.model_validate(values))
    number = len(list(folder.glob("job*")))
    job, scratch = folder / f"job{number}", folder / f"scratch{number}"
    job.mkdir()
    tracker = tracker or open_tracker(tracking)
    one = build(tracker, config, Path(config.ensemble.folder), scratch, _silent)
    return one, record(tracker, config, one, job, _silent)


def _silent(*_: object) -> None:
    """Nobody looks."""


def runs_of(tracking: TrackingConfig, role: str) -> list[RunSummary]:
    return open_tracker(tracking).runs(tags={"role": role})


def check_one(tracking: TrackingConfig, folder: Path) -> tuple[RunSummary, list[RunSummary]]:
    """One finished ensemble, one version, one bundle, one opening; the ensembles that were killed."""
    ensembles = runs_of(tracking, "ensemble")
    finished = [run for run in ensembles if run.status == "finished"]
    assert len(finished) == 1
    registry = Registry(tracking)
    (version,) = registry.versions("cepheid")
    assert version.run_id == finished[0].run_id
    assert registry.aliases("cepheid") == {"candidate": 1}
    (bundle,) = [path for path in (folder / "ensembles").iterdir() if path.is_dir()]
    fetched = bundle_of(registry.fetch(version, folder / f"fetched{len(list(folder.glob('fetched*')))}"))
    assert load_bundle(fetched).entry == load_bundle(bundle).entry
    (row,) = runs_of(tracking, "seal")
    assert row.status == "finished"
    assert row.tags["choice"] == finished[0].tags["choice"] == version.tags["choice"]
    for run in runs_of(tracking, "run"):
        assert run.tags["ensembles"] == finished[0].run_id
        assert run.status == "finished"
    return finished[0], [run for run in ensembles if run.status != "finished"]


def test_the_run_of_an_ensemble_says_all_about_it(tracking: TrackingConfig, tmp_path: Path) -> None:
    one, recorded = ensemble(tracking, tmp_path)
    run, others = check_one(tracking, tmp_path)
    assert others == []
    assert run.run_id == recorded.run_id
    assert run.name == f"ensemble cepheid {one.choice[:8]}"
    group = one.gathered.selection.group
    expected = {
        "role": "ensemble",
        "choice": one.choice,
        "strategy": "top_k",
        "class": "cepheid",
        "target": "parallax",
        "data_fingerprint": group.data,
        "sealed_fingerprint": group.sealed,
        "seal_openings": "1",
    }
    assert {key: run.tags.get(key) for key in expected} == expected
    assert run.params["ensemble.strategy"] == "top_k"
    validation, test = one.validation["top_k"], one.test["top_k"]
    assert run.metrics["val/rmse"] == pytest.approx(validation.metrics["rmse"])
    assert run.metrics["test/rmse"] == pytest.approx(test.metrics["rmse"])
    assert run.metrics["val/nested_loss"] == pytest.approx(one.comparison.ensemble.nested.value)
    assert run.metrics["val/nested_loss"] == pytest.approx(validation.loss)
    assert run.metrics["ensemble/members"] == 3.0
    files = open_tracker(tracking).fetch(run.run_id, tmp_path / "files")
    found = {path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()}
    figures = {f"figures/{name}.png" for name in ("strategies", "out_of_fold", "test", "calibration")}
    assert found >= {"report.html", "report.json", "comparison.csv", "model/MLmodel", *figures}
    assert bundle_of(files / "model").name == one.folder.name
    assert list(tmp_path.glob("job*/*")) == [], "what the record has need not lie in the job's folder too"


def test_lineage_goes_both_ways_and_a_second_ensemble_is_added(
    tracking: TrackingConfig, tmp_path: Path
) -> None:
    _, first = ensemble(tracking, tmp_path)
    runs = {run.name: run for run in runs_of(tracking, "run")}
    (one,) = runs_of(tracking, "ensemble")
    assert sorted(one.tags["members"].split(", ")) == sorted(run.run_id for run in runs.values())
    _, second = ensemble(tracking, tmp_path, exclude=["mlp-1"], force=True)
    runs = {run.name: run for run in runs_of(tracking, "run")}
    assert {name: run.tags["ensembles"].split(", ") for name, run in runs.items()} == {
        "mlp-0": [first.run_id, second.run_id],
        "mlp-1": [first.run_id],
        "mlp-2": [first.run_id, second.run_id],
    }
    other = open_tracker(tracking).find(second.run_id)
    assert set(other.tags["members"].split(", ")) == {runs["mlp-0"].run_id, runs["mlp-2"].run_id}
    assert other.tags["seal_openings"] == "2"
    registry = Registry(tracking)
    assert [version.run_id for version in registry.versions("cepheid")] == [first.run_id, second.run_id]
    assert registry.aliases("cepheid") == {"candidate": 2}
    assert registry.find("cepheid", "2").tags["seal_openings"] == "2"


def test_the_same_call_again_adds_nothing(tracking: TrackingConfig, tmp_path: Path) -> None:
    _, first = ensemble(tracking, tmp_path)
    _, again = ensemble(tracking, tmp_path)
    assert again == first
    _, others = check_one(tracking, tmp_path)
    assert others == []


def test_nothing_is_registered_where_nobody_wants_it(tracking: TrackingConfig, tmp_path: Path) -> None:
    one, recorded = ensemble(tracking, tmp_path, register_model=False)
    assert recorded.version is None
    with pytest.raises(TrackingError, match="There is no registered model 'cepheid'"):
        Registry(tracking).aliases("cepheid")
    later, registered = ensemble(tracking, tmp_path)
    assert (later.choice, registered.run_id) == (one.choice, recorded.run_id)
    check_one(tracking, tmp_path)


def test_a_registry_that_is_down_leaves_the_run_and_the_same_call_goes_on(
    tracking: TrackingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(self: Registry, *_: object) -> None:
        raise TrackingError("The model 'cepheid' cannot be registered: the server cannot be reached")

    with monkeypatch.context() as patched:
        patched.setattr(Registry, "register", down)
        with pytest.raises(TrackingError, match="cannot be registered") as refused:
            ensemble(tracking, tmp_path)
    (run,) = runs_of(tracking, "ensemble")
    assert run.status == "finished"
    assert f"recorded in run {run.run_id}" in str(refused.value)
    assert "the same command goes on" in str(refused.value)
    _, recorded = ensemble(tracking, tmp_path)
    assert recorded.run_id == run.run_id
    check_one(tracking, tmp_path)


def test_a_record_that_breaks_keeps_the_ensemble_and_its_files(
    tracking: TrackingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = open_tracker(tracking)
    assert isinstance(tracker, MlflowTracker)

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(tracker._client, "log_artifacts", broken)
        with pytest.raises(TrackingError, match="cannot be recorded") as refused:
            ensemble(tracking, tmp_path, tracker)
    assert f"Its files are in {tmp_path / 'job0' / 'artifacts'}" in str(refused.value)
    assert (tmp_path / "job0" / "artifacts" / "report.html").is_file()
    assert "the same command goes on" in str(refused.value)
    with pytest.raises(TrackingError, match="There is no registered model"):
        Registry(tracking).aliases("cepheid")
    ensemble(tracking, tmp_path)
    check_one(tracking, tmp_path)


@pytest.mark.parametrize("written", ["write_report", "write_model"])
def test_a_full_disk_leaves_nothing_recorded_and_the_same_call_goes_on(
    written: str, tracking: TrackingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, *_: object) -> None:
        folder.mkdir(parents=True)
        (folder / "half").write_text("")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(recording, written, full)
        with pytest.raises(OSError, match="No space left"):
            ensemble(tracking, tmp_path)
    assert runs_of(tracking, "ensemble") == []
    assert list((tmp_path / "job0").iterdir()) == [], "half a report takes room that is missing"
    with pytest.raises(TrackingError, match="There is no registered model"):
        Registry(tracking).aliases("cepheid")
    ensemble(tracking, tmp_path)
    check_one(tracking, tmp_path)


def test_a_full_disk_while_the_bundle_is_written_leaves_none(
    tracking: TrackingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(write, "write_manifest", full)
        with pytest.raises(OSError, match="No space left"):
            ensemble(tracking, tmp_path)
    assert [path for path in (tmp_path / "ensembles").iterdir() if path.is_dir()] == []
    ensemble(tracking, tmp_path)
    check_one(tracking, tmp_path)


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "x")])
def test_a_fault_of_the_record_leaves_no_candidate_out(
    fault: OSError, tracking: TrackingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another choice than the same command makes on a good day would open the seal for nothing."""
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    copy = LocalArtifactRepository.download_artifacts
    n_read = []

    def fails_later(self: Any, *arguments: Any, **options: Any) -> Any:
        n_read.append(1)
        if len(n_read) > 3:
            raise fault
        return copy(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(LocalArtifactRepository, "download_artifacts", fails_later)
        with pytest.raises(TrackingError, match="cannot be read"):
            ensemble(tracking, tmp_path)
    assert runs_of(tracking, "seal") == []


class Killed(KeyboardInterrupt):
    """Ctrl-C, or SIGTERM."""


IN_TURN = (
    (MlflowClient, "create_run"),  # the opening of the seal
    (building, "open_seal"),
    (building, "judge_frozen"),
    (write, "write_manifest"),
    (write.os, "fsync"),
    (building, "write_bundle"),
    (building, "_check_written"),
    (recording, "write_report"),
    (recording, "write_model"),
    (MlflowClient, "create_run"),  # the run
    (MlflowClient, "log_batch"),
    (MlflowClient, "log_artifacts"),
    (MlflowClient, "set_terminated"),
    *[(MlflowClient, "log_batch")] * len(MEMBERS),  # the tags of their runs
    (MlflowClient, "create_registered_model"),
    (MlflowClient, "create_model_version"),
    (MlflowClient, "set_registered_model_alias"),
)
"""What leaves something, in the order in which calls that are each killed right after it come to it."""


def test_killed_after_every_step_the_same_call_makes_one_of_everything(
    tracking: TrackingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = _once(building.fit_baselines)
    monkeypatch.setattr(building, "fit_baselines", fitted)  # the same each time
    statuses = []
    for owner, name in IN_TURN:
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, _and_then_killed(getattr(owner, name)))
            with pytest.raises(Killed):
                ensemble(tracking, tmp_path)
        statuses.append((name, [run.status for run in runs_of(tracking, "ensemble")]))
        assert len(runs_of(tracking, "seal")) == 1
    ensemble(tracking, tmp_path)
    _, others = check_one(tracking, tmp_path)
    # The first was killed before anybody knew its identifier: it is seen when its process is gone.
    assert [run.status for run in others] == ["running", "killed", "killed"]
    assert ("set_terminated", ["running", "killed", "killed", "finished"]) in statuses


def _once(original: Callable[..., Any]) -> Callable[..., Any]:
    found: list[Any] = []

    def call(*arguments: Any) -> Any:
        if not found:
            found.append(original(*arguments))
        return found[0]

    return call


def _and_then_killed(original: Callable[..., Any]) -> Callable[..., Any]:
    n_calls: list[int] = []

    def call(*arguments: Any, **options: Any) -> Any:
        found = original(*arguments, **options)
        n_calls.append(1)
        if len(n_calls) == 1:  # recording the kill comes here again
            raise Killed
        return found

    return call


@pytest.mark.parametrize("step", ["create_run", "log_batch", "set_terminated"])
def test_an_opening_that_was_cut_off_is_one_row_with_an_end(
    step: str, tracking: TrackingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = open_tracker(tracking)
    run = tracker.find("mlp-0")
    group = Group.of(run)

    class Sealed:
        def unseal(self, config: object) -> str:
            return "the truth"

    monkeypatch.setattr(seal, "kind_of", lambda _: Sealed())

    def opened(choice: str) -> tuple[Any, list[seal.Opening]]:
        return seal.open_seal(tracker, tracking, group, "cepheid", choice, None, force=False)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, step, _and_then_killed(getattr(MlflowClient, step)))
        with pytest.raises(Killed):
            opened("a" * 16)
    with pytest.raises(StudyError, match=r"opened for another choice: cepheid \(choice aaaaaaaa\)"):
        opened("b" * 16)
    for _ in range(2):
        truth, openings = opened("a" * 16)
        assert truth == "the truth"
        assert [opening.choice for opening in openings] == ["a" * 16]
    (row,) = runs_of(tracking, "seal")
    assert row.status == "finished"
