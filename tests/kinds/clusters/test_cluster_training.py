"""Short real trainings on clusters: metrics, calibration, predictions, further samples."""

import numpy as np
import pytest

from astrosweep.core.types import Unlabelled
from astrosweep.training import predict
from tests.kinds.clusters.simulated import ALL, blanked, simulated, trained, with_profiles

pytestmark = pytest.mark.process  # heavy: it trains

QUICK = ("data=cluster", "trainer.progress=false", "trainer.accelerator=cpu", "trainer.max_epochs=8")
SMALL = ("model=encoder_decoder_1d", "model.latent_dim=64", "model.encoder_channels=[8,16]")
DEPROJECTOR = ("model=deprojector", "model.width=32", "loss=gaussian_nll", "optimizer.lr=3e-4")
COLUMNS = [
    "cluster", "part", "fold", "cluster_id", "target", "radius_kpc", "radius_scaled", "true", "predicted",
    "lower_68", "upper_68", "lower_95", "upper_95",
]  # fmt: skip
RELATIVE = (
    "median_relative_error", "p90_relative_error", "pooled_median_relative_error",
    "pooled_p90_relative_error", "relative_bias",
)  # fmt: skip
INTERVALS = ("coverage_68", "coverage_95", "reduced_chi2")
DIFFERENCES = ("mean_difference", "mean_absolute_difference", "mse", "rmse")


def names(targets, *, radii):
    expected = {"mse", "rmse", "mae", "bias", "r2", "n", *INTERVALS}
    expected |= {"ideal_gas_deviation"} if targets == ALL and not radii else set()
    for target in targets:
        expected |= {f"{target}/{name}" for name in (*RELATIVE, *INTERVALS)}
        for part in ("values", "radii") if radii else ("values",):
            expected |= {f"{target}/{name}_{part}" for name in DIFFERENCES}
    return expected


@pytest.fixture(scope="module")
def deprojected(make_config):
    config = make_config(*QUICK, *DEPROJECTOR)
    return config, trained(config, simulated(200))


def test_a_deprojector_beats_the_mean_by_far(deprojected):
    _, result = deprojected
    fold = result.prepared[0].fold
    of_mean = np.mean((fold.val.target - fold.train.target.mean(axis=0)) ** 2)
    of_network = np.mean((fold.val.target - result.fits[0].val.mean) ** 2)
    assert of_network < 0.2 * of_mean
    assert result.metrics["val/density/median_relative_error"] < 0.05
    assert result.metrics["val/r2"] > 0.5


def test_names_of_metrics(deprojected, make_config):
    _, result = deprojected
    for part in ("train", "val"):
        found = {name.removeprefix(f"{part}/") for name in result.metrics if name.startswith(f"{part}/")}
        assert found - {"loss", "uncertainty_factor"} == names(ALL, radii=False)
    config = make_config(
        *QUICK, *SMALL, "target=density", "data.preparation.output=radii_and_values", "loss=mae"
    )
    of_radii = trained(config)
    found = {name.removeprefix("val/") for name in of_radii.metrics if name.startswith("val/")}
    assert found - {"loss", "uncertainty_factor"} == names(["density"], radii=True)
    assert all(np.isfinite(value) for value in of_radii.metrics.values())


def test_the_table_of_predictions(deprojected):
    _, result = deprojected
    table, fold = result.predictions, result.prepared[0]
    assert list(table.columns) == COLUMNS
    val, sealed = (table[table["part"] == part] for part in ("val", "test"))
    assert len(val) == 300 * len(fold.val)
    assert len(sealed) == 300 * len(fold.test) == 300 * result.report.parts["test"]
    for _, part in table.groupby("part"):
        bounds = part[["lower_95", "lower_68", "predicted", "upper_68", "upper_95"]].to_numpy()
        assert (np.diff(bounds, axis=1) > 0).all()
        assert (bounds > 0).all()
    ln_68 = np.log(val["upper_68"] / val["predicted"])
    np.testing.assert_allclose(np.log(val["upper_95"] / val["predicted"]), 1.959964 * ln_68, rtol=1e-9)
    assert sealed["true"].isna().all()
    for target, name in (("pressure", "szp3d"), ("density", "ne3d"), ("temperature", "t3d")):
        rows = val[val["target"] == target]
        truth, clusters = fold.val.truth.profiles[name], fold.val.objects
        np.testing.assert_array_equal(rows["cluster_id"], np.repeat(clusters.ids, 100))
        np.testing.assert_allclose(rows["true"], truth.value.ravel(), rtol=1e-9)
        np.testing.assert_allclose(rows["radius_kpc"], truth.radius.ravel(), rtol=1e-9)
        np.testing.assert_allclose(
            rows["radius_scaled"], rows["radius_kpc"] / np.repeat(clusters.r500_kpc, 100), rtol=1e-9
        )
        errors = (rows["predicted"] / rows["true"] - 1).abs()
        inside = rows["radius_scaled"].between(0.03, 1.0)
        by_cluster = errors[inside].groupby(rows["cluster_id"]).median()
        assert result.metrics[f"val/{target}/median_relative_error"] == pytest.approx(by_cluster.median())
        covered = rows["true"].between(rows["lower_68"], rows["upper_68"])[inside].mean()
        assert result.metrics[f"val/{target}/coverage_68"] == pytest.approx(covered, abs=1e-9)


