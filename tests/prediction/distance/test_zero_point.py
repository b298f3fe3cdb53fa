"""The zero point of Gaia: the formula of Lindegren et al. 2021, and what is said where it is unknown."""

import math
import sys

import numpy as np
import pandas as pd
import pytest

from astrosweep.core.errors import ConfigError
from astrosweep.prediction.distance import zero_points
from astrosweep.prediction.distance.zero_point import COLUMNS


def stars(**changes):
    """One star of five parameters, or as many as a change has values."""
    usual = {
        "phot_g_mean_mag": 15.0,
        "nu_eff_used_in_astrometry": 1.5,
        "pseudocolour": math.nan,
        "ecl_lat": 30.0,
        "astrometric_params_solved": 31,
    }
    n_stars = max((len(values) for values in changes.values()), default=1)
    return pd.DataFrame({name: changes.get(name, [value] * n_stars) for name, value in usual.items()})


def test_the_offset_is_the_formula_of_the_paper():
    # At G = 17.5 and 1.48 per micron only the first function of the colour is not 0, so that table 9 of the
    # paper gives q00 + q01 sin b + q02 (sin^2 b - 1/3) with -29.18, -0.09 and 2.41 microarcseconds.
    found = zero_points(
        stars(phot_g_mean_mag=[17.5] * 3, nu_eff_used_in_astrometry=[1.48] * 3, ecl_lat=[-90.0, 0.0, 90.0])
    )
    sine = np.array([-1.0, 0.0, 1.0])
    expected = (-29.18 - 0.09 * sine + 2.41 * (sine**2 - 1 / 3)) / 1000
    np.testing.assert_allclose(found.offset, expected, atol=1e-6)
    assert list(found.reason) == ["", "", ""]


def test_a_solution_of_six_parameters_takes_the_pseudocolour():
    # table 10 of the paper at G = 17.5: -24.68, -1.37 and 3.52 microarcseconds
    found = zero_points(
        stars(
            phot_g_mean_mag=[17.5] * 2,
            astrometric_params_solved=[95, 95],
            pseudocolour=[1.48, 1.6],
            nu_eff_used_in_astrometry=[math.nan, 1.48],
            ecl_lat=[90.0, 90.0],
        )
    )
    assert found.offset[0] == pytest.approx((-24.68 - 1.37 + 3.52 * 2 / 3) / 1000, abs=1e-6)
    assert abs(found.offset[1] - found.offset[0]) > 0.005
    assert list(found.reason) == ["", ""]


@pytest.mark.parametrize(
    "change",
    [
        {"phot_g_mean_mag": [5.9, 21.1]},
        {"nu_eff_used_in_astrometry": [1.05, 1.95]},
        {"astrometric_params_solved": [95, 95], "pseudocolour": [1.2, 1.8]},
    ],
)
def test_a_star_outside_the_range_has_no_offset_and_says_so(change):
    found = zero_points(stars(**change))
    assert np.isnan(found.offset).all()
    assert all(
        reason.startswith("outside the range of the zero point: 6 < G < 21") for reason in found.reason
    )


def test_one_star_outside_leaves_the_others_alone():
    found = zero_points(stars(phot_g_mean_mag=[15.0, 30.0, 15.0]))
    alone = zero_points(stars()).offset[0]
    np.testing.assert_array_equal(found.offset, [alone, math.nan, alone])
    assert alone < -0.01


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "pseudocolour"])
def test_an_absent_column_or_value_is_named(column):
    frame = stars(phot_g_mean_mag=[15.0, 15.0])
    absent = zero_points(frame.drop(columns=column))
    assert list(absent.reason) == [f"no column {column}"] * 2
    assert np.isnan(absent.offset).all()
    frame[column] = frame[column].astype(float)
    frame.loc[1, column] = math.nan
    partly = zero_points(frame)
    assert list(partly.reason) == ["", f"no {column}"]
    assert np.isfinite(partly.offset[0])


def test_five_parameters_need_no_pseudocolour():
    assert zero_points(stars().drop(columns="pseudocolour")).reason[0] == ""
    six = stars(astrometric_params_solved=[95]).drop(columns="pseudocolour")
    assert zero_points(six).reason[0] == "no column pseudocolour"


def test_a_source_of_two_parameters_has_no_parallax_to_correct():
    found = zero_points(stars(astrometric_params_solved=[3, 31]))
    assert "expected 31 or 95" in found.reason[0]
    assert found.reason[1] == ""
    assert np.isfinite(found.offset[1])


def test_columns_of_integers_with_gaps_and_of_text_are_read_as_numbers():
    frame = stars(phot_g_mean_mag=[15.0, 15.0])
    frame["astrometric_params_solved"] = pd.array([31, None], dtype="Int64")
    frame["ecl_lat"] = ["30.0", "30.0"]
    found = zero_points(frame)
    assert list(found.reason) == ["", "no astrometric_params_solved"]
    assert found.offset[0] == zero_points(stars()).offset[0]


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zero_point", None)
    with pytest.raises(ConfigError, match=r"pip install astrosweep\[zeropoint\]"):
        zero_points(stars())
