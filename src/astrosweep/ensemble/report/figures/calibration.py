"""Whether intervals hold as much as they say: coverage of four levels, in all and by group, and PIT."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from astrosweep.ensemble.coverage import Coverage, Reliability
from astrosweep.ensemble.report.order import block_of, in_order
from astrosweep.ensemble.report.shown import shortened
from astrosweep.report.canvas import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, dress, new_figure

_NARROW = 5
"""Two panels of up to so many groups lie side by side."""
_FEW = 12
"""Up to so many groups have marks and names of their own; more are lines."""
_TICKS = 10
_COLOURS = (GREEN, BLUE, PURPLE, ORANGE)
_PARTS = (("out of fold", BLUE, "o"), ("sealed objects", ORANGE, "s"), ("fresh objects", GREEN, "^"))


def calibration(parts: Mapping[str, Reliability], title: str) -> Figure:
    """Draw the coverage of the four intervals, in all and by group, and the histogram of PIT.

    Bars are the binomial noise of honest intervals with as many objects.

    Args:
        parts: ``out of fold``, ``sealed objects`` and ``fresh objects`` to what was measured; at least one.
            Groups are those of the first one; where all objects are in one group there is nothing more to
            draw.
        title: Title.
    """
    first_part, first = next(iter(parts.items()))
    panels = [
        (name, sorted(groups, key=in_order), groups)
        for name, groups in first.by_group.items()
        if len(groups) > 1
    ]
    narrow = [panel for panel in panels if len(panel[1]) <= _NARROW]
    rows = [narrow[i : i + 2] for i in range(0, len(narrow), 2)]
    rows += [[panel] for panel in panels if len(panel[1]) > _NARROW]
    figure = new_figure(title, 11.5, 4.6 + 3.5 * len(rows))
    below = figure.subfigures(1 + len(rows), 1, height_ratios=[4.2, *[3.5] * len(rows)], squeeze=False)[:, 0]
    left, right = below[0].subplots(1, 2)
    _draw_overall(left, parts)
    _draw_pit(right, parts)
    for row, place in zip(rows, below[1:], strict=True):
        is_narrow = len(row[0][1]) <= _NARROW
        for axes in place.subplots(1, 2 if is_narrow else 1, squeeze=False)[0][len(row) :]:
            axes.set_axis_off()
        for axes, (name, names, groups) in zip(place.axes, row, strict=False):
            found = [groups[one] for one in names]
            if len(names) <= _FEW:
                _draw_groups(axes, found, names, 2 if is_narrow else 1)
            else:
                _draw_many_groups(axes, found, names)
            dress(axes, ylabel="coverage")
            axes.grid(visible=False, axis="x")
            axes.set_title(f"{first_part}, by {name}", fontsize=10, parse_math=False)
    return figure


def _draw_overall(axes: Axes, parts: Mapping[str, Reliability]) -> None:
    axes.plot([0.4, 1.0], [0.4, 1.0], "--", color=INK, linewidth=1.0, label="honest intervals")
    text = []
    for (part, reliability), (_, colour, marker) in zip(parts.items(), _styles(parts), strict=True):
        levels = [one.level for one in reliability.overall]
        shares = [one.share for one in reliability.overall]
        noise = [one.std_error for one in reliability.overall]
        objects = reliability.overall[0].objects
        axes.errorbar(
            levels, shares, yerr=noise, fmt=marker, color=colour, markersize=5, capsize=3, linewidth=1.2,
            label=f"{part} ({objects:,} objects)",
        )  # fmt: skip
        text += [
            part,
            *(f"  {one.level:.0%}: {one.share:.1%} ± {one.std_error:.1%}" for one in reliability.overall),
        ]
    dress(axes, "level of the interval", "share of objects inside")
    lowest = min(one.share - one.std_error for of in parts.values() for one in of.overall)
    axes.set(xlim=(0.46, 1.0), ylim=(max(0.0, min(0.42, lowest - 0.03)), 1.02))
    axes.text(
        0.7, 0.03, "\n".join(text), transform=axes.transAxes, fontsize=8, va="bottom", color=INK,
        linespacing=1.25,
    )  # fmt: skip
    axes.legend(fontsize=8, loc="upper left", framealpha=0.85, edgecolor="none")


def _draw_pit(axes: Axes, parts: Mapping[str, Reliability]) -> None:
    largest = 0.25
    for (part, reliability), (_, colour, _) in zip(parts.items(), _styles(parts), strict=True):
        counts = np.asarray(reliability.pit, dtype=np.float64)
        n_bins, total = len(counts), counts.sum()
        if not total:
            continue
        edges = np.linspace(0.0, 1.0, n_bins + 1)
        objects = reliability.overall[0].objects
        noise = np.sqrt((1.0 - 1.0 / n_bins) * n_bins / objects)  # of a bin whose honest height is 1
        axes.fill_between([0.0, 1.0], 1.0 - noise, 1.0 + noise, color=colour, alpha=0.15, linewidth=0)
        height = counts / total * n_bins
        axes.stairs(height, edges, baseline=None, color=colour, linewidth=1.6, label=part)
        largest = max(largest, 1.5 * noise, 1.6 * float(np.abs(height - 1.0).max()))
    axes.axhline(1.0, color=INK, linewidth=1.0, linestyle="--")
    dress(axes, "probability integral transform", "frequency (1 where honest)")
    axes.set(xlim=(0.0, 1.0), ylim=(max(0.0, 1.0 - largest), 1.0 + 0.8 * largest))
    axes.legend(
        fontsize=8, loc="lower center", framealpha=0.85, edgecolor="none", title="bands: noise, 1 sigma",
        title_fontsize=8, ncols=2,
    )  # fmt: skip


def _draw_groups(axes: Axes, groups: Sequence[Sequence[Coverage]], names: Sequence[str], panels: int) -> None:
    for i, colour in enumerate(_COLOURS):
        level = groups[0][i].level
        places = np.arange(len(groups)) + 0.12 * (i - 1.5)
        axes.axhline(level, color=colour, linewidth=0.9, linestyle="--", alpha=0.7, zorder=1)
        shares, noise = zip(*((group[i].share, group[i].std_error) for group in groups), strict=True)
        axes.errorbar(
            places, shares, yerr=noise, fmt="o", color=colour, markersize=5, capsize=2.5, linewidth=1.2,
            zorder=3, label=f"{level:.0%}",
        )  # fmt: skip
    width = max(8, 110 // (len(names) * panels))
    labels = [
        f"{_folded(name, width)}\n{group[0].objects:,}" for name, group in zip(names, groups, strict=True)
    ]
    axes.set_xticks(range(len(groups)), labels, fontsize=8)
    _finish(axes, groups, len(groups) - 0.5)


def _draw_many_groups(axes: Axes, groups: Sequence[Sequence[Coverage]], names: Sequence[str]) -> None:
    places = np.arange(len(groups))
    blocks = [block_of(name) for name in names]
    starts = [i for i in range(len(names)) if i == 0 or blocks[i] != blocks[i - 1]]
    if len(starts) > _TICKS:
        starts = [0]
    for i, colour in enumerate(_COLOURS):
        level = groups[0][i].level
        share = np.array([group[i].share for group in groups])
        noise = np.array([group[i].std_error for group in groups])
        axes.axhline(level, color=colour, linewidth=0.9, linestyle="--", alpha=0.7, zorder=1)
        for start, end in zip(starts, [*starts[1:], len(groups)], strict=True):
            rows = slice(start, end)
            axes.fill_between(
                places[rows], level - noise[rows], level + noise[rows], color=colour, alpha=0.18, linewidth=0
            )
            axes.plot(
                places[rows],
                share[rows],
                color=colour,
                linewidth=1.3,
                label=f"{level:.0%}" if start == 0 else None,
            )
    for start in starts[1:]:
        axes.axvline(start - 0.5, color=GREY, linewidth=0.8)
    each = max(1, _TICKS // len(starts))
    ticks = [
        int(tick)
        for start, end in zip(starts, [*starts[1:], len(groups)], strict=True)
        for tick in np.unique(np.linspace(start, end - 1, each + 1).astype(int)[: each + (len(starts) == 1)])
    ]
    labels = [names[tick].replace(" at ", "\nat ", 1) for tick in ticks]
    axes.set_xticks(ticks, labels, fontsize=8, ha="left" if len(starts) > 1 else "center")
    _finish(axes, groups, len(groups) - 0.5)


def _folded(name: str, width: int) -> str:
    """A name on lines of a width; a word that is longer is cut in its middle."""
    lines = textwrap.wrap(name, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(shortened(line, width) for line in lines)


def _finish(axes: Axes, groups: Sequence[Sequence[Coverage]], right: float) -> None:
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
    lowest = min(one.share - one.std_error for group in groups for one in group)
    axes.set(xlim=(-0.5, right), ylim=(max(-0.02, min(0.36, lowest - 0.04)), 1.04))
    axes.legend(
        fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, title="interval",
        title_fontsize=8, reverse=True,
    )  # fmt: skip


def _styles(parts: Mapping[str, Reliability]) -> list[tuple[str, str, str]]:
    known = {style[0]: style for style in _PARTS}
    return [known[part] for part in parts]
