"""The numbers of a star table's columns in astrosweep's units, whatever units the file has."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from astropy import units as u

from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.expression import Expression
from astrosweep.data.reading import RawTable
from astrosweep.data.reading.convert import to_numbers
from astrosweep.data.reading.units import parse_unit, to_wanted_unit
from astrosweep.kinds.stars.presets import Preset
from astrosweep.kinds.stars.schema import COLUMNS, TARGET, TARGET_ERROR, ZERO_POINT

_log = logging.getLogger(__name__)

_OF = {TARGET_ERROR: TARGET, ZERO_POINT: TARGET}
"""Columns that are in the unit of another one where nobody says which unit they have."""


@dataclass(frozen=True, eq=False)
class Units:
    """What is known of the units of one table.

    They come from ``data.units``, else from the file, else, for an error or an offset, from the column that
    it belongs to, else from the preset, else are taken to be astrosweep's.

    Attributes:
        raw: The table as read.
        sources: Column to its source.
        config: ``units`` is used.
        preset: Its units.
        path: The file, for messages.
    """

    raw: RawTable
    sources: Mapping[str, Expression]
    config: StarDataConfig
    preset: Preset
    path: Path

    def convert(self, name: str) -> FloatArray:
        """Return the numbers of a column in astrosweep's unit, shape (rows,); not finite where undefined.

        Args:
            name: A column of the schema that holds numbers, or any one that is an expression.

        Raises:
            DataError: Text stands where numbers should, a unit is unknown or cannot be converted, or the
                unit of an error is stated and that of its value is not.
        """
        source = self.sources[name]
        numbers = {column: to_numbers(self.raw.frame[column], column, self.path) for column in source.columns}
        if name not in COLUMNS:
            return to_wanted_unit(source.evaluate(numbers) * u.dimensionless_unscaled, name, "", self.path)
        self._check_pair(name)
        wanted = COLUMNS[name].unit
        units = self._of_file(name)
        stated = self.config.units.get(name)
        if stated is not None and units:
            _log.warning("%s: %s is taken in %r although the file states %s", self.path, name, stated, units)
        if stated is None and not units:
            stated = self._of_value(name) or self.preset.units.get(name)
        if stated is None and units:
            return self._by_units(name, source, numbers, units)
        unit = u.Unit(wanted) if stated is None else parse_unit(stated, name, wanted, self.path)
        return to_wanted_unit(source.evaluate(numbers) * unit, name, wanted, self.path)

    def _of_file(self, name: str) -> dict[str, str]:
        """Return the units that the file states for the columns of a source."""
        columns = self.sources[name].columns
        return {column: self.raw.units[column] for column in sorted(columns) if column in self.raw.units}

    def _stated(self, name: str) -> str | None:
        """Return the one unit that ``data.units`` or the file states for a column."""
        units = set(self._of_file(name).values())
        return self.config.units.get(name, units.pop() if len(units) == 1 else None)

    def _of_value(self, name: str) -> str | None:
        """Return the unit of the value that an error or an offset belongs to, if it is stated."""
        value = _OF.get(name)
        unit = self._stated(value) if value in self.sources and value is not None else None
        if unit is not None:
            _log.info("%s: %s is taken in %r, as %s is", self.path, name, unit, value)
        return unit

    def _check_pair(self, name: str) -> None:
        """Refuse a value without a unit whose error has one."""
        for part, value in _OF.items():
            if name != value or part not in self.sources or name in self.preset.units:
                continue
            unit = self._stated(part)
            if unit is None or self._stated(value) is not None:
                continue
            wanted = COLUMNS[part].unit
            if parse_unit(unit, part, wanted, self.path) != u.Unit(wanted):
                raise DataError(
                    f"{self.path}: {part} is in {unit!r}, but no unit of {value} is stated; say it with "
                    f"data.units={{{value}: {unit}}}"
                )

    def _by_units(
        self, name: str, source: Expression, numbers: Mapping[str, FloatArray], units: Mapping[str, str]
    ) -> FloatArray:
        """Return a column or an expression in astrosweep's unit, from the units that the file states."""
        wanted = COLUMNS[name].unit
        if source.column is not None:
            unit = parse_unit(units[source.column], name, wanted, self.path)
            return to_wanted_unit(numbers[source.column] * unit, name, wanted, self.path)
        remedy = f"say which unit the numbers come to with data.units={{{name}: {wanted or repr('')}}}"
        try:
            quantities = {
                column: values * parse_unit(units.get(column, ""), column, None, self.path, remedy)
                for column, values in numbers.items()
            }
            result = u.Quantity(source.evaluate(quantities))
        except (u.UnitsError, TypeError) as error:
            raise DataError(
                f"{self.path}: {name} = {source.text} does not work out in the units that the file states, "
                f"{dict(units)}: {error}; {remedy}"
            ) from None
        return to_wanted_unit(result, name, wanted, self.path)
