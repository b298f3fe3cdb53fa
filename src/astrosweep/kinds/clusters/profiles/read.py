"""``data.source=tables``: radial profiles, one file per cluster and observable, as a sample."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from astrosweep.config.kinds.clusters import OBSERVABLES, TARGETS, ClusterCleaningConfig, TablesConfig
from astrosweep.core.errors import DataError
from astrosweep.data.identifiers import id_of
from astrosweep.kinds.clusters.profiles.faults import MAX_FAULTS, few, raise_for_faults
from astrosweep.kinds.clusters.profiles.layout import PROPERTIES_FILE, find_profiles
from astrosweep.kinds.clusters.profiles.profile_file import TabulatedProfile, read_profile
from astrosweep.kinds.clusters.profiles.properties import Properties, read_properties
from astrosweep.kinds.clusters.profiles.scale import check_scales, to_kpc
from astrosweep.kinds.clusters.sample import IMPOSSIBLE, Clusters, ClusterSample, Profiles, TrueProfiles

_log = logging.getLogger(__name__)

Files = Mapping[str, Mapping[str, Path]]
Read = dict[str, dict[str, TabulatedProfile]]


def read_tables(
    path: Path | str,
    tables: TablesConfig,
    cleaning: ClusterCleaningConfig,
    observables: Sequence[str],
    targets: Sequence[str] | None = None,
) -> ClusterSample:
    """Read the profiles of all clusters of a directory.

    Args:
        path: The directory; see ``find_profiles`` for how it may be laid out.
        tables: Format, columns and units.
        cleaning: Whether gaps are allowed, and the least number of points of a profile.
        observables: The observed profiles to read; files of others are passed over.
        targets: The true profiles to read; None takes those that there are tables of. They are left out if
            no cluster has any of them.

    Returns:
        The clusters in the order of their names, radii in kpc.

    Raises:
        DataError: The directory or a file is unusable, an observable or a target is missing where it must be
            there, or profiles of a cluster do not fit together. Up to 20 faults are named at once.
    """
    path = Path(path).expanduser()
    try:
        files, ignored = find_profiles(path, tables.format)
        if targets is None:
            present = {kind for kinds in files.values() for kind in kinds}
            targets = [kind for kind in TARGETS if kind in present]
        known, facts = properties_of(path, tables, list(files))
        truth_known = _check_complete(files, observables, targets, path)
        kinds = [*observables, *(targets if truth_known else ())]
        profiles = _read_all(files, kinds, tables, cleaning)
    except OSError as error:
        raise DataError(f"{error.filename or path}: cannot be read: {error.strerror or error}") from error
    units = common_units(profiles, kinds, files)
    in_kpc, faults = to_kpc(profiles, files, {name: known.get(name, Properties()) for name in files})
    faults += check_scales(in_kpc, profiles, files, known)
    raise_for_faults(faults)
    names = list(files)
    facts |= facts_of(files, ignored, profiles, observables, known)
    if not truth_known:
        facts["targets"] = "none: no cluster has a table of one"
    for name, fact in facts.items():
        if name != IMPOSSIBLE:  # which the development tells
            _log.info("%s: %s", name, fact)
    clusters = Clusters(
        ids=np.array([id_of(name) for name in names], dtype=np.int64),
        names=np.array(names),
        redshift=np.array([known.get(name, Properties()).redshift for name in names]),
        r500_kpc=np.array([known.get(name, Properties()).r500_kpc for name in names]),
        observed={kind: stacked([in_kpc[name].get(kind) for name in names]) for kind in observables},
        generator=np.full(len(names), "table"),
        origin=f"tables of {len(names)} clusters in {path}",
        facts={**facts, **({"units": units} if units else {})},
    )
    truth = {
        kind: stacked([in_kpc[name].get(kind) for name in names]) for kind in (targets if truth_known else ())
    }
    return ClusterSample(clusters, TrueProfiles(truth))


def properties_of(
    path: Path, tables: TablesConfig, clusters: Sequence[str]
) -> tuple[dict[str, Properties], dict[str, object]]:
    """Return the properties under the clusters' own spelling of their names."""
    file = Path(tables.properties).expanduser() if tables.properties else path / PROPERTIES_FILE
    if not tables.properties and not file.exists():
        return {}, {"properties": f"none: there is no {PROPERTIES_FILE}; redshift and R500 are unknown"}
    spelled = {name.casefold(): name for name in clusters}
    known = {spelled.get(name.casefold(), name): one for name, one in read_properties(file).items()}
    return known, {"properties": file.name}


