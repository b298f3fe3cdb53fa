"""``python train.py`` as a user runs it: results, records, refusals, and what survives a failure."""

import ctypes
import gzip
import json
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import make_table
from tests.job.commands import command, tracker_of, train_py

pytestmark = pytest.mark.process
QUICK = ("trainer.max_epochs=3", "data.simulation.n_stars=600", "tracking.figures=false")


def write_csv(path: Path, **columns) -> Path:
    frame = make_table(300).frame[
        ["source_id", "parallax", "parallax_error", "phot_g_mean_mag", "bp_rp", "pf"]
    ]
    frame.assign(**columns).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def multirun(tmp_path_factory):
    """One multirun with all its artifacts."""
    folder = tmp_path_factory.mktemp("multirun")
    done = train_py(folder, "-m", "model=dnn,mlp", "trainer.max_epochs=3", "data.simulation.n_stars=600")
    assert done.returncode == 0, done.stderr
    return folder, done, tracker_of(folder).runs()


def test_multirun_ends_with_a_table_and_the_way_to_the_ui(multirun):
    _, done, _ = multirun
    assert re.search(r"cepheid_rrlyrae-simulated-dnn", done.stdout)
    assert re.search(r"cepheid_rrlyrae-simulated-mlp", done.stdout)
    assert "mlflow ui --backend-store-uri sqlite:///" in done.stdout
    assert "Traceback" not in done.stderr
    assert "rows read" in done.stderr


def test_multirun_is_a_parent_run_with_its_jobs_as_children(multirun):
    _, _, runs = multirun
    parent = next(run for run in runs if run.tags["role"] == "sweep")
    children = [run for run in runs if run.tags["role"] == "run"]
    assert parent.status == "finished"
    assert parent.tags["model"] == "dnn,mlp"
    assert parent.metrics["jobs/finished"] == 2
    assert [run.parent_id for run in children] == [parent.run_id] * 2
    assert {run.tags["model"] for run in children} == {"dnn", "mlp"}


def test_every_run_is_fully_recorded(multirun, tmp_path):
    folder, _, runs = multirun
    children = [run for run in runs if run.tags["role"] == "run"]
    assert len(children) == 2
    for run in children:
        assert run.status == "finished"
        assert {"class", "model", "data_fingerprint", "git_commit", "split"} <= run.tags.keys()
        for metric in (
            "mse",
            "mae",
            "rmse",
            "r2",
            "reduced_chi2",
            "coverage_68",
            "coverage_95",
            "log_distance_scatter",
            "log_distance_bias",
            "loss",
        ):
            assert f"val/{metric}" in run.metrics
        assert any("plx" in name for name in run.metrics)
        assert run.params["model.name"] == run.tags["model"]
        root = folder / "mlruns" / "artifacts" / run.run_id / "artifacts"
        assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()) == [
            "config.yaml",
            "curves.json",
            "data_report.json",
            *(
                f"figures/{name}.png"
                for name in (
                    "calibration",
                    "correlation",
                    "learning_curves",
                    "predicted_against_observed",
                    "residuals",
                )
            ),
            "fold_0/fold.json",
            "fold_0/preparation.json",
            "fold_0/preparation.skops",
            "fold_0/weights.safetensors",
            "metrics.json",
            "predictions.parquet",
            "run.json",
            "validation.safetensors",
        ]


def test_recorded_weights_and_preparation_give_the_recorded_predictions(multirun, make_config):
    """What is on disk is enough to predict, and nothing of it runs code when it is read."""
    from astrosweep.config import load_run_config
    from astrosweep.kinds import kind_of
    from astrosweep.recording import load

    folder, _, runs = multirun
    run = next(run for run in runs if run.tags["model"] == "mlp")
    root = folder / "mlruns" / "artifacts" / run.run_id / "artifacts"
    config = load_run_config(root / "config.yaml")
    development = kind_of(config).develop(config)
    report = json.loads((root / "data_report.json").read_text())
    assert development.report.fingerprint == report["fingerprint"]
    stars = development.labelled.objects.join([development.sealed])
    again = load(root).table(stars).set_index("source_id")
    predictions = pd.read_parquet(root / "predictions.parquet").set_index("source_id")
    assert set(predictions["part"]) == {"train", "val", "test"}
    is_val = predictions["part"] == "val"  # whose uncertainties are judged by factors of their own
    for column, shown in (
        ("parallax_predicted", predictions),
        ("parallax_uncertainty", predictions[~is_val]),
    ):
        assert again.loc[shown.index, column].to_numpy() == pytest.approx(
            shown[column].to_numpy(), rel=1e-4, abs=1e-5
        )


