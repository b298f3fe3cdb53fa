"""Whether preparation keeps the shape of profiles: the figure of the check that runs with every training."""

import numpy as np
from matplotlib.figure import Figure

from astrosweep.kinds.clusters.prepare import SHAPE, PreparedClusters
from astrosweep.kinds.clusters.shape_check import there_and_back
from astrosweep.report.canvas import BLUE, INK, dress, log_ticks, new_figure, plain_ticks

_COLUMNS = 4


def shape_kept(prepared: PreparedClusters, title: str) -> Figure:
    """Draw each kind of profile of one training cluster before, and after preparation and back.

    Args:
        prepared: A prepared fold; the largest change of any cluster stands in each panel's title.
        title: Title, usually the name of the run.
    """
    cluster = prepared.train.take(np.array([len(prepared.train) // 2]))
    back = there_and_back(prepared.preparation, cluster)
    largest = prepared.checks[SHAPE].set_index("profile")["largest_relative_change"]
    n_rows = -(-len(back) // _COLUMNS)
    figure = new_figure(
        f"{title}: preparation and back, cluster {cluster.objects.names[0]}", 11.5, 0.7 + 2.5 * n_rows
    )
    panels = figure.subplots(n_rows, _COLUMNS, squeeze=False).ravel()
    for axes in panels[len(back) :]:
        axes.set_axis_off()
    for axes, (name, values) in zip(panels, back.items(), strict=False):
        original = {**cluster.objects.observed, **cluster.truth.profiles}[name]
        radius = original.radius[0]
        axes.plot(radius, original.value[0], ".", color=INK, markersize=5, label="as read")
        axes.plot(radius, values[0], color=BLUE, linewidth=1.2, label="prepared and back")
        dress(axes, "radius (kpc)")
        axes.set_xscale("log")
        known = original.value[0][np.isfinite(original.value[0])]
        if known.size and known.min() > 0.0:
            axes.set_yscale("log")
            if known.max() < 100.0 * known.min() and known.min() > 1e-3:
                log_ticks(axes.yaxis, known.min(), known.max())
        if np.isfinite(radius).any():
            plain_ticks(axes.xaxis)  # decades alone: the panels are narrow
        axes.set_title(f"{name}: largest change {largest[name]:.0e}", fontsize=9)
    panels[0].legend(fontsize=8, frameon=False)
    return figure
