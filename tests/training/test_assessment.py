"""Predictions of all folds become one set: aligned with their objects, calibrated, scored, tabulated."""

import dataclasses

import numpy as np
import pytest

from astrosweep.config.kinds.clusters import TARGET_KEYS
from astrosweep.core.types import Predictions
from astrosweep.training.assessment import assess
from astrosweep.training.calibration import fit_factor
from astrosweep.training.fit import FitResult
from tests.conftest import make_table, prepared_data, prepared_stars
from tests.kinds.clusters.simulated import blanked, developed, simulated, with_profiles

STD = 0.1
OFFSETS = (0.01, 0.02, 0.04)
"""What each fold's predictions are above the targets, in the unit in which networks learn."""


def fits_of(data, offsets=OFFSETS):
    """Fits that predict every labelled object a stated amount too high, and sealed ones as 1."""

    def above(part, offset):
        shape = part.target.shape
        known = np.where(np.isnan(part.target), 0.0, part.target)
        return Predictions(part.ids, known + offset, np.full(shape, STD))

    fits = []
    for prepared, offset in zip(data.folds, offsets, strict=True):
        fold = prepared.fold
        sealed = np.ones((len(fold.test), fold.layout.n_targets))
        fits.append(
            FitResult(
                state={},
                curves={"val/loss": [1.0]},
                best_epoch=0,
                train=above(fold.train, 10.0 * offset),
                val=above(fold.val, offset),
                test=Predictions(fold.test.ids, sealed, STD * sealed),
                n_parameters=1,
                time_s=1.0,
            )
        )
    return fits


@pytest.fixture(scope="module")
def stars(make_config):
    return prepared_stars(make_config("data=cepheid", "split=kfold", "split.n_folds=3"))


@pytest.fixture(scope="module", params=["values", "radii_and_values"])
def clusters(request, make_config):
    config = make_config(
        "data=cluster",
        "target=density",
        "split=kfold",
        "split.n_folds=3",
        f"data.preparation.output={request.param}",
    )
    sample = with_profiles(simulated(60), "ne3d", blanked(slice(0, 60, 7), radius=True))
    return sample, prepared_data(config, developed(config, sample))


def scored(data):
    """What the kind is asked to score: labelled objects of each fold's training, and all out-of-fold ones."""
    seen = []

    class Listening(type(data.kind)):
        def score(self, preparation, judged, *, by_class):
            seen.append((by_class, judged))
            return super().score(preparation, judged, by_class=by_class)

    assess(dataclasses.replace(data, kind=Listening()), fits_of(data))
    return seen


def factor_for(*others):
    """The factor that residuals of these offsets give, as many of each."""
    residual = np.repeat(others, 100)
    return fit_factor(residual, np.zeros_like(residual), np.full_like(residual, STD))


def test_what_is_scored_are_objects_beside_their_own_truth(stars, clusters):
    sample, of_clusters = clusters
    table = make_table().frame.set_index("source_id")
    for data in (stars, of_clusters):
        *train, (by_class, val) = scored(data)
        assert by_class
        assert not any(by_class for by_class, _ in train)
        labelled = np.concatenate([prepared.val.objects.ids for prepared in data.folds])
        np.testing.assert_array_equal(val.objects.ids, labelled)
        for judged in (val, *(judged for _, judged in train)):
            np.testing.assert_array_equal(judged.predicted.ids, judged.objects.ids)
            ids = judged.objects.ids
            if data is stars:
                own = table.loc[ids]
                np.testing.assert_array_equal(judged.objects.frame["bp_rp"], own["bp_rp"])
                np.testing.assert_array_equal(judged.truth.target, own["parallax"])
                np.testing.assert_array_equal(judged.truth.error, own["parallax_error"])
                np.testing.assert_array_equal(judged.target[:, 0], own["parallax"])
                continue
            np.testing.assert_array_equal(judged.objects.r500_kpc, sample.objects.r500_kpc[ids])
            own, true = sample.truth.profiles["ne3d"].value[ids], judged.truth.profiles["ne3d"]
            np.testing.assert_array_equal(true.value, own)
            np.testing.assert_array_equal(true.radius, sample.truth.profiles["ne3d"].radius[ids])
            columns = data.folds[0].preparation.columns_of("density")
            np.testing.assert_allclose(judged.target[:, columns], np.log(own), rtol=1e-9)


def test_profiles_of_all_folds_are_pooled_beside_their_own_clusters(clusters):
    sample, data = clusters
    found = assess(data, fits_of(data))
    val = found.predictions[found.predictions["part"] == "val"]
    truth = sample.truth.profiles[TARGET_KEYS["density"]].value
    labelled = np.concatenate([prepared.val.objects.ids for prepared in data.folds])
    assert sorted(labelled) == sorted(set(val["cluster_id"]))
    assert len(labelled) == found.metrics["val/n"] == 60 - data.report.parts["test"]
    for k, prepared in enumerate(data.folds):
        rows = val[val["fold"] == k]
        ids = prepared.val.objects.ids
        np.testing.assert_array_equal(rows["cluster_id"], np.repeat(ids, 100))
        np.testing.assert_array_equal(rows["cluster"], np.repeat(sample.objects.names[ids], 100))
        np.testing.assert_allclose(rows["true"], truth[ids].ravel(), rtol=1e-9)
        known = rows["true"].notna()
        assert (known == ~np.repeat(np.isin(ids, range(0, 60, 7)), 100)).all()
        ratio = (rows["predicted"] / rows["true"])[known]
        np.testing.assert_allclose(ratio, np.exp(OFFSETS[k]), rtol=1e-9)