def test_a_recorded_run_is_reproduced_bit_for_bit(multirun):
    folder, _, runs = multirun
    run = next(run for run in runs if run.tags["model"] == "dnn")
    done = train_py(folder, f"+reproduce={run.run_id}")
    assert done.returncode == 0, done.stderr
    assert f"metrics equal those of run {run.run_id} to the last bit" in done.stderr
    refused = train_py(folder, f"+reproduce={run.run_id}", "seed=5")
    assert refused.returncode == 1
    assert "not allowed beside it: seed=5" in refused.stderr
    again = [found for found in tracker_of(folder).runs() if found.tags.get("reproduces") == run.run_id]
    assert len(again) == 1
    assert {k: v for k, v in again[0].metrics.items() if k != "fit/time_s"} == {
        k: v for k, v in run.metrics.items() if k != "fit/time_s"
    }


def test_a_faulty_job_is_refused_before_any_job_starts(tmp_path):
    done = train_py(tmp_path, "-m", "model=mlp", "model.dropout=0.1,7", "model.dropuot=0.3", *QUICK)
    assert done.returncode == 1
    assert "model.dropout = 7" in done.stderr
    assert "model.dropuot = 0.3: unknown key; did you mean dropout" in done.stderr
    assert "No job was started" in done.stderr
    assert not (tmp_path / "mlruns" / "mlflow.db").exists()


def test_bad_tables_fail_alone_with_a_clear_message_each(tmp_path):
    """A missing file, a missing column, text for numbers, and no rows: the good job still finishes."""
    good = write_csv(tmp_path / "good.csv")
    no_column = tmp_path / "no_column.csv"
    pd.read_csv(good).drop(columns="phot_g_mean_mag").to_csv(no_column, index=False)
    text = write_csv(tmp_path / "text.csv", bp_rp=["blue"] * 300)
    empty = write_csv(tmp_path / "empty.csv", parallax=float("nan"))
    with gzip.open(tmp_path / "header_only.csv.gz", "wt") as file:
        file.write("source_id,parallax,phot_g_mean_mag\n")
    paths = ["missing.csv", no_column.name, text.name, empty.name, "header_only.csv.gz", good.name]
    done = train_py(
        tmp_path, "-m", "data=cepheid", "data.source=table", f"data.path={','.join(paths)}", *QUICK
    )
    assert done.returncode == 1
    assert f"failed. no file {tmp_path}/missing.csv; no name there is near to it" in done.stderr
    assert re.search(r"phot_g_mean_mag is needed and missing.*The table has: source_id", done.stderr)
    assert re.search(r"'bp_rp' should hold numbers.*the first 'blue' in line 2", done.stderr)
    assert re.search(r"no rows are left after the step 'finite_target'", done.stderr)
    assert re.search(r"header_only\.csv\.gz: the file has a header .* but no rows", done.stderr)
    assert "Traceback" not in done.stderr
    runs = tracker_of(tmp_path).runs(tags={"role": "run"})
    assert [run.status for run in runs] == ["failed"] * 5 + ["finished"]
    assert all(run.error for run in runs[:5])
    parent = tracker_of(tmp_path).runs(tags={"role": "sweep"})[0]
    assert parent.status == "failed"
    assert parent.metrics["jobs/failed"] == 5


