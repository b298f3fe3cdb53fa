"""Units as people and archives spell them."""

import re
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray

_FORMATS = ("generic", "vounit", "cds", "fits", "ogip")
_WORDED = re.compile(r"[A-Za-z][\w ]*\[(.+)\]")  # the Gaia archive's "Angle[mas]"
_ELECTRONS = re.compile(r"\belectrons?\b")
_LETTERS = re.compile(r"[A-Za-zµμ]+")
_ALIASES = {
    **dict.fromkeys(("muas", "µas", "μas", "microarcsec", "microarcsecond"), "uas"),
    **dict.fromkeys(("milliarcsec", "milliarcsecond", "marcsec"), "mas"),
    **{"sec": "s", "secs": "s", "cts": "ct", "counts": "ct", "photons": "ph", "msun": "solMass"},
    **{"hr": "h", "hrs": "h", "kev": "keV", "ev": "eV", "mpc": "Mpc"},
}
# Spellings that stand for the number as it is, by the unit that is wanted.
_SAME_NUMBER = {
    "mag": re.compile(r"'?mag(s|nitudes?)?'?( *\(.*\))?|(ab|st|vega)mag", re.IGNORECASE),
    "dex": re.compile(r"-*|\[-*\]|\[sun\]|dex(\(.*\))?", re.IGNORECASE),
    "": re.compile(r"-*|\[-*\]|\[d\]|dex(\(d\))?|log(10)?\(d(ays?)?\)", re.IGNORECASE),
}


def parse_unit(
    text: str, column: str, wanted: str | None, path: Path, remedy: str | None = None
) -> u.UnitBase:
    """Return the unit that a file's spelling means.

    Args:
        text: As astropy, the VOTable, FITS, CDS or OGIP standards write it; plurals, other capitals and the
            Gaia archive's ``Angle[mas]`` too.
        column: The file's or astrosweep's name of the column, for messages.
        wanted: The unit that the values are needed in, empty for a plain number; None where any will do.
        path: The file, for messages.
        remedy: What to do about an unknown unit; None tells of ``data.units``.

    Raises:
        DataError: No unit is known by this spelling.
    """
    worded = _WORDED.fullmatch(text.strip())
    text = worded[1] if worded else text.strip()
    if wanted in _SAME_NUMBER and _SAME_NUMBER[wanted].fullmatch(text):
        return u.Unit(wanted)
    if _SAME_NUMBER["mag"].fullmatch(text):
        return u.mag
    unit = known_unit(text)
    if unit is None:
        raise DataError(
            f"{path}: column {column!r} has the unknown unit {text!r}; it should be convertible to "
            f"{_named(wanted)}; {remedy or f'say what it is with data.units={{{column}: ...}}'}"
        )
    return unit


@lru_cache(maxsize=1024)
def known_unit(text: str) -> u.UnitBase | None:
    """Return the unit of a spelling, None where it means none. Electrons are counted, not measured."""
    text = _ELECTRONS.sub("1", text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # several slashes and old spellings, which mean the same
        for spelling in dict.fromkeys((text, _LETTERS.sub(_word, text))):
            for unit_format in _FORMATS:
                try:
                    return u.Unit(spelling, format=unit_format)
                except (ValueError, TypeError):
                    continue
    return None


def to_wanted_unit(values: u.Quantity, column: str, wanted: str, path: Path) -> FloatArray:
    """Return the numbers of a quantity in the unit that is wanted.

    Args:
        values: What the file has.
        column: Name of the column in ``data.units``, for messages.
        wanted: Unit, empty for a plain number.
        path: The file, for messages.

    Raises:
        DataError: The unit cannot be converted.
    """
    try:
        return np.asarray(values.to_value(u.Unit(wanted)), dtype=np.float64)
    except (u.UnitsError, TypeError):
        unit = str(getattr(values, "unit", "")) or "no unit"
        raise DataError(
            f"{path}: column {column!r} is in {unit!r}, which cannot be converted to {_named(wanted)}; if "
            f"the file is wrong, say so with data.units={{{column}: {wanted or repr('')}}}"
        ) from None


def _word(match: re.Match[str]) -> str:
    """Return a word of a unit as astropy spells it, or as it is."""
    word = match[0]
    lower = word.lower()
    for spelling in (word, _ALIASES.get(lower), lower, lower.removesuffix("s")):
        if spelling is not None and _is_unit(spelling):
            return spelling
    return word


def _is_unit(word: str) -> bool:
    try:
        u.Unit(word)
    except ValueError:
        return False
    return True


def _named(unit: str | None) -> str:
    return repr(unit) if unit else "a plain number"