def test_metrics_of_profiles_are_those_of_all_folds_together(clusters):
    _, data = clusters
    found = assess(data, fits_of(data)).metrics
    offset_of = {
        cluster: OFFSETS[k]
        for k, prepared in enumerate(data.folds)
        for cluster in prepared.val.objects.ids
        if cluster % 7
    }
    errors = np.expm1(list(offset_of.values()))
    assert found["val/density/median_relative_error"] == pytest.approx(np.median(errors))
    assert found["val/density/p90_relative_error"] == pytest.approx(np.percentile(errors, 90))
    assert found["val/density/relative_bias"] == pytest.approx(np.median(errors))
    columns = data.folds[0].preparation.columns_of("density")
    width = np.broadcast_to(data.folds[0].fold.transform.width, (columns.stop,))[columns]
    difference = np.mean([np.mean(offset / width) for offset in offset_of.values()])
    assert found["val/density/mean_difference_values"] == pytest.approx(-difference)
    of_train = [np.expm1(10 * offset) for offset in OFFSETS]
    assert found["train/density/median_relative_error"] == pytest.approx(np.mean(of_train))


def test_each_profile_is_judged_by_factors_of_the_other_folds(clusters):
    _, data = clusters
    found = assess(data, fits_of(data))
    val = found.predictions[found.predictions["part"] == "val"]
    for k, expected in enumerate([factor_for(0.02, 0.04), factor_for(0.01, 0.04), factor_for(0.01, 0.02)]):
        rows = val[(val["fold"] == k) & val["true"].notna()]
        np.testing.assert_allclose(np.log(rows["upper_68"] / rows["predicted"]), expected * STD, rtol=1e-6)
    sealed = found.predictions[found.predictions["part"] == "test"]
    assert found.factor.shape == (data.folds[0].fold.layout.n_targets,)
    factor = found.factor[data.folds[0].preparation.columns_of("density")]
    interval = np.log(sealed["upper_68"] / sealed["predicted"]).to_numpy().reshape(-1, 100)
    np.testing.assert_allclose(interval, np.broadcast_to(factor * STD, interval.shape), rtol=1e-6)


def test_stars_of_all_folds_are_pooled_beside_their_own_rows(stars):
    table = make_table().frame.set_index("source_id")
    found = assess(stars, fits_of(stars))
    val = found.predictions[found.predictions["part"] == "val"].set_index("source_id")
    own = table.loc[val.index]
    np.testing.assert_array_equal(val["parallax"], own["parallax"])
    np.testing.assert_array_equal(val["mode_best_classification"], own["mode_best_classification"])
    offset = np.array(OFFSETS)[val["fold"]]
    np.testing.assert_allclose(val["parallax_predicted"] - val["parallax"], offset)
    assert found.metrics["val/n"] == len(val) == 400 - stars.report.parts["test"]
    assert found.metrics["val/bias"] == pytest.approx(offset.mean())
    assert found.metrics["val/rmse"] == pytest.approx(np.sqrt(np.mean(offset**2)))
    assert found.metrics["train/bias"] == pytest.approx(10 * np.mean(OFFSETS))
    for label in ("FUNDAMENTAL", "FIRST_OVERTONE"):
        rows = (own["mode_best_classification"] == label).to_numpy()
        of_class = f"val/mode_best_classification.{label}"
        assert found.metrics[f"{of_class}/n"] == rows.sum()
        assert found.metrics[f"{of_class}/mae"] == pytest.approx(offset[rows].mean())


def test_a_star_is_judged_by_the_factor_of_the_other_folds_or_of_the_other_half(stars, make_config):
    found = assess(stars, fits_of(stars)).predictions
    val = found[found["part"] == "val"]
    residual, error = val["parallax"] - val["parallax_predicted"], val["parallax_error"]
    for k in range(3):
        own = (val["fold"] == k).to_numpy()
        others = np.full(int((~own).sum()), STD)
        expected = fit_factor(residual[~own].to_numpy(), error[~own].to_numpy(), others)
        np.testing.assert_allclose(val.loc[own, "parallax_uncertainty"], expected * STD)

    holdout = prepared_stars(make_config("data=cepheid"))
    (fit,) = fits_of(holdout, (0.03,))
    even = np.arange(len(fit.val.mean)) % 2 == 0
    mean = fit.val.mean + np.where(even, 0.0, 0.5)[:, None]
    fit = dataclasses.replace(fit, val=dataclasses.replace(fit.val, mean=mean))
    found = assess(holdout, [fit]).predictions
    std = found.loc[found["part"] == "val", "parallax_uncertainty"].to_numpy()
    np.testing.assert_allclose(std[even], np.sqrt(0.53**2 - 0.02**2))
    np.testing.assert_allclose(std[~even], np.sqrt(0.03**2 - 0.02**2))


def test_a_training_that_was_ended_is_assessed_by_the_folds_that_it_has(stars):
    found = assess(stars, fits_of(stars)[:2])
    assert set(found.predictions["fold"]) == {0, 1}
    sizes = [len(prepared.val) for prepared in stars.folds[:2]]
    assert found.metrics["val/n"] == sum(sizes)
    assert found.metrics["val/bias"] == pytest.approx(np.average(OFFSETS[:2], weights=sizes))


def test_the_table_has_the_parts_that_its_kind_keeps(stars, clusters):
    for data, parts in ((stars, ["train", "val", "test"]), (clusters[1], ["val", "test"])):
        table = assess(data, fits_of(data)).predictions
        assert list(dict.fromkeys(table["part"])) == parts
        assert list(table.columns[1:3]) == ["part", "fold"]
