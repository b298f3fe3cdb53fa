"""The figure of one predicted cluster: profiles with their bands, what follows, and what was measured."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.incoming import Outgoing
from astrosweep.data.kind import Judged
from astrosweep.kinds.clusters.catalogue import LEVELS, radii_of
from astrosweep.kinds.clusters.figures.profiles import LABELS
from astrosweep.kinds.clusters.flags import MEANINGS, NOT_MEASURED, NOT_TRAINED, Flags
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.propagate import can_derive, derive
from astrosweep.kinds.clusters.scaling import SCALES, radius_scale
from astrosweep.report.canvas import BLUE, GREEN, INK, ORANGE, PALE, dress, log_ticks, new_figure

_BANDS = (("95", 0.18), ("68", 0.4))
_COLUMNS = 3
_SHADED = {MEANINGS[NOT_MEASURED], MEANINGS[NOT_TRAINED]}


def prediction_figure(preparation: ProfilePreparation, outgoing: Outgoing, row: int) -> Figure:
    """Draw one cluster.

    Panels: each predicted profile with its 68 and 95 % intervals; entropy and P / (n_e k T) where all three
    are predicted; the radii where each observable was measured. Radii where nothing was are shaded.

    Args:
        preparation: What the network was trained with.
        outgoing: The predictions.
        row: Position of the cluster in them.
    """
    outgoing = _one(outgoing, row)
    clusters = outgoing.judged.objects
    scale = float(radius_scale(clusters, preparation.config.radius)[0])
    whole = can_derive(preparation) and len(preparation.quantities) > 1
    n_panels = len(preparation.quantities) + 2 * whole + 1
    n_rows = -(-n_panels // _COLUMNS)
    figure = new_figure(_title(outgoing), 3.7 * min(n_panels, _COLUMNS) + 0.4, 0.9 + 3.1 * n_rows)
    panels = list(figure.subplots(n_rows, min(n_panels, _COLUMNS), squeeze=False).ravel())
    for axes in panels[n_panels:]:
        axes.set_axis_off()
    flags = Flags(preparation, clusters)
    told: dict[str, None] = {}
    for quantity in preparation.quantities:
        axes, radius = panels.pop(0), radii_of(preparation, outgoing, quantity)[0] / scale
        place = preparation.columns_of(quantity)
        found = flags.of_points(radius[None] * scale, preparation.learned[place])
        told |= dict.fromkeys(word for word in flags.words(found)[0] if word)
        _profile(axes, radius, _bands(preparation, outgoing, place), LABELS[quantity])
        _shade(axes, radius, (found[0] & (NOT_MEASURED | NOT_TRAINED)) > 0)
        if quantity == preparation.quantities[0]:
            axes.legend(fontsize=8, frameon=False, loc="lower left")
    if whole:
        _derived(panels, radius, preparation, outgoing, (found[0] & (NOT_MEASURED | NOT_TRAINED)) > 0)
    _ranges(panels.pop(0), preparation, outgoing, scale)
    called = SCALES[preparation.config.radius].removeprefix("the ")
    for axes in figure.axes:
        if axes.axison:
            axes.set_xlabel(f"r / {called}", fontsize=10)
            axes.set_xscale("log")
            low, high = preparation.output_radii[[0, -1]]
            axes.set_xlim(low / 1.1, high * 1.1)
            log_ticks(axes.xaxis, high / 100.0, high)
    if told:
        figure.supxlabel("Flags: " + "; ".join(_pieces(told)), fontsize=8.5, color=ORANGE, wrap=True)
    return figure


def _one(outgoing: Outgoing, row: int) -> Outgoing:
    judged, at = outgoing.judged, np.array([row])
    predicted = Predictions(judged.predicted.ids[at], judged.predicted.mean[at], judged.predicted.std[at])
    one: Judged[Any, Any] = replace(
        judged,
        objects=judged.objects.take(at),
        predicted=predicted,
        truth=None,
        target=judged.target[at],
        error=judged.error[at],
    )
    return Outgoing(one, outgoing.aleatoric[at], outgoing.epistemic[at], outgoing.widths[:, at])


def _title(outgoing: Outgoing) -> str:
    clusters = outgoing.judged.objects
    redshift, r500 = float(clusters.redshift[0]), float(clusters.r500_kpc[0])
    known = [f"z = {redshift:.3g}"] * (redshift > 0.0) + [f"R500 = {r500:.0f} kpc"] * (r500 > 0.0)
    return ", ".join([str(clusters.names[0]), *known])


def _bands(preparation: ProfilePreparation, outgoing: Outgoing, place: slice) -> dict[str, FloatArray]:
    mean = np.where(preparation.learned[place], outgoing.judged.predicted.mean[0, place], np.nan)
    bands = {"": preparation.expand_target(mean)}
    for level, at in LEVELS.items():
        width = outgoing.widths[at, 0, place]
        bands[f"lower_{level}"] = preparation.expand_target(mean - width)
        bands[f"upper_{level}"] = preparation.expand_target(mean + width)
    return bands


def _profile(
    axes: Axes, radius: FloatArray, bands: Mapping[str, FloatArray], label: str, color: str = BLUE
) -> None:
    for level, alpha in _BANDS:
        axes.fill_between(
            radius, bands[f"lower_{level}"], bands[f"upper_{level}"], color=color, alpha=alpha, linewidth=0,
            label=f"{level} % interval",
        )  # fmt: skip
    axes.plot(radius, bands[""], color=color, linewidth=1.2, label="predicted")
    dress(axes, ylabel=label)
    axes.set_yscale("log")
    both = np.concatenate([bands["lower_95"], bands["upper_95"]])
    known = both[np.isfinite(both) & (both > 0.0)]
    if known.size and known.max() < 100.0 * known.min():
        log_ticks(axes.yaxis, float(known.min()), float(known.max()))
        if known.max() < 8.0 * known.min():
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)))


def _derived(
    panels: list[Axes], radius: FloatArray, preparation: ProfilePreparation, outgoing: Outgoing, outside: Any
) -> None:
    found = derive(preparation, outgoing)
    entropy = {end: own[0] for end, own in found.profiles["entropy"].items()}
    axes = panels.pop(0)
    _profile(axes, radius, entropy, "entropy (keV cm$^2$)", GREEN)
    _shade(axes, radius, outside)
    assert found.deviation is not None
    axes = panels.pop(0)
    dress(axes, ylabel="P / (n$_e$ k T) - 1 (%)")
    for level, alpha in _BANDS:
        width = outgoing.widths[LEVELS[level], 0, preparation.columns_of("pressure")]
        low, high = 100.0 * np.expm1(-width), 100.0 * np.expm1(width)
        axes.fill_between(radius, low, high, color=PALE, alpha=2.0 * alpha, linewidth=0,
                          label=f"{level} % interval of P")  # fmt: skip
    axes.axhline(0.0, color=INK, linewidth=0.8)
    axes.plot(radius, 100.0 * found.deviation[0], color=ORANGE, linewidth=1.4, label="predicted profiles")
    axes.legend(fontsize=8, frameon=False, loc="best")


def _shade(axes: Axes, radius: FloatArray, outside: Any) -> None:
    """Shade radii where nothing was measured, or nothing learned."""
    axes.fill_between(
        radius, 0.0, 1.0, where=outside, transform=axes.get_xaxis_transform(), color=PALE, alpha=0.35,
        linewidth=0, zorder=0, label="not measured" if np.any(outside) else None,
    )  # fmt: skip


def _ranges(axes: Axes, preparation: ProfilePreparation, outgoing: Outgoing, scale: float) -> None:
    clusters, names = outgoing.judged.objects, list(preparation.channels)
    dress(axes)
    for place, name in enumerate(reversed(names)):
        profiles = clusters.observed.get(name)
        points = np.zeros(0)
        if profiles is not None:
            points = (
                profiles.radius[0][np.isfinite(profiles.value[0]) & np.isfinite(profiles.radius[0])] / scale
            )
        if points.size:
            axes.plot([points.min(), points.max()], [place, place], color=BLUE, linewidth=5, alpha=0.35,
                      solid_capstyle="butt")  # fmt: skip
            axes.plot(points, np.full(points.size, place), "|", color=BLUE, markersize=6)
        else:
            axes.annotate("not measured", (0.5, place), xycoords=("axes fraction", "data"), ha="center",
                          va="center", fontsize=8, color=ORANGE)  # fmt: skip
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_title("measured radii", fontsize=9)


def _pieces(told: Mapping[str, None]) -> list[str]:
    pieces = dict.fromkeys(piece for word in told for piece in word.split("; "))
    return [f"{piece} (shaded)" if piece in _SHADED else piece for piece in pieces]
