"""Registered models: versions belong to runs, one each, and nothing is registered by halves."""

import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from astrosweep.config import TrackingConfig
from astrosweep.core.errors import FormatError, TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.tracking import (
    CANDIDATE,
    CHAMPION,
    Registry,
    Tracker,
    bundle_of,
    model_folder,
    open_tracker,
    requirements,
    write_model,
)
from tests.tracking.conftest import SERVERS

FRAME = pd.DataFrame({"id": np.array([1, 2]), "x": [1.0, 2.0], "kind": ["a", "b"]})
OUTPUT = pd.DataFrame({"id": np.array([1, 2]), "y": [0.1, 0.2]})


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Artifacts of a run with the folder of a model."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "bundle.json").write_text("{}")
    write_model(tmp_path / "files" / "model", bundle, "some.module", FRAME, OUTPUT, optional=("id",))
    return tmp_path / "files"


@pytest.fixture(params=["sqlite", *SERVERS])
def config(request: pytest.FixtureRequest) -> TrackingConfig:
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_config")
    uri = request.getfixturevalue(f"{request.param}_uri")
    artifacts = str(request.getfixturevalue("tmp_path_factory").mktemp("artifacts"))
    return TrackingConfig(uri=uri, artifacts=artifacts, experiment=f"registry {artifacts}", timeout_s=20.0)


def run_with(tracker: Tracker, files: Path | None, name: str = "ensemble") -> str:
    run_id = tracker.start(name, {"role": "ensemble"})
    tracker.finish(run_id, RunRecord(name, "finished"), files)
    return run_id


def test_a_version_is_registered_named_and_fetched(
    config: TrackingConfig, model: Path, tmp_path: Path
) -> None:
    run_id = run_with(open_tracker(config), model)
    registry, name = Registry(config), f"first of {run_id}"
    version = registry.register(name, run_id, {"fingerprint": "abc"})
    assert (version.model, version.number, version.run_id) == (name, 1, run_id)
    assert version.tags == {"fingerprint": "abc"}
    assert registry.aliased(name, CANDIDATE) is None
    registry.point(CANDIDATE, version)
    assert registry.aliased(name, CANDIDATE) == version
    assert registry.find(name, CANDIDATE) == registry.find(name, "1") == version
    fetched = registry.fetch(version, tmp_path / "fetched")
    assert (bundle_of(fetched) / "bundle.json").read_text() == "{}"


def test_a_run_is_registered_once(config: TrackingConfig, model: Path) -> None:
    tracker = open_tracker(config)
    first, second = run_with(tracker, model, "one"), run_with(tracker, model, "two")
    registry, name = Registry(config), f"once {first}"
    assert registry.register(name, first, {"a": "1"}).number == 1
    again = registry.register(name, first, {"a": "2", "b": "3"})
    assert (again.number, again.tags) == (1, {"a": "2", "b": "3"})
    assert registry.register(name, second, {}).number == 2
    assert [version.run_id for version in registry.versions(name)] == [first, second]


def test_an_alias_points_to_one_version(config: TrackingConfig, model: Path) -> None:
    tracker, registry = open_tracker(config), Registry(config)
    runs = [run_with(tracker, model, name) for name in ("one", "two")]
    name = f"aliases {runs[0]}"
    first, second = (registry.register(name, run_id, {}) for run_id in runs)
    registry.point(CHAMPION, first)
    registry.point(CANDIDATE, second)
    registry.point(CHAMPION, second)
    assert registry.aliases(name) == {CANDIDATE: 2, CHAMPION: 2}
    registry.tag(first, {"promotion": "refused"})
    assert registry.find(name, "1").tags == {"promotion": "refused"}


@pytest.mark.parametrize("version", ["3", "champion", "-1", "1.5", ""])
def test_a_version_that_does_not_exist(version: str, sqlite_config: TrackingConfig, model: Path) -> None:
    run_id = run_with(open_tracker(sqlite_config), model)
    registry = Registry(sqlite_config)
    registry.point(CANDIDATE, registry.register("stars", run_id, {}))
    with pytest.raises(TrackingError, match=r"no version .*versions: 1; aliases: candidate \(1\)"):
        registry.find("stars", version)