def _check_complete(files: Files, observables: Sequence[str], targets: Sequence[str], path: Path) -> bool:
    """Refuse what is missing for all clusters, and clusters without targets where others have them.

    Returns:
        Whether the clusters have targets.
    """
    present = {kind for kinds in files.values() for kind in kinds}
    faults = []
    if absent := [kind for kind in observables if kind not in present]:
        there = [kind for kind in OBSERVABLES if kind in present]
        faults.append(
            f"{path}: no cluster has a table of {', '.join(absent)}; there are {', '.join(sorted(present))}; "
            f"allowed: observables with tables, data.observables=[{','.join(there)}]"
        )
    truth_known = bool(present.intersection(targets))
    if truth_known:
        for kind in targets:
            without = [name for name, kinds in files.items() if kind not in kinds]
            if without:
                faults.append(
                    f"{path}: {len(without)} of {len(files)} clusters have no table of the target {kind}: "
                    f"{few(without)}; allowed: all clusters have it, or none has any target"
                )
    raise_for_faults(faults)
    return truth_known


def _read_all(
    files: Files, kinds: Sequence[str], tables: TablesConfig, cleaning: ClusterCleaningConfig
) -> Read:
    profiles: Read = {}
    faults: list[str] = []
    for cluster, paths in files.items():
        profiles[cluster] = {}
        for kind in kinds:
            if kind in paths:
                try:
                    profiles[cluster][kind] = read_profile(paths[kind], kind, tables, cleaning)
                except DataError as error:
                    faults.append(str(error))
        if len(faults) >= MAX_FAULTS:
            break
    raise_for_faults(faults)
    return profiles


def common_units(profiles: Read, kinds: Sequence[str], files: Files) -> dict[str, str]:
    """Return the units that files state; an observable in several units that do not convert is refused."""
    units: dict[str, str] = {}
    faults = []
    for kind in kinds:
        stated: dict[str, str] = {}
        for cluster, own in profiles.items():
            unit = own[kind].value_unit if kind in own else None
            if unit is not None:
                stated.setdefault(unit, cluster)
        if len(stated) > 1:
            said = " and ".join(f"{unit!r} in {files[cluster][kind]}" for unit, cluster in stated.items())
            faults.append(f"{kind} is in {said}; allowed: one unit for all clusters")
        if any(stated):
            units[kind] = next(iter(stated))
    raise_for_faults(faults)
    return units


def facts_of(
    files: Files,
    ignored: Sequence[str],
    profiles: Read,
    observables: Sequence[str],
    known: Mapping[str, Properties],
) -> dict[str, object]:
    """Tell what is missing, turned or passed over."""
    facts: dict[str, object] = {
        f"columns of {kind}": _columns(kind, profiles, files)
        for kind in dict.fromkeys(kind for own in profiles.values() for kind in own)
    }
    for kind in observables:
        without = [name for name in files if kind not in profiles[name]]
        if without:
            facts[f"clusters without {kind}"] = f"{len(without)} of {len(files)}: {few(without)}"
    gaps: Counter[str] = Counter()
    impossible: dict[str, Counter[str]] = {}
    turned = []
    notes: dict[str, list[str]] = {}
    for cluster, own in profiles.items():
        for kind, profile in own.items():
            gaps += Counter({kind: int(np.isnan(profile.value).sum())})
            if profile.impossible:
                impossible.setdefault(kind, Counter()).update(profile.impossible)
            for note in profile.notes:
                notes.setdefault(note, []).append(f"{cluster} {kind}")
            if profile.turned:
                turned.append(f"{cluster} {kind}")
    if gaps:
        facts["gaps"] = ", ".join(f"{kind} {n} points" for kind, n in gaps.items())
    if impossible:
        facts[IMPOSSIBLE] = {kind: dict(counts) for kind, counts in impossible.items()}
    if turned:
        facts["descending radii, reversed"] = f"{len(turned)} profiles: {few(turned)}"
    facts |= {note: f"{len(where)} profiles: {few(where)}" for note, where in notes.items()}
    if ignored:
        facts["files passed over"] = f"{len(ignored)}: {few(ignored)}"
    if known:
        unknown = [name for name in files if name not in known]
        unused = [name for name in known if name not in files]
        if unknown:
            facts["clusters without properties"] = f"{len(unknown)} of {len(files)}: {few(unknown)}"
        if unused:
            facts["properties without profiles"] = f"{len(unused)}: {few(unused)}"
    return facts


def _columns(kind: str, profiles: Read, files: Files) -> str:
    """Tell which columns of the files of one kind were taken."""
    taken: dict[str, list[str]] = {}
    for cluster, own in profiles.items():
        if kind in own:
            taken.setdefault(own[kind].columns, []).append(cluster)
    return "; ".join(
        f"{columns}, of {len(clusters)} files such as {files[clusters[0]][kind].name}"
        + (f" of {clusters[0]}" if len(taken) > 1 else "")
        for columns, clusters in taken.items()
    )


def stacked(profiles: Sequence[TabulatedProfile | None]) -> Profiles:
    """Pad profiles to the longest of them."""
    longest = max((len(profile.radius) for profile in profiles if profile is not None), default=2)
    arrays = np.full((3, len(profiles), longest), np.nan)
    for row, profile in enumerate(profiles):
        if profile is not None:
            arrays[:, row, : len(profile.radius)] = profile.radius, profile.value, profile.error
    return Profiles(*arrays)
