import numpy as np
import pandas as pd
import pytest

from astrosweep.data.plausible import find_impossible, is_filler, without_fillers

GENERATOR = np.random.default_rng(0)
MAGNITUDES = GENERATOR.uniform(8.0, 20.0, 200)


@pytest.mark.parametrize(
    "value",
    [-99, -999, -9999, 99.99, 999.9, 99.9999, 99999.9999, 1e20, 1e30, -1e30, -99.0, 9999.0, 99.999001,
     float(np.float32(99.999)), float(np.float32(-999.9)), 9.99, 1e-30],
)  # fmt: skip
def test_what_programs_write_for_nothing_is_known(value):
    assert is_filler(value)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 9.0, 9.5, 19.99, 89.99, 98.99, 0.99, 1234.5, 1e6, -0.5])
def test_other_numbers_are_no_fillers(value):
    assert not is_filler(value)


@pytest.mark.parametrize("filler", [99.9999, -99.0, -9999.0, 1e20, 999.9])
@pytest.mark.parametrize("share", [0.01, 0.35, 0.6])
def test_a_filler_is_found_however_often_it_is_there(filler, share):
    values = MAGNITUDES.copy()
    n = round(share * len(values))
    values[:n] = filler
    found = find_impossible(values)
    assert found.mask.tolist() == [True] * n + [False] * (len(values) - n)
    assert found.counts == {f"{filler:g}": n}


def test_a_column_that_reaches_so_far_keeps_its_values():
    periods = np.append(GENERATOR.uniform(1.0, 120.0, 200), 99.9)
    assert not find_impossible(periods).mask.any()
    galactic = np.append(GENERATOR.uniform(-90.0, 90.0, 200), [-99.0, 99.0])
    assert not find_impossible(galactic).mask.any()


def test_a_range_is_judged_and_described():
    values = np.array([10.0, 12.0, 3000.0, -40.0, np.nan])
    found = find_impossible(values, low=-5.0, high=30.0)
    assert found.mask.tolist() == [False, False, True, True, False]
    assert found.counts == {"outside -5 to 30 (such as 3000)": 2}


def test_declared_values_are_missing_wherever_they_lie():
    values = np.array([1.0, 0.0, 2.0, 0.0, 1.5, 1.2, 1.1])
    found = find_impossible(values, declared=[0.0])
    assert found.mask.tolist() == [False, True, False, True, False, False, False]
    assert found.counts == {"0": 2}


def test_several_fillers_do_not_hide_each_other():
    values = np.concatenate([MAGNITUDES, [99.99, -99.0, 1e30]])
    found = find_impossible(values)
    assert found.mask.sum() == 3
    assert set(found.counts) == {"99.99", "-99", "1e+30"}


def test_missing_values_are_not_impossible_and_nothing_is_found_in_nothing():
    assert not find_impossible(np.full(10, np.nan)).mask.any()
    assert not find_impossible(np.zeros(0)).mask.any()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([5.0, 4.5, -9999.0, np.nan], [False, False, True, False]),
        ([0.3, 99999.9999, 0.2, -99.0], [False, True, False, True]),
        ([1.2, 9999.9, 99.99, 1.4], [False, True, False, False]),
        ([1.2, 1e30, 1.4, -1e99], [False, True, False, True]),
        ([1.2, 999.0, 1.4], [False, False, False]),
        ([-50.0, -99.0, -20.0], [False, False, False]),
        ([9.0, 9999.0, 1200.0], [False, False, False]),
        ([-9999.0, -9999.0], [False, False]),
        ([np.inf, 1.0, -999.0], [False, False, True]),
        ([], []),
    ],
)
def test_of_few_numbers_only_what_is_far_from_all_is_none(numbers, expected):
    assert find_impossible(np.array(numbers)).mask.tolist() == expected


def test_identifiers_are_no_fillers_unless_declared():
    numbers = [-99.0, 9999.0, *range(1, 40)]
    frame = pd.DataFrame(dict.fromkeys(("star", "x"), numbers)).astype({"star": int})
    kept, counts = without_fillers(frame, identifiers=["star"])
    assert counts == {"x": {"-99": 1, "9999": 1}}
    assert kept["star"].tolist() == numbers
    kept, counts = without_fillers(frame, [-99.0], ["star"])
    assert counts["star"] == {"-99": 1}
    assert pd.isna(kept["star"].iloc[0])
