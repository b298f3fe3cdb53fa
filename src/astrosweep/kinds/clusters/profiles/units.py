"""Units of tabulated profiles, as files state them, against those of a sample."""

import warnings
from functools import cache

from astropy import units as u

from astrosweep.core.errors import DataError

UNITS = {
    "sb": "erg / (s cm2 sr)",
    "Txray": "keV",
    **{f"y{band}GHz": "" for band in (100, 143, 217, 353, 545, 857)},
    "szp3d": "keV / cm3",
    "ne3d": "1 / cm3",
    "t3d": "keV",
}
"""Kind of profile to the unit of its values in a sample; empty for none."""


@cache
def radius_factor(unit: str) -> tuple[str, float]:
    """Return what a radius in a unit is measured in, ``kpc``, ``arcmin`` or ``r500``, and the factor to it.

    Raises:
        DataError: The unit is unknown, or neither a length nor an angle.
    """
    if unit.strip().lower() == "r500":
        return "r500", 1.0
    stated = _parse(unit)
    for name in ("kpc", "arcmin"):
        if stated.is_equivalent(u.Unit(name)):
            return name, float(stated.to(u.Unit(name)))
    raise DataError(
        f"the file gives the radii in {unit!r}, {_type_of(stated)}; allowed: a length, an angle, or no unit "
        "and data.tables.radius_unit"
    )


@cache
def value_factor(kind: str, unit: str) -> tuple[str, float]:
    """Return the unit of the values of a kind of profile once converted, and the factor to it.

    The surface brightness may have any unit per solid angle: what cannot be converted stays as it is.

    Raises:
        DataError: The unit is unknown or of another physical type.
    """
    stated, wanted = _parse(unit), u.Unit(UNITS[kind])
    try:
        return UNITS[kind], float(stated.to(wanted, equivalencies=u.temperature_energy()))
    except u.UnitConversionError:
        if kind == "sb" and _per_solid_angle(stated):
            return unit, 1.0
    allowed = UNITS[kind] or "none"
    like = "a brightness per solid angle such as" if kind == "sb" else "what converts to"
    raise DataError(
        f"the file gives {kind} in {unit!r}, {_type_of(stated)}; allowed: {like} {allowed!r}, or no unit"
    )


def _per_solid_angle(unit: u.UnitBase) -> bool:
    plain = unit.decompose()
    return (u.rad, -2) in zip(plain.bases, plain.powers, strict=True)


def _parse(unit: str) -> u.UnitBase:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old spellings, which mean the same
            return u.Unit(unit)
    except ValueError:
        raise DataError(
            f"the file states the unit {unit!r}, which is not known; correct it in the file"
        ) from None


def _type_of(unit: u.UnitBase) -> str:
    kind = str(unit.physical_type)
    return "which is of no known physical type" if kind == "unknown" else f"which is of the type {kind}"
