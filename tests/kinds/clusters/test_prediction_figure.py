"""The figure of one predicted cluster shows what was predicted, and says what was missing."""

import numpy as np
import pytest

from astrosweep.config.kinds.clusters import OBSERVABLES
from astrosweep.kinds.clusters.figures.prediction import prediction_figure
from tests.kinds.clusters.simulated import blanked, prepared, simulated, with_profiles
from tests.kinds.clusters.test_profile_catalogue import outgoing


def labels(figure) -> list[str]:
    return [axes.get_ylabel() for axes in figure.axes if axes.axison]


def test_panels_are_profiles_and_what_follows_and_measured_radii():
    preparation, sample = prepared(simulated()).preparation, simulated().take(np.arange(3))
    figure = prediction_figure(preparation, outgoing(preparation, sample), 1)
    starts = [label.split(" ")[0] for label in labels(figure)]
    assert starts == ["pressure", "electron", "temperature", "entropy", "P", ""]
    assert figure.get_suptitle().startswith(f"{sample.objects.names[1]}, z = ")
    density = figure.axes[1].lines[0]
    true = sample.truth.profiles["ne3d"]
    radius = np.log(np.asarray(density.get_xdata()) * sample.objects.r500_kpc[1])
    expected = np.exp(np.interp(radius, np.log(true.radius[1]), np.log(true.value[1])))
    np.testing.assert_allclose(density.get_ydata(), expected, rtol=1e-6)
    assert [tick.get_text() for tick in figure.axes[-1].get_yticklabels()] == list(reversed(OBSERVABLES))
    assert figure.get_supxlabel() == ""


def test_what_is_missing_is_shaded_and_said():
    preparation = prepared(simulated(), ("density",), observables=["sb", "Txray"]).preparation
    sample = with_profiles(simulated().take(np.arange(2)), "sb", blanked(0, slice(20, None), radius=True))
    sample = with_profiles(sample, "Txray", blanked(0, slice(None), radius=True))
    figure = prediction_figure(preparation, outgoing(preparation, sample), 0)
    note = figure.get_supxlabel()
    assert "not measured at all: Txray" in note
    assert "measured at fewer radii than in any training cluster: sb" in note
    assert "nothing was measured at this radius (shaded)" in note
    assert "not measured" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert "not measured" in [text.get_text() for text in figure.axes[1].texts]
    assert prediction_figure(preparation, outgoing(preparation, sample), 1).get_supxlabel() == ""


@pytest.mark.parametrize("change", [{"output": "radii_and_values"}, {"logarithm": False}])
def test_other_preparations_are_drawn_without_what_cannot_be_derived(change):
    preparation = prepared(simulated(), ("pressure",), **change).preparation
    figure = prediction_figure(preparation, outgoing(preparation, simulated(), 1e-5), 0)
    assert [label.split(" ")[0] for label in labels(figure)] == ["pressure", ""]
