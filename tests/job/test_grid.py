"""The jobs of a multirun before any of them runs, and what happens where something fails there."""

import json

import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from astrosweep.core.errors import ConfigError
from astrosweep.job import judged_by_pydantic
from astrosweep.job.configuration import configuration
from astrosweep.job.grid import configurations, expand
from astrosweep.job.multirun import MultirunCallback
from tests.conftest import ROOT

CLUSTERS = ("data=cluster", "model=deprojector", "model.width=16", "search=random", "search.n_trials=1")


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("seed=range(0,0)", "seed=range(0,0): has no values, so there is no job"),
        ("seed=range(0,5,0)", "must not be zero"),
        ("seed=interval(0,1)", "an interval has no list of values for jobs. Allowed: a,b,c and range"),
    ],
)
def test_a_sweep_without_values_is_refused(word, words):
    with pytest.raises(ConfigError) as caught:
        expand(["model=mlp,dnn", word])
    assert words in str(caught.value)


def test_every_faulty_job_is_named_whoever_finds_the_fault():
    jobs, swept = expand(["model=mlp,nope", "++model.dropout=0.1,7"])
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"), pytest.raises(ConfigError) as caught:
        configurations("config", jobs, swept)
    message = str(caught.value)
    assert "Job 0" not in message
    assert "Job 1 (model=mlp model.dropout=7): The configuration is refused" in message
    assert "Job 2 (model=nope model.dropout=0.1): " in message
    assert "Could not find 'model/nope'" in message
    assert message.endswith("No job was started.")


@pytest.mark.parametrize("moment", ["on_run_start", "on_multirun_start"])
def test_a_fault_in_a_callback_ends_the_command(moment, caplog):
    with pytest.raises(SystemExit) as ended:
        getattr(MultirunCallback(), moment)(config=None)
    assert ended.value.code == 1
    assert "A fault of astrosweep, not of your input" in caplog.text
    assert "Traceback" in caplog.text


def test_a_fault_after_the_last_job_ends_the_command(monkeypatch, caplog):
    callback = MultirunCallback()
    callback._sweep = callback._tracker = object()
    with pytest.raises(SystemExit) as ended:
        callback.on_multirun_end(config=None)
    assert ended.value.code == 1
    assert "A fault of astrosweep, not of your input" in caplog.text


def input_file(folder, **more):
    """The settings file of the original application for ten clusters whose density is to be learned."""
    rng = np.random.default_rng(0)
    radius = np.geomspace(15.0, 1500.0, 20)
    columns = {"sb": 1e-6 * (radius / 100) ** -3, "ne3d": 1e-2 * (radius / 100) ** -1.5}
    for i in range(30):
        cluster = folder / "profiles" / f"cluster{i:02d}"
        cluster.mkdir(parents=True)
        factor = np.exp(0.3 * rng.standard_normal())
        for name, value in columns.items():
            np.savetxt(cluster / f"{name}.txt", np.column_stack([radius, radius, radius, value * factor]))
    resampling = {"Mode": "on", "Input list": [["sb", 40]], "Output list": [["ne3d", 40]]}
    settings = {"Data path": "profiles", "Preprocessing": {"Resampling": resampling}, **more}
    path = folder / "input_file.json"
    path.write_text(json.dumps(settings))
    return path


def test_the_launching_process_expects_the_study_that_its_jobs_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [*CLUSTERS, f"data.input_file={input_file(tmp_path)}", "seed=1,2", "worker=0,1"]
    jobs, swept = expand(judged_by_pydantic(words))
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        expected = configurations("config", jobs, swept)
        run = [configuration(compose("config", job), swept, job) for job in jobs]
    assert run == expected
    assert {config.as_study().study_name for config in expected} == {
        "cluster-tables-deprojector-density seed=1",
        "cluster-tables-deprojector-density seed=2",
    }
    assert all(config.data.input_file is None for config in expected)


def test_a_faulty_input_file_is_refused_before_any_job_starts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [*CLUSTERS, f"data.input_file={input_file(tmp_path, Nonsense=1)}", "worker=0,1"]
    jobs, swept = expand(judged_by_pydantic(words))
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"), pytest.raises(ConfigError) as caught:
        configurations("config", jobs, swept)
    assert "Nonsense" in str(caught.value)
    assert str(caught.value).endswith("No job was started.")
