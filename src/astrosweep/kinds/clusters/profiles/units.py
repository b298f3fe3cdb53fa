"""Units of tabulated profiles, as files state them, against those of a sample."""

from pathlib import Path

import numpy as np
from astropy import units as u

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.reading.units import known_unit

UNITS = {
    "sb": "erg / (s cm2 sr)",
    "Txray": "keV",
    **{f"y{band}GHz": "" for band in (100, 143, 217, 353, 545, 857)},
    "szp3d": "keV / cm3",
    "ne3d": "1 / cm3",
    "t3d": "keV",
}
"""Kind of profile to the unit of its values in a sample; empty for none."""
_NOTHING = np.finfo(np.float64).tiny
RANGES: dict[str, tuple[float, float]] = {
    "sb": (-np.inf, np.inf),
    "Txray": (_NOTHING, 200.0),  # no plasma has the temperature zero
    **{name: (-np.inf, np.inf) for name in UNITS if name.startswith("y")},
    "szp3d": (-np.inf, 1e3),
    "ne3d": (-np.inf, 1e3),
    "t3d": (-np.inf, 200.0),
}
"""Kind of profile to the lowest and the highest value that there can be, in the unit of a sample."""
_TEMPERATURES = ("Txray", "t3d")


def check_size(kind: str, values: FloatArray, path: Path) -> None:
    """Refuse temperatures of a size that keV cannot have.

    Args:
        kind: The observable or target.
        values: Its values in the unit of a sample, NaN at gaps.
        path: The file, for messages.

    Raises:
        DataError: The message names the unit that is likely.
    """
    usual = values[np.isfinite(values) & (values > 0.0) & (values < 1e12)]
    if kind not in _TEMPERATURES or not usual.size or (typical := float(np.median(usual))) <= RANGES[kind][1]:
        return
    unit, kev = ("K", typical / 1.16045e7) if typical > 1e5 else ("eV", typical / 1e3)
    raise DataError(
        f"{path}: {kind} is typically {typical:.3g} keV, which no cluster has; it would be {kev:.3g} keV if "
        f"it is in {unit}. Name the unit in the file, for example as value[{unit}] in the header"
    )


def radius_factor(unit: str, path: Path) -> tuple[str, float]:
    """Return what a radius in a unit is measured in, ``kpc``, ``arcmin`` or ``r500``, and the factor to it.

    Args:
        unit: As the file spells it.
        path: The file, for messages.

    Raises:
        DataError: The unit is unknown, or neither a length nor an angle.
    """
    if unit.strip().lower().removeprefix("over_") in ("r500", "r_500"):
        return "r500", 1.0
    stated = _parse(unit, path)
    for name in ("kpc", "arcmin"):
        if stated.is_equivalent(u.Unit(name)):
            return name, float(stated.to(u.Unit(name)))
    raise DataError(
        f"{path}: the file gives the radii in {unit!r}, {_type_of(stated)}; allowed: a length, an angle, "
        "or no unit and data.tables.radius_unit"
    )


def value_factor(kind: str, unit: str, path: Path) -> tuple[str, float]:
    """Return the unit of the values of a kind of profile once converted, and the factor to it.

    The surface brightness may have any unit per solid angle: what cannot be converted stays as it is.

    Args:
        kind: The observable or target.
        unit: As the file spells it.
        path: The file, for messages.

    Raises:
        DataError: The unit is unknown or of another physical type.
    """
    stated, wanted = _parse(unit, path), u.Unit(UNITS[kind])
    try:
        return UNITS[kind], _factor(stated, wanted)
    except u.UnitConversionError:
        if kind == "sb" and _per_solid_angle(stated):
            return str(stated), 1.0
    allowed = UNITS[kind] or "none"
    like = "a brightness per solid angle such as" if kind == "sb" else "what converts to"
    raise DataError(
        f"{path}: the file gives {kind} in {unit!r}, {_type_of(stated)}; allowed: {like} {allowed!r}, "
        "or no unit"
    )


def error_factor(unit: str, value_unit: str, path: Path) -> float:
    """Return the factor from the unit of an error to that of its value.

    Args:
        unit: Unit of the error as the file spells it.
        value_unit: That of the value.
        path: The file, for messages.

    Raises:
        DataError: A unit is unknown, or they do not convert.
    """
    error, value = _parse(unit, path), _parse(value_unit, path)
    try:
        return _factor(error, value)
    except u.UnitConversionError:
        raise DataError(
            f"{path}: the file gives the error in {unit!r} and the value in {value_unit!r}; allowed: units "
            "that convert"
        ) from None


def _parse(unit: str, path: Path) -> u.UnitBase:
    stated = known_unit(unit)
    if stated is None or isinstance(stated, u.function.FunctionUnitBase):
        what = "which is not known" if stated is None else "which is logarithmic"
        raise DataError(
            f"{path}: the file states the unit {unit!r}, {what}; correct it in the file, or take it out"
        )
    return stated


def _factor(unit: u.UnitBase, wanted: u.UnitBase) -> float:
    return float(unit.to(wanted, equivalencies=u.temperature_energy()))


def _per_solid_angle(unit: u.UnitBase) -> bool:
    plain = unit.decompose()
    return (u.rad, -2) in zip(plain.bases, plain.powers, strict=True)


def _type_of(unit: u.UnitBase) -> str:
    kind = str(unit.physical_type)
    return "which is of no known physical type" if kind == "unknown" else f"which is of the type {kind}"
