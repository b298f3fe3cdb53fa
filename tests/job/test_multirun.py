"""Whose record and whose outcomes a multirun shows, wherever its folders are."""

import signal
import subprocess

import pytest

from tests.conftest import make_table
from tests.job.commands import TINY, command, tracker_of, train_py, wait_for
from tests.job.test_grid import CLUSTERS, input_file

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A multirun with folders of its own, a relative path, and working folders that Hydra would change."""
    folder = tmp_path_factory.mktemp("folder (ä)")
    columns = ["source_id", "parallax", "parallax_error", "phot_g_mean_mag", "bp_rp", "pf"]
    make_table(300).frame[columns].to_csv(folder / "stars (1).csv", index=False)
    done = train_py(
        folder, "-m", "data=cepheid", "data.source=table", "data.path=stars (1).csv", "trainer.max_epochs=1",
        "tracking.figures=false", "seed=1,2", "hydra.job.chdir=true", "hydra.sweep.dir=my sweep",
        "hydra.sweep.subdir=job_${hydra.job.num}", "hydra/launcher=joblib",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done


def test_the_record_is_where_the_command_was_given(first):
    folder, _ = first
    runs = tracker_of(folder).runs()
    assert sorted(run.tags["role"] for run in runs) == ["run", "run", "sweep"]
    assert {run.status for run in runs} == {"finished"}
    assert list(folder.rglob("mlflow.db")) == [folder / "mlruns" / "mlflow.db"]
    (parent,) = (run for run in runs if run.tags["role"] == "sweep")
    assert {run.parent_id for run in runs if run is not parent} == {parent.run_id}


def test_outcomes_are_found_whatever_the_folders_are_called(first):
    folder, done = first
    assert {path.name for path in (folder / "my sweep").glob("job_*")} == {"job_0", "job_1"}
    for seed in (1, 2):
        assert f"cepheid-table-mlp seed={seed}" in done.stdout
    assert "left no outcome" not in done.stdout


def test_a_command_does_not_show_the_outcomes_of_another_in_the_same_folder(first):
    folder, _ = first
    words = ("trainer.max_epochs=100000", "trainer.early_stopping.patience=null", "hydra.sweep.dir=my sweep")
    process = subprocess.Popen(
        command("-m", *TINY, "seed=8,9", *words),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: tracker_of(folder).runs(tags={"role": "run"}, running=True))
        other = train_py(folder, "-m", *TINY, "seed=5,6", "hydra.sweep.dir=my sweep")
        assert other.returncode == 1
        assert other.stderr.startswith("Another command is at work in")
        assert "hydra.sweep.dir=<another folder>" in other.stderr
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "seed=9" in output
    assert output.count("left no outcome") == 2
    for seed in (1, 2):
        assert f"seed={seed}" not in output


def test_runs_that_nobody_records_end_with_their_table(tmp_path):
    done = train_py(tmp_path, "-m", *TINY, "tracking=none", "seed=1,2")
    assert done.returncode == 0, done.stderr
    assert "There is no run" not in done.stderr
    for seed in (1, 2):
        assert f"cepheid-simulated-mlp seed={seed}" in done.stdout
    assert not (tmp_path / "mlruns" / "mlflow.db").exists()


def test_workers_and_launcher_find_the_study_that_an_input_file_names(tmp_path):
    path = input_file(tmp_path)
    done = train_py(
        tmp_path, "-m", *CLUSTERS, f"data.input_file={path.name}", "worker=0,1", "trainer.max_epochs=1",
        "search/pruner=none", "tracking=none", "data.preparation.input_range=[0.01,1.0]",
        "data.preparation.output_range=[0.01,1.0]",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "cluster-tables-deprojector-density, worker 1: the study has all its trials" in done.stderr
    assert "1/1" in done.stdout
    assert "finished" in done.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-m", "seed=range(0,0)"], "seed=range(0,0): has no values, so there is no job"),
        (["seed=range(0,5"], "seed=range(0,5: Hydra cannot read this value"),
        (["hydra.run.dir=/dev/null/x"], "The run's folder cannot be made"),
    ],
)
def test_a_faulty_command_ends_with_one_sentence(words, reason, tmp_path):
    done = train_py(tmp_path, *words)
    assert done.returncode == 1
    assert done.stderr.startswith(reason)
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "mlruns").exists()
