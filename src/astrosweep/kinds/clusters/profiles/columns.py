"""Which columns of a table are the radius, the value and the error of a profile."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from astrosweep.config.kinds.clusters import TARGETS, TablesConfig
from astrosweep.core.errors import DataError
from astrosweep.data.reading import RawTable
from astrosweep.data.reading.units import known_unit

AUTO = "auto"
"""The setting that finds a column by its name, or by the original application's place."""

_PLACES = {"radius": 0, "value": 3, "error": None}
"""Where the original application reads tables whose columns have no names."""

_RADIUS = (
    "radius",
    "r",
    "rad",
    "radii",
    "r_mid",
    "rmid",
    "radius_mid",
    "r_mean",
    "rmean",
    "r_center",
    "r_centre",
)
_RADIUS_UNITS = ("kpc", "mpc", "arcmin", "arcsec", "deg", "r500", "over_r500")
_OWN = {
    "sb": ("sb", "surface_brightness", "brightness", "sx", "s_x"),
    "Txray": ("txray", "tx", "t_x", "t_xray", "temperature", "temp", "kt", "t"),
    **{
        f"y{band}GHz": (f"y{band}ghz", f"y_{band}ghz", f"y{band}", f"y_{band}", "y", "compton_y", "comptony")
        for band in (100, 143, 217, 353, 545, 857)
    },
    "szp3d": ("szp3d", "pressure", "p", "pe", "p_e", "p_electron"),
    "ne3d": ("ne3d", "ne", "n_e", "density", "electron_density", "nelec"),
    "t3d": ("t3d", "temperature", "temp", "kt", "t"),
}
_ALL_OWN = {name for names in _OWN.values() for name in names}
_UNITS_IN_NAMES = ("", "_kev", "_cm3", "_cm_3", "_kev_cm3", "_kev_cm_3", "_kevcm3")
"""Ends of names that are the units of a sample, so that nothing has to be converted."""

_VALUE = ("value", "values", "val", "v", "profile")
_ERROR = ("error", "errors", "err", "e", "sigma", "sig", "unc", "uncertainty", "std", "stddev", "rms")
_NO_VALUE = re.compile(
    r"(^|_)(e|err|errors?|sigma|sig|unc|uncertainty|std|stddev|rms|scatter|var|variance|d|dr|delta|width|half|bins?"
    r"|size|area|lo|hi|low|high|lower|upper|min|max|minus|plus|in|out|n|npix|flag|quality|id|index|exposure"
    r"|log|ln|log10)(_|$)"
    r"|(err|error|sigma|width|unc|bin|min|max|in|out)$"
)
_UNNAMED = re.compile(r"(col|column|field|c|f)?_?\d+", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[(]([^\[\]()]*)[\])]\s*$")


@dataclass(frozen=True)
class ProfileColumns:
    """Positions of the columns of a profile, counted from 0; None for errors that are unknown."""

    radius: int
    value: int
    error: int | None

    def told(self, raw: RawTable) -> str:
        """Return which columns they are, for the data report."""

        def name(place: int | None) -> str:
            if place is None:
                return "unknown"
            return repr(raw.frame.columns[place]) if raw.named else f"column {place}"

        return f"radius {name(self.radius)}, value {name(self.value)}, error {name(self.error)}"


def find_columns(raw: RawTable, kind: str, tables: TablesConfig, path: Path) -> ProfileColumns:
    """Find the columns of a profile.

    What the configuration says comes first. A table that names its columns is then searched by names, one
    that does not has them where the original application reads them.

    Args:
        raw: The table.
        kind: The observable or target in it.
        tables: Which columns to take.
        path: The file, for messages.

    Raises:
        DataError: A column that the configuration names is absent, or none or several could be meant.
    """
    names = [str(name) for name in raw.frame.columns]
    named = raw.named and not all(_UNNAMED.fullmatch(name) for name in names)
    found: dict[str, int | None] = {}
    for part in ("radius", "value", "error"):
        key = f"{part}_column"
        setting = getattr(tables, key)
        if isinstance(setting, Mapping):
            key, setting = f"{key}.{kind}", setting.get(kind, AUTO)
        if part == "error" and (setting is None or (kind in TARGETS and _lacks(setting, names))):
            found[part] = (
                None  # tables of true profiles mostly have no errors, where those of observed ones have
            )
        elif setting != AUTO:
            found[part] = _configured(setting, key, raw, names, path)
        elif not named:
            place = _PLACES[part]
            found[part] = None if place is None else _configured(place, key, raw, names, path)
        else:
            found[part] = _by_name(part, kind, names, found, path)
    assert found["radius"] is not None
    assert found["value"] is not None
    return ProfileColumns(found["radius"], found["value"], found["error"])


