"""What is unlike the training objects is flagged, and what is like them is not."""

import numpy as np
import pandas as pd
import pytest

from astrosweep.core.types import Predictions
from astrosweep.data.incoming import Outgoing, Unlike
from astrosweep.data.kind import Judged
from astrosweep.data.space import Space, fit_space
from astrosweep.kinds.tables.groups import row_ranges
from astrosweep.kinds.tables.rows import Rows
from astrosweep.prediction.flags import (
    CLASS,
    DERIVED,
    DISAGREEMENT,
    MISSING,
    RANGE,
    SELECTION,
    WHOLE,
    flags_of,
)
from tests.prediction.models import make_model, opened, predict, stars


def share(model, frame, tmp_path, name="in"):
    frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
    summary = predict(model, tmp_path / f"{name}.parquet", tmp_path / f"{name}-out.parquet",
                      distance={"prior": "off"})  # fmt: skip
    return summary.counts.flagged / summary.counts.predicted


def test_fresh_stars_of_the_training_population_are_hardly_ever_flagged(star_model, tmp_path):
    assert share(star_model, stars("cepheid", 4000, 21), tmp_path) <= 0.05


@pytest.mark.parametrize("name", ["rrlyrae", "eclipsing_binary"])
def test_stars_of_another_class_are_flagged_even_without_their_class(star_model, tmp_path, name):
    other = stars(name, 1500, 22).drop(columns=["type_best_classification"], errors="ignore")
    other["mode_best_classification"] = "FUNDAMENTAL"
    share(star_model, other, tmp_path)
    reasons = pd.read_parquet(tmp_path / "in-out.parquet")["flag_reason"].fillna("")
    others = reasons.str.replace("no type_best_classification, which training rows have", "").str.strip("; ")
    assert (others != "").mean() >= 0.8


def test_stars_without_the_class_that_all_training_stars_have_are_flagged(star_model, tmp_path):
    fresh = stars("cepheid", 300, 27)
    assert share(star_model, fresh, tmp_path, "known") <= 0.05
    fresh.loc[:99, "type_best_classification"] = None
    assert share(star_model, fresh, tmp_path, "some") >= 1 / 3
    some = pd.read_parquet(tmp_path / "some-out.parquet")
    label = "no type_best_classification, which training rows have"
    assert some["flag_reason"].str.contains(label).tolist() == [True] * 100 + [False] * 200
    assert ((some["flag"] & MISSING) != 0).tolist() == [True] * 100 + [False] * 200
    fresh.drop(columns="type_best_classification").to_parquet(tmp_path / "lacking.parquet", index=False)
    lacking = predict(star_model, tmp_path / "lacking.parquet", tmp_path / "lacking-out.parquet")
    assert lacking.counts.flagged == 300


def test_stars_of_another_range_of_magnitudes_are_flagged(make_config, tmp_path):
    bright = make_model(make_config, "stars", tmp_path / "bright", "data.simulation.faint_limit_mag=12.0")
    fresh = stars("cepheid", 4000, 23)
    fainter = fresh[fresh["phot_g_mean_mag"] > 13.0]
    assert len(fainter) > 300
    assert share(bright, fainter, tmp_path, "fainter") >= 0.8
    assert share(bright, stars("cepheid", 3000, 26, faint_limit_mag=12.0), tmp_path, "fresh") <= 0.05


def test_a_single_run_flags_classes_and_ranges_by_its_preparation(star_model, tmp_path):
    run = star_model.parents[1] / "run-0"
    assert share(run, stars("cepheid", 2000, 24), tmp_path, "fresh") <= 0.05
    assert share(run, stars("rrlyrae", 500, 25), tmp_path, "other") >= 0.8


def test_a_bundle_of_an_earlier_version_flags_ranges_too():
    frame = pd.DataFrame({"x": np.linspace(0.0, 1.0, 500), "c": ["a", "b"] * 250})
    old = {
        key: value
        for key, value in row_ranges(Rows(np.arange(500), frame)).items()
        if key in ("features", "classes")
    }
    from astrosweep.kinds.tables.unlike import unlike_rows

    rows = Rows(np.arange(4), pd.DataFrame({"x": [0.5, 1.05, 1.2, np.nan], "c": ["a", "b", "a", "z"]}))
    found = unlike_rows(None, rows, old)
    labels = dict(zip(found.labels, found.found.T.tolist(), strict=True))
    assert labels["a c that no training row has"] == [False, False, False, True]
    assert labels["no x, which training rows have"] == [False, False, False, True]
    assert [any(row) for row in found.found] == [False, False, True, True]
    assert np.isnan(found.distance).all()


def test_the_space_is_read_back_and_sees_what_no_single_column_shows():
    rng = np.random.default_rng(0)
    x = rng.lognormal(size=3000)
    frame = pd.DataFrame({"x": x, "y": np.log(x) + rng.normal(0.0, 0.05, 3000)})
    space = fit_space(frame)
    again = Space.from_dict(space.as_dict())
    odd = pd.DataFrame({"x": [1.0, np.exp(1.0)], "y": [0.0, -1.0]})  # each number is an ordinary one
    np.testing.assert_array_equal(space.distances(odd), again.distances(odd))
    usual, unusual = space.distances(odd)
    assert usual < 1.0 < 3.0 < unusual
    fresh_x = rng.lognormal(size=3000)
    fresh = pd.DataFrame({"x": fresh_x, "y": np.log(fresh_x) + rng.normal(0.0, 0.05, 3000)})
    assert 0.002 < (space.distances(fresh) > 1.0).mean() < 0.03


def outgoing_of(aleatoric, epistemic):
    n = len(aleatoric)
    column = np.ones((n, 1))
    judged = Judged(np.arange(n), Predictions(np.arange(n), column, column), None, column, column)
    parts = (np.array(one, dtype=np.float64)[:, None] for one in (aleatoric, epistemic))
    return Outgoing(judged, *parts, np.ones((4, n, 1)))


def test_codes_add_up_and_reasons_are_joined():
    unlike = Unlike(
        ("range", "class", "whole"),
        ("x above 1", "a c that no training row has", "far off"),
        np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [0, 0, 0]], dtype=bool),
        np.array([2.0, 0.5, 0.1, 0.1]),
    )
    remarks = np.array(["", "y outside 0 to 1", "", ""], dtype=object)
    derived = np.array(["", "", "", "no distance"], dtype=object)
    flags = flags_of(outgoing_of([1, 1, 1, 1], [0.1, 0.1, 0.9, 0.1]), unlike, 0.5, remarks, derived)
    assert flags.code.tolist() == [RANGE + WHOLE, CLASS + SELECTION, DISAGREEMENT, DERIVED]
    assert flags.reason[0] == "x above 1; far off"
    assert flags.reason[1].startswith("a c that no training row has; outside the selection")
    assert flags.reason[3] == "no distance"


def test_the_usual_disagreement_is_that_of_objects_that_networks_had_not_seen(star_model):
    model = opened(star_model)
    known = model.validation
    ratio = known.epistemic[:, 0] / known.aleatoric[:, 0]
    assert 0.0 < (ratio > model.disagreement).mean() + 1e-9 <= 0.006 or model.disagreement >= ratio.max()
