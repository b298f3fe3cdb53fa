"""No password is left anywhere by a command, however it was given and however the command ends."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy

from astrosweep.config import TrackingConfig
from astrosweep.tracking import open_tracker
from tests.conftest import ROOT

pytestmark = pytest.mark.process

PASSWORD = "S3cr@e7:oP/en%Se"
CODED = "S3cr%40e7%3AoP%2Fen%25Se"
PARTS = ("S3cr", "e7:oP", "e7%3AoP", "oP/en", "oP%2Fen", "en%Se", "en%25Se")
QUICK = ("data=cepheid", "data.simulation.n_stars=300", "trainer.max_epochs=1", "tracking.figures=false")


def train_py(folder: Path, *words: str, code: int = 0, script: str = "train.py", **environment: str) -> str:
    """Run ``train.py`` or one of its sisters and return what it printed."""
    done = subprocess.run(
        [sys.executable, str(ROOT / script), *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == code, printed
    assert "Traceback" not in printed
    return printed


def check_nothing_is_left(folder: Path, printed: str) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = [part for part in PARTS if part in printed]
    found += [f"{path}: {part}" for path in files for part in PARTS if part.encode() in path.read_bytes()]
    assert found == []


def store_of(folder: Path) -> TrackingConfig:
    return TrackingConfig(uri=f"sqlite:///{folder}/mlruns/mlflow.db", artifacts=f"{folder}/mlruns/artifacts")


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_a_storage_on_the_command_line_of_a_grid(tmp_path: Path, launcher: str) -> None:
    folder = f"{tmp_path}/pickled/%j"
    of_launcher = [f"hydra.launcher.submitit_folder={folder}"] if launcher == "submitit_local" else []
    if of_launcher:
        pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs the slurm extra")
    address = f"postgresql+psycopg://user:{PASSWORD}@127.0.0.1:9/studies"
    words = [f"hydra/launcher={launcher}", *of_launcher, f"storage={address}", *QUICK]
    printed = train_py(tmp_path, "-m", "seed=1,2", *words)
    check_nothing_is_left(tmp_path, printed)
    assert bool(of_launcher) == bool(list(tmp_path.glob("pickled/*/*.pkl")))
    runs = open_tracker(store_of(tmp_path)).runs(tags={"role": "run"})
    hidden = "postgresql+psycopg://user:***@127.0.0.1:9/studies"
    assert [run.params["storage"] for run in runs] == [hidden] * 2
    if launcher == "joblib":
        again = train_py(tmp_path, f"+reproduce={runs[1].run_id}")
        assert f"metrics equal those of run {runs[1].run_id} to the last bit" in again
        check_nothing_is_left(tmp_path, again)


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (("storage=postgresql+psycopg://user:%s@127.0.0.1:PORT/s",), {}),
        (("storage=${oc.env:STUDIES}",), {"STUDIES": "postgresql+psycopg://user:%s@127.0.0.1:PORT/s"}),
        (("storage='postgresql+psycopg://127.0.0.1:PORT/s?user=ada&password=%c'",), {}),
        (("tracking.uri=postgresql+psycopg://user:${oc.env:PGPASS}@127.0.0.1:PORT/r",), {"PGPASS": "%s"}),
        (("-m", "tracking.uri=postgresql+psycopg://127.0.0.1:PORT/r?password=%c", "seed=1,2"), {}),
        (("tracking.uri=http://user:%c@127.0.0.1:PORT",), {}),
    ],
)
def test_a_database_that_cannot_be_reached(
    words: tuple[str, ...], environment: dict[str, str], tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = str(free_port())

    def filled(text: str) -> str:
        return text.replace("%s", PASSWORD).replace("%c", CODED).replace("PORT", port)

    variables = {key: filled(text) for key, text in environment.items()}
    given = [filled(word) for word in words]
    quick = ["search=random", "search.n_trials=1", "tracking.timeout_s=2.0", "search.patience_s=1.0", *QUICK]
    printed = train_py(tmp_path, *given, *quick, code=1, **variables)
    assert f"127.0.0.1:{port}" in printed
    assert "***" in printed
    check_nothing_is_left(tmp_path, printed)


@pytest.mark.parametrize(
    "word",
    [
        f"storge=postgresql://user:{PASSWORD}@127.0.0.1:9/s",
        f"storage=mysql://user:{PASSWORD}@127.0.0.1:9/s",
        f"tracking.uri=oracle://user:{PASSWORD}@127.0.0.1:9/s",
        f"tracking.artifacts=sftp://user:{PASSWORD}@127.0.0.1/files",
        f"storage=postgresql://127.0.0.1:9/s?password={PASSWORD}",
    ],
)
def test_what_is_refused(word: str, tmp_path: Path) -> None:
    printed = train_py(tmp_path, "-m", "seed=1,2", word, *QUICK, code=1)
    check_nothing_is_left(tmp_path, printed)


@pytest.mark.parametrize("mode", [("seed=1",), ("-m", "seed=1,2")])
def test_a_password_in_a_file_is_refused_before_it_is_copied(mode: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "own" / "site").mkdir(parents=True)
    site = f"# @package _global_\nstorage: postgresql://user:{PASSWORD}@127.0.0.1:9/s\n"
    (tmp_path / "own" / "site" / "mine.yaml").write_text(site)
    (tmp_path / "work").mkdir()
    printed = train_py(tmp_path / "work", f"--config-dir={tmp_path}/own", *mode, "site=mine", *QUICK, code=1)
    assert "storage: a password stands in a configuration file" in printed
    check_nothing_is_left(tmp_path / "work", printed)


SISTERS = {"ensemble.py": ("data=cepheid",), "promote.py": ("model=cepheid",)}


@pytest.mark.parametrize("script", list(SISTERS))
@pytest.mark.parametrize(
    ("word", "environment"),
    [
        ("tracking.uri=postgresql+psycopg://user:%s@127.0.0.1:PORT/r", {}),
        ("tracking.uri=postgresql+psycopg://user:${oc.env:PGPASS}@127.0.0.1:PORT/r", {"PGPASS": PASSWORD}),
        ("tracking.uri=http://user:%c@127.0.0.1:PORT", {}),
    ],
)
def test_ensembles_and_promotions_in_a_record_that_cannot_be_reached(
    script: str, word: str, environment: dict[str, str], tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = str(free_port())
    given = word.replace("%s", PASSWORD).replace("%c", CODED).replace("PORT", port)
    words = (*SISTERS[script], given, "tracking.timeout_s=2.0")
    printed = train_py(tmp_path, *words, script=script, code=1, **environment)
    assert f"***@127.0.0.1:{port}" in printed
    check_nothing_is_left(tmp_path, printed)


@pytest.mark.parametrize("script", list(SISTERS))
@pytest.mark.parametrize(
    "word",
    [
        f"tracking.uri=oracle://user:{PASSWORD}@127.0.0.1:9/s",
        f"tracking.adress=postgresql://user:{PASSWORD}@127.0.0.1:9/s",
        f"storage=postgresql://user:{PASSWORD}@127.0.0.1:9/s",
    ],
)
def test_ensembles_and_promotions_that_are_refused(script: str, word: str, tmp_path: Path) -> None:
    printed = train_py(tmp_path, *SISTERS[script], word, script=script, code=1)
    check_nothing_is_left(tmp_path, printed)


@pytest.mark.parametrize("script", list(SISTERS))
def test_a_password_in_a_file_of_theirs_is_refused_before_it_is_copied(script: str, tmp_path: Path) -> None:
    (tmp_path / "own" / "tracking").mkdir(parents=True)
    mine = f"name: mlflow\nuri: postgresql://user:{PASSWORD}@127.0.0.1:9/s\n"
    (tmp_path / "own" / "tracking" / "mine.yaml").write_text(mine)
    (tmp_path / "work").mkdir()
    words = (f"--config-dir={tmp_path}/own", "tracking=mine", *SISTERS[script])
    printed = train_py(tmp_path / "work", *words, script=script, code=1)
    assert "tracking.uri: a password stands in a configuration file" in printed
    check_nothing_is_left(tmp_path / "work", printed)


def test_an_ensemble_in_a_database_that_is_there(tmp_path: Path, postgresql_uri: str) -> None:
    """The server takes any password."""
    runs = f"runs_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(postgresql_uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {runs}"))
    engine.dispose()
    place = postgresql_uri.rpartition("/")[0].replace("ada@", f"ada:{PASSWORD}@")
    tracking = f"tracking.uri={place}/{runs}"
    train_py(tmp_path, "-m", "seed=1,2", tracking, *QUICK)
    printed = train_py(tmp_path, "data=cepheid", tracking, script="ensemble.py")
    assert "Registered: models:/cepheid/1" in printed
    check_nothing_is_left(tmp_path, printed)
    promoted = train_py(tmp_path, "model=cepheid", tracking, script="promote.py")
    assert "is the champion" in promoted
    check_nothing_is_left(tmp_path, promoted)
    check_no_table_holds_it(f"{postgresql_uri.rpartition('/')[0]}/{runs}")


def test_a_search_in_databases_that_are_there(tmp_path: Path, postgresql_uri: str) -> None:
    """The server takes any password."""
    place = postgresql_uri.rpartition("/")[0].replace("ada@", f"ada:{PASSWORD}@")
    engine = sqlalchemy.create_engine(postgresql_uri, isolation_level="AUTOCOMMIT")
    studies, runs = (f"{name}_{uuid.uuid4().hex}" for name in ("studies", "runs"))
    with engine.connect() as connection:
        for name in (studies, runs):
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    tracking = f"tracking.uri={place}/{runs}"
    search = ("search=random", "search.n_trials=1", f"storage={place}/{studies}")
    printed = train_py(tmp_path, "-m", "worker=0,1", *search, tracking, *QUICK)
    check_nothing_is_left(tmp_path, printed)
    uri = f"{postgresql_uri.rpartition('/')[0]}/{runs}"
    found = open_tracker(TrackingConfig(uri=uri, artifacts=f"{tmp_path}/mlruns/artifacts"))
    (trial,) = found.runs(tags={"role": "trial"})
    assert trial.params["tracking.uri"].startswith("postgresql+psycopg://ada:***@127.0.0.1:")
    again = train_py(tmp_path, f"+reproduce={trial.run_id}", tracking)
    assert f"metrics equal those of run {trial.run_id} to the last bit" in again
    check_nothing_is_left(tmp_path, again)
    for database in (studies, runs):
        check_no_table_holds_it(f"{postgresql_uri.rpartition('/')[0]}/{database}")


def check_no_table_holds_it(uri: str) -> None:
    engine = sqlalchemy.create_engine(uri)
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        rows = [
            str(row)
            for table in tables.sorted_tables
            for row in connection.execute(sqlalchemy.select(table)).all()
        ]
    engine.dispose()
    assert rows
    assert [row for row in rows for part in PARTS if part in row] == []
