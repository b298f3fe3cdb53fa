"""A registered ensemble is served by MLflow itself: offline, without pickle, from the bundle alone."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from astrosweep.config import RunConfig, TrackingConfig, load_run_config
from astrosweep.core.errors import DataError, FormatError
from astrosweep.core.types import RunRecord
from astrosweep.ensemble.bundle import MemberSource, load_bundle, write_bundle
from astrosweep.ensemble.served import MODULE, _load_pyfunc
from astrosweep.kinds import kind_of
from astrosweep.tracking import CHAMPION, Registry, open_tracker, write_model
from tests.ensemble.bundles import contents_of, runs_of

RUNS = ("stars-together", "table-log", "clusters-values")
START_S = 120.0
WITHOUT_NETWORK = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1",
    "PIP_NO_INDEX": "1",
}


@pytest.fixture(scope="module")
def models(
    make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Folders of models, with the objects that were sealed as the example."""
    folder = tmp_path_factory.mktemp("models")
    made = {}
    for name, run in runs_of(make_config, folder / "runs", *RUNS).items():
        config, path = load_run_config(run / "config.yaml"), folder / name
        members = (MemberSource(run, name, "a" * 32, 1.0),)
        write_bundle(path / "bundle", contents_of(config, members, test=None))
        example = frame_of(path / "bundle")
        output = _load_pyfunc(str(path / "bundle")).predict(example)
        write_model(path / "model", path / "bundle", MODULE, example, output)
        made[name] = path / "model"
    return made


def frame_of(bundle_folder: Path) -> pd.DataFrame:
    """The sealed objects as a served model takes them."""
    bundle = load_bundle(bundle_folder)
    kind = kind_of(bundle.config)
    return kind.frame_of(bundle.preparation, kind.develop(bundle.config).sealed)


def expected_of(model: Path) -> pd.DataFrame:
    """The bundle's own predictions of the sealed objects."""
    bundle = load_bundle(model / "data" / "bundle")
    return bundle.table(kind_of(bundle.config).develop(bundle.config).sealed)


@pytest.mark.parametrize("name", RUNS)
def test_what_is_served_is_what_the_bundle_predicts(name: str, models: dict[str, Path]) -> None:
    served = _load_pyfunc(str(models[name] / "data" / "bundle"))
    found = served.predict(frame_of(models[name] / "data" / "bundle"))
    expected = expected_of(models[name])
    other = [one for one in ("cluster_id",) if one in expected]  # a table of objects knows them by name
    pd.testing.assert_frame_equal(found.drop(columns=other), expected.drop(columns=other), check_exact=True)
    assert len(found) > 10


def test_a_table_without_a_needed_column_is_refused(models: dict[str, Path]) -> None:
    served = _load_pyfunc(str(models["table-log"] / "data" / "bundle"))
    frame = frame_of(models["table-log"] / "data" / "bundle")
    with pytest.raises(DataError, match="no column r"):
        served.predict(frame.drop(columns="r"))


def test_a_damaged_bundle_is_not_served(models: dict[str, Path], tmp_path: Path) -> None:
    model = Path(shutil.copytree(models["table-log"], tmp_path / "model"))
    (model / "data" / "bundle" / "merit.json").write_text("{}")
    with pytest.raises(FormatError, match=r"merit\.json: was changed"):
        _load_pyfunc(str(model / "data" / "bundle"))


def as_json(frame: pd.DataFrame) -> str:
    """A request; ``DataFrame.to_json`` would round to ten decimals, which profiles do not survive."""
    cells = frame.astype(object).where(frame.notna(), None)
    split = {"columns": list(frame.columns), "data": cells.to_numpy().tolist()}
    return json.dumps({"dataframe_split": split})


def mlflow(*words: str) -> list[str]:
    return [str(Path(sys.executable).with_name("mlflow")), *words]


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **WITHOUT_NETWORK, "PATH": path}


def check(answer: Any, model: Path) -> None:
    """The answer of a server or a command is what the bundle predicts."""
    found, expected = pd.DataFrame(answer["predictions"]), expected_of(model)
    assert list(found.columns) == list(expected.columns)
    assert len(found) == len(expected)
    for name in expected.select_dtypes("number").columns.difference(["cluster_id"]):
        np.testing.assert_allclose(found[name].astype(float), expected[name].astype(float), rtol=1e-6)


@pytest.mark.process
@pytest.mark.parametrize("name", RUNS)
def test_mlflow_models_predict(name: str, models: dict[str, Path], tmp_path: Path) -> None:
    frame = frame_of(models[name] / "data" / "bundle")
    (tmp_path / "in.json").write_text(as_json(frame))
    command = mlflow(
        "models", "predict", "-m", str(models[name]), "--env-manager", "local", "-i", "in.json",
        "-o", "out.json", "-t", "json",
    )  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environment(), timeout=300
    )
    assert done.returncode == 0, done.stderr
    check(json.loads((tmp_path / "out.json").read_text()), models[name])


@contextmanager
def served(model: str, port: int, tmp_path: Path, **variables: str) -> Iterator[str]:
    command = mlflow("models", "serve", "-m", model, "--env-manager", "local", "--port", str(port))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env={**environment(), **variables}, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            deadline_s = time.monotonic() + START_S
            while time.monotonic() < deadline_s:
                assert process.poll() is None, (tmp_path / "log").read_text()
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/invocations"
        finally:
            os.killpg(process.pid, 15)
            process.wait(30)


def ask(address: str, frame: pd.DataFrame) -> Any:
    request = urllib.request.Request(address, as_json(frame).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture
def port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.process
def test_mlflow_models_serve_from_the_registry(models: dict[str, Path], port: int, tmp_path: Path) -> None:
    """By its alias, as an astronomer would; and what is asked wrongly is answered with the reason."""
    config = TrackingConfig(uri=f"sqlite:///{tmp_path}/mlflow.db", artifacts=f"{tmp_path}/artifacts")
    tracker, registry = open_tracker(config), Registry(config)
    run_id = tracker.start("ensemble", {})
    tracker.finish(run_id, RunRecord("ensemble", "finished"), models["table-log"].parent)
    registry.point(CHAMPION, registry.register("galaxies", run_id, {}))
    frame = frame_of(models["table-log"] / "data" / "bundle")
    uri = {"MLFLOW_TRACKING_URI": config.uri}
    with served(f"models:/galaxies@{CHAMPION}", port, tmp_path, **uri) as address:
        check(ask(address, frame), models["table-log"])
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(address, frame.drop(columns="r"))
        assert refused.value.code == 400
        assert "r" in json.load(refused.value)["message"]
