"""Derived quantities of profiles whose integrals and slopes are known."""

import numpy as np
import pytest
from astropy import constants as c
from astropy import units as u
from scipy.integrate import quad

from astrosweep.kinds.clusters.derived import (
    MU,
    MU_E,
    compton_parameter,
    enclosed,
    entropy,
    gas_mass,
    hydrostatic_mass,
    ideal_gas_deviation,
    r2500_over_r500,
    slopes,
)

R500 = 1200.0
RADIUS = np.geomspace(0.01, 1.5, 100) * R500
CORE, BETA = 150.0, 2.0 / 3.0


def beta_model(r: np.ndarray) -> np.ndarray:
    return 5e-3 * (1.0 + (r / CORE) ** 2) ** (-1.5 * BETA)


def gnfw(r: np.ndarray) -> np.ndarray:
    """Universal pressure profile of Arnaud et al. 2010, eq. 11 and 12, in units of P500."""
    x = 1.177 * r / R500
    return 8.403 / (x**0.3081 * (1.0 + x**1.0510) ** ((5.4905 - 0.3081) / 1.0510))


def test_gas_mass_of_a_beta_model_is_its_closed_form():
    # With beta = 2/3 the density is n0 / (1 + x^2), whose mass is 4 pi n0 rc^3 (x - arctan x).
    x = np.array([R500, 0.4 * R500]) / CORE
    exact = 4 * np.pi * 5e-3 / u.cm**3 * (CORE * u.kpc) ** 3 * (x - np.arctan(x)) * MU_E * c.m_p
    found = gas_mass(RADIUS, beta_model(RADIUS)[None], x * CORE)
    np.testing.assert_allclose(found[0], exact.to_value(u.Msun), rtol=2e-3)
    assert 2e13 < found[0, 0] < 3e14


def test_compton_parameter_of_a_generalised_nfw_profile_is_its_integral():
    integral, _ = quad(lambda r: 4 * np.pi * r**2 * gnfw(r), 0.0, R500, epsrel=1e-8)
    pressure = 1e-3 * u.keV / u.cm**3
    exact = (c.sigma_T / (c.m_e * c.c**2) * pressure * integral * u.kpc**3).to_value(u.Mpc**2)
    found = compton_parameter(RADIUS, 1e-3 * gnfw(RADIUS)[None], np.array([R500]))
    np.testing.assert_allclose(found[0, 0], exact, rtol=3e-3)


def test_y500_of_the_universal_profile_is_the_published_scaling():
    # Arnaud et al. 2010: I(1) = 0.6145 is the integral of 3 p(x) x^2 up to R500 (their eq. 23 and 24).
    found = enclosed(RADIUS, gnfw(RADIUS)[None], np.array([R500]))[0, 0] / (4 * np.pi / 3 * R500**3)
    np.testing.assert_allclose(found, 0.6145, rtol=5e-3)


@pytest.mark.parametrize("power", [-3.5, -3.0, -2.0, 0.0])
def test_power_laws_are_integrated_exactly(power: float):
    within = np.array([300.0, 1111.0])
    found = enclosed(RADIUS, (RADIUS**power)[None], within)[0]
    shell = quad(lambda r: 4 * np.pi * r ** (2 + power), 300.0, 1111.0)[0]
    np.testing.assert_allclose(found[1] - found[0], shell, rtol=1e-8)


def test_a_sphere_within_the_first_radius_goes_on_as_the_power_law():
    found = enclosed(RADIUS, (RADIUS**-1.0)[None], np.array([6.0]))[0, 0]
    np.testing.assert_allclose(found, 2 * np.pi * 36.0, rtol=1e-9)


def test_a_sphere_beyond_the_last_radius_is_not_known():
    found = enclosed(RADIUS, beta_model(RADIUS)[None], np.array([1.5 * R500, 1.6 * R500]))
    assert np.isfinite(found[0]).tolist() == [True, False]


def test_hydrostatic_mass_of_an_isothermal_beta_model_is_its_closed_form():
    # M(<r) = 3 beta k T r / (G mu m_p) x^2 / (1 + x^2) (for example Sarazin 1988).
    temperature = np.full((1, 100), 6.0)
    x2 = (RADIUS / CORE) ** 2
    exact = 3 * BETA * (6.0 * u.keV) * RADIUS * u.kpc / (c.G * MU * c.m_p) * x2 / (1 + x2)
    found = hydrostatic_mass(RADIUS, temperature, beta_model(RADIUS)[None] * 6.0)
    np.testing.assert_allclose(found[0], exact.to_value(u.Msun), rtol=1e-2)
    assert 4e14 < found[0, -9] < 1.5e15


def test_slopes_of_a_generalised_nfw_profile_are_its_derivative():
    x = 1.177 * RADIUS / R500
    exact = -0.3081 - (5.4905 - 0.3081) * x**1.0510 / (1.0 + x**1.0510)
    np.testing.assert_allclose(slopes(RADIUS, gnfw(RADIUS)[None])[0], exact, rtol=1e-2)


def test_entropy_is_that_of_a_known_gas():
    assert entropy(np.array(1e-3), np.array(5.0)) == pytest.approx(500.0)
    assert entropy(np.array(8e-3), np.array(5.0)) == pytest.approx(125.0)


def test_deviation_from_the_ideal_gas():
    found = ideal_gas_deviation(np.array([1.1, 0.8]), np.array([0.5, 0.5]), np.array([2.0, 2.0]))
    np.testing.assert_allclose(found, [0.1, -0.2])


def test_composition_and_apertures():
    assert pytest.approx(0.5926, abs=1e-4) == MU
    assert pytest.approx(1.1429, abs=1e-4) == MU_E
    ratio = r2500_over_r500()
    assert 0.43 < ratio < 0.47

    def mean_density(x: float) -> float:
        return (np.log1p(3.2 * x) - 3.2 * x / (1 + 3.2 * x)) / x**3

    assert mean_density(ratio) / mean_density(1.0) == pytest.approx(5.0)
