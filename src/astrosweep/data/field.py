"""One column of an output: name, type, unit, UCD and description, all of them checked."""

import warnings
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pyarrow as pa
from astropy import units
from astropy.io.votable.ucd import parse_ucd
from astropy.units.format import VOUnit
from numpy.typing import DTypeLike

from astrosweep.core.errors import ConfigError

TYPES = {
    "uint8": pa.uint8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "str": pa.string(),
}
"""Types of columns; each of them exists in every format."""

GENERIC = "stat.value"
"""Descriptor of a target of which nobody says what it is."""
_SPELLINGS = ("generic", "vounit", "fits", "cds")


@dataclass(frozen=True)
class Field:
    """One column of an output.

    Attributes:
        name: Name of the column.
        dtype: One of ``TYPES``, or the numpy type of that name.
        unit: Unit as astropy, VOUnit, FITS or the CDS spell it; empty for a number without a unit.
        ucd: Unified content descriptor of the IVOA, for example ``stat.error;pos.distance``;
            ``meta`` says nothing in particular. Never empty: astropy drops the UCDs of a table if one column
            has none.
        description: What the column holds, in words; never empty.

    Raises:
        ConfigError: A value is missing or not allowed.
    """

    name: str
    dtype: DTypeLike
    unit: str = ""
    ucd: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        if not self.name.isprintable() or self.name != self.name.strip() or not self.name:
            raise ConfigError(
                f"column {self.name!r}: a name is printable text that neither starts nor ends blank"
            )
        self._check_type()
        self._check_unit()
        try:
            parse_ucd(self.ucd, check_controlled_vocabulary=True)
        except ValueError as error:
            raise ConfigError(
                f"column {self.name!r}: ucd {self.ucd!r} is not of the IVOA's vocabulary: {error}"
            ) from error
        if not self.description.strip():
            raise ConfigError(f"column {self.name!r}: description is empty; say what the column holds")

    def _check_type(self) -> None:
        try:
            known = np.dtype(self.dtype).name in TYPES
        except TypeError:
            known = False
        if not known:
            raise ConfigError(f"column {self.name!r}: dtype {self.dtype!r}; allowed: {', '.join(TYPES)}")

    def _check_unit(self) -> None:
        try:
            parsed = self.parsed_unit
        except ValueError as error:
            raise ConfigError(f"column {self.name!r}: unit {self.unit!r}: {error}") from error
        if parsed is not None and self.type in ("str", "bool"):
            raise ConfigError(f"column {self.name!r}: unit {self.unit!r}, but dtype {self.type!r} has none")

    @property
    def type(self) -> str:
        """Name of the type, a key of ``TYPES``."""
        return str(np.dtype(self.dtype).name)

    @property
    def parsed_unit(self) -> units.UnitBase | None:
        """The unit, or None for a number without one.

        Raises:
            ValueError: It cannot be read in any spelling.
        """
        if not self.unit.strip():
            return None
        for spelling in _SPELLINGS:
            try:
                return units.Unit(self.unit, format=spelling)
            except (ValueError, TypeError):
                continue
        raise ValueError("neither astropy nor VOUnit, FITS or the CDS know it")

    def unit_in(self, format: str) -> str:
        """Return the unit as ``vounit`` or ``fits`` spell it, empty for none.

        Units that the standard lacks, such as dex, stand in quotes in VOUnit, as it demands; FITS allows them
        as they are.

        Raises:
            ConfigError: VOUnit has no word for it, as for ``mag(AB)``.
        """
        unit = self.parsed_unit
        if unit is None or (format == "vounit" and "'" in self.unit):
            return self.unit.strip()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", units.UnitsWarning)  # Angstrom and erg are frowned on
            bases = getattr(unit, "bases", ())  # a unit of a function, as mag(AB), has none
            try:
                if format == "vounit" and any(base.name in _custom() for base in bases):
                    raise ValueError("astropy takes a name that it once read in quotes for a word of VOUnit")
                return str(unit.to_string(format))
            except ValueError as error:
                if format == "fits":
                    return str(unit.to_string())
                if getattr(unit, "scale", 0) != 1 or not all(base.name.isalpha() for base in bases):
                    raise ConfigError(
                        f"column {self.name!r}: unit {self.unit!r} cannot be written in {format}: {error}"
                    ) from error
                return ".".join(map(_vounit, bases, unit.powers))


def _custom() -> Collection[str]:
    """Names that astropy has read in quotes in this process, and from then on writes without them."""
    found: Collection[str] = getattr(VOUnit, "_custom_units", ())
    return found


def _vounit(base: units.UnitBase, power: float | Fraction) -> str:
    """A factor of a unit, its name in quotes if no standard has it."""
    try:
        standard = base.to_string("fits") == base.name
    except ValueError:
        standard = False
    name = str(base.name) if standard else f"'{base.name}'"
    return name if power == 1 else f"{name}**({power})" if power != int(power) else f"{name}**{power}"
