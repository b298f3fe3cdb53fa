"""Clusters without truths that come in to be predicted: every one comes back, or says why it cannot."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from astropy import units as u

from astrosweep.config.kinds.clusters import OBSERVABLES, ClusterDataConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import IdArray
from astrosweep.data.incoming import Incoming
from astrosweep.data.reading import RawTable, read_table
from astrosweep.data.reading.units import known_unit
from astrosweep.kinds.clusters.frame import clusters_of, needed_properties
from astrosweep.kinds.clusters.measured import measured, why_not, with_all_channels
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.profiles.read_each import EachCluster, read_each
from astrosweep.kinds.clusters.sample import Clusters
from astrosweep.kinds.clusters.scaling import SCALES

_log = logging.getLogger(__name__)
_IN_WORDS = {"redshift": "redshift", "r500_kpc": "R500"}


def incoming_clusters(
    data: ClusterDataConfig, path: Path, preparation: ProfilePreparation
) -> Incoming[Clusters]:
    """Read observed profiles that a network shall predict.

    Args:
        data: How tables are read.
        path: A directory of profiles in any layout that training reads, or a file: one long table with the
            columns ``cluster``, ``redshift``, ``r500_kpc``, ``profile``, ``radius_kpc``, ``value`` and
            ``error``. True profiles in it are passed over.
        preparation: The preparation of the network.

    Returns:
        The clusters in the order of their names, of a file in the order in which they first stand there.

    Raises:
        DataError: There are no clusters, or what is wrong concerns all of them.
    """
    path = path.expanduser()
    if path.is_file():
        each = _read_file(path)
    else:
        each = read_each(path, data.tables, data.cleaning, tuple(preparation.channels))
    clusters = replace(each.clusters, observed=with_all_channels(preparation, each.clusters))
    reasons = dict(each.faults)
    for place, why in _without_properties(preparation, clusters).items():
        reasons.setdefault(place, why)
    left = np.setdiff1d(np.arange(len(clusters)), list(reasons))
    told = why_not(measured(preparation, clusters.take(left))) if len(left) else {}
    reasons |= {int(left[place]): why for place, why in told.items()}
    row: IdArray = np.setdiff1d(np.arange(len(clusters)), list(reasons)).astype(np.int64)
    names = clusters.names
    scale = SCALES[preparation.config.radius].removeprefix("the ")
    for place in sorted(reasons):
        _log.warning("%s: %s cannot be predicted: %s", path, names[place], reasons[place])
    return Incoming(
        objects=clusters.take(row),
        row=row,
        n_rows=len(clusters),
        names=names,
        reasons={place: reasons[place] for place in sorted(reasons)},
        notes={**clusters.facts, "radii scaled by": scale},
    )


def _without_properties(preparation: ProfilePreparation, clusters: Clusters) -> dict[int, str]:
    needed = needed_properties(preparation)
    missing = {name: ~(getattr(clusters, name) > 0.0) for name in needed}
    reasons = {}
    for row in range(len(clusters)):
        if lacks := [name for name in needed if missing[name][row]]:
            what = " and ".join(_IN_WORDS[name] for name in lacks)
            reasons[row] = (
                f"{what} {'is' if len(lacks) == 1 else 'are'} unknown, and the network needs it; give "
                f"{' and '.join(lacks)} in the table of the clusters"
            )
    return reasons


def _read_file(path: Path) -> EachCluster:
    """Read a long table; where it cannot be taken as a whole, cluster by cluster."""
    raw = read_table(path, text=("cluster", "profile"))
    if not raw.named:
        raise DataError(f"{path}: it names no columns; allowed: a long table of profiles, or a directory")
    frame = _in_kpc(raw, path)
    try:
        return EachCluster(clusters_of(frame, path), {})
    except DataError:
        if any(name not in frame or frame[name].isna().any() for name in ("cluster", "profile")):
            raise
    faults: dict[int, str] = {}
    readable = []
    names = frame["cluster"].astype(str)
    for place, name in enumerate(pd.unique(names)):
        own = frame[names == name]
        try:
            clusters_of(own, path)
        except DataError as error:
            faults[place] = str(error)
            own = own.iloc[:1].assign(profile=OBSERVABLES[0])
            own[[column for column in own if column not in ("cluster", "profile")]] = np.nan
        readable.append(own)
    if len(faults) == len(readable):
        raise DataError(faults[0])
    return EachCluster(clusters_of(pd.concat(readable), path), faults)


def _in_kpc(raw: RawTable, path: Path) -> pd.DataFrame:
    """The table under lower-case names, with lengths in kpc where it states another unit."""
    frame = raw.frame.set_axis([str(name).lower() for name in raw.frame.columns], axis=1)
    for name, stated in raw.units.items():
        unit = known_unit(stated)
        if name.lower() not in ("radius_kpc", "r500_kpc") or not stated:
            continue
        if unit is None or not unit.is_equivalent(u.kpc):
            raise DataError(f"{path}: column {name!r} is in {stated!r}; allowed: a length, best kpc")
        frame[name.lower()] = frame[name.lower()] * unit.to(u.kpc)
    return frame
