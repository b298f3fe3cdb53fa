"""From Hydra's DictConfig to a validated ``RunConfig``; errors say key, value and what is allowed."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ValidationError

from astrosweep.config.address import PASSWORD_VARIABLE, hide_password
from astrosweep.config.run import RunConfig
from astrosweep.config.search import SearchConfig
from astrosweep.config.space import overlay
from astrosweep.config.yaml_file import load_yaml
from astrosweep.core.errors import ConfigError

ModelT = TypeVar("ModelT", bound=BaseModel)
_NO_VARIABLE = (
    "\nA password of the command line reaches jobs by their environment, and this process was started with "
    "another one. Set a variable of your own where it starts and write storage=${oc.env:<variable>}, or use "
    "~/.pgpass."
)


def parse(composed: DictConfig) -> RunConfig:
    """Validate a composed configuration.

    Args:
        composed: What Hydra composed, without its own ``hydra`` node.

    Returns:
        The frozen configuration of the run.

    Raises:
        ConfigError: A key is unknown, a value is missing, of the wrong type or out of range, or a
            combination is impossible. Every fault found is named with its key, value and what is allowed.
    """
    return validate(as_plain(composed))


def as_plain(composed: DictConfig) -> dict[str, Any]:
    """Resolve a composed configuration.

    Raises:
        ConfigError: A value is missing or points to what is not there.
    """
    try:
        plain = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        hint = _NO_VARIABLE if PASSWORD_VARIABLE in str(error) else ""
        raise ConfigError(f"The configuration cannot be resolved: {error}{hint}") from error
    return {str(key): value for key, value in plain.items()} if isinstance(plain, dict) else {}


def validate(plain: Any) -> RunConfig:
    """Validate a plain nested dictionary; see ``parse``."""
    config = validate_as(RunConfig, plain)
    if config.search is not None:
        _check_space(config.search, plain)
    return config


def validate_as(model: type[ModelT], plain: Any) -> ModelT:
    """Validate a plain nested dictionary as any configuration; see ``parse``."""
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        lines = "\n".join(f"  {_message_of(fault, plain, model)}" for fault in error.errors())
        raise ConfigError(f"The configuration is refused:\n{lines}") from error


def _check_space(search: SearchConfig, plain: Any) -> None:
    """Refuse a space whose ends the configuration does not allow.

    Raises:
        ConfigError: A key does not exist or an end is out of range; all faults are named.
    """
    faults: dict[str, None] = {}
    outside = {**plain, "search": None}
    for distribution in search.distributions:
        for value in distribution.extremes:
            changed = overlay(outside, {distribution.key: value})
            try:
                RunConfig.model_validate(changed)
            except ValidationError as error:
                for fault in error.errors():
                    faults[f"  search.space.{distribution.key}: {_message_of(fault, changed)}"] = None
    if faults:
        raise ConfigError("The search space is refused:\n" + "\n".join(faults))


def load_run_config(path: Path) -> RunConfig:
    """Read the configuration that an earlier run left.

    Raises:
        ConfigError: The file is missing, is not YAML, or does not validate.
    """
    plain = load_yaml(path, "a run's configuration")
    if isinstance(plain, dict):
        plain.pop("hydra", None)
    return validate(plain)


def _message_of(fault: Any, plain: Any, root: type[BaseModel] = RunConfig) -> str:
    location = _key_path(fault["loc"], plain)
    key = ".".join(str(part) for part in location)
    if fault["type"] == "extra_forbidden":
        allowed = _fields_at(location[:-1], plain, root)
        close = difflib.get_close_matches(str(location[-1]), allowed, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        return f"{key} = {_shown(fault['input'])}: unknown key; {hint}allowed: {', '.join(allowed)}"
    if fault["type"] == "missing":
        return f"{key}: missing; this key is required"
    if fault["type"] == "union_tag_invalid":
        value = fault["ctx"]["tag"]
        return f"{key}.name = {value!r}: unknown option; allowed: {fault['ctx']['expected_tags']}"
    if fault["type"] == "union_tag_not_found":
        return f"{key}: has no name; choose an option of this group, for example {key}=<option>"
    message = fault["msg"].removeprefix("Value error, ")
    value = "" if isinstance(fault["input"], dict) else f" = {_shown(fault['input'])}"
    return f"{key or 'run'}{value}: {message[0].lower()}{message[1:]}"


def _shown(value: Any) -> str:
    """A value for a message, without the password of an address."""
    return repr(hide_password(value)) if isinstance(value, str) else hide_password(repr(value))


def _key_path(location: Sequence[Any], plain: Any) -> list[Any]:
    """Drop the parts of a pydantic location that name a union's branch and not a key."""
    path: list[Any] = []
    here = plain
    for part in location:
        if isinstance(here, dict) and part not in here and part == here.get("name") and part != location[-1]:
            continue
        path.append(part)
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
    return path


def _fields_at(path: Sequence[Any], plain: Any, root: type[BaseModel]) -> list[str]:
    """Names of the fields that the configuration model at ``path`` accepts."""
    model: type[BaseModel] | None = root
    here = plain
    for part in path:
        if model is None:
            return []
        here = here.get(part) if isinstance(here, dict) else None
        field = model.model_fields.get(str(part))
        model = _model_of(field.annotation, here) if field else None
    return sorted(model.model_fields) if model else []


def _model_of(annotation: Any, value: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType):
        tag = value.get("name") if isinstance(value, dict) else None
        for branch in get_args(annotation):
            if _is_branch(branch, tag):
                return _model_of(branch, value)
    return None


def _is_branch(branch: Any, tag: Any) -> bool:
    if not (isinstance(branch, type) and issubclass(branch, BaseModel)):
        return False
    name = branch.model_fields.get("name")
    return name is None or tag in get_args(name.annotation)
