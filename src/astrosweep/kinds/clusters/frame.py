"""Clusters as one long table that a served model takes, and back: a row for each point of each profile."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.clusters import OBSERVABLES
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.identifiers import id_of
from astrosweep.data.reading.convert import to_numbers
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.profiles.faults import few
from astrosweep.kinds.clusters.sample import Clusters, Profiles

COLUMNS = ("cluster", "redshift", "r500_kpc", "profile", "radius_kpc", "value", "error")
"""Its columns; redshift and R500 of a cluster are repeated in each of its rows."""
_NUMBERS = ("redshift", "r500_kpc", "radius_kpc", "value", "error")
_MAY_LACK = ("redshift", "r500_kpc", "error")
"""Columns that may be absent: all unknown."""
_TABLE = Path("the table of profiles")
"""What messages call it."""


def frame_of(preparation: ProfilePreparation, clusters: Clusters) -> pd.DataFrame:
    """The profiles that the preparation uses, cluster by cluster, in the units of a sample.

    A cluster that was measured in nothing has one row, without a radius.

    Args:
        preparation: The preparation of what will predict them.
        clusters: The clusters; in the table they go by their names.
    """
    names = _profiles_of(preparation, clusters)
    parts = []
    for place, name in enumerate(names):
        profiles = clusters.observed[name]
        rows, points = np.nonzero(np.isfinite(profiles.radius))
        parts.append((rows, np.full(len(rows), place), *(
            array[rows, points] for array in (profiles.radius, profiles.value, profiles.error)
        )))  # fmt: skip
    nothing = np.setdiff1d(np.arange(len(clusters)), np.concatenate([part[0] for part in parts]))
    gaps = np.full(len(nothing), np.nan)
    parts.append((nothing, np.zeros(len(nothing), dtype=np.int64), gaps, gaps, gaps))
    row, profile, radius, value, error = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((profile, row))
    row, profile = row[order], profile[order]
    columns = (
        clusters.names.astype(object)[row],
        clusters.redshift[row],
        clusters.r500_kpc[row],
        np.array(names, dtype=object)[profile],
        radius[order],
        value[order],
        error[order],
    )
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def clusters_from(preparation: ProfilePreparation, frame: pd.DataFrame) -> Clusters:
    """Clusters of such a table, in the order in which they first stand there.

    Rows may be in any order; values that are not finite are gaps. Identifiers are hashes of the names.

    Args:
        preparation: The preparation of what will predict them.
        frame: The table; columns of redshift, R500 and errors may be absent where they are not needed.

    Raises:
        DataError: There are no rows, a column, a profile or a needed property is missing, a number is none,
            or a cluster has two redshifts or a radius twice.
    """
    clusters = clusters_of(frame, needed=tuple(preparation.channels))
    _check_properties(preparation, clusters)
    return clusters


def clusters_of(frame: pd.DataFrame, table: Path = _TABLE, needed: Sequence[str] = ()) -> Clusters:
    """Clusters of such a table, whatever a model needs of them.

    Args:
        frame: The table; columns of redshift, R500 and errors may be absent.
        table: What messages call it.
        needed: Profiles that some cluster must have.

    Raises:
        DataError: There are no rows, a column is missing, a profile is unknown, a number is none, or a
            cluster has two redshifts or a radius twice.
    """
    frame = _checked(frame, table)
    numbers = {
        name: to_numbers(frame[name], name, table) if name in frame else np.full(len(frame), np.nan)
        for name in _NUMBERS
    }
    names = frame["cluster"].astype(str).to_numpy(dtype=object)
    row, found = pd.factorize(names)
    unique = found.tolist()
    properties = {
        name: _one_each(name, numbers[name], row, unique, table) for name in ("redshift", "r500_kpc")
    }
    has_point = np.isfinite(numbers["radius_kpc"])
    if (bad := has_point & (numbers["radius_kpc"] <= 0.0)).any():
        raise DataError(
            f"{table}: column 'radius_kpc' of {names[bad][0]} is {numbers['radius_kpc'][bad][0]:g}; "
            "allowed: radii above 0"
        )
    kinds = frame["profile"].astype(str).to_numpy(dtype=object)
    if unknown := sorted(set(kinds) - set(OBSERVABLES)):
        raise DataError(f"{table}: column 'profile' has {few(unknown)}; allowed: {', '.join(OBSERVABLES)}")
    if absent := [name for name in needed if name not in set(kinds)]:
        raise DataError(
            f"{table}: column 'profile' never has {', '.join(absent)}; this model needs {', '.join(needed)}"
        )
    point = (numbers["radius_kpc"], numbers["value"], numbers["error"])
    observed = {}
    for kind in [name for name in OBSERVABLES if name in set(kinds)]:
        chosen = np.flatnonzero((kinds == kind) & has_point)
        own = [array[chosen] for array in point]
        observed[kind] = _padded(kind, row[chosen], unique, own, table)
    return Clusters(
        ids=np.array([id_of(name) for name in unique], dtype=np.int64),
        names=np.array(unique),
        redshift=properties["redshift"],
        r500_kpc=properties["r500_kpc"],
        observed=observed,
        generator=np.full(len(unique), "table"),
        origin=str(table),
    )


def needed_properties(preparation: ProfilePreparation) -> tuple[str, ...]:
    """Properties that a preparation needs of every cluster: ``redshift``, ``r500_kpc``."""
    config = preparation.config
    scaled = config.line_of_sight == "on"
    needed = {
        "redshift": scaled or "redshift" in config.context,
        "r500_kpc": scaled or "r500" in config.context or config.radius == "r500",
    }
    return tuple(name for name, is_needed in needed.items() if is_needed)


def _profiles_of(preparation: ProfilePreparation, clusters: Clusters) -> list[str]:
    """Those that are channels; all where the outermost radius of any of them scales the radii."""
    if preparation.config.radius == "outermost":
        return list(clusters.observed)
    return [name for name in clusters.observed if name in preparation.channels]


def _checked(frame: pd.DataFrame, table: Path) -> pd.DataFrame:
    if not len(frame):
        raise DataError(f"{table} has no rows")
    if absent := [name for name in COLUMNS if name not in frame and name not in _MAY_LACK]:
        raise DataError(f"{table} has no column {', '.join(absent)}; needed: {', '.join(COLUMNS)}")
    numbered = frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"), axis=0)
    for name in ("cluster", "profile"):
        if (empty := numbered[name].isna()).any():
            raise DataError(f"{table}: column {name!r} is empty in row {numbered.index[empty][0]}")
    return numbered


def _one_each(name: str, values: FloatArray, row: IdArray, unique: list[str], table: Path) -> FloatArray:
    """The value of each cluster, which all of its rows share."""
    first = np.full(len(unique), np.nan)
    first[row[::-1]] = values[::-1]
    other = ~((values == first[row]) | (np.isnan(values) & np.isnan(first[row])))
    if other.any():
        place = int(np.flatnonzero(other)[0])
        raise DataError(
            f"{table}: column {name!r} of {unique[row[place]]} is {first[row[place]]:g} and "
            f"{values[place]:g}; allowed: one value for each cluster"
        )
    return first


def _check_properties(preparation: ProfilePreparation, clusters: Clusters) -> None:
    for name in needed_properties(preparation):
        unknown = ~(getattr(clusters, name) > 0.0)
        if unknown.any():
            without = few([str(cluster) for cluster in clusters.names[unknown]])
            raise DataError(
                f"{_TABLE}: column {name!r} has no positive number for {int(unknown.sum())} of "
                f"{len(clusters)} clusters: {without}; this model needs it"
            )


def _padded(kind: str, row: IdArray, unique: list[str], point: list[FloatArray], table: Path) -> Profiles:
    """Points of one profile as arrays (N, L), by increasing radius."""
    order = np.lexsort((point[0], row))
    row = row[order]
    radius, value, error = (array[order] for array in point)
    again = (row[1:] == row[:-1]) & (radius[1:] == radius[:-1])
    if again.any():
        place = int(np.flatnonzero(again)[0])
        raise DataError(
            f"{table}: column 'radius_kpc' has {radius[place]:g} twice in the profile {kind} of "
            f"{unique[row[place]]}"
        )
    count = np.bincount(row, minlength=len(unique))
    column = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    arrays = np.full((3, len(unique), max(int(count.max(initial=0)), 2)), np.nan)
    for array, values in zip(arrays, (radius, value, error), strict=True):
        array[row, column] = values
    return Profiles(*arrays)