def test_a_loss_that_is_not_finite_fails_its_job_alone(tmp_path):
    done = train_py(
        tmp_path, "-m", "optimizer=sgd", "model.batch_norm=false", "optimizer.lr=1.0e+2,1.0e-3", *QUICK
    )
    assert done.returncode == 1
    assert "loss is not finite in epoch" in done.stderr
    assert [run.status for run in tracker_of(tmp_path).runs(tags={"role": "run"})] == ["failed", "finished"]


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_kill_in_the_middle_of_a_multirun_keeps_what_is_done(kill, tmp_path):
    process = subprocess.Popen(
        command("-m", "trainer.max_epochs=2,100000", "trainer.early_stopping.patience=null", *QUICK[1:]),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for_runs(tmp_path, ["finished", "running"])
        time.sleep(1.0)
        process.send_signal(kill)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Stopped by the user" in errors
    assert "Traceback" not in errors
    assert "max_epochs=2" in output
    assert [run.status for run in tracker_of(tmp_path).runs(tags={"role": "run"})] == ["finished", "killed"]
    assert tracker_of(tmp_path).runs(tags={"role": "sweep"})[0].status == "killed"


def wait_for_runs(folder: Path, statuses: list[str], patience_s: float = 120.0) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if (folder / "mlruns" / "artifacts").exists():
            found = [run.status for run in tracker_of(folder).runs(tags={"role": "run"})]
            if found == statuses:
                return
        time.sleep(0.5)
    pytest.fail(f"the runs never were {statuses}")


def test_a_server_that_is_down_is_told_before_any_work(tmp_path):
    done = train_py(tmp_path, "tracking.uri=http://127.0.0.1:9", "tracking.timeout_s=3.0", *QUICK)
    assert done.returncode == 1
    assert "Runs cannot be recorded in http://127.0.0.1:9: the server cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert "rows read" not in done.stderr


def test_a_full_disk_is_told_and_keeps_earlier_runs(tmp_path):
    """A limit on file size makes every larger write fail, as a full disk does."""
    assert train_py(tmp_path, *QUICK).returncode == 0

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = train_py(tmp_path, *QUICK, preexec_fn=limit)
    assert done.returncode == 1
    assert "mlflow.db: the disk is full or failing. Free some space" in done.stderr
    assert "Traceback" not in done.stderr
    runs = tracker_of(tmp_path).runs(tags={"role": "run"})
    assert runs[0].status == "finished"
    assert "finished" not in [run.status for run in runs[1:]]


def test_a_read_only_folder_is_told(tmp_path):
    tmp_path.chmod(0o555)
    try:
        done = train_py(tmp_path, *QUICK, preexec_fn=obey_permissions)
    finally:
        tmp_path.chmod(0o755)
    assert done.returncode != 0
    assert "The run's folder cannot be made: [Errno 13] Permission denied: 'mlruns'" in done.stderr
    assert "Traceback" not in done.stderr


def obey_permissions() -> None:
    """Make root heed file modes as others do: drop CAP_DAC_OVERRIDE before exec (prctl 24, capability 1)."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(24, 1, 0, 0, 0) == 0


def test_help_lists_groups_and_examples(tmp_path):
    done = train_py(tmp_path, "--help")
    assert done.returncode == 0
    for text in (
        "model: deprojector, dnn",
        "python train.py -m model=dnn,mlp",
        "split: holdout, kfold",
        "data/features:",
        "optimizer:\n  name: adam",
    ):
        assert text in done.stdout


def test_what_launches_and_shows_does_not_import_what_trains_or_draws():
    script = """
        import sys
        import astrosweep.job.ahead, astrosweep.job.multirun
        import astrosweep.job.terminal, astrosweep.search.summary
        print(sorted({"torch", "sklearn", "matplotlib", "plotly"} & sys.modules.keys()))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("obstacle", ["", "gpu", "long path", "another joblib"])
def test_processes_that_import_ahead_are_those_that_run_the_jobs(tmp_path, obstacle):
    script = f"""
        import os
        from joblib import Parallel, cpu_count, delayed
        from omegaconf import OmegaConf
        from hydra_plugins.hydra_joblib_launcher.config import JobLibLauncherConf
        from astrosweep.job import ahead

        def seen():
            import sys
            loaded = "astrosweep.search.worker" in sys.modules
            return loaded, os.getppid(), os.environ["OMP_NUM_THREADS"]

        if {obstacle == "gpu"}:
            ahead._GPU_DRIVERS = (os.devnull,)
        if {obstacle == "another joblib"}:
            from joblib.externals.loky.backend import context
            del context.set_start_method
        launcher = OmegaConf.structured(JobLibLauncherConf(n_jobs=2))
        os.environ.pop("OMP_NUM_THREADS", None)
        with ahead.processes_started(launcher, 2):
            next(thread for thread in ahead.threading.enumerate() if thread.name == "ahead").join()
        assert "OMP_NUM_THREADS" not in os.environ
        settings = {{**launcher, "backend": "loky"}}
        del settings["_target_"]
        loaded, parent, threads = zip(*Parallel(**settings)(delayed(seen)() for _ in range(2)))
        share = str(max(cpu_count() // 2, 1))
        print(loaded, len(set(parent)), os.getpid() in parent, set(threads) == {{share}})
    """
    environment = dict(os.environ)
    if obstacle == "long path":  # that of a socket has at most 107 bytes
        (long := tmp_path / (110 * "t")).mkdir()
        environment["TMPDIR"] = str(long)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    own_child = sys.platform != "linux" or bool(obstacle)
    assert done.stdout.strip() == f"(True, True) 1 {own_child} True"
