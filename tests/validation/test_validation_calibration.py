"""Coverage and transforms of uncertainties that are known to be honest, or not."""

import math
from dataclasses import replace

import numpy as np
import pytest

from astrosweep.core.types import Predictions
from astrosweep.data.incoming import Outgoing
from astrosweep.data.kind import Judged
from astrosweep.ensemble.correction import LEVELS, Z
from astrosweep.ensemble.coverage import Coverage
from astrosweep.validation.calibration import (
    calibrated,
    interval_of,
    is_off,
    read_reliability,
    reliability_of,
)
from astrosweep.validation.fresh import Fresh
from astrosweep.validation.limits import limits_of


def made(n=4000, claimed=1.0, error=0.0, t=1, seed=0):
    """Residuals of unit scatter (and a target's error) with claimed uncertainties, Gaussian intervals."""
    rng = np.random.default_rng(seed)
    shape = (n, t)
    truth = np.repeat(rng.normal(size=(n, 1)), t, axis=1)
    std = np.full(shape, claimed)
    target = truth + error * rng.normal(size=shape)
    predicted = Predictions(np.arange(n), np.zeros(shape), std)
    judged = Judged(None, predicted, None, target, np.full(shape, error))
    widths = np.array(Z)[:, None, None] * std
    return Fresh(None, Outgoing(judged, std, 0.0 * std, widths), judged, 0, False, "", 0.0)


def no_labels(n):
    return np.full((n, 1), "all", dtype=object)


def test_honest_intervals_hold_what_they_say():
    found = reliability_of(made(), {"any": no_labels(4000)})
    for one, level in zip(found.overall, LEVELS, strict=True):
        low, high = interval_of(one)
        assert low <= level <= high
        assert not is_off(one)
        assert one.share == pytest.approx(level, abs=0.025)
    assert np.ptp(found.pit) / np.mean(found.pit) < 0.3


def test_errors_of_the_targets_are_allowed_for():
    found = reliability_of(made(error=2.0), {"any": no_labels(4000)})
    assert not any(is_off(one) for one in found.overall)


def test_uncertainties_of_half_the_size_cover_as_a_gaussian_does_within_half():
    found = reliability_of(made(n=20_000, claimed=0.5), {"any": no_labels(20_000)})
    for one, z in zip(found.overall, Z, strict=True):
        assert one.share == pytest.approx(math.erf(0.5 * z / math.sqrt(2.0)), abs=0.012)
        assert is_off(one)
    assert found.pit[0] > 2.0 * found.pit[4]


def test_wilsons_interval():
    """8 of 10: Newcombe 1998, Stat. Med. 17, 857, method 3, by its formula."""
    z, p, n = 1.959964, 0.8, 10
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    expected = [(middle + sign * half) / (1 + z * z / n) for sign in (-1.0, 1.0)]
    assert interval_of(Coverage(0.9, 0.8, 0.1, 10, 10)) == pytest.approx(tuple(expected), rel=1e-6)


def test_an_object_counts_once_however_many_values_it_has():
    many = reliability_of(made(n=100, t=50), {"any": no_labels(100)}).overall[1]
    one = reliability_of(made(n=100), {"any": no_labels(100)}).overall[1]
    assert (many.n, many.objects, one.n) == (5000, 100, 100)
    assert interval_of(many) == pytest.approx(interval_of(one))


def test_a_group_with_dishonest_intervals_is_found(subject):
    fresh = made()
    names = np.where(np.arange(4000) < 1000, "far", "near").astype(object)[:, None]
    factor = np.where(names == "far", 3.0, 1.0)
    target = fresh.judged.target * factor
    fresh = replace(fresh, judged=replace(fresh.judged, target=target))
    found = calibrated(subject, fresh, {"where": names})
    reliability = found.parts["fresh objects"]
    off = {name: [is_off(one) for one in groups] for name, groups in reliability.by_group["where"].items()}
    assert off == {"far": [True] * 4, "near": [False] * 4}
    counts = found.transforms["where"]
    assert (counts["far"].objects, sum(counts["near"].counts)) == (1000, 3000)
    assert counts["far"].counts[0] > 2.5 * 100
    said = [one.text for one in limits_of(reliability, [], 1.0, [], None)]
    assert said[0].startswith("2 of 4 coverages of groups are off")
    assert all(text.startswith("where far: ") for text in said[1:])


def test_what_a_bundle_keeps_is_read_back():
    found = reliability_of(made(n=300), {"any": no_labels(300)})
    assert read_reliability(found.as_dict()) == found
