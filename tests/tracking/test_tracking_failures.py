"""A store that is down, broken, locked, full or forbidden: one clear message, soon."""

import errno
import importlib.util
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest

from astrosweep.config import TrackingConfig
from astrosweep.core.errors import TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.tracking import create_stores, open_tracker
from astrosweep.tracking.address import Address
from astrosweep.tracking.commands import restore_command, upgrade_command

NOBODY = 65534


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Broken(BaseHTTPRequestHandler):
    status = 500

    def do_GET(self) -> None:
        self.send_error(type(self).status)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on to ``target``, but answers 503 to as many as ``n_refused``."""

    target = ""
    n_refused = 0

    def do_GET(self) -> None:
        import requests

        cls = type(self)
        if cls.n_refused > 0:
            cls.n_refused -= 1
            self.send_error(503)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = {"Content-Type": self.headers.get("Content-Type", "")}
        answer = requests.request(self.command, cls.target + self.path, data=body, headers=kind, timeout=30)
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_PUT = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def proxy(server_uri: str) -> Iterator[str]:
    Proxy.target, Proxy.n_refused = server_uri, 0
    with answering(Proxy) as uri:
        yield uri


def refused_within(limit_s: float, config: TrackingConfig) -> str:
    """The message with which opening a store is refused, in time."""
    start_s = time.monotonic()
    with pytest.raises(TrackingError) as caught:
        open_tracker(config)
    assert time.monotonic() - start_s < limit_s
    message = str(caught.value)
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def test_nothing_listens_at_the_address(free_port: Callable[[], int]) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    message = refused_within(6.0, TrackingConfig(uri=uri, timeout_s=1.0))
    assert message == (
        f"Runs cannot be recorded in {uri}: the server cannot be reached. "
        "Check that the server runs, and tracking.uri."
    )


@pytest.mark.parametrize(
    ("status", "advice"), [(500, "See its log"), (404, "Check that it is MLflow's, and tracking.uri")]
)
def test_a_server_that_answers_with_an_error(status: int, advice: str) -> None:
    Broken.status = status
    with answering(Broken) as uri:
        message = refused_within(6.0, TrackingConfig(uri=uri, timeout_s=1.0))
    assert message == f"Runs cannot be recorded in {uri}: the server answered with error {status}. {advice}."


def test_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        message = refused_within(6.0, TrackingConfig(uri=uri, timeout_s=1.0))
    assert message == (
        f"Runs cannot be recorded in {uri}: the server did not answer within 1 s. "
        "Check that the server runs, and tracking.uri and tracking.timeout_s."
    )


@pytest.mark.process
def test_a_server_that_is_busy_for_a_moment_is_waited_for(proxy: str) -> None:
    tracker = open_tracker(TrackingConfig(uri=proxy, experiment="busy", timeout_s=10.0))
    Proxy.n_refused = 3
    run_id = tracker.start("patient", {})
    tracker.finish(run_id, RunRecord("patient", "finished"))
    assert [(run.name, run.status) for run in tracker.runs()] == [("patient", "finished")]


@pytest.mark.process
def test_a_finish_that_failed_is_completed_by_the_next(proxy: str, server_uri: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("seed: 0\n")
    tracker = open_tracker(TrackingConfig(uri=proxy, experiment="outage", timeout_s=1.0))
    record = RunRecord("outage", "finished", metrics={"val/rmse": 0.5}, curves={"val/rmse": [2.0, 1.0]})
    run_id = tracker.start("outage", {})
    Proxy.n_refused = 10**6
    with pytest.raises(TrackingError, match="answered with error 503") as caught:
        tracker.finish(run_id, record, tmp_path)
    assert str(caught.value).endswith(f"Its files are in {tmp_path}.")
    Proxy.n_refused = 0
    assert tracker.find("outage").status == "running"
    tracker.finish(run_id, record, tmp_path)
    assert tracker.find("outage").status == "finished"
    assert tracker.find("outage").metrics == {"val/rmse": 0.5}


def test_a_file_that_is_no_database(sqlite_config: TrackingConfig) -> None:
    path = Path(sqlite_config.uri.removeprefix("sqlite:///"))
    path.write_text("A report that was saved under the wrong name.\n" * 100)
    message = refused_within(6.0, sqlite_config)
    assert f"{path}: the file is not an SQLite database. Move it away" in message
    assert path.read_text().startswith("A report")


def test_a_database_of_another_mlflow(sqlite_config: TrackingConfig) -> None:
    with closing(sqlite3.connect(sqlite_config.uri.removeprefix("sqlite:///"))) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    message = refused_within(6.0, sqlite_config)
    assert re.search(rf"Keep a copy, then upgrade it \(\S*mlflow db upgrade {sqlite_config.uri}\)\.", message)


def test_a_database_that_another_process_locks(sqlite_config: TrackingConfig) -> None:
    with closing(sqlite3.connect(sqlite_config.uri.removeprefix("sqlite:///"))) as database:
        database.execute("BEGIN EXCLUSIVE")
        message = refused_within(10.0, sqlite_config)
    assert "another process holds a lock on it" in message


def test_a_lock_of_a_moment_is_waited_for(sqlite_config: TrackingConfig) -> None:
    tracker = open_tracker(sqlite_config)
    run_id = tracker.start("patient", {})
    database = sqlite3.connect(sqlite_config.uri.removeprefix("sqlite:///"), check_same_thread=False)
    database.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(1.0, database.close)
    release.start()
    tracker.finish(run_id, RunRecord("patient", "finished", curves={"val/rmse": [2.0, 1.0]}))
    release.join()
    assert tracker.find(run_id).status == "finished"


def test_a_database_removed_while_in_use(sqlite_config: TrackingConfig) -> None:
    tracker = open_tracker(sqlite_config)
    run_id = tracker.start("orphan", {})
    Path(sqlite_config.uri.removeprefix("sqlite:///")).unlink()
    with pytest.raises(TrackingError, match="removed or replaced while in use"):
        tracker.finish(run_id, RunRecord("orphan", "finished", curves={"val/rmse": [2.0, 1.0]}))


@pytest.mark.process
def test_a_deleted_experiment_comes_back_by_the_command_that_is_printed(
    sqlite_config: TrackingConfig, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    run_id = open_tracker(sqlite_config).start("kept", {})
    client = MlflowClient(sqlite_config.uri)
    client.delete_experiment(client.get_experiment_by_name("astrosweep").experiment_id)
    message = refused_within(6.0, sqlite_config)
    (tmp_path / "elsewhere").mkdir()
    command = message.rpartition("restore this one: ")[2]
    subprocess.run(command, shell=True, cwd=tmp_path / "elsewhere", check=True, capture_output=True)
    assert open_tracker(sqlite_config).find(run_id).name == "kept"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_commands_that_are_printed_have_no_password() -> None:
    uri = "postgresql+psycopg://ada:secret@host/runs"
    address = Address.of(TrackingConfig(uri=uri, timeout_s=3.0))
    shown = "'postgresql+psycopg://ada:***@host/runs?connect_timeout=3'"
    restore = restore_command(address, "7")
    assert restore.startswith(f"MLFLOW_TRACKING_URI={shown} ")
    assert restore.endswith("mlflow experiments restore --experiment-id 7")
    assert upgrade_command(address).endswith(f"mlflow db upgrade {shown}")


def test_artifacts_that_an_experiment_keeps_elsewhere(sqlite_config: TrackingConfig, tmp_path: Path) -> None:
    create_stores(sqlite_config)
    moved = sqlite_config.model_copy(update={"artifacts": str(tmp_path / "elsewhere")})
    message = refused_within(6.0, moved)
    assert f"Set tracking.artifacts={sqlite_config.artifacts}" in message


def test_a_postgresql_database_that_cannot_be_reached(free_port: Callable[[], int]) -> None:
    uri = f"postgresql+psycopg://ada:secret@127.0.0.1:{free_port()}/runs"
    message = refused_within(10.0, TrackingConfig(uri=uri, timeout_s=2.0))
    assert "secret" not in message
    assert "postgresql+psycopg://ada:***@127.0.0.1" in message
    if importlib.util.find_spec("psycopg") is None:
        assert 'pip install "psycopg[binary]"' in message
    else:
        assert "the database does not answer" in message


@pytest.fixture(scope="module")
def forked(prepared: BaseContext) -> Iterator[ProcessPoolExecutor]:
    """A process for each call, so that its limits and its user end with it."""
    with ProcessPoolExecutor(1, mp_context=prepared, max_tasks_per_child=1) as pool:
        yield pool


def _finish_with_little_space(config: TrackingConfig, artifacts: Path, n_bytes: int) -> str:
    tracker = open_tracker(config)
    run_id = tracker.start("large", {})
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    try:
        tracker.finish(run_id, RunRecord("large", "finished", curves={"val/rmse": [1.0] * 20_000}), artifacts)
    except TrackingError as error:
        return str(error)
    return "finished"


@pytest.mark.process
@pytest.mark.parametrize("what", ["artifacts", "database"])
def test_a_full_disk(
    sqlite_config: TrackingConfig, tmp_path: Path, forked: ProcessPoolExecutor, what: str
) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "weights.ckpt").write_bytes(bytes(20_000_000))
    n_bytes = 10_000_000 if what == "artifacts" else 1000
    message = forked.submit(_finish_with_little_space, sqlite_config, folder, n_bytes).result()
    assert "disk is full" in message
    assert message.endswith(f"Its files are in {folder}.")
    tracker = open_tracker(sqlite_config)
    assert tracker.find("large").status == "running"
    run_id = tracker.find("large").run_id
    tracker.finish(run_id, RunRecord("large", "finished", curves={"val/rmse": [1.0] * 20_000}), folder)
    assert tracker.find("large").status == "finished"


def _open_as_nobody(ready: TrackingConfig, config: TrackingConfig) -> str:
    create_stores(ready)
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    try:
        create_stores(config)
    except TrackingError as error:
        return str(error)
    return "made"


@pytest.mark.process
@pytest.mark.parametrize("inside", ["missing", "present"])
def test_a_folder_that_may_not_be_written(
    sqlite_config: TrackingConfig, made_database: Path, forked: ProcessPoolExecutor, inside: str
) -> None:
    """Root ignores permissions, so the other process becomes nobody."""
    folder = Path(tempfile.mkdtemp(prefix="astrosweep-"))
    try:
        if inside == "present":
            shutil.copy(made_database, folder / "mlflow.db")
            lock = folder / f"mlflow.db.{zlib.crc32(b'creation'):08x}.lock"
            lock.touch(0o666)
            lock.chmod(0o666)
            (folder / "mlflow.db").chmod(0o444)
        folder.chmod(0o555)
        config = sqlite_config.model_copy(update={"uri": f"sqlite:///{folder}/mlflow.db"})
        message = forked.submit(_open_as_nobody, sqlite_config, config).result()
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert message.startswith(f"Runs cannot be recorded in sqlite:///{folder}/mlflow.db: ")
    assert re.search(r"(cannot be written|is read-only).* Check", message)


def test_errors_of_the_system_are_told_apart() -> None:
    from astrosweep.tracking.failures import diagnose

    address = Address.of(TrackingConfig())
    assert "disk is full" in diagnose(OSError(errno.ENOSPC, "No space left on device", "/data/x"), address)
    assert diagnose(PermissionError(errno.EACCES, "denied", "/data/x"), address).startswith(
        "/data/x cannot be"
    )
