"""The relation of period and luminosity is found, whatever noise makes of the parallaxes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from astrosweep.config import RunConfig
from astrosweep.core.errors import DataError
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.stars.period_luminosity import PERIOD_LUMINOSITY, FittedRelations
from astrosweep.kinds.tables.prepare import PreparedRows
from astrosweep.kinds.tables.rows import Rows
from astrosweep.kinds.tables.table import SourceTable
from tests.conftest import prepared_stars

ZERO, SLOPE = -5.9, -3.3
"""Absolute Wesenheit magnitude at 10 days, and what it changes by for ten times the period."""
WESENHEIT = ("data=cepheid", "data.features.required=[phot_g_mean_mag,bp_rp,wesenheit_g,log_pf]")
NO_MORE = "data.features.optional=[]"


def stars(n: int = 1500, *, error: float = 0.02, offset: float = 0.0) -> SourceTable:
    """Reddened stars on an exact relation; those of the first overtone are brighter by an offset."""
    rng = np.random.default_rng(0)
    log_pf, distance_kpc = rng.uniform(0.3, 1.5, n), rng.uniform(0.5, 6.0, n)
    mode = rng.choice(["FUNDAMENTAL", "FIRST_OVERTONE"], n)
    colour = rng.normal(1.2, 0.4, n)
    absolute = ZERO + SLOPE * (log_pf - 1.0) - offset * (mode == "FIRST_OVERTONE")
    wesenheit = absolute + 5.0 * np.log10(distance_kpc * 100.0)
    frame = pd.DataFrame(
        {
            "source_id": np.arange(n, dtype=np.int64) + 10**18,
            "parallax": 1.0 / distance_kpc + rng.normal(0.0, error, n),
            "parallax_error": np.full(n, error),
            "phot_g_mean_mag": wesenheit + 1.90 * colour,
            "bp_rp": colour,
            "pf": 10.0**log_pf,
            "mode_best_classification": mode,
            "true": 1.0 / distance_kpc,
        }
    )
    return derive(SourceTable(frame, {str(name): frozenset({str(name)}) for name in frame}, "test table"))


def prepared(make_config: Callable[..., RunConfig], table: SourceTable, *overrides: str) -> PreparedRows:
    (fold,) = prepared_stars(make_config(*overrides), table).folds
    return fold


def check(fitted: FittedRelations, band: str, name: str, zero: float, tolerance: float) -> None:
    relation = fitted.relations[band][name]
    assert relation.slope == pytest.approx(SLOPE, abs=2.0 * tolerance)
    assert relation.zero - relation.slope * (relation.pivot - 1.0) == pytest.approx(zero, abs=tolerance)


def test_a_known_relation_is_found_and_predicts_true_parallaxes(make_config: Any) -> None:
    table = stars()
    fold = prepared(make_config, table, *WESENHEIT, NO_MORE)
    fitted = PERIOD_LUMINOSITY.fit(fold)
    check(fitted, "wesenheit", "", ZERO, 0.02)
    # Reddening scatters G magnitudes about their relation, whose zero has the mean colour in it.
    assert fitted.relations["g"][""].scatter > 0.2
    assert fitted.relations["wesenheit"][""].scatter == pytest.approx(0.02, abs=0.01)
    true = table.frame.set_index("source_id").loc[fold.test.ids, "true"].to_numpy()
    predicted = fitted.predict(fold.test)
    assert np.abs(predicted.mean[:, 0] / true - 1.0).max() < 0.03
    np.testing.assert_allclose(predicted.std, 0.02 * predicted.mean, rtol=0.5)


def test_parallaxes_that_noise_makes_negative_do_not_bias_it(make_config: Any) -> None:
    table = stars(6000, error=0.5)
    assert (table.frame["parallax"] < 0.0).mean() > 0.15
    fitted = PERIOD_LUMINOSITY.fit(prepared(make_config, table, *WESENHEIT, NO_MORE))
    check(fitted, "wesenheit", "", ZERO, 0.07)


def test_outliers_count_little(make_config: Any) -> None:
    table = stars()
    rows = np.arange(len(table.frame)) % 20 == 0
    table.frame.loc[rows, "parallax"] *= 6.0
    fitted = PERIOD_LUMINOSITY.fit(prepared(make_config, table, *WESENHEIT, NO_MORE))
    check(fitted, "wesenheit", "", ZERO, 0.05)


def test_classes_have_relations_of_their_own(make_config: Any) -> None:
    with_mode = "data.features.optional=[mode_best_classification]"
    fitted = PERIOD_LUMINOSITY.fit(prepared(make_config, stars(offset=0.6), *WESENHEIT, with_mode))
    assert set(fitted.relations["wesenheit"]) == {"", "period, FUNDAMENTAL", "period, FIRST_OVERTONE"}
    check(fitted, "wesenheit", "period, FUNDAMENTAL", ZERO, 0.02)
    check(fitted, "wesenheit", "period, FIRST_OVERTONE", ZERO - 0.6, 0.02)
    assert fitted.relations["wesenheit"][""].scatter > 0.1


def test_a_period_of_the_first_overtone_has_a_relation_of_its_own(make_config: Any) -> None:
    table = stars(offset=0.6)
    overtone = table.frame["mode_best_classification"] == "FIRST_OVERTONE"
    table.frame["p1_o"] = table.frame["pf"].where(overtone)
    table.frame.loc[overtone, ["pf", "log_pf"]] = np.nan
    table.lineage["p1_o"] = frozenset({"p1_o"})
    fold = prepared(make_config, table, *WESENHEIT, "data.features.optional=[p1_o]")
    fitted = PERIOD_LUMINOSITY.fit(fold)
    check(fitted, "wesenheit", "period", ZERO, 0.02)
    check(fitted, "wesenheit", "first overtone", ZERO - 0.6, 0.02)


def test_what_a_star_lacks_is_made_up_for_and_widens_its_interval(make_config: Any) -> None:
    fold = prepared(make_config, stars(), *WESENHEIT, NO_MORE)
    fitted = PERIOD_LUMINOSITY.fit(fold)
    frame = fold.test.frame.iloc[:3].reset_index(drop=True).astype(np.float64)
    frame.loc[1, ["bp_rp", "wesenheit_g"]] = np.nan
    frame.loc[2, "log_pf"] = np.nan
    predicted = fitted.predict(Rows(np.arange(3), frame))
    of_g = fitted.relations["g"][""]
    expected = of_g.parallax(frame["log_pf"].to_numpy()[1:2], frame["phot_g_mean_mag"].to_numpy()[1:2])
    assert predicted.mean[1, 0] == expected[0]
    assert predicted.std[1, 0] == of_g.scatter * expected[0]
    train = fold.train.truth.target
    assert predicted.mean[2, 0] == np.median(train)
    assert predicted.std[2, 0] == pytest.approx(np.diff(np.quantile(train, [0.16, 0.84]))[0] / 2.0)
    # A bright star far outside of what was seen is not nearer than the nearest one.
    frame.loc[0, "wesenheit_g"] = -40.0
    assert fitted.predict(Rows(np.arange(3), frame)).mean[0, 0] == train.max()
    with pytest.raises(DataError, match="no column log_pf or pf"):
        fitted.predict(Rows(np.arange(3), frame.drop(columns="log_pf")))


@pytest.mark.parametrize(
    ("features", "suits"),
    [
        ("[phot_g_mean_mag,log_pf]", True),
        ("[wesenheit_g,pf]", True),
        ("[phot_g_mean_mag,bp_rp]", False),
        ("[log_pf,bp_rp]", False),
    ],
)
def test_it_is_offered_where_there_are_periods_and_magnitudes(
    make_config: Any, features: str, suits: bool
) -> None:
    fold = prepared(make_config, stars(300), "data=cepheid", f"data.features.required={features}", NO_MORE)
    assert PERIOD_LUMINOSITY.suits(fold) is suits
