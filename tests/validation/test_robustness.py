"""What changed inputs do to a line whose slope is known."""

import numpy as np
import pytest

from astrosweep.validation.robustness import robustness
from astrosweep.validation.seeds import seeds_of
from tests.validation.lines import ERROR, SCATTER, SLOPE, fresh_of, line_subject, write_line


@pytest.fixture(scope="module")
def robust(subject, fresh):
    return robustness(subject, fresh, repeats=4, draws=300, seed=0)


def x_of(fresh):
    return fresh.examined.labelled.objects.frame["x"].to_numpy()


def test_predictions_move_by_the_slope_times_the_error(robust, fresh):
    one = robust.perturbation
    assert one.moved == pytest.approx(SLOPE * ERROR, rel=0.03)
    # |N(0, 1)| has the median 0.6745; the networks disagree by 0.1 besides the scatter.
    assert one.moved_sigma == pytest.approx(0.6745 * SLOPE * ERROR / np.hypot(SCATTER, 0.1), rel=0.05)
    assert one.n == len(fresh) == 2000


def test_the_rmse_grows_by_that_in_quadrature(robust):
    before = robust.perturbation.before["rmse"].value
    assert before == pytest.approx(SCATTER, rel=0.05)
    after = before + robust.perturbation.change["rmse"].value
    assert after == pytest.approx(np.hypot(before, SLOPE * ERROR), rel=0.03)


def test_what_inputs_were_moved_by_is_said(robust):
    assert robust.perturbation.errors["x"] == "catalogue errors of x"
    assert robust.perturbation.errors["y"].startswith("no errors in the table: 1% of its standard deviation")
    assert robust.perturbation.errors["kind"] == "a class, not changed"


def test_only_the_input_that_the_target_depends_on_is_important(robust):
    first, *others = robust.importances
    assert (first.name, first.rank) == ("x", 1)
    assert sorted(one.name for one in others) == ["kind", "y"]
    for one in others:
        assert (one.moved, one.permuted["rmse"].value, one.permuted["rmse"].high) == (0.0, 0.0, 0.0)
        assert (one.removed["rmse"].value, one.removed["rmse"].low) == (0.0, 0.0)


def test_an_input_of_another_object_is_off_by_root_two_slopes(robust, fresh):
    first, before = robust.importances[0], robust.perturbation.before["rmse"].value
    width = SLOPE * x_of(fresh).std()
    after = before + first.permuted["rmse"].value
    assert after == pytest.approx(np.hypot(np.sqrt(2.0) * width, before), rel=0.02)
    assert first.moved == pytest.approx(np.sqrt(2.0) * width, rel=0.02)


def test_a_missing_input_is_filled_in_with_the_median_of_the_training(robust, fresh):
    before = robust.perturbation.before["rmse"].value
    after = before + robust.importances[0].removed["rmse"].value
    assert after == pytest.approx(np.hypot(SLOPE * x_of(fresh).std(), before), rel=0.03)


def test_errors_of_columns_reach_inputs_that_are_computed_from_them(make_config, tmp_path):
    """x - y where x errs by 0.1 and y by 0.2: together by their root sum of squares, whatever the name."""
    more = ("data.columns={d: x - y}", "data.features.columns=[d,x]", "data.features.classes=[]")
    subject = line_subject(make_config, tmp_path, *more, networks=1)
    fresh = fresh_of(subject, write_line(tmp_path / "fresh.csv", n=3000, seed=3, e_y=0.2))
    moved = fresh.examined.perturbed(np.random.default_rng(0)).frame - fresh.examined.labelled.objects.frame
    assert moved["d"].std() == pytest.approx(np.hypot(0.1, 0.2), rel=0.05)
    assert moved["x"].std() == pytest.approx(0.1, rel=0.05)
    assert fresh.examined.errors["d"] == "catalogue errors of x, y"


def test_unknown_errors_move_nothing(make_config, tmp_path):
    subject = line_subject(make_config, tmp_path, networks=1)
    error = np.where(np.arange(400) < 200, 0.1, np.nan)
    fresh = fresh_of(subject, write_line(tmp_path / "fresh.csv", seed=3, x_error=error))
    moved = fresh.examined.perturbed(np.random.default_rng(0)).frame["x"] - x_of(fresh)
    assert (moved.to_numpy()[200:] == 0.0).all()
    assert (moved.to_numpy()[:200] != 0.0).all()


def test_networks_that_err_by_a_tenth_to_either_side(subject, fresh):
    found = seeds_of(subject, fresh)
    bias = np.array([one.rmse**2 for one in found.networks]) - found.together**2
    np.testing.assert_allclose(bias.sum() / 2.0, 0.1**2, rtol=1e-6)
    assert [one.name for one in found.networks] == ["net-0.1", "net+0.1"]
    assert found.disagreement == pytest.approx(0.1 / np.hypot(0.1, SCATTER))
    assert found.spread == pytest.approx(np.std([one.rmse for one in found.networks], ddof=1))
