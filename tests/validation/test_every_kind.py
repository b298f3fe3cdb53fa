"""One path for every kind of data: profiles and rows by models that nobody trained, from file to report."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from astrosweep.core.types import Predictions
from astrosweep.ensemble.bundle.members import Predictor
from astrosweep.ensemble.mixture import Mixture
from astrosweep.kinds import kind_of
from astrosweep.kinds.clusters.profiles.write import write_sample
from astrosweep.prediction.model import Model
from astrosweep.validation.effect import FRESH
from astrosweep.validation.findings import Validation
from astrosweep.validation.report import headlines, write_report
from astrosweep.validation.subject import Size, Subject
from astrosweep.validation.validate import examine
from tests.kinds.clusters.simulated import prepared, simulated
from tests.validation.lines import command, line_subject, write_line


def examined(subject: Subject, source: Path, to: Path) -> tuple[Validation, str]:
    found = examine(subject, command("made", source, draws=100, repeats=1), lambda step: None)
    to.mkdir()
    page, *_ = write_report(to, found)
    return found, page.read_text()


def average(make_config: Any) -> Subject:
    """Says of every cluster what training clusters are on average, and so is one standard deviation off."""
    config = make_config("data=cluster")
    preparation = prepared(simulated()).preparation
    transform, n_targets = preparation.transform, preparation.layout.n_targets

    def predict(objects: Any, features: Any) -> Predictions:
        shape = (len(objects), n_targets)
        mean, std = (np.broadcast_to(one, shape) for one in (transform.loc, transform.width))
        return Predictions(objects.ids, mean.copy(), std.copy())

    model = Model(
        name="average", version="", fingerprint="0" * 64, runs=(), data_fingerprint="", config=config,
        networks=(Predictor("average", 1.0, preparation, predict),), mixture=Mixture(np.ones(1)),
        calibration=None, ranges=kind_of(config).ranges(simulated().objects), validation=None,
        disagreement=None,
    )  # fmt: skip
    return Subject(model, None, Size(1, 10, 5))


def test_profiles_from_their_tables_to_the_page(make_config, tmp_path):
    write_sample(simulated(24, seed=9), tmp_path / "tables")
    found, page = examined(average(make_config), tmp_path / "tables", tmp_path / "out")
    lines = {line.channel: line for line in found.effectiveness.lines if line.objects == FRESH}
    assert list(lines) == ["", "pressure", "density", "temperature"]
    assert all(line.n == 24 for line in lines.values())
    assert lines[""].metrics["rmse"].value == pytest.approx(1.0, abs=0.25)
    assert lines[""].metrics["r2"].value < 0.1
    assert {one.name for one in found.robustness.importances} >= {"sb", "Txray", "y143GHz"}
    assert all(one.permuted["rmse"].value == one.moved == 0.0 for one in found.robustness.importances)
    assert found.robustness.perturbation.errors["sb"] == "errors of the observed profile"
    assert any("AstroClass" in one.study for one in found.effectiveness.published)
    assert "-0.07465" in page  # published mean difference of the pressure
    own = found.effectiveness.own_intervals["pressure/median_relative_error"]
    assert own.low <= own.value <= own.high
    assert any(line.startswith("fresh objects: RMSE") for line in headlines(found))


def test_rows_from_their_table_to_the_page(make_config, tmp_path):
    subject = line_subject(make_config, tmp_path)
    source = write_line(tmp_path / "fresh.csv", n=200, seed=5, kind="<b>odd & class</b>")
    found, page = examined(subject, source, tmp_path / "out")
    (line,) = found.effectiveness.lines
    assert line.metrics["rmse"].value == pytest.approx(0.5, rel=0.15)
    assert found.robustness.importances[0].name == "x"
    assert {group.variable for group in found.groups} == {"kind", "predicted z", "observed z"}
    moved = {one.name: one for one in found.shifts}
    assert moved["kind"].value == pytest.approx(1.0)
    assert moved["kind"].p < 1e-6
    assert moved["x"].value < 0.15
    assert found.flags["any"] == 1.0
    assert {one.sort for one in found.card.limits} >= {"shift", "flags"}
    assert "<b>odd" not in page
    assert "&lt;b&gt;odd &amp; class" in page
    assert "<b>odd" not in (tmp_path / "out" / "model_card.md").read_text()
