"""``python ensemble.py`` and ``python promote.py`` as a user runs them, on every kind of data."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from astrosweep.core.types import RunRecord
from astrosweep.tracking import CANDIDATE, CHAMPION, Registry
from tests.conftest import ROOT
from tests.job.commands import run_py, store_of, tracker_of, train_py
from tests.kinds.cases import write_objects

pytestmark = pytest.mark.process
QUICK = ("trainer.max_epochs=5", "tracking.figures=false")
STARS = ("data=cepheid", "data.simulation.n_stars=300", "split=kfold", "split.n_folds=2", "model=mlp,dnn")
TABLE = ("data=table", "data.path=objects.csv", "data.target=z", "data.id=objid", "data.target_unit=c")
CLUSTERS = (
    *("data=cluster", "data.simulation.n_clusters=30", "data.simulation.cache_dir=null"),
    *("data.preparation.n_input=12", "data.preparation.n_output=10", "data.preparation.tolerance=1e9"),
    *("model=deprojector", "model.width=8", "model.n_blocks=1", "loss=gaussian_nll", "split.n_folds=2"),
)
SWEEPS = {
    "cepheid": STARS,
    "table": (*TABLE, "model=mlp", "model.hidden=[4],[8]"),
    "cluster": (*CLUSTERS, "split=kfold", "seed=0,1"),
}
NAMES = {"cepheid": "cepheid", "table": "table-z", "cluster": "cluster"}
BASELINES = {
    "cepheid": "period-luminosity relation",
    "table": "ridge regression",
    "cluster": "closed-form deprojection",
}
NARROW = {"COLUMNS": "80"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A fresh folder in which two networks were trained on each kind of data, and a copy of it."""
    folder = tmp_path_factory.mktemp("trained")
    write_objects(folder)
    for words in SWEEPS.values():
        done = train_py(folder, "-m", *words, *QUICK)
        assert done.returncode == 0, done.stderr
    copy = tmp_path_factory.mktemp("copies") / "copy"
    shutil.copytree(folder, copy)
    return folder, copy


@pytest.fixture(scope="module")
def swept(trained: tuple[Path, Path]) -> Path:
    """The folder itself, where one command follows the other."""
    return trained[0]


@pytest.fixture
def copied(trained: tuple[Path, Path], tmp_path: Path) -> Path:
    """The same folder before any ensemble, to be spoilt."""
    shutil.copytree(trained[1], tmp_path / "copy")
    tracker_of(tmp_path / "copy")  # it sees that it was copied
    return tmp_path / "copy"


