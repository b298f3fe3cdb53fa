"""Several processes on one store at the same instant."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from astrosweep.config import TrackingConfig
from astrosweep.core.types import RunRecord
from astrosweep.tracking import create_stores, open_tracker

pytestmark = pytest.mark.process
N_EPOCHS = 50


def _create(_: int, config: TrackingConfig) -> str:
    create_stores(config)
    return "made"


def _write(worker: int, config: TrackingConfig, parent_id: str, folder: Path, n_runs: int) -> str:
    tracker = open_tracker(config)
    for i in range(n_runs):
        name = f"trial-{worker}-{i}"
        run_id = tracker.start(name, {"study": "s"}, parent_id)
        values = {"metrics": {"val/rmse": float(i)}, "params": {"worker": worker}}
        curves = {"val/r2": [float(epoch) for epoch in range(N_EPOCHS)]}
        tracker.finish(run_id, RunRecord(name, "finished", curves=curves, **values), folder)
    return "written"


def test_a_store_is_made_once_by_eight_processes(tmp_path: Path, together: Callable[..., list[Any]]) -> None:
    root = tmp_path / "fresh" / "mlruns"
    config = TrackingConfig(uri=f"sqlite:///{root}/mlflow.db", artifacts=f"{root}/artifacts")
    assert together(8, _create, config) == ["made"] * 8
    with closing(sqlite3.connect(root / "mlflow.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM alembic_version").fetchall() == [(1,)]
        names = database.execute("SELECT name FROM experiments ORDER BY name").fetchall()
    assert names == [("Default",), ("astrosweep",)]


def test_a_postgresql_store_is_made_once_by_eight_processes(
    postgresql_uri: str, tmp_path: Path, together: Callable[..., list[Any]]
) -> None:
    engine = sqlalchemy.create_engine(postgresql_uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE DATABASE fresh"))
    engine.dispose()
    uri = f"{postgresql_uri.rpartition('/')[0]}/fresh"
    config = TrackingConfig(uri=uri, artifacts=f"{tmp_path}/artifacts", timeout_s=60.0)
    assert together(8, _create, config) == ["made"] * 8


def test_an_experiment_is_made_once_by_eight_clients_of_a_server(
    server_uri: str, together: Callable[..., list[Any]]
) -> None:
    config = TrackingConfig(uri=server_uri, experiment="contested", timeout_s=60.0)
    assert together(8, _create, config) == ["made"] * 8


@pytest.mark.parametrize(("kind", "n_runs"), [("sqlite", 10), ("server", 3), ("postgresql", 10)])
def test_no_run_of_four_writers_is_lost(
    request: pytest.FixtureRequest,
    sqlite_config: TrackingConfig,
    tmp_path: Path,
    together: Callable[..., list[Any]],
    kind: str,
    n_runs: int,
) -> None:
    config = sqlite_config
    if kind != "sqlite":
        uri = request.getfixturevalue(f"{kind}_uri")
        update = {"uri": uri, "experiment": "writers", "timeout_s": 60.0}
        config = sqlite_config.model_copy(update=update)
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "metrics.json").write_text("{}")
    tracker = open_tracker(config)
    parent_id = tracker.start("study", {"role": "study"})
    assert together(4, _write, config, parent_id, tmp_path / "job", n_runs) == ["written"] * 4
    runs = tracker.runs(parent_id=parent_id)
    assert {run.name for run in runs} == {f"trial-{w}-{i}" for w in range(4) for i in range(n_runs)}
    assert len(runs) == 4 * n_runs
    for run in runs:
        _, worker, i = run.name.split("-")
        assert run.status == "finished"
        assert run.params == {"worker": worker}
        assert run.metrics == {"val/rmse": float(i), "val/r2": N_EPOCHS - 1.0}
        assert (tracker.fetch(run.run_id, tmp_path / run.run_id) / "metrics.json").read_text() == "{}"
        points = tracker._client.get_metric_history(run.run_id, "val/r2")
        assert [point.step for point in points] == list(range(N_EPOCHS))
