"""Weights of the members beside their own losses."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from astrosweep.ensemble.report.members import MemberRow
from astrosweep.ensemble.report.shown import Loss, shortened
from astrosweep.report.canvas import AMBER, BLUE, GREEN, GREY, INK, ORANGE, PURPLE, dress, new_figure

_MOST = 30
_NAME = 34
_ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2}
_COLOURS = (BLUE, AMBER, GREEN, PURPLE, ORANGE)


def weights_of_members(members: Sequence[MemberRow], loss: Loss, ensemble: float, title: str) -> Figure:
    """Draw the weight of each member, coloured by its network, and its own loss out of fold beside it.

    Args:
        members: The members, the largest weight first; the first 30 are drawn.
        loss: How losses are shown.
        ensemble: Nested mean loss of the ensemble, a line across the members' own.
        title: Title.
    """
    shown = members[:_MOST]
    if rest := members[_MOST:]:
        title = f"{title}: the {len(shown)} of {len(members)} with the largest weights; the others have "
        title += f"{sum(row.weight for row in rest):.1%} together"
    networks = list(dict.fromkeys(row.network for row in members))
    colours = {name: _COLOURS[min(i, len(_COLOURS) - 1)] for i, name in enumerate(networks)}
    figure = new_figure(title, 9.6, 1.6 + 0.23 * max(len(shown), 4))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    places = range(len(shown))
    for name in networks:
        of_name = [i for i in places if shown[i].network == name]
        if of_name:
            left.barh(of_name, [shown[i].weight for i in of_name], color=colours[name], label=name)
    dress(left, "weight")
    left.set_yticks(list(places), [shortened(row.name, _NAME) for row in shown], fontsize=8)
    for label in left.get_yticklabels():
        label.set_parse_math(False)
    left.set_ylim(len(shown) - 0.4, -0.6)
    left.grid(visible=False, axis="y")
    values = [loss.value(row.loss) for row in shown]
    right.scatter(values, places, c=[colours[row.network] for row in shown], s=28, zorder=3)
    dress(right, f"own {loss.label} out of fold")
    nested = loss.value(ensemble)
    if math.isfinite(nested):
        right.axvline(nested, color=INK, linestyle="--", linewidth=1.0, label="ensemble, nested")
        right.legend(fontsize=8, frameon=False, **_ABOVE)
    right.tick_params(axis="y", labelleft=False, color=GREY)
    right.locator_params(axis="x", nbins=5)
    left.legend(fontsize=8, frameon=False, ncols=len(_COLOURS), **_ABOVE)
    return figure
