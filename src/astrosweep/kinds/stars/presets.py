"""The presets that bring known tables under the archive's names: one YAML file each in ``mappings``."""

import logging
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from astrosweep.config.base import Strict
from astrosweep.core.errors import DataError

_log = logging.getLogger(__name__)


class Preset(Strict):
    """How one kind of table is brought under the archive's names.

    Attributes:
        description: What the table is, and what a user should know about its columns.
        signature: Columns by which the table is recognised, upper and lower case alike; none for the preset
            of all other tables.
        unless: Columns by which a table is known to be of another kind.
        columns: Archive column to a column or an expression of columns, or several of which the first that
            the table has counts. Entries whose columns are absent are passed over.
        units: Archive column to its unit in the table, where it differs and the file does not say.
        values: Archive column to the table's spelling of each class and the archive's.
    """

    description: str
    signature: list[str] = []
    unless: list[str] = []
    columns: dict[str, str | list[str]] = {}
    units: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}


@cache
def presets() -> dict[str, Preset]:
    """Return the presets of the folder ``mappings`` by name."""
    entries = sorted(
        files("astrosweep.kinds.stars").joinpath("mappings").iterdir(), key=lambda entry: entry.name
    )
    return {
        entry.name.removesuffix(".yaml"): Preset.model_validate(yaml.safe_load(entry.read_text("utf-8")))
        for entry in entries
        if entry.name.endswith(".yaml")
    }


def choose_preset(name: str, columns: Iterable[str], path: Path) -> tuple[str, Preset]:
    """Return the name and the preset that ``data.mapping`` asks for.

    Args:
        name: A preset's name; ``none`` for names as they are; ``auto`` for the preset with the longest
            signature among those whose signature the table has.
        columns: The table's columns, and those that ``data.columns`` gives it.
        path: The file, for messages.

    Raises:
        DataError: There is no such preset, or the table lacks its signature.
    """
    present = {column.lower() for column in columns}
    absent = {
        key: [column for column in preset.signature if column.lower() not in present]
        for key, preset in presets().items()
    }
    if name == "auto":
        fitting = [
            key
            for key, preset in presets().items()
            if not absent[key] and not present & {column.lower() for column in preset.unless}
        ]
        name = max(fitting, key=lambda key: len(presets()[key].signature))
        _log.info("%s: columns mapped by the preset %s", path, name)
        _log.debug("%s: %s", name, presets()[name].description)
    if name == "none":
        return name, Preset(description="names as they are")
    if name not in presets():
        raise DataError(
            f"data.mapping={name}: no such preset; there are auto, none, {', '.join(presets())}; a new one "
            "is a YAML file in src/astrosweep/kinds/stars/mappings, and single columns can be given by "
            "data.columns"
        )
    if absent[name]:
        raise DataError(f"{path}: not a table of preset {name}: it has no column {', '.join(absent[name])}")
    return name, presets()[name]
