"""RMSE of the model beside baselines, a constant and published figures, with intervals."""

import math

from matplotlib.figure import Figure

from astrosweep.report.canvas import AMBER, BLUE, GREY, INK, ORANGE, dress, new_figure
from astrosweep.validation.effect import CONSTANT, MODEL, Effectiveness


def effect(found: Effectiveness, unit: str, title: str) -> Figure:
    """Draw a row for each predictor and set of objects.

    Args:
        found: The metrics.
        unit: Unit of the metrics.
        title: Title.
    """
    lines = [line for line in found.lines if not line.channel and "rmse" in line.metrics]
    published = [
        (one.network, math.sqrt(one.metrics["mse"])) for one in found.published if "mse" in one.metrics
    ]
    n = len(lines) + len(published)
    figure = new_figure(title, 9.5, 1.6 + 0.36 * n)
    axes = figure.subplots()
    for place, line in enumerate(lines):
        one = line.metrics["rmse"]
        colour = BLUE if line.who == MODEL else GREY if line.who == CONSTANT else ORANGE
        bars = [[one.value - one.low], [one.high - one.value]] if one.has_interval else None
        axes.errorbar(one.value, place, xerr=bars, fmt="o", color=colour, capsize=3, markersize=5)
    for place, (_, value) in enumerate(published, len(lines)):
        axes.plot(value, place, "D", color=AMBER, markersize=6)
    labels = [f"{line.who}, {line.objects}" for line in lines]
    labels += [f"published: {network}" for network, _ in published]
    axes.set_yticks(range(n), labels, fontsize=8.5)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
        label.set_color(INK)
    dress(axes, f"RMSE ({unit})" if unit else "RMSE")
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_xlim(left=0.0)
    return figure
