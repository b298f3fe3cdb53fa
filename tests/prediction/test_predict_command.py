"""``predict.py`` as a process: several inputs at once, one output each, and the exit code."""

import subprocess
import sys

import pytest
from astropy.table import Table

from tests.conftest import ROOT
from tests.prediction.models import stars

pytestmark = pytest.mark.process


def predict_py(folder, *words):
    return subprocess.run(
        [sys.executable, str(ROOT / "predict.py"), *words, "tracking=none", "distance.prior=off"],
        cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_jobs_write_one_output_each_and_a_faulty_one_does_not_stop_the_others(star_model, tmp_path):
    for name, n in (("a", 20), ("c", 30)):
        stars("cepheid", n, 41).to_csv(tmp_path / f"{name}.csv", index=False)
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    done = predict_py(tmp_path, "-m", f"model={star_model}", "input=a.csv,b.csv,c.csv", "output=out")
    assert done.returncode == 1
    assert "no usable column" in done.stdout + done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.vot", "c.vot"]
    assert [len(Table.read(tmp_path / "out" / f"{name}.vot")) for name in "ac"] == [20, 30]
    again = predict_py(tmp_path, f"model={star_model}", "input=[a.csv,c.csv]", "output=out")
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("finished before") == 2
    assert "Table.read" in again.stdout


def test_a_launcher_goes_on_after_a_job_that_was_killed(star_model, tmp_path):
    for name in "ab":
        stars("cepheid", 20, 42).to_csv(tmp_path / f"{name}.csv", index=False)
    out = tmp_path / "out"
    assert predict_py(tmp_path, f"model={star_model}", "input=[a.csv]", "output=out/").returncode == 0
    before = (out / "a.vot").stat().st_mtime_ns
    (out / ".b.vot.unfinished").write_bytes(b"half a table")
    words = ("-m", f"model={star_model}", "input=a.csv,b.csv", "output=out/", "hydra/launcher=joblib")
    done = predict_py(tmp_path, *words, "hydra.launcher.n_jobs=2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["a.vot", "b.vot"]
    assert (out / "a.vot").stat().st_mtime_ns == before
    assert len(Table.read(out / "b.vot")) == 20
