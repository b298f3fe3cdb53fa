"""Stores to test with: an SQLite file, a real MLflow server and the memory."""

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest

from astrosweep.config import TrackingConfig
from astrosweep.tracking import create_stores, ui_command
from tests.tracking.at_once import call

START_S = 60.0
NOBODY = 65534
SERVERS = [pytest.param(name, marks=pytest.mark.process) for name in ("server", "postgresql")]
"""Kinds of stores that are processes of their own."""


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, to be copied: making them takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    create_stores(
        TrackingConfig(
            uri=f"sqlite:///{folder}/mlflow.db", artifacts=f"{folder}/artifacts", experiment="made"
        )
    )
    return folder / "mlflow.db"


@pytest.fixture
def sqlite_config(tmp_path: Path, made_database: Path) -> TrackingConfig:
    """A store of its own for each test."""
    root = tmp_path / "mlruns"
    root.mkdir()
    shutil.copy(made_database, root / "mlflow.db")
    return TrackingConfig(uri=f"sqlite:///{root}/mlflow.db", artifacts=f"{root}/artifacts", timeout_s=2.0)


@pytest.fixture(scope="session")
def prepared() -> BaseContext:
    """Starts processes that have imported MLflow already, so that they begin soon and together."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mlflow.store.tracking.sqlalchemy_store", "alembic.command"])
    return context


@pytest.fixture
def together(prepared: BaseContext) -> Iterator[Callable[..., list[Any]]]:
    """Runs a function in several processes that begin it at the same instant."""
    processes: list[Any] = []

    def run(n_processes: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        barrier, results = prepared.Barrier(n_processes), prepared.Queue()
        for i in range(n_processes):
            processes.append(
                prepared.Process(target=call, args=(barrier, results, function, i, *arguments), daemon=True)
            )
            processes[-1].start()
        answers = [results.get(timeout=80) for _ in processes]
        for process in processes:
            process.join(20)
        return answers

    yield run
    for process in processes:
        if process.is_alive():
            process.terminate()


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], None]]:
    """Runs a shell command until the session ends, and waits until it answers at an address."""
    processes: list[subprocess.Popen[bytes]] = []
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }

    def start(command: str, health: str) -> None:
        folder = tmp_path_factory.mktemp("serve")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command,
                shell=True,
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        processes.append(process)
        deadline_s = time.monotonic() + START_S
        while time.monotonic() < deadline_s and process.poll() is None:
            try:
                urllib.request.urlopen(health, timeout=5).close()
                return
            except OSError:
                time.sleep(0.2)
        pytest.skip(f"{command!r} does not serve {health} here:\n{(folder / 'log').read_text()}")

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


@pytest.fixture(scope="session")
def served_config(tmp_path_factory: pytest.TempPathFactory, made_database: Path) -> TrackingConfig:
    """The store whose pages the server shows."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(made_database, folder / "mlflow.db")
    return TrackingConfig(uri=f"sqlite:///{folder}/mlflow.db", artifacts=f"{folder}/artifacts")


@pytest.fixture(scope="session")
def server_uri(
    served_config: TrackingConfig, free_port: Callable[[], int], serve: Callable[[str, str], None]
) -> str:
    """The address of a real MLflow server on this machine: MLflow's pages are served by one."""
    port = free_port()
    serve(ui_command(served_config, port), f"http://127.0.0.1:{port}/health")
    return f"http://127.0.0.1:{port}"


@dataclass(frozen=True)
class PostgresqlServer:
    """A server of this test session.

    Attributes:
        uri: Address of an empty database.
        restart: Stops the server, cutting all connections, and starts it again.
    """

    uri: str
    restart: Callable[[], None]


@pytest.fixture(scope="session")
def postgresql_uri(postgresql_server: PostgresqlServer) -> str:
    """The address of an empty PostgreSQL database on this machine."""
    return postgresql_server.uri


@pytest.fixture(scope="session")
def postgresql_server(free_port: Callable[[], int]) -> Iterator[PostgresqlServer]:
    """A PostgreSQL server on this machine; PostgreSQL refuses to run as root."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="astrosweep-"))
    owner = NOBODY if os.getuid() == 0 else None
    if owner is not None:
        os.chown(folder, owner, owner)

    def run(*command: str) -> None:
        groups = None if owner is None else []
        with (folder / "out").open("ab") as out:
            subprocess.run(
                command,
                check=True,
                cwd=folder,
                user=owner,
                group=owner,
                extra_groups=groups,
                stdout=out,
                stderr=out,
            )

    port = free_port()
    data, options = f"{folder}/data", f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("initdb", "--pgdata", data, "--username", "ada", "--auth", "trust", "--no-sync")

    def control(*words: str) -> None:
        run("pg_ctl", "--pgdata", data, "--wait", "--log", f"{folder}/log", "--options", options, *words)

    control("start")
    yield PostgresqlServer(
        f"postgresql+psycopg://ada@127.0.0.1:{port}/postgres", lambda: control("--mode", "fast", "restart")
    )
    run("pg_ctl", "--pgdata", data, "--mode", "fast", "stop")
    shutil.rmtree(folder)
