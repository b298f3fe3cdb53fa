"""Every fitted step sees training rows only; each step does what its name says."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrosweep.config import TargetTransformConfig
from astrosweep.core.errors import DataError, LeakageError
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.tables.preparation import load_row_preparation
from astrosweep.kinds.tables.prepare import CORRELATION, prepare
from tests.conftest import develop_stars, make_table


def prepared(make_config, *overrides, table=None):
    config = make_config("data=cepheid", *overrides)
    development = develop_stars(config, table)
    return development, prepare(development, 0, config.data.preparation)


@pytest.mark.parametrize("scaling", ["none", "standard", "robust", "quantile"])
@pytest.mark.parametrize("imputation", ["median", "mean"])
def test_nothing_is_fitted_on_validation_or_test_rows(scaling, imputation, make_config):
    options = (f"data.preparation.scaling={scaling}", f"data.preparation.imputation={imputation}")
    development, first = prepared(make_config, *options)
    labelled, sealed = development.labelled, development.sealed
    frame, validates = labelled.objects.frame.copy(), development.fold == 0
    frame.loc[validates, ["bp_rp", "phot_g_mean_mag"]] = 1e6
    frame.loc[validates, "mode_best_classification"] = "UNHEARD_OF"
    truth = dataclasses.replace(
        labelled.truth,
        target=np.where(validates, 1e6, labelled.truth.target),
        error=np.where(validates, 1e6, labelled.truth.error),
    )
    changed = dataclasses.replace(
        development,
        labelled=dataclasses.replace(
            labelled, objects=dataclasses.replace(labelled.objects, frame=frame), truth=truth
        ),
        sealed=dataclasses.replace(sealed, frame=sealed.frame.assign(bp_rp=np.nan)),
    )
    config = make_config("data=cepheid", *options)
    second = prepare(changed, 0, config.data.preparation)
    assert np.array_equal(first.fold.train.features, second.fold.train.features)
    assert np.array_equal(first.fold.train.target_error, second.fold.train.target_error)
    before, after = first.preparation, second.preparation
    assert before.feature_names == after.feature_names
    assert before.transform == after.transform
    assert before.typical_error == after.typical_error
    assert np.array_equal(before.low, after.low)
    assert np.array_equal(before.high, after.high)
    assert first.checks[CORRELATION].equals(second.checks[CORRELATION])


def test_standard_scaling_of_training_rows(make_config):
    _, fold = prepared(make_config)
    index = fold.preparation.feature_names.index("phot_g_mean_mag")
    column = fold.fold.train.features[:, index]
    assert column.mean() == pytest.approx(0, abs=1e-5)
    assert column.std() == pytest.approx(1, abs=1e-5)


def test_missing_values_are_filled_and_marked(make_config):
    table = make_table()
    table.frame.loc[::4, "bp_rp"] = np.nan
    development, fold = prepared(make_config, "data.preparation.scaling=none", table=table)
    names = fold.preparation.feature_names
    filled, mark = (fold.fold.train.features[:, names.index(name)] for name in ("bp_rp", "bp_rp_missing"))
    training = development.labelled.objects.frame[development.fold != 0]["bp_rp"]
    assert np.array_equal(mark == 1, training.isna())
    assert filled[mark == 1] == pytest.approx(training.median())
    assert fold.facts["values_filled"]["bp_rp"] == training.isna().sum()
    _, without = prepared(make_config, "data.preparation.indicators=false", table=table)
    assert "bp_rp_missing" not in without.preparation.feature_names


def test_classes_become_columns_and_missing_is_a_class(make_config):
    table = make_table()
    table.frame.loc[::5, "mode_best_classification"] = None
    _, fold = prepared(make_config, table=table)
    columns = [name for name in fold.preparation.feature_names if name.startswith("mode_best")]
    assert [name.removeprefix("mode_best_classification_") for name in columns] == [
        "FIRST_OVERTONE",
        "FUNDAMENTAL",
        "unknown",
    ]
    indices = [fold.preparation.feature_names.index(name) for name in columns]
    assert (fold.fold.train.features[:, indices].sum(axis=1) == 1).all()


def test_outliers_leave_training_rows_only(make_config):
    table = make_table()
    wild = table.frame.index[::10]
    table.frame.loc[wild, "bp_rp"] = 500.0
    table.frame.loc[wild[::2], "phot_g_mean_mag"] = 500.0  # a row that is wild twice is removed once
    development, fold = prepared(make_config, table=table)
    is_wild = (development.labelled.objects.frame["bp_rp"] == 500.0).to_numpy()
    in_train, in_val = (development.fold != 0) & is_wild, (development.fold == 0) & is_wild
    assert in_val.sum() > 3
    twice = in_train & (development.labelled.objects.frame["phot_g_mean_mag"] == 500.0).to_numpy()
    assert 0 < twice.sum() < in_train.sum()
    assert fold.facts["outliers_removed"] == {"bp_rp": in_train.sum(), "phot_g_mean_mag": twice.sum()}
    assert len(fold.fold.train) == (development.fold != 0).sum() - in_train.sum()
    assert len(fold.fold.val) == (development.fold == 0).sum()


def test_of_two_repeating_features_the_one_closer_to_the_target_stays(make_config):
    table = make_table()
    noise = np.random.default_rng(5).normal(0, 0.05, 400)
    table.frame["zp_mag_g"] = table.frame["phot_g_mean_mag"] + noise
    _, fold = prepared(
        make_config,
        "data.preparation.correlation.threshold=0.98",
        "data.features.required=[phot_g_mean_mag,zp_mag_g]",
        "data.features.optional=[log_pf]",
        table=table,
    )
    assert list(fold.facts["correlated_features_dropped"]) == ["zp_mag_g"]
    assert "phot_g_mean_mag" in fold.facts["correlated_features_dropped"]["zp_mag_g"]
    assert fold.checks[CORRELATION].columns[-1] == "parallax"
    assert "zp_mag_g" in fold.checks[CORRELATION].columns


def test_a_copy_of_the_target_is_refused_by_its_values(make_config):
    table = make_table()
    table.frame["innocent"] = -np.log(table.frame["parallax"].clip(lower=1e-3))
    options = ("data.features.required=[phot_g_mean_mag,innocent]",)
    with pytest.raises(LeakageError, match=r"innocent \(Spearman"):
        prepared(make_config, *options, table=table)


def test_constant_features_are_dropped_and_no_feature_left_is_an_error(make_config):
    table = make_table(flat=np.ones(400))
    _, fold = prepared(make_config, "data.features.required=[phot_g_mean_mag,flat]", table=table)
    assert fold.facts["constant_features_dropped"] == ["flat"]
    with pytest.raises(DataError, match="No feature is left"):
        prepared(make_config, "data.features.required=[flat]", "data.features.optional=[]", table=table)


def test_outliers_that_take_all_rows_are_an_error(make_config):
    table = make_table()
    with pytest.raises(DataError, match=r"No training rows are left after the step 'outliers' \(method=mad"):
        prepared(make_config, "data.preparation.outliers.threshold=1e-9", table=table)


def test_saved_preparation_gives_the_same_features_without_pickle(make_config, tmp_path):
    development, fold = prepared(make_config, "data.preparation.scaling=quantile")
    fold.preparation.save(tmp_path)
    loaded = load_row_preparation(tmp_path)
    assert np.array_equal(loaded.features(development.sealed), fold.fold.test.features)
    assert loaded.feature_names == fold.preparation.feature_names
    assert loaded.transform == fold.preparation.transform


@pytest.mark.parametrize("name", ["none", "log", "asinh"])
@given(values=st.lists(st.floats(1e-3, 50), min_size=2, max_size=30))
def test_target_transform_is_exactly_invertible(name, values):
    y = np.array(values)[:, None]
    transform = TargetTransform.fit(y, TargetTransformConfig(name=name))
    assert transform.inverse(transform.forward(y)) == pytest.approx(y, rel=1e-12)


@pytest.mark.parametrize("name", ["none", "log", "asinh"])
def test_slope_is_the_derivative_of_the_inverse(name):
    y = np.random.default_rng(0).lognormal(size=(50, 1))
    transform = TargetTransform.fit(y, TargetTransformConfig(name=name))
    z, step = transform.forward(y), 1e-6
    numeric = (transform.inverse(z + step) - transform.inverse(z - step)) / (2 * step)
    assert transform.slope(z) == pytest.approx(numeric, rel=1e-6)


def test_asinh_takes_negative_targets():
    y = np.array([[-0.3], [0.0], [2.0]])
    transform = TargetTransform.fit(y, TargetTransformConfig(name="asinh"))
    assert transform.inverse(transform.forward(y)) == pytest.approx(y, abs=1e-12)


def test_unknown_target_errors_take_the_typical_known_one(make_config):
    table = make_table()
    table.frame["parallax_error"] = np.where(np.arange(400) % 2, 0.05, np.nan)
    _, fold = prepared(make_config, table=table)
    assert set(np.unique(fold.fold.train.target_error)) == {0.05}
    assert fold.facts["unknown_errors_filled"]["value"] == 0.05
    assert fold.facts["unknown_errors_filled"]["train"] > 100
    _, none = prepared(make_config, table=make_table(parallax_error=np.nan))
    assert (none.fold.train.target_error == 0).all()


def test_sentinels_and_huge_values_of_unseen_rows_are_clipped_and_counted(make_config):
    table = make_table()
    table.frame.loc[5::20, "bp_rp"] = 99.999
    table.frame.loc[6::20, "ruwe"] = 1e300
    development, fold = prepared(
        make_config,
        "data.features.optional=[bp_rp,ruwe]",
        "data.preparation.outliers.method=mad",
        table=table,
    )
    for part in (fold.fold.val.features, fold.fold.test.features):
        assert np.isfinite(part).all()
        assert np.abs(part).max() < 30
    raw = development.labelled.objects.frame[development.fold == 0]
    assert (
        fold.facts["rows_with_inputs_clipped"]["val"] >= ((raw["bp_rp"] > 90) | (raw["ruwe"] > 1e3)).sum() > 0
    )


@pytest.mark.parametrize("hide", ["inverse", "mostly_missing", "absolute"])
def test_a_copy_of_the_target_is_refused_in_disguise(hide, make_config):
    table = make_table(1000)
    parallax = table.frame["parallax"]
    copies = {
        "inverse": 1 / parallax,
        "mostly_missing": parallax.where(np.arange(1000) % 10 == 0),
        "absolute": parallax * np.where(np.arange(1000) % 2, 1, -1),
    }
    table.frame["innocent"] = copies[hide]
    if hide == "inverse":
        table.frame.loc[::50, "parallax"] *= -1
        table.frame["innocent"] = 1 / table.frame["parallax"]
    with pytest.raises(LeakageError, match=r"innocent \(Spearman"):
        prepared(make_config, "data.features.required=[phot_g_mean_mag,innocent]", table=table)


def test_log_without_positive_targets_is_refused():
    with pytest.raises(DataError, match="none of the 3 training targets is positive"):
        TargetTransform.fit(np.array([[-1.0], [-2.0], [0.0]]), TargetTransformConfig(name="log"))
