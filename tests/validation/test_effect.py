"""What a model is told by where something is not known, and intervals of metrics that are no sums."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from astrosweep.ensemble.coverage import Coverage, Reliability
from astrosweep.ensemble.frozen import REFIT
from astrosweep.validation.effect import FRESH, MODEL, OUT_OF_FOLD, effectiveness, verdict_of
from astrosweep.validation.fresh import fresh_of_rows
from astrosweep.validation.limits import limits_of
from astrosweep.validation.report.words import chance, share, shown, signed, size
from astrosweep.validation.resample import Estimate
from tests.ensemble.bundles import scored


def test_a_bundle_that_was_never_opened_is_told_by_what_is_out_of_fold(subject):
    papers = SimpleNamespace(validation=scored(40), test=None, provenance={}, merit={})
    found = effectiveness(replace(subject, bundle=papers), None, 100, 0)
    assert [line.objects for line in found.lines] == [OUT_OF_FOLD]
    assert any("no predictions of sealed objects" in remark for remark in found.remarks)
    residual = papers.validation.mean - papers.validation.target
    assert found.lines[0].metrics["rmse"].value == pytest.approx(np.sqrt(np.mean(residual**2)))


def test_networks_that_were_trained_again_are_those_that_the_bundle_has():
    merit = {"chosen": "top_k", "test": {"top_k": {"loss": 1.0}, REFIT: {"loss": 2.0}}}
    assert verdict_of(merit, "test") == {"loss": 2.0}
    assert verdict_of({"chosen": "top_k", "test": {"top_k": {"loss": 1.0}}}, "test") == {"loss": 1.0}
    assert verdict_of({}, "test") == {}


def test_intervals_of_the_kinds_own_metrics_are_those_of_the_sums(subject, fresh):
    some = fresh_of_rows(fresh, np.arange(500))
    found = effectiveness(subject, some, 1000, 0)
    own, line = found.own_intervals, next(one for one in found.lines if one.objects == FRESH)
    assert line.who == MODEL
    for name in ("rmse", "mae", "bias"):
        assert own[name].value == pytest.approx(line.metrics[name].value, rel=1e-9)
        width, expected = (one.high - one.low for one in (own[name], line.metrics[name]))
        assert width == pytest.approx(expected, rel=0.15)
    n = 500
    expected = 2 * 1.96 * np.sqrt(own["coverage_68"].value * (1 - own["coverage_68"].value) / n)
    assert own["coverage_68"].high - own["coverage_68"].low == pytest.approx(expected, rel=0.15)
    assert effectiveness(subject, fresh, 100, 0).own_intervals == {}  # 2000 objects are too many


def test_groups_that_noise_chose_are_no_reason_for_care():
    off = (Coverage(0.6827, 0.2, 0.05, 100, 100),)
    by_group = {"observed z": {"far": off}, "kind": {"a": off}}
    said = [one.text for one in limits_of(Reliability(off, by_group), [], 1.0, [], None)]
    assert said[0] == "1 of 1 coverages of groups are off; 0 would be by chance"
    assert said[1].startswith("kind a: too narrow, 20% (")
    assert len(said) == 2


def test_numbers_in_words():
    assert shown(Estimate(0.123456, 0.1, 0.2)) == "0.1235 (0.1 to 0.2)"
    assert (shown(Estimate(2.0)), shown(None), shown(Estimate(np.nan))) == ("2", "–", "–")
    assert signed(Estimate(0.5, -0.25, 1.0)) == "+0.5 (-0.25 to +1)"
    assert (share(0.123), share(np.nan), chance(0.0001), chance(0.25)) == ("12.3%", "–", "< 0.001", "0.250")
    assert (size(512), size(1_500_000), size(2.5e9)) == ("512 bytes", "1.5 MB", "2.5 GB")
