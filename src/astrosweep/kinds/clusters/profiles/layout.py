"""Which files of a directory are profiles of which cluster."""

from pathlib import Path

from astrosweep.config.kinds.clusters import OBSERVABLES, TARGETS
from astrosweep.core.errors import DataError
from astrosweep.data.reading.content import COMPRESSIONS
from astrosweep.kinds.clusters.profiles.faults import few, raise_for_faults

PROPERTIES_FILE = "clusters.csv"
"""Name of the file with the clusters' redshifts and R500, in the directory of the tables."""

SUFFIXES = {
    "text": (".txt", ".dat", ".csv", ".tsv", ".tbl", ".mrt"),
    "ecsv": (".ecsv",),
    "votable": (".vot", ".votable", ".xml"),
    "fits": (".fits", ".fit", ".fts"),
    "parquet": (".parquet", ".pq"),
}
"""Format to the ends of its files' names, before the end of a compression."""

_KINDS = {name.lower(): name for name in (*OBSERVABLES, *TARGETS)}
_Files = dict[str, dict[str, Path]]


def find_profiles(directory: Path, format: str) -> tuple[_Files, list[str]]:
    """Find the profiles of a directory, laid out as ``<cluster>/<kind>.<ext>`` or ``<cluster>_<kind>.<ext>``.

    Args:
        directory: The directory.
        format: A key of ``SUFFIXES`` takes only files of that format, ``fixed_width`` those of text, ``auto``
            all.

    Returns:
        Cluster to its files by kind of profile, clusters sorted by name; and the files that were passed over.

    Raises:
        DataError: No such directory, no profile in it, a profile or a cluster twice.
    """
    _check_directory(directory)
    wanted = "text" if format == "fixed_width" else format
    suffixes = SUFFIXES.get(wanted) or tuple(suffix for group in SUFFIXES.values() for suffix in group)
    found: _Files = {}
    ignored: list[str] = []
    faults: list[str] = []
    for entry in sorted(directory.iterdir()):
        if entry.name.startswith(".") or entry.name == PROPERTIES_FILE:
            continue
        nested = entry.is_dir()
        for path in sorted(entry.iterdir()) if nested else [entry]:
            if path.name.startswith("."):
                continue
            plain = _uncompressed(path)
            known = plain.suffix.lower() in suffixes and path.is_file()
            matches = _matches(plain.stem, entry.name if nested else None) if known else []
            if len(matches) > 1:
                readings = " or ".join(f"{kind} of cluster {cluster}" for cluster, kind in matches)
                faults.append(f"{path}: the name can be read as {readings}; rename the file")
            elif matches:
                cluster, kind = matches[0]
                first = found.setdefault(cluster, {}).setdefault(kind, path)
                if first != path:
                    faults.append(
                        f"{path}: cluster {cluster} has {kind} twice, also in {first}; allowed: one file for "
                        f"each, or choose by data.tables.format"
                    )
            else:
                ignored.append(str(path.relative_to(directory)))
    faults += _twice(found)
    raise_for_faults(faults)
    if not found:
        raise DataError(_nothing_found(directory, suffixes, ignored))
    return dict(sorted(found.items())), ignored


def _check_directory(directory: Path) -> None:
    if directory.is_file():
        raise DataError(f"{directory} is a file; allowed: the directory that holds the clusters' profiles")
    if not directory.is_dir():
        parent = directory.resolve().parent
        there = sorted(entry.name for entry in parent.iterdir() if entry.is_dir()) if parent.is_dir() else []
        hint = (
            f"directories beside it: {few(there)}"
            if there
            else f"there is no directory beside it in {parent}"
        )
        raise DataError(f"no directory {directory}; {hint}")


def _uncompressed(path: Path) -> Path:
    """Return a file's path without the end that its compression adds."""
    return path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path


def _matches(stem: str, cluster: str | None) -> list[tuple[str, str]]:
    """Return the (cluster, kind) that a file's name can mean."""
    if cluster is not None:
        kind = _KINDS.get(stem.lower())
        if kind:
            return [(cluster, kind)]
        # <cluster>/<cluster>_<kind> is common too, and means the same.
        return [match for match in _matches(stem, None) if match[0] == cluster]
    head, _, kind_at_end = stem.rpartition("_")
    kind_at_start, _, tail = stem.partition("_")
    readings = [(head, _KINDS.get(kind_at_end.lower())), (tail, _KINDS.get(kind_at_start.lower()))]
    return [(name, kind) for name, kind in readings if name and kind]


def _twice(found: _Files) -> list[str]:
    """Name clusters that differ by capitals only, or that lie in a directory and beside it."""
    folded: dict[str, list[str]] = {}
    for name in found:
        folded.setdefault(name.casefold(), []).append(name)
    faults = [
        f"the cluster names {few(same)} differ by capitals only; allowed: one name for each cluster"
        for same in folded.values()
        if len(same) > 1
    ]
    for name, files in found.items():
        folders = {path.parent for path in files.values()}
        if len(folders) > 1:
            faults.append(
                f"cluster {name} is found twice, in {' and in '.join(sorted(map(str, folders)))}; "
                "allowed: all its profiles in one of them"
            )
    return faults


def _nothing_found(directory: Path, suffixes: tuple[str, ...], ignored: list[str]) -> str:
    there = f"files there: {few(ignored)}" if ignored else "it holds no files"
    beside = [_uncompressed(Path(name)).stem for name in ignored if Path(name).parent == Path()]
    if any(stem.lower() in _KINDS for stem in beside):
        there += "; if these belong to one cluster, give the directory above"
    return (
        f"{directory}: no profile of a cluster found; looked for <cluster>/<profile> and <cluster>_<profile> "
        f"with the profiles {', '.join(_KINDS.values())} and the endings {', '.join(suffixes)} "
        f"(or these and {', '.join(COMPRESSIONS)}); {there}"
    )
