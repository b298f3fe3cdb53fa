"""Tables of observed profiles, cluster by cluster: what is wrong with one does not stop the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrosweep.config.kinds.clusters import ClusterCleaningConfig, TablesConfig
from astrosweep.core.errors import DataError
from astrosweep.data.identifiers import id_of
from astrosweep.kinds.clusters.profiles.layout import PROPERTIES_FILE, find_profiles
from astrosweep.kinds.clusters.profiles.profile_file import TabulatedProfile, read_profile
from astrosweep.kinds.clusters.profiles.properties import Properties
from astrosweep.kinds.clusters.profiles.read import (
    Files,
    common_units,
    facts_of,
    properties_of,
    stacked,
)
from astrosweep.kinds.clusters.profiles.scale import check_scales, to_kpc
from astrosweep.kinds.clusters.sample import Clusters


@dataclass(frozen=True, eq=False)
class EachCluster:
    """Clusters as far as they could be read.

    Attributes:
        clusters: All of them, in order; one that could not be read was measured in nothing.
        faults: Those that could not be read, by position, and why.
    """

    clusters: Clusters
    faults: Mapping[int, str]


def read_each(
    path: Path, tables: TablesConfig, cleaning: ClusterCleaningConfig, observables: Sequence[str]
) -> EachCluster:
    """Read the observed profiles of a directory; any cluster may lack any of them.

    Args:
        path: The directory; see ``find_profiles`` for how it may be laid out. Its own ``clusters.csv`` comes
            before ``tables.properties``, which may belong to other clusters.
        tables: Format, columns and units.
        cleaning: Whether gaps are allowed, and the least number of points of a profile.
        observables: The profiles to read.

    Raises:
        DataError: There is no profile in the directory, a cluster is there twice, the properties cannot be
            read, or an observable is in several units that do not convert.
    """
    if (path / PROPERTIES_FILE).exists():
        tables = tables.model_copy(update={"properties": None})
    try:
        files, ignored = find_profiles(path, tables.format)
        known, facts = properties_of(path, tables, list(files))
    except OSError as error:
        raise DataError(f"{error.filename or path}: cannot be read: {error.strerror or error}") from error
    names = list(files)
    profiles: dict[str, dict[str, TabulatedProfile]] = {}
    faults: dict[int, str] = {}
    for row, name in enumerate(names):
        profiles[name], wrong = _read(name, files, known, tables, cleaning, observables)
        if wrong:
            profiles[name] = {}
            faults[row] = "; ".join(wrong)
    units = common_units(profiles, observables, files)
    facts |= facts_of(files, ignored, profiles, observables, known)
    clusters = Clusters(
        ids=np.array([id_of(name) for name in names], dtype=np.int64),
        names=np.array(names),
        redshift=np.array([known.get(name, Properties()).redshift for name in names]),
        r500_kpc=np.array([known.get(name, Properties()).r500_kpc for name in names]),
        observed={kind: stacked([profiles[name].get(kind) for name in names]) for kind in observables},
        generator=np.full(len(names), "table"),
        origin=f"tables of {len(names)} clusters in {path}",
        facts={**facts, **({"units": units} if units else {})},
    )
    return EachCluster(clusters, faults)


def _read(
    cluster: str,
    files: Files,
    known: Mapping[str, Properties],
    tables: TablesConfig,
    cleaning: ClusterCleaningConfig,
    observables: Sequence[str],
) -> tuple[dict[str, TabulatedProfile], list[str]]:
    """Profiles of one cluster, radii in kpc, and what is wrong with them."""
    own: dict[str, TabulatedProfile] = {}
    wrong: list[str] = []
    for kind in observables:
        if kind not in files[cluster]:
            continue
        try:
            own[kind] = read_profile(files[cluster][kind], kind, tables, cleaning)
        except DataError as error:
            wrong.append(str(error))
        except OSError as error:
            wrong.append(f"{files[cluster][kind]}: cannot be read: {error.strerror or error}")
    if wrong or not own:
        return own, wrong
    in_kpc, wrong = to_kpc({cluster: own}, files, {cluster: known.get(cluster, Properties())})
    if not wrong:
        wrong = check_scales(in_kpc, {cluster: own}, files, known)
    return in_kpc[cluster], wrong
