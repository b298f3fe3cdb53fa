"""How clusters differ from those that a model was trained on: number by number, together, by what lacks."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.data.incoming import Unlike
from astrosweep.data.space import Space
from astrosweep.kinds.clusters.groups import observed_numbers
from astrosweep.kinds.clusters.measured import measured, with_all_channels
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.sample import Clusters

Way = tuple[str, str, NDArray[np.bool_]]
"""Sort, label, and which clusters differ so."""


def unlike_clusters(
    preparation: ProfilePreparation, clusters: Clusters, ranges: Mapping[str, Any] | None
) -> Unlike:
    """See ``Kind.unlike``.

    Args:
        preparation: What the network was trained with; it knows which observables training clusters had.
        clusters: N clusters.
        ranges: What ``cluster_ranges`` gave; earlier versions gave no ``space``, single runs give nothing.
    """
    ways = list(_missing(preparation, clusters))
    distance = np.full(len(clusters), np.nan)
    if ranges and ranges.get("space"):
        space = Space.from_dict(ranges["space"])
        numbers = observed_numbers(clusters, str(ranges["radius_scaled_by"]))
        for name, score in space.scores.items():
            if name in numbers:
                low, high = score.limits(space.margin)
                values = numbers[name].to_numpy(dtype=np.float64)
                ways.append(("range", f"{name} below {low:.4g}", values < low))
                ways.append(("range", f"{name} above {high:.4g}", values > high))
        distance = space.distances(numbers)
        ways.append(("whole", "unlike the training clusters in all observables together", distance > 1.0))
    sorts, labels, found = zip(*ways, strict=True)
    return Unlike(sorts, labels, np.stack(found, axis=1), distance)


def _missing(preparation: ProfilePreparation, clusters: Clusters) -> Iterator[Way]:
    known = replace(clusters, observed=with_all_channels(preparation, clusters))
    own = measured(preparation, known)
    for name in preparation.channels:
        lacking = own.lacking(name)
        yield "missing", f"no {name}", lacking
        short = own.untrained(name).any(axis=1) & ~lacking
        yield "missing", f"{name} at fewer radii than in any training cluster", short