def refused(folder: Path, *words: str, command: str = "ensemble.py") -> str:
    """The one message of a command that ends with exit code 1."""
    done = run_py(command, folder, *words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "fault of astrosweep" not in done.stderr
    return " ".join(done.stderr.split())


def rows_of(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if re.search(r"\d–\d", line)]


@pytest.fixture(scope="module")
def ensembles(swept: Path) -> dict[str, subprocess.CompletedProcess[str]]:
    """``python ensemble.py data=...`` on each kind of data."""
    return {data: run_py("ensemble.py", swept, f"data={data}", **NARROW) for data in SWEEPS}


@pytest.mark.parametrize("data", list(SWEEPS))
def test_an_ensemble_is_made_of_every_kind_of_data(
    data: str, swept: Path, ensembles: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    done = ensembles[data]
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    printed = done.stdout
    contenders = [
        "best single network",
        "mean of the best few",
        "weighted by performance",
        "greedy selection",
    ]
    contenders += ["inverse variance", "non-negative stacking", BASELINES[data]]
    for contender in contenders:
        assert re.search(rf"^{contender}( \*)?\s", printed, re.MULTILINE), f"{contender} in\n{printed}"
    assert printed.count(" *\n") + len(re.findall(r" \* +\S", printed)) == 1, "one of them is the ensemble"
    table = printed.partition("* the ensemble")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert len(rows_of(table)) >= len(contenders)
    name = NAMES[data]
    assert f"Registered: models:/{name}/1, alias candidate." in printed
    assert f"\n  python promote.py model={name}\n" in printed
    assert "mlflow ui --backend-store-uri" in printed
    bundle = re.search(r"^Bundle: (\S+)$", printed, re.MULTILINE)
    assert bundle is not None
    assert (swept / bundle[1] / "bundle.json").is_file()
    (run,) = tracker_of(swept).runs(tags={"role": "ensemble", "class": data})
    assert run.status == "finished"
    version = Registry(store_of(swept)).aliased(name, CANDIDATE)
    assert version is not None
    assert version.run_id == run.run_id


def test_steps_are_told_where_there_is_no_terminal(
    ensembles: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    told = ensembles["cepheid"].stdout + ensembles["cepheid"].stderr
    steps = ["reading predictions", "fitting baselines", "choosing", "judging", "drawing", "registering"]
    assert [step for step in steps if f"{step} ..." not in told] == []


def test_a_candidate_becomes_the_champion_and_the_next_one_is_compared(
    swept: Path, ensembles: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    assert ensembles["table"].returncode == 0
    registry = Registry(store_of(swept))
    first = run_py("promote.py", swept, "model=table-z")
    assert first.returncode == 0, first.stderr
    assert "Version 1 of table-z is the champion: there was none before" in first.stdout + first.stderr
    assert registry.aliases("table-z") == {CANDIDATE: 1, CHAMPION: 1}

    other = ("data=table", "ensemble.strategy=best")
    message = refused(swept, *other)
    assert "was opened for another choice: table-z (choice" in message
    assert "ensemble.force=true" in message
    assert len(registry.versions("table-z")) == 1, "nothing half done"
    forced = run_py("ensemble.py", swept, *other, "ensemble.force=true", **NARROW)
    assert forced.returncode == 0, forced.stderr
    assert "The seal of the test objects was opened 2 times" in forced.stdout
    assert registry.find("table-z", CANDIDATE).tags["seal_openings"] == "2"
    run = tracker_of(swept).find(registry.find("table-z", CANDIDATE).run_id)
    report = tracker_of(swept).fetch(run.run_id, swept / "report", ["report.html"]) / "report.html"
    assert "opened for" in report.read_text()

    second = run_py("promote.py", swept, "model=table-z")
    said = " ".join((second.stdout + second.stderr).split())
    assert "Version 2 of table-z is" in said
    assert "than version 1:" in said
    assert second.returncode == (0 if "is the champion" in said else 1)
    anyway = run_py("promote.py", swept, "model=table-z", "version=2", "force=true")
    assert anyway.returncode == 0, anyway.stderr
    assert registry.aliases("table-z") == {CANDIDATE: 2, CHAMPION: 2}


@pytest.mark.usefixtures("ensembles")
def test_promote_refuses_what_is_not_there(swept: Path) -> None:
    message = refused(swept, "model=nothing", command="promote.py")
    assert "There is no registered model 'nothing'" in message
    assert re.search(r"registered: .*table-z", message)
    assert "say which model: python promote.py model=<name>" in refused(swept, command="promote.py")
    unknown = refused(swept, "model=cepheid", "promote.forse=true", command="promote.py")
    assert "promote.forse = True: unknown key; did you mean force?" in unknown


def test_a_record_without_runs(tmp_path: Path) -> None:
    message = refused(tmp_path, "data=cepheid")
    assert "The record has no run on data=cepheid. Train some first: python train.py -m" in message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ensemble.exclude=[cepheid-simulated-mlp]",), "1 candidate is too few: an ensemble needs 2. Train"),
        (("ensemble.stratgy=best",), "ensemble.stratgy = 'best': unknown key; did you mean strategy?"),
        (("ensemble.strategy=median",), "ensemble.strategy = 'median': input should be 'auto', 'best'"),
        (("ensemble.top_k=1",), "ensemble.top_k = 1: input should be greater than or equal to 2"),
        (("tracking=none",), "tracking=none keeps no runs to choose from; allowed: tracking=mlflow"),
        (
            ("ensemble.max={val/accuracy: 0.5}",),
            "ensemble.max: no candidate has a metric val/accuracy; a run has for example: val/",
        ),
        (("ensemble.exclude=[mlp]",), "ensemble.exclude: no run on these data is named mlp"),
        (("-m",), "-m (--multirun) is for train.py; this command has one job"),
        (("ensemble.networks=[rnn]",), "2 runs: not of ensemble.networks"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(words: tuple[str, ...], said: str, swept: Path) -> None:
    before = len(tracker_of(swept).runs())
    assert said in refused(swept, "data=cepheid", *words)
    assert len(tracker_of(swept).runs()) == before


def test_runs_on_two_tables_are_refused_and_one_is_chosen(copied: Path) -> None:
    tracker = tracker_of(copied)
    one = tracker.runs(tags={"class": "cepheid", "role": "run"})[0]
    tags = {**one.tags, "data_fingerprint": "c0ffee00c0ffee00", "data_origin": "other.csv"}
    run_id = tracker.start("other", tags)
    tracker.finish(run_id, RunRecord("other", "finished", one.metrics, params=one.params, tags=tags))
    message = refused(copied, "data=cepheid")
    assert "Runs on several data, splits or targets answer to this" in message
    assert "1 on other.csv" in message
    assert "ensemble.fingerprint=c0ffee00" in message
    fingerprint = one.tags["data_fingerprint"][:8]
    assert f"ensemble.fingerprint={fingerprint}" in message


def test_artifacts_that_were_deleted(copied: Path) -> None:
    for run in tracker_of(copied).runs(tags={"class": "cepheid", "role": "run"}):
        shutil.rmtree(copied / "mlruns" / "artifacts" / run.run_id)
    message = refused(copied, "data=cepheid")
    assert "None of 2 runs can be read back: 2 runs: its files are gone" in message
    assert "Train" in message


def test_weights_that_are_damaged(copied: Path) -> None:
    runs = tracker_of(copied).runs(tags={"class": "cepheid", "role": "run"})
    worst = max(runs, key=lambda run: run.metrics["val/rmse"])
    weights = copied / "mlruns" / "artifacts" / worst.run_id / "artifacts" / "fold_1" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + bytes(8))
    message = refused(copied, "data=cepheid", "ensemble.strategy=top_k")
    assert f"Run {worst.name} ({worst.run_id}) cannot be a member" in message
    assert "fold_1/weights.safetensors" in message
    assert f"ensemble.exclude=[{worst.run_id}]" in message
    tracker = tracker_of(copied)
    assert tracker.runs(tags={"role": "ensemble"}) == tracker.runs(tags={"role": "seal"}) == []


def test_paths_are_taken_from_where_the_command_was_given(copied: Path) -> None:
    (copied / "mlruns").rename(copied / "record")
    words = ("tracking.uri=sqlite:///record/mlflow.db", "tracking.artifacts=record/artifacts")
    moved = ("hydra.job.chdir=true", "hydra.run.dir=elsewhere", "ensemble.folder=made")
    done = run_py("ensemble.py", copied, "data=table", *words, *moved)
    assert done.returncode == 0, done.stderr
    assert "Bundle: made/table-z-" in done.stdout
    assert len(list((copied / "made").glob("table-z-*/bundle.json"))) == 1
    assert not (copied / "elsewhere" / "record").exists()
    promoted = run_py("promote.py", copied, "model=table-z", *words, *moved[:2])
    assert promoted.returncode == 0, promoted.stderr
    assert not (copied / "mlruns").exists()


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_kill_ends_it_and_the_same_command_goes_on(kill: signal.Signals, copied: Path) -> None:
    words = [sys.executable, str(ROOT / "ensemble.py"), "data=table"]
    process = subprocess.Popen(words, cwd=copied, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "fitting baselines ..." in line:
                process.send_signal(kill)
                break
        lines.append(process.communicate(timeout=120)[0])
    finally:
        process.kill()
    printed = "".join(lines)
    assert process.returncode == 130, printed
    assert "Stopped. The same command again goes on." in printed
    assert "Traceback" not in printed
    if kill == signal.SIGTERM:
        done = run_py("ensemble.py", copied, "data=table")
        assert done.returncode == 0, done.stderr
        assert len(tracker_of(copied).runs(tags={"role": "ensemble"})) == 1


@pytest.mark.parametrize("command", ["ensemble", "promote"])
def test_help_names_every_key(command: str, tmp_path: Path) -> None:
    done = run_py(f"{command}.py", tmp_path, "--help")
    assert done.returncode == 0, done.stderr
    assert f"python {command}.py" in done.stdout
    values = yaml.safe_load((ROOT / "conf" / f"{command}.yaml").read_text())[command]
    for key in values:
        assert re.search(rf"^  {key}:", done.stdout, re.MULTILINE), key
    assert list(tmp_path.iterdir()) == [], "help makes nothing"