def test_out_of_fold_predictions_are_pooled_and_intervals_calibrated(make_config):
    config = make_config(*QUICK, *DEPROJECTOR, "split=kfold", "split.n_folds=3", "trainer.max_epochs=3")
    result = trained(config, simulated(200))
    val = result.predictions[result.predictions["part"] == "val"]
    assert val.groupby(["cluster_id", "target"]).size().eq(100).all()
    assert val["cluster_id"].nunique() == result.metrics["val/n"] == 200 - result.report.parts["test"]
    assert val.groupby("cluster_id")["fold"].nunique().eq(1).all()
    assert set(val["fold"]) == {0, 1, 2}
    for target in ALL:
        assert result.metrics[f"val/{target}/coverage_68"] == pytest.approx(0.6827, abs=0.05)
        assert 0.88 < result.metrics[f"val/{target}/coverage_95"] < 0.99
    inside = val["radius_scaled"].between(0.03, 1.0) & (val["target"] == "pressure")
    bias = (val["predicted"] / val["true"] - 1)[inside].median()
    assert result.metrics["val/pressure/relative_bias"] == pytest.approx(bias)
    sealed = result.predictions[result.predictions["part"] == "test"]
    assert sealed.groupby(["cluster_id", "target", "fold"]).size().eq(100).all()
    assert result.factor.shape == (300,)


def test_calibration_scales_the_intervals_of_a_network_that_states_none(make_config):
    """A point loss states no uncertainty; its factors make one that holds 68 per cent."""
    config = make_config(*QUICK, *SMALL, "loss=mae", "target=density", "split=kfold", "split.n_folds=2")
    result = trained(config, simulated(200))
    assert result.metrics["val/density/coverage_68"] == pytest.approx(0.6827, abs=0.06)


@pytest.mark.parametrize(
    "overrides",
    [
        (*SMALL, "target=pressure"),
        ("model=mlp", "model.hidden=[32]", "target=density"),
        (*SMALL, "target=temperature", "data.preparation.logarithm=false"),
        (*SMALL, "target=density", "loss=student_t_nll", "data.preparation.output=radii_and_values"),
    ],
    ids=["encoder_decoder_1d", "mlp", "no logarithm", "radii"],
)
def test_networks_learn(overrides, make_config):
    config = make_config(*QUICK, *overrides, "trainer.max_epochs=25", "trainer.early_stopping.patience=null")
    result = trained(config)
    curve = result.curves["val/loss"]
    assert min(curve) < 0.8 * curve[0] if curve[0] > 0 else min(curve) < curve[0]
    (target,) = config.targets
    error = result.metrics[f"val/{target}/median_relative_error"]
    fold = result.prepared[0].fold
    columns = slice(-100, None)
    mean = fold.train.target[:, columns].mean(axis=0)
    log = config.data.preparation.logarithm
    guess, truth = (np.exp(v) if log else v for v in (mean, fold.val.target[:, columns]))
    assert error < np.median(np.abs(guess / truth - 1))
    val = result.predictions[result.predictions["part"] == "val"]
    np.testing.assert_allclose(val["true"], truth.ravel(), rtol=1e-9)
    learns_radii = config.data.preparation.output == "radii_and_values"
    assert ("radius_predicted_kpc" in val) == learns_radii
    if learns_radii:
        assert np.median(np.abs(val["radius_predicted_kpc"] / val["radius_kpc"] - 1)) < 0.3
        sealed = result.predictions[result.predictions["part"] == "test"]
        np.testing.assert_array_equal(sealed["radius_kpc"], sealed["radius_predicted_kpc"])


def test_unlearned_and_unmeasured_points_are_nan_and_the_rest_is_learned(make_config):
    sample = with_profiles(simulated(), "ne3d", blanked(slice(None), slice(80, None), radius=True))
    sample = with_profiles(sample, "ne3d", blanked(slice(0, 40, 4), radius=True))
    config = make_config(*QUICK, *DEPROJECTOR, "target=density", "data.batch_size=2")
    result = trained(config, sample)
    val = result.predictions[result.predictions["part"] == "val"]
    outer = val["radius_scaled"] > 0.6
    has = val["cluster_id"] % 4 != 0
    assert 0 < has.sum() < len(val)
    assert val.loc[has & (val["radius_scaled"] < 0.5), "true"].notna().all()
    assert val.loc[~has, "true"].isna().all()
    last = result.prepared[0].preparation.output_radii[80] * (1 - 1e-9)
    assert val.loc[val["radius_scaled"] >= last, "predicted"].isna().all()
    assert val.loc[val["radius_scaled"] < last, "predicted"].notna().all()
    assert outer.any()
    assert np.isfinite(result.metrics["val/density/median_relative_error"])


def test_radii_are_learned_where_some_clusters_have_no_target(make_config):
    sample = with_profiles(simulated(), "ne3d", blanked(slice(0, 40, 4), radius=True))
    config = make_config(
        *QUICK, *SMALL, "target=density", "data.preparation.output=radii_and_values", "loss=mae"
    )
    result = trained(config, sample)
    assert all(np.isfinite(value) for value in result.metrics.values())


def test_prediction_of_further_clusters_equals_that_of_the_fit(deprojected):
    config, result = deprojected
    fold, fitted = result.prepared[0], result.fits[0]
    clusters = fold.val.objects
    objects = Unlabelled(clusters.ids, fold.preparation.features(clusters))
    found = predict(config, fold.fold.layout, fold.fold.transform, fitted.state, objects)
    np.testing.assert_array_equal(found.ids, fitted.val.ids)
    np.testing.assert_allclose(found.mean, fitted.val.mean, rtol=1e-12)
    np.testing.assert_allclose(found.std, fitted.val.std, rtol=1e-12)


def test_ideal_gas_in_a_whole_run(make_config):
    result = trained(make_config(*QUICK, *DEPROJECTOR, "model.head=ideal_gas"))
    values = result.predictions.pivot_table("predicted", ["part", "cluster_id", "radius_kpc"], "target")
    assert len(values) == 100 * (result.metrics["val/n"] + result.report.parts["test"])
    np.testing.assert_allclose(values["pressure"], values["density"] * values["temperature"], rtol=1e-5)
