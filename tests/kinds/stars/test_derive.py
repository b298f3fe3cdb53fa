"""Expressions agree with numpy and refuse everything but arithmetic; derived columns keep their lineage."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrosweep.core.errors import DataError
from astrosweep.data.expression import parse_expression
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.tables.table import SourceTable

COLUMNS = {
    "a": np.array([0.5, -2.0, 3.0, np.nan]),
    "b": np.array([1.0, 0.0, -7.5, 2.0]),
    "[Fe/H]": np.array([-0.1, 0.3, 0.0, 1.0]),
}
FUNCTIONS = {"log10": np.log10, "sqrt": np.sqrt, "abs": np.abs, "exp": np.exp}


def _combined(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """Join pairs (expression, the same for Python's eval), with and without parentheses."""
    join = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner)
    call = st.tuples(st.sampled_from(list(FUNCTIONS)), inner)
    return st.one_of(
        join.map(lambda parts: tuple(f"{parts[0][i]} {parts[1]} {parts[2][i]}" for i in (0, 1))),
        join.map(lambda parts: tuple(f"({parts[0][i]}){parts[1]}({parts[2][i]})" for i in (0, 1))),
        call.map(lambda parts: tuple(f"{parts[0]}({parts[1][i]})" for i in (0, 1))),
        inner.map(lambda part: (f"-{part[0]}", f"-{part[1]}")),
    )


_leaves = st.one_of(
    st.sampled_from([("a", "a"), ("b", "b"), ("`[Fe/H]`", "feh")]),
    st.one_of(st.integers(0, 9), st.floats(0, 50, allow_nan=False)).map(lambda x: (f"{x}", f"number({x})")),
)


@settings(max_examples=200, deadline=None)
@given(st.recursive(_leaves, _combined, max_leaves=8).filter(lambda pair: len(pair[0]) <= 300))
def test_expressions_agree_with_numpy(pair: tuple[str, str]) -> None:
    names = {
        "a": COLUMNS["a"],
        "b": COLUMNS["b"],
        "feh": COLUMNS["[Fe/H]"],
        "number": np.float64,
        **FUNCTIONS,
    }
    with np.errstate(all="ignore"):
        expected = eval(pair[1], {"__builtins__": {}}, names)
    np.testing.assert_array_equal(parse_expression(pair[0]).evaluate(COLUMNS), expected)


def test_columns_of_an_expression() -> None:
    expression = parse_expression("log10(Period) - 0.3 * `[Fe/H]` + `E(B-V)` - `[Fe/H]`")
    assert expression.columns == {"Period", "[Fe/H]", "E(B-V)"}
    assert expression.column is None
    assert parse_expression(" `[Fe/H]` ").column == "[Fe/H]"


@pytest.mark.parametrize(
    "text",
    [
        "a.__class__",
        "a.values",
        "().__class__.__bases__[0]",
        "__import__('os').system('true')",
        "eval('1')",
        "open(a)",
        "log10.__globals__",
        "log10(a, b)",
        "log10(x=a)",
        "log10(*a)",
        "abs(a)(b)",
        "(lambda: a)()",
        "[x for x in a]",
        "a if b else a",
        "a[0]",
        "a < b",
        "a and b",
        "not a",
        "~a",
        "a @ b",
        "a // b",
        "a % b",
        "a := 1",
        "a = 1",
        "'text'",
        "f'{a}'",
        "True",
        "None",
        "1j",
        "a; b",
        "",
        "[Fe/H]",
        "a +",
        "0x" + "f" * 290,
        "(" * 150 + "a" + ")" * 150,
        "a" + " + a" * 100,
    ],
)
def test_everything_but_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"arithmetic expression|longer than 300"):
        parse_expression(text)


def table(**columns: list[float]) -> SourceTable:
    frame = pd.DataFrame({"source_id": range(len(next(iter(columns.values())))), **columns})
    return SourceTable(frame, {name: frozenset({name.upper()}) for name in frame}, "test")


def test_derived_columns_and_their_lineage() -> None:
    derived = derive(
        table(
            phot_g_mean_mag=[10.0], phot_bp_mean_mag=[10.5], phot_rp_mean_mag=[9.5], frequency=[0.1], ra=[1.0]
        )
    )
    row = derived.frame.iloc[0]
    assert row["bp_rp"] == pytest.approx(1.0)
    assert row["wesenheit_g"] == pytest.approx(10.0 - 1.90)
    assert row["pf"] == pytest.approx(10.0)
    assert row["log_pf"] == pytest.approx(1.0)
    assert row["fund_freq1"] == pytest.approx(0.1)
    assert derived.lineage["wesenheit_g"] == {"PHOT_G_MEAN_MAG", "PHOT_BP_MEAN_MAG", "PHOT_RP_MEAN_MAG"}
    assert derived.lineage["log_pf"] == derived.lineage["fund_freq1"] == {"FREQUENCY"}
    assert derived.lineage["ra"] == {"RA"}


def test_present_columns_stay_and_absent_inputs_give_nothing() -> None:
    before = table(bp_rp=[0.7], phot_bp_mean_mag=[3.0], phot_rp_mean_mag=[1.0])
    after = derive(before)
    pd.testing.assert_frame_equal(after.frame, before.frame)
    assert after.lineage == before.lineage


def test_deriving_twice_changes_nothing() -> None:
    once = derive(table(pf=[2.0, 0.0], phot_g_mean_mag=[10.0, 11.0], bp_rp=[1.0, np.nan]))
    twice = derive(once)
    pd.testing.assert_frame_equal(twice.frame, once.frame)
    assert twice.lineage == once.lineage


def test_periods_that_are_not_positive_are_missing(caplog: pytest.LogCaptureFixture) -> None:
    before = table(pf=[2.0, 0.0, -999.0, np.nan])
    with caplog.at_level(logging.WARNING):
        frame = derive(before).frame
    for name in ("pf", "log_pf", "fund_freq1"):
        assert frame[name].isna().tolist() == [False, True, True, True]
    assert "2 values of pf are not positive" in caplog.text
    assert before.frame["pf"].tolist()[1:3] == [0.0, -999.0]