def test_a_model_that_does_not_exist(sqlite_config: TrackingConfig) -> None:
    open_tracker(sqlite_config)
    with pytest.raises(TrackingError, match="There is no registered model 'nobody'"):
        Registry(sqlite_config).find("nobody", "1")


def test_a_run_without_a_model_makes_none(sqlite_config: TrackingConfig, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("a")
    run_id = run_with(open_tracker(sqlite_config), tmp_path / "files")
    registry = Registry(sqlite_config)
    with pytest.raises(TrackingError, match="has no model/MLmodel among its artifacts"):
        registry.register("stars", run_id, {})
    with pytest.raises(TrackingError, match="There is no registered model"):
        registry.find("stars", "1")


@pytest.mark.parametrize("name", ["", "a/b", "a:b"])
def test_a_name_that_no_model_can_have(name: str, sqlite_config: TrackingConfig, model: Path) -> None:
    run_id = run_with(open_tracker(sqlite_config), model)
    with pytest.raises(TrackingError, match="cannot be registered"):
        Registry(sqlite_config).register(name, run_id, {})


def test_nothing_is_registered_without_a_record() -> None:
    with pytest.raises(TrackingError, match="tracking=none keeps no registered models"):
        Registry(TrackingConfig(name="none"))


def test_another_registry_of_the_environment_is_not_used(
    sqlite_config: TrackingConfig, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    run_id = run_with(open_tracker(sqlite_config), model)
    assert Registry(sqlite_config).register("stars", run_id, {}).number == 1
    assert not (tmp_path / "elsewhere.db").exists()


class Killed(BaseException):
    """Stands for the end of the process."""


STEPS = ["create_registered_model", "create_model_version", "set_model_version_tag"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_between_the_steps_is_made_good_by_the_same_call(
    step: str, after: bool, sqlite_config: TrackingConfig, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = run_with(open_tracker(sqlite_config), model)
    registry = Registry(sqlite_config)
    original = getattr(registry._client, step)

    def killed(*arguments: Any, **options: Any) -> None:
        if after:
            original(*arguments, **options)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(registry._client, step, killed)
        if step == "set_model_version_tag":  # a version gets its tags when it is made; these change
            registry.register("stars", run_id, {"a": "0", "b": "0"})
        with pytest.raises(Killed):
            registry.register("stars", run_id, {"a": "1", "b": "2"})
    again = Registry(sqlite_config).register("stars", run_id, {"a": "1", "b": "2"})
    assert (again.number, again.tags) == (1, {"a": "1", "b": "2"})
    assert len(registry.versions("stars")) == 1


def test_two_processes_that_register_one_run_leave_one_version(
    sqlite_config: TrackingConfig, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one comes in between looking and making."""
    run_id = run_with(open_tracker(sqlite_config), model)
    one, other = Registry(sqlite_config), Registry(sqlite_config)
    create = one._client.create_model_version

    def late(*arguments: Any, **options: Any) -> Any:
        other.register("stars", run_id, {})
        return create(*arguments, **options)

    monkeypatch.setattr(one._client, "create_model_version", late)
    assert one.register("stars", run_id, {"a": "1"}).number == 1
    assert [(version.number, version.tags) for version in other.versions("stars")] == [(1, {"a": "1"})]


def test_a_registry_that_is_down(free_port: Callable[[], int]) -> None:
    config = TrackingConfig(uri=f"http://127.0.0.1:{free_port()}", timeout_s=1.0)
    registry = Registry(config)
    with pytest.raises(TrackingError, match=r"cannot be registered .*the server cannot be reached"):
        registry.register("stars", "a" * 32, {})


def test_a_registry_that_does_not_answer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        config = TrackingConfig(uri=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=1.0)
        with pytest.raises(TrackingError, match="did not answer within 1 s"):
            Registry(config).versions("stars")


def test_a_registry_that_is_no_database(sqlite_config: TrackingConfig) -> None:
    Path(sqlite_config.uri.removeprefix("sqlite:///")).write_text("no database at all, but a text")
    with pytest.raises(TrackingError, match="not an SQLite database"):
        Registry(sqlite_config)


def test_a_registry_that_breaks_in_between(sqlite_config: TrackingConfig, model: Path) -> None:
    run_id = run_with(open_tracker(sqlite_config), model)
    registry = Registry(sqlite_config)
    assert registry.versions("stars") == []
    with sqlite3.connect(sqlite_config.uri.removeprefix("sqlite:///")) as connection:
        connection.execute("ALTER TABLE model_versions RENAME TO elsewhere")
    connection.close()
    with pytest.raises(TrackingError, match=r"removed or replaced while in use"):
        registry.register("stars", run_id, {})


def test_versions_of_a_store_that_was_moved_are_found(
    sqlite_config: TrackingConfig, model: Path, tmp_path: Path
) -> None:
    run_id = run_with(open_tracker(sqlite_config), model)
    Registry(sqlite_config).register("stars", run_id, {})
    moved = shutil.move(tmp_path / "mlruns", tmp_path / "moved")
    config = TrackingConfig(uri=f"sqlite:///{moved}/mlflow.db", artifacts=f"{moved}/artifacts")
    open_tracker(config)
    registry = Registry(config)
    fetched = registry.fetch(registry.find("stars", "1"), tmp_path / "fetched")
    assert (bundle_of(fetched) / "bundle.json").is_file()


def test_the_folder_of_a_model_has_neither_code_nor_pickle(model: Path) -> None:
    described = yaml.safe_load((model / "model" / "MLmodel").read_text())
    flavor = described["flavors"]["python_function"]
    assert (flavor["code"], flavor["loader_module"], flavor["data"]) == (None, "some.module", "data/bundle")
    files = {path.relative_to(model / "model").as_posix() for path in model.rglob("*") if path.is_file()}
    assert files == {
        "MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "input_example.json",
        "serving_input_example.json", "data/bundle/bundle.json",
    }  # fmt: skip
    columns = yaml.safe_load(described["signature"]["inputs"])
    assert {one["name"]: one["required"] for one in columns} == {"id": False, "x": True, "kind": True}
    assert [one["name"] for one in yaml.safe_load(described["signature"]["outputs"])] == ["id", "y"]


def test_requirements_are_pinned_as_they_are_here(model: Path) -> None:
    lines = (model / "model" / "requirements.txt").read_text().splitlines()
    assert set(requirements()) <= set(lines)
    assert all("==" in line and "+" not in line for line in requirements())
    assert f"numpy=={np.__version__}" in lines


def test_a_full_disk_leaves_no_folder_of_a_model(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    def full(path: str, **options: Any) -> None:
        Path(path).mkdir()
        (Path(path) / "MLmodel").write_text("")
        raise OSError("No space left on device")

    monkeypatch.setattr(mlflow.pyfunc, "save_model", full)
    with pytest.raises(OSError, match="No space left"):
        write_model(tmp_path / "new" / "model", tmp_path / "bundle", "some.module", FRAME, OUTPUT)
    assert list((tmp_path / "new").iterdir()) == []


def test_what_was_left_is_replaced(model: Path, tmp_path: Path) -> None:
    left = tmp_path / "files" / ".model.writing"
    left.mkdir()
    (model / "model" / "old.txt").write_text("old")
    write_model(model / "model", tmp_path / "bundle", "some.module", FRAME, OUTPUT)
    assert not left.exists()
    assert not (model / "model" / "old.txt").exists()
    assert model_folder.bundle_of(model / "model").name == "bundle"


def test_a_folder_without_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="0 bundles lie in it"):
        bundle_of(tmp_path)
