"""True and predicted profiles of single clusters, with the bands of their intervals."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from astrosweep.core.errors import DataError
from astrosweep.report.canvas import BLUE, INK, dress, log_ticks, new_figure

LABELS = {
    "pressure": "pressure (keV cm$^{-3}$)",
    "density": "electron density (cm$^{-3}$)",
    "temperature": "temperature (keV)",
}
_QUANTILES = {"best": 0.0, "typical": 0.5, "90th percentile": 0.9, "worst": 1.0}


def val_points(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the points of validation clusters whose truth is known, with ``error``, the relative error.

    Raises:
        DataError: There are none.
    """
    rows = predictions[(predictions["part"] == "val") & predictions["true"].notna()]
    rows = rows[rows["predicted"].notna()]
    if rows.empty:
        raise DataError("the predictions table has no validation clusters to plot")
    return rows.assign(error=rows["predicted"] / rows["true"] - 1.0)


def single_clusters(predictions: pd.DataFrame, title: str, scale: str) -> Figure:
    """Draw four validation clusters, from the one predicted best to the worst, a row for each target.

    Clusters are ordered by the median absolute relative error over all their points and targets.

    Args:
        predictions: One row per cluster, target and point.
        title: Title, usually the name of the run.
        scale: What radii are divided by, in words.

    Raises:
        DataError: There are no validation clusters.
    """
    rows = val_points(predictions)
    targets = list(rows["target"].unique())
    by_cluster = rows["error"].abs().groupby(rows["cluster_id"]).median().sort_values()
    figure = new_figure(title, 11.5, 0.6 + 2.9 * len(targets))
    panels = figure.subplots(len(targets), len(_QUANTILES), squeeze=False, sharex=True, sharey="row")
    for column, (label, quantile) in enumerate(_QUANTILES.items()):
        cluster = by_cluster.index[round(quantile * (len(by_cluster) - 1))]
        of_cluster = rows[rows["cluster_id"] == cluster]
        for row, target in enumerate(targets):
            axes = panels[row, column]
            points = of_cluster[of_cluster["target"] == target].sort_values("radius_scaled")
            _draw(axes, points)
            dress(axes, ylabel=LABELS[target] if column == 0 else "")
            if row == 0:
                name = points["cluster"].iloc[0] if len(points) else ""
                axes.set_title(f"{label}: {name}", fontsize=9)
            if row + 1 == len(targets):
                axes.set_xlabel(f"r / {scale}", fontsize=10)
    panels[0, 0].legend(fontsize=8, frameon=False, loc="lower left")
    return figure


def _draw(axes: Axes, points: pd.DataFrame) -> None:
    radius = points["radius_scaled"]
    for level, alpha in (("95", 0.18), ("68", 0.4)):
        label = f"{level} % interval"
        axes.fill_between(
            radius,
            points[f"lower_{level}"],
            points[f"upper_{level}"],
            color=BLUE,
            alpha=alpha,
            linewidth=0,
            label=label,
        )
    axes.plot(radius, points["predicted"], color=BLUE, linewidth=1.2, label="predicted")
    axes.plot(radius, points["true"], "--", color=INK, linewidth=1.2, label="true")
    axes.set_xscale("log")
    axes.set_yscale("log")
    if len(points):
        log_ticks(axes.xaxis, radius.min(), radius.max())
        low, high = np.nanmin(points["true"]), np.nanmax(points["true"])
        if high < 100.0 * low:
            log_ticks(axes.yaxis, low, high)
