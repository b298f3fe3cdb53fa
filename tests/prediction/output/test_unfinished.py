"""A file is there when it is complete, and not before, whatever happens."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from astrosweep.core.errors import ConfigError
from astrosweep.prediction.output import FORMATS, open_output
from tests.prediction.output.columns import FIELDS, META, values, write

ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal, sys
from pathlib import Path
from astrosweep.prediction.output import open_output
from tests.prediction.output.columns import FIELDS, META, values
with open_output(Path(sys.argv[1]), FIELDS, META) as output:
    for _ in range(2000):
        output.write(values())
    print("writing", flush=True)
    sys.stdin.read()
"""


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def stopped(path, fault, *options, **more):
    before = path.exists()
    with open_output(path, FIELDS, META, *options, **more) as output:
        output.write(values())
        assert path.exists() == before
        raise fault


@pytest.mark.parametrize("format", FORMATS)
def test_an_error_leaves_nothing_and_is_told_as_it_is(tmp_path, format):
    fault = FileNotFoundError(errno.ENOENT, "of the input")
    with pytest.raises(FileNotFoundError) as caught:
        stopped(tmp_path / "t.out", fault, format)
    assert caught.value is fault
    assert listed(tmp_path) == []


def test_an_error_keeps_what_was_to_be_replaced(tmp_path):
    path = write(tmp_path / "t.csv", values())
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        stopped(path, KeyboardInterrupt(), overwrite=True)
    assert path.read_bytes() == before
    assert listed(tmp_path) == ["t.csv", "t.csv-metadata.json"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_disk_that_fills_is_told_with_the_path(tmp_path, format):
    path = tmp_path / "t.out"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    generator = np.random.default_rng(0)
    chunk = {name: np.resize(column, 30_000) for name, column in values().items()}
    chunk["parallax"] = generator.normal(size=30_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with (
            pytest.raises(OSError, match=r"t\.out") as caught,
            open_output(path, FIELDS, META, format) as output,
        ):
            output.write(chunk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)
    assert listed(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_told_with_the_path(tmp_path):
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / "file" / "t.vot"
    with pytest.raises(OSError, match=str(path)), open_output(path, FIELDS, META):
        pass
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(ConfigError, match="is a folder"),
        open_output(tmp_path / "folder", FIELDS, META, "votable"),
    ):
        pass


def test_folders_are_made_and_links_are_followed(tmp_path):
    path = write(tmp_path / "a" / "b" / "t.vot", values())
    assert path.exists()
    (tmp_path / "link.vot").symlink_to(path)
    write(tmp_path / "link.vot", overwrite=True)
    assert (tmp_path / "link.vot").is_symlink()
    assert path.read_bytes() == write(tmp_path / "none.vot").read_bytes()


def test_two_writers_of_one_file_are_refused(tmp_path):
    with open_output(tmp_path / "t.fits", FIELDS, META) as output:
        with pytest.raises(ConfigError, match="another process is writing it"):
            write(tmp_path / "t.fits", values())
        output.write(values())
    assert listed(tmp_path) == ["t.fits"]


@pytest.mark.process
@pytest.mark.parametrize("ending", ["vot", "parquet", "csv"])
def test_a_kill_leaves_nothing_under_the_name_and_the_next_one_cleans_up(tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
    )
    with process:
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    assert not path.exists()
    left = listed(tmp_path)
    assert left
    assert all(name.startswith(".") for name in left)
    write(path, values())
    assert listed(tmp_path) == [path.name] + [f"{path.name}-metadata.json"] * (ending == "csv")