def unit_in_name(name: str) -> str | None:
    """Return the unit that the name of a column ends with, as in ``r_kpc`` or ``value [keV]``, if it does."""
    bracketed = _BRACKETS.search(name)
    if bracketed and (known_unit(bracketed[1]) is not None or bracketed[1].lower() == "r500"):
        return bracketed[1]
    head, _, unit = _folded(name).rpartition("_")
    if unit in _RADIUS_UNITS and head.removesuffix("_over") in _RADIUS:
        return "Mpc" if unit == "mpc" else unit
    return None


def _lacks(column: int | str, names: Sequence[str]) -> bool:
    if column == AUTO:
        return False
    return column >= len(names) if isinstance(column, int) else not _alike(column, names)


def _alike(column: str, names: Sequence[str]) -> list[int]:
    """Return the places of a name, else those that are like it but for upper and lower case."""
    exact = [place for place, name in enumerate(names) if name == column]
    return exact or [place for place, name in enumerate(names) if name.lower() == column.lower()]


def _configured(column: int | str, key: str, raw: RawTable, names: list[str], path: Path) -> int:
    """Return the position of a column that the configuration gives."""
    first = f"{raw.frame.index.name} {raw.frame.index[0]}"
    if isinstance(column, int):
        if column >= len(names):
            named = f" ({', '.join(names[:10])})" if raw.named else ""
            raise DataError(
                f"{path}: {first} has {len(names)} columns{named}, but data.tables.{key}={column}, counted "
                f"from 0; allowed: 0 to {len(names) - 1}"
            )
        return column
    places = _alike(column, names)
    if len(places) != 1:
        what = f"several columns {column!r}" if places else f"no column {column!r}"
        have = f"allowed: {', '.join(names)}" if raw.named else "it names no columns; allowed: a number"
        raise DataError(f"{path}: the file has {what}, which data.tables.{key} asks for; {have}")
    return places[0]


def _by_name(
    part: str, kind: str, names: Sequence[str], found: Mapping[str, int | None], path: Path
) -> int | None:
    """Return the position of a column by its name; of an error None where no name tells."""
    folded = [_folded(name) for name in names]
    which = "<name, or number counted from 0>"
    remedy = f"data.tables.{part}_column={which if part == 'radius' else f'{{{kind}: {which}}}'}"
    if part == "radius":
        known: Iterable[str] = (*_RADIUS, *(f"{name}_{unit}" for unit in _RADIUS_UNITS for name in _RADIUS))
    elif part == "value":
        own = (f"{name}{unit}" for name in _OWN[kind] for unit in _UNITS_IN_NAMES)
        known = (*own, *_VALUE)
    else:
        known = _errors_of(folded[found["value"] or 0], kind)
    for name in known:
        places = [place for place, one in enumerate(folded) if one == name and place not in found.values()]
        if len(places) > 1:
            alike = ", ".join(names[place] for place in places)
            raise DataError(
                f"{path}: several columns may be the {part} of {kind}: {alike}; say which one it is "
                f"with {remedy}"
            )
        if places:
            return places[0]
    if part == "error":
        return None
    left = [place for place, one in enumerate(folded) if _may_be_value(one) and place not in found.values()]
    if part == "value" and len(left) == 1:
        return left[0]
    raise DataError(
        f"{path}: no name of a column says that it is the {part} of {kind}: {', '.join(names[:10])}; say "
        f"which one it is with {remedy}"
    )


def _errors_of(value: str, kind: str) -> Iterable[str]:
    """Yield the names that the error of a value may have, the surest first."""
    ends = (unit for unit in _UNITS_IN_NAMES if unit and value.endswith(unit))
    bare = value.removesuffix(next(ends, ""))
    for name in dict.fromkeys((value, bare, *_OWN[kind])):
        for error in _ERROR:
            yield from (f"{error}_{name}", f"{name}_{error}", f"{name}{error}")
        yield from (f"d_{name}", f"d{name}")
    yield from _ERROR


def _may_be_value(folded: str) -> bool:
    radius = folded.split("_")[0] in _RADIUS
    return not radius and not _NO_VALUE.search(folded) and folded not in _ALL_OWN


def _folded(name: str) -> str:
    """Return a name in lower case without a unit in brackets, underscores for all other signs."""
    return re.sub(r"[^a-z0-9]+", "_", _BRACKETS.sub("", name).lower()).strip("_")
