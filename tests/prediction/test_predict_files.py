"""Which files are predicted and what their outputs are called; parts, repeated commands, bad input."""

import gzip
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from astrosweep.core.errors import AstrosweepError, ConfigError, DataError, FormatError
from astrosweep.data.reading import read_parts, read_table
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.prediction import predict as module
from astrosweep.prediction.files import Task, tasks_of
from astrosweep.prediction.predict import Predictor, predict_all
from astrosweep.recording.address import located
from tests.conftest import ROOT
from tests.prediction.models import NO_TRACKING, command, opened, predict, stars


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in.csv"
    stars("cepheid", 60, 31).to_csv(path, index=False)
    return path


def write_all(folder):
    """One table in every format that is read in parts, and in others."""
    n = 1000
    frame = pd.DataFrame(
        {
            "id": np.arange(n, dtype=np.int64) + 2**60,
            "x": np.arange(n) / 7.0,
            "name": [f"star {i}" for i in range(n)],
        }
    )
    frame.to_csv(folder / "t.csv", index=False)
    (folder / "c.csv").write_text("# a comment\n" + (folder / "t.csv").read_text())
    frame.to_parquet(folder / "t.parquet", index=False)
    Table.from_pandas(frame).write(folder / "t.fits")
    Table.from_pandas(frame).write(folder / "t.vot", format="votable", tabledata_format="binary2")
    (folder / "t.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes()))
    return frame


@pytest.mark.parametrize("name", ["t.csv", "c.csv", "t.parquet", "t.fits", "t.vot", "t.csv.gz"])
def test_parts_of_a_file_are_together_the_whole(tmp_path, name):
    write_all(tmp_path)
    whole = read_table(tmp_path / name)
    parts = list(read_parts(tmp_path / name, size=300))
    in_parts = name != "t.csv.gz"
    assert [len(raw.frame) for raw, _ in parts] == ([250] * 4 if in_parts else [1000])
    assert {n_rows for _, n_rows in parts} == {1000}
    together = pd.concat([raw.frame for raw, _ in parts], ignore_index=True)
    pd.testing.assert_frame_equal(together, whole.frame.reset_index(drop=True), check_dtype=False)
    if name.endswith("csv"):
        assert [raw.frame.index[0] for raw, _ in parts] == [whole.frame.index[i] for i in range(0, 1000, 250)]


def test_a_file_that_ends_in_the_middle_of_a_row_is_no_table_of_parts(tmp_path):
    write_all(tmp_path)
    for name in ("t.fits", "t.parquet"):
        cut = tmp_path / f"cut-{name}"
        cut.write_bytes((tmp_path / name).read_bytes()[:-12_000])
        with pytest.raises(DataError, match="cut short"):
            list(read_parts(cut, size=300))


@pytest.mark.parametrize("ending", ["csv", "parquet", "fits"])
def test_a_file_in_parts_gives_what_it_gives_as_a_whole(star_model, tmp_path, monkeypatch, ending):
    frame = stars("cepheid", 500, 32)
    frame.loc[7, "phot_g_mean_mag"] = np.nan
    source = tmp_path / f"in.{ending}"
    if ending == "fits":
        Table.from_pandas(frame).write(source)
    else:
        getattr(frame, f"to_{ending}")(source, index=False)
    predict(star_model, source, tmp_path / "whole.csv", output={"carry": "all"})
    monkeypatch.setattr(module, "_PART", 120)
    summary = predict(star_model, source, tmp_path / "parts.csv", output={"carry": "all"})
    assert summary.n_parts == 5
    whole, parts = pd.read_csv(tmp_path / "whole.csv"), pd.read_csv(tmp_path / "parts.csv")
    pd.testing.assert_frame_equal(whole, parts, rtol=1e-5)


def test_parts_that_do_not_go_together_are_read_as_a_whole(table_model, tmp_path, monkeypatch):
    n = 400
    frame = pd.DataFrame({"objid": range(n), "g": 20.0, "r": 19.0, "size": 1.0, "kind": "spiral",
                          "note": [*range(n - 1), "x"]})  # fmt: skip
    frame.to_csv(tmp_path / "in.csv", index=False)
    monkeypatch.setattr(module, "_PART", 100)
    summary = predict(table_model, tmp_path / "in.csv", tmp_path / "out.csv", output={"carry": ["note"]})
    assert summary.n_parts == 1
    assert pd.read_csv(tmp_path / "out.csv")["note"].tolist() == [*map(str, range(n - 1)), "x"]


def test_inputs_are_files_folders_patterns_and_lists(tmp_path):
    for name in ("a.csv", "b.fits", "b.csv.gz", ".hidden.csv", "a.csv-metadata.json", "notes.pdf"):
        (tmp_path / name).write_text("x")
    a, b, gz = (tmp_path / name for name in ("a.csv", "b.fits", "b.csv.gz"))
    out = tmp_path / "out"
    in_folder = tasks_of(str(tmp_path), str(out))
    assert [(t.source.name, t.output.name) for t in in_folder] == [
        ("a.csv", "a.vot"), ("b.csv.gz", "b.csv.gz.vot"), ("b.fits", "b.fits.vot")]  # fmt: skip
    assert [t.source for t in tasks_of(f"{tmp_path}/*.csv", str(out), "parquet")] == [a]
    assert tasks_of(f"{tmp_path}/a*.csv", str(out), "parquet")[0].output == out / "a.parquet"
    assert [t.source for t in tasks_of([str(b), str(a), str(b)], str(out))] == [b, a]
    assert tasks_of(str(a), str(tmp_path / "x.fits")) == [Task(a, tmp_path / "x.fits", "fits")]
    assert tasks_of(str(gz), str(out))[0].output == out / "b.vot"
    assert tasks_of(str(tmp_path), str(out / "p.vot"), takes_folders=True)[0].source == tmp_path


@pytest.mark.parametrize(
    ("inputs", "output", "message"),
    [
        ("a.csv", "a.csv", "is the input too"),
        ("a.csv", "./x/../a.csv", "is the input too"),
        (["a.csv", "b.csv"], "out.vot", "need a folder"),
        (["a.csv", "b.csv"], "b.csv", "is a file"),
        ("a.csv", "out.docx", "unknown ending"),
        ("*.vot", "out", "no file is called so"),
        ("empty", "out", "no table lies in this folder"),
        ("nowhere/a.csv", "out.vot", "there is no folder"),
    ],
)
def test_inputs_and_outputs_that_cannot_be_are_refused(tmp_path, monkeypatch, inputs, output, message):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.csv"):
        Path(name).write_text("x\n1\n")
    for name in ("empty", "x"):
        Path(name).mkdir()
    with pytest.raises(ConfigError, match=message):
        tasks_of(inputs, output)
    assert Path("a.csv").read_text() == "x\n1\n"


@pytest.mark.parametrize("ending", ["vot", "fits", "ecsv", "csv", "parquet"])
def test_the_same_command_again_leaves_finished_outputs_alone(star_model, table, tmp_path, ending):
    output = tmp_path / f"out.{ending}"
    assert predict(star_model, table, output).counts.rows == 60
    before = output.stat().st_mtime_ns
    assert predict(star_model, table, output).counts is None
    assert output.stat().st_mtime_ns == before
    with pytest.raises(ConfigError, match="another model, options or input"):
        predict(star_model, table, output, distance={"prior": "none"})
    assert output.stat().st_mtime_ns == before
    assert predict(star_model, table, output, distance={"prior": "none"}, overwrite=True).counts.rows == 60


def test_what_is_wrong_with_one_of_several_does_not_stop_the_others(star_model, table, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    config = command(star_model, [str(tmp_path / "bad.csv"), str(table)], tmp_path / "out")
    tasks = tasks_of(config.predict.input, config.predict.output)
    done, faults = predict_all(Predictor.of(opened(star_model), config), tasks, lambda *_: None)
    assert [one.task.output.name for one in done] == ["in.vot"]
    assert ["no usable column" in fault for fault in faults.values()] == [True]
    assert not (tmp_path / "out" / "bad.vot").exists()


CONTENTS = {
    "empty": (b"", "is empty"),
    "header only": (b"source_id,pf\n", "no rows"),
    "no usable column": (b"source_id,colour\n1,2\n2,3\n", "no usable column"),
    "no value": (b"source_id,pf,phot_g_mean_mag\n1,,\n2,,\n", "no usable column"),
    "cut row": (b"source_id,pf,phot_g_mean_mag\n1,2,3\n2,3\n", "line 3 has 2 values"),
    "text": (b"source_id,pf,phot_g_mean_mag\n1,a,12\n2,b,13\n", "should hold numbers"),
    "web page": (b"<html><body>error</body></html>", "a web page"),
    "binary": (b"SIMPLE  =                    T" + bytes(3000), "cannot be read as fits"),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_a_file_that_cannot_be_used_is_refused_and_nothing_is_left(star_model, tmp_path, case):
    content, message = CONTENTS[case]
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        predict(star_model, tmp_path / "in.csv", tmp_path / "out.vot")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


WHOLE = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "parquet": lambda frame, path: frame.to_parquet(path, index=False),
    "fits": lambda frame, path: Table.from_pandas(frame).write(path),
    "vot": lambda frame, path: Table.from_pandas(frame).write(
        path, format="votable", tabledata_format="binary2"
    ),
    "xml": lambda frame, path: Table.from_pandas(frame).write(path, format="votable"),
    "ecsv": lambda frame, path: Table.from_pandas(frame).write(path),
}


@pytest.mark.parametrize("ending", WHOLE)
def test_a_file_that_is_cut_in_the_middle_is_refused_and_nothing_is_left(star_model, tmp_path, ending):
    source = tmp_path / f"in.{ending}"
    WHOLE[ending](stars("cepheid", 300, 34), source)
    content = source.read_bytes()
    # A table of text is cut within a row: one that ends with its row is a shorter table.
    at = len(content) // 2
    if ending in ("csv", "ecsv"):
        at = content.index(b"\n", at) + 30
    source.write_bytes(content[:at])
    with pytest.raises(DataError, match=r"in\." + ending):
        predict(star_model, source, tmp_path / "out.vot")
    assert [path.name for path in tmp_path.iterdir()] == [f"in.{ending}"]
    source.write_bytes(content)
    assert predict(star_model, source, tmp_path / "out.vot").counts.rows == 300


def test_units_that_do_not_convert_are_refused(star_model, tmp_path):
    frame = Table.from_pandas(stars("cepheid", 20, 33))
    frame["pf"].unit = "km"
    frame.write(tmp_path / "in.vot", format="votable")
    with pytest.raises(DataError, match="pf"):
        predict(star_model, tmp_path / "in.vot", tmp_path / "out.vot")


def test_columns_of_the_command_that_the_file_lacks_are_refused(star_model, table, tmp_path):
    with pytest.raises(DataError, match=r"data\.columns\.pf=Perriod: the file has no such column"):
        predict(star_model, table, tmp_path / "out.vot", data={"columns": {"pf": "Perriod"}})
    with pytest.raises(ConfigError, match="unknown key"):
        predict(star_model, table, tmp_path / "out.vot", data={"colums": {"pf": "Period"}})
    with pytest.raises(ConfigError, match=r"output\.carry: the input has no column nothing"):
        predict(star_model, table, tmp_path / "out.vot", output={"carry": ["nothing"]})
    assert not (tmp_path / "out.vot").exists()


def test_a_model_of_another_kind_of_data_says_what_it_predicts(star_model, tmp_path):
    pd.DataFrame({"objid": [1], "g": [20.0], "size": [1.0]}).to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(DataError, match="the model predicts cepheid-simulated"):
        predict(star_model, tmp_path / "in.csv", tmp_path / "out.vot")


@pytest.mark.parametrize(
    ("address", "message"),
    [("nowhere", "there is no folder"), ("models:/x", "no address of a model"), ("runs:/", "no address")],
)
def test_addresses_that_are_none(address, message):
    with pytest.raises(ConfigError, match=message), located(address, NO_TRACKING):
        pass


def test_a_damaged_bundle_is_refused(star_model, table, tmp_path):
    shutil.copytree(star_model, tmp_path / "bundle")
    weights = next((tmp_path / "bundle").rglob("weights.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(FormatError, match="weights"):
        predict(tmp_path / "bundle", table, tmp_path / "out.vot")


def test_an_output_that_cannot_be_written_is_told_with_its_path(star_model, table, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises((OSError, AstrosweepError), match="file"):
        predict(star_model, table, tmp_path / "file" / "out.vot")


def test_a_disk_that_fills_is_told_with_the_path_and_the_command_completes_later(star_model, tmp_path):
    source = tmp_path / "in.csv"
    stars("cepheid", 3000, 35).to_csv(source, index=False)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"out\.vot"):
            predict(star_model, source, tmp_path / "out.vot")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert predict(star_model, source, tmp_path / "out.vot").counts.rows == 3000


KILLED = """
import os, signal, sys
from pathlib import Path
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.prediction import predict as module
from tests.prediction.models import predict

features, calls = RowPreparation.features, []

def killed(self, objects):
    calls.append(1)
    if len(calls) > 12:
        os.kill(os.getpid(), signal.SIGKILL)
    return features(self, objects)

module._PART = 20
RowPreparation.features = killed
predict(*map(Path, sys.argv[1:]))
"""


@pytest.mark.process
def test_after_a_kill_in_the_middle_the_same_command_completes(star_model, table, tmp_path):
    output = tmp_path / "out.vot"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    words = [sys.executable, "-c", KILLED, str(star_model), str(table), str(output)]
    assert subprocess.run(words, cwd=ROOT, env=environment, timeout=300).returncode == -signal.SIGKILL
    assert not output.exists()
    left = {path.name for path in tmp_path.iterdir()} - {"in.csv"}
    assert left  # It was killed while it wrote.
    assert predict(star_model, table, output).counts.rows == 60
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.vot"]
    assert len(Table.read(output)) == 60


def test_what_is_stopped_in_the_middle_leaves_nothing_under_the_final_name(
    star_model, table, tmp_path, monkeypatch
):
    features, calls = RowPreparation.features, []

    def stop(self, objects):
        calls.append(len(objects))
        if len(calls) > 4:
            raise KeyboardInterrupt
        return features(self, objects)

    monkeypatch.setattr(module, "_PART", 20)
    monkeypatch.setattr(RowPreparation, "features", stop)
    with pytest.raises(KeyboardInterrupt):
        predict(star_model, table, tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]
    monkeypatch.undo()
    assert predict(star_model, table, tmp_path / "out.csv").counts.rows == 60
