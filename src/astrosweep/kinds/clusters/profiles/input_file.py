"""``data.input_file``: the ``input_file.json`` of the original application, as settings of this one."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from astrosweep.config import RunConfig
from astrosweep.config.kinds.clusters import OBSERVABLES, TARGET_KEYS, TARGETS, ClusterDataConfig
from astrosweep.core.errors import ConfigError
from astrosweep.kinds.clusters.profiles.input_json import choice, kind_of, read_json, sorted_keys

_log = logging.getLogger(__name__)

_TOP = {
    **dict.fromkeys(("datapath", "path", "data", "datadirectory", "datafolder"), "Data path"),
    "preprocessing": "Preprocessing",
    "mode": "Mode",
}
_PREPROCESSING = {
    "correlations": "Correlations",
    "cleaning": "Cleaning",
    "transformation": "Transformation",
    "randomize": "Randomize",
    "datablocks": "Data Blocks",
    "resampling": "Resampling",
}
_RESAMPLING = {"mode": "Mode", "inputlist": "Input list", "outputlist": "Output list"}


@dataclass
class InputSettings:
    """What an input file asks for; None where it does not say.

    Attributes:
        path: Directory of the tables.
        gaps: ``interpolate`` or ``refuse``.
        standardise: Whether points are standardised.
        observables: Observed profiles, in the order of the channels.
        targets: True profiles to learn.
        n_input: Points of each observed profile.
        n_output: Points of each target profile.
        notes: What the file says that has no effect here.
    """

    path: str | None = None
    gaps: str | None = None
    standardise: bool | None = None
    observables: list[str] | None = None
    targets: list[str] | None = None
    n_input: int | None = None
    n_output: int | None = None
    notes: list[str] = field(default_factory=list)


def apply_input_file(config: ClusterDataConfig) -> tuple[ClusterDataConfig, list[str] | None]:
    """Let the settings of ``data.input_file`` take the place of those of the configuration.

    Args:
        config: Its ``input_file`` may be null; then nothing changes.

    Returns:
        The configuration, and the targets that the file asks for, None if it does not say.

    Raises:
        ConfigError: The file cannot be read, has unknown or impossible settings, or there is no data path.
    """
    if config.input_file is None:
        return config, None
    path = Path(config.input_file).expanduser()
    settings = read_input_file(path)
    if config.source == "rexcess":
        raise ConfigError(f"{path}: an input file is for tables, but source=rexcess; allowed: source=tables")
    if config.source == "tables" and not (settings.path or config.path):
        raise ConfigError(f"{path}: has no 'Data path', and data.path is not given; allowed: one of them")
    plain = config.model_dump()
    if settings.path is not None:
        plain |= {"source": "tables", "path": settings.path}
    if settings.gaps is not None:
        plain["cleaning"]["gaps"] = settings.gaps
    if settings.observables is not None:
        plain["observables"] = settings.observables
    for key in ("standardise", "n_input", "n_output"):
        value = getattr(settings, key)
        if value is not None:
            plain["preparation"][key] = value
    for note in settings.notes:
        _log.warning("%s: %s", path, note)
    try:
        return ClusterDataConfig.model_validate(plain), settings.targets
    except ValidationError as error:
        faults = "\n".join(
            f"{path}: {'.'.join(map(str, fault['loc']))}={fault['input']}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ConfigError(faults) from error


def read_input_file(path: Path) -> InputSettings:
    """Read an ``input_file.json``; case, blanks and underscores of keys and words do not matter.

    Args:
        path: The file; a relative data path in it starts at the file's folder.

    Returns:
        Its settings.

    Raises:
        ConfigError: The file is no JSON object, a key is unknown or a value not allowed. All faults are
            named.
    """
    faults: list[str] = []
    settings = InputSettings()
    top = sorted_keys(read_json(path), _TOP, str(path), faults)
    if "Mode" in top:
        mode = choice(top["Mode"], ("train", "gui"), f"{path}: Mode", faults)
        if mode == "gui":
            faults.append(f"{path}: Mode is 'gui', but there is no window here; allowed: train")
    if "Data path" in top:
        given = top["Data path"]
        if isinstance(given, str) and given.strip():
            settings.path = str(path.parent / Path(given).expanduser())
        else:
            faults.append(f"{path}: Data path is {given!r}; allowed: the directory of the tables, as a text")
    section = top.get("Preprocessing", {})
    if isinstance(section, dict):
        _read_preprocessing(section, settings, path, faults)
    else:
        faults.append(f"{path}: Preprocessing is {kind_of(section)}; allowed: an object with {_names()}")
    if faults:
        raise ConfigError("\n".join(faults[:20]))
    return settings


def _names() -> str:
    return ", ".join(_PREPROCESSING.values())


def _read_preprocessing(
    section: dict[str, Any], settings: InputSettings, path: Path, faults: list[str]
) -> None:
    where = f"{path}: Preprocessing"
    values = sorted_keys(section, _PREPROCESSING, where, faults)

    def chosen(key: str, *allowed: str) -> str | None:
        return choice(values[key], allowed, f"{where}: {key}", faults) if key in values else None

    if chosen("Correlations", "off", "on") == "on":
        faults.append(
            f"{where}: Correlations is on, but no observable is dropped for correlating with another: "
            "each is a channel of its own; allowed: off, and Input list to choose observables"
        )
    cleaning = chosen("Cleaning", "interpolate", "none", "off")
    if cleaning:
        settings.gaps = "interpolate" if cleaning == "interpolate" else "refuse"
    transformation = chosen("Transformation", "Standard", "None", "off")
    if transformation:
        settings.standardise = transformation == "Standard"
    if chosen("Randomize", "off", "on") == "on":
        settings.notes.append(
            "Randomize is on and has no effect: which part a cluster belongs to goes by its name and the "
            "seed of the split, not by the order of the files"
        )
    if chosen("Data Blocks", "on", "off") == "off":
        faults.append(
            f"{where}: Data Blocks is off, but each observable is a channel of its own; allowed: on"
        )
    if "Resampling" in values:
        _read_resampling(values["Resampling"], settings, f"{where}: Resampling", faults)


def _read_resampling(section: Any, settings: InputSettings, where: str, faults: list[str]) -> None:
    if not isinstance(section, dict):
        faults.append(
            f"{where} is {kind_of(section)}; allowed: an object with {', '.join(_RESAMPLING.values())}"
        )
        return
    values = sorted_keys(section, _RESAMPLING, where, faults)
    mode = choice(values.get("Mode", "on"), ("on", "off"), f"{where}: Mode", faults)
    if "Input list" in values:
        settings.observables, n_input = _names_and_points(
            values["Input list"], OBSERVABLES, f"{where}: Input list", faults
        )
        settings.n_input = n_input if mode == "on" else None
    if "Output list" in values:
        settings.targets, n_output = _names_and_points(
            values["Output list"], TARGETS, f"{where}: Output list", faults
        )
        settings.n_output = n_output if mode == "on" else None
    if mode == "off":
        settings.notes.append(
            "Resampling is off, but a network needs the same points of all clusters: profiles are brought to "
            "the numbers of data.preparation.n_input and n_output all the same"
        )


def _names_and_points(
    given: Any, allowed: Sequence[str], where: str, faults: list[str]
) -> tuple[list[str], int | None]:
    """Return the profiles of a list, and the number of points if it says one."""
    shape = "[name, ...], [[name, points], ...] or {name: points, ...}"
    if not isinstance(given, list | dict) or not given:
        faults.append(f"{where} is {'empty' if given in ([], {}) else kind_of(given)}; allowed: {shape}")
        return [], None
    names: list[str] = []
    points: dict[str, int] = {}
    for entry in given.items() if isinstance(given, dict) else given:
        pair = entry if isinstance(entry, list | tuple) else (entry, None)
        if len(pair) != 2 or not isinstance(pair[0], str):
            faults.append(f"{where} has the entry {entry!r}; allowed: {shape}")
            continue
        name = choice(pair[0], allowed, f"{where}: the profile", faults)
        if name is None:
            continue
        if name in names:
            faults.append(f"{where} names {name} twice; allowed: once")
        names.append(name)
        if pair[1] is not None:
            if isinstance(pair[1], bool) or not isinstance(pair[1], int) or pair[1] < 4:
                faults.append(
                    f"{where}: {name} has {pair[1]!r} points; allowed: a whole number of at least 4"
                )
            else:
                points[name] = pair[1]
    if len(set(points.values())) > 1:
        said = ", ".join(f"{name} {n}" for name, n in points.items())
        faults.append(f"{where} has different numbers of points: {said}; allowed: one number for all")
    return names, next(iter(points.values()), None)


def with_input_file(config: RunConfig) -> RunConfig:
    """Let the settings of ``data.input_file`` take the place of those of a run's configuration.

    Returns:
        The same run without an input file: what is recorded stands by itself.

    Raises:
        ConfigError: The file cannot be used, or asks for other targets than one or all three.
    """
    data = config.data
    if not isinstance(data, ClusterDataConfig) or data.input_file is None:
        return config
    applied, listed = apply_input_file(data)
    update: dict[str, object] = {"data": applied.model_copy(update={"input_file": None})}
    if listed and config.target is None:
        names = [name for name, key in TARGET_KEYS.items() if key in listed]
        if len(names) == 2:
            raise ConfigError(
                f"{data.input_file}: Output list has {', '.join(listed)}; allowed: one target or all"
            )
        update["target"] = names[0] if len(names) == 1 else "all"
    return config.model_copy(update=update)
