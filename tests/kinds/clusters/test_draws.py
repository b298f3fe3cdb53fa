"""Draws have the predicted spread, and the assumed correlations."""

import numpy as np
import pytest

from astrosweep.kinds.clusters.draws import correlation, draw_errors

LN_RADIUS = np.linspace(np.log(0.01), np.log(1.5), 100)
STD = {
    "density": np.linspace(0.01, 0.05, 100),
    "temperature": np.full(100, 0.03),
    "pressure": np.hypot(np.linspace(0.01, 0.05, 100), 0.03) * 0.9,
}


def drawn(std=STD, n=20_000):
    return draw_errors(LN_RADIUS, std, n, np.random.default_rng(0))


def test_the_spread_is_the_predicted_one_at_each_radius():
    for name, errors in drawn().items():
        np.testing.assert_allclose(errors.std(axis=0), STD[name], rtol=0.03)
        np.testing.assert_allclose(errors.mean(axis=0) / STD[name], 0.0, atol=0.03)


def test_neighbours_err_alike_and_far_radii_do_not():
    errors = drawn({"density": STD["density"]})["density"]
    found = np.corrcoef(errors[:, ::10].T)
    apart = LN_RADIUS[::10, None] - LN_RADIUS[::10]
    np.testing.assert_allclose(found, np.exp(-0.5 * (apart / 0.55) ** 2), atol=0.03)


def test_density_and_temperature_are_correlated_as_the_variances_say():
    errors = drawn()
    wanted = correlation(STD["pressure"], STD["density"], STD["temperature"])
    assert wanted.max() < -0.1
    found = [
        np.corrcoef(errors["density"][:, i], errors["temperature"][:, i])[0, 1] for i in range(0, 100, 9)
    ]
    np.testing.assert_allclose(found, wanted[::9], atol=0.03)
    np.testing.assert_allclose(errors["pressure"], errors["density"] + errors["temperature"], atol=1e-12)


@pytest.mark.parametrize(("pressure", "sign"), [(0.5, 1), (0.001, -1)])
def test_variances_that_do_not_fit_together_are_held_in_bounds(pressure: float, sign: int):
    std = {**STD, "pressure": np.full(100, pressure)}
    assert (correlation(std["pressure"], STD["density"], STD["temperature"])[30:80] * sign > 0.1).all()
    for name, errors in drawn(std).items():
        np.testing.assert_allclose(errors.std(axis=0), std[name], rtol=0.03)
