"""Where a model lies: a folder, a version of a registered model, or a recorded run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from astrosweep.config import TrackingConfig
from astrosweep.core.errors import ConfigError
from astrosweep.recording.saved import MANIFEST
from astrosweep.tracking import MODEL, Registry, bundle_of, open_tracker

_BUNDLE = "bundle.json"
_REGISTERED = re.compile(r"models:/(?P<model>[^@/]+)(?:@(?P<alias>[^@/]+)|/(?P<number>\d+))")
_RECORDED = re.compile(r"runs:/(?P<run>[^/]+?)/?")
_ALLOWED = (
    "allowed: the folder of a bundle or of a run, models:/<name>@<alias>, models:/<name>/<version>, or "
    "runs:/<id or name>"
)


@dataclass(frozen=True)
class Place:
    """The files of a model.

    Attributes:
        folder: Of a bundle, or of what a run left.
        is_bundle: Which of the two.
        name: What it is called.
        version: Version of the registered model; empty for none.
        runs: The run that it is, if it is one.
        data_fingerprint: Of the data that the run was trained on; empty where the files say it, or nobody.
    """

    folder: Path
    is_bundle: bool
    name: str
    version: str = ""
    runs: tuple[str, ...] = ()
    data_fingerprint: str = ""


@contextmanager
def located(address: str, tracking: TrackingConfig, key: str = "model") -> Iterator[Place]:
    """Bring the files of a model here, for as long as the block lasts.

    Args:
        address: As ``predict.model`` has it.
        tracking: The record.
        key: What a message calls the address.

    Raises:
        ConfigError: The address is none, or no model lies there.
        TrackingError: There is no such run or version, or its files cannot be fetched.
        FormatError: The files are not those of a model.
    """
    registered, recorded = _REGISTERED.fullmatch(address), _RECORDED.fullmatch(address)
    if registered is None and recorded is None:
        yield _in_folder(address, key)
        return
    with TemporaryDirectory(prefix="astrosweep-model-", ignore_cleanup_errors=True) as scratch:
        if registered is not None:
            registry = Registry(tracking)
            version = registry.find(registered["model"], registered["alias"] or registered["number"])
            folder = bundle_of(registry.fetch(version, Path(scratch)))
            yield Place(folder, True, version.model, str(version.number), (version.run_id,))
        else:
            assert recorded is not None
            tracker = open_tracker(tracking)
            run = tracker.find(recorded["run"])
            fetched = tracker.fetch(run.run_id, Path(scratch))
            is_bundle = (fetched / MODEL).is_dir()
            yield Place(
                bundle_of(fetched / MODEL) if is_bundle else fetched,
                is_bundle,
                run.name,
                runs=(run.run_id,),
                data_fingerprint=run.tags.get("data_fingerprint", ""),
            )


def _in_folder(address: str, key: str) -> Place:
    folder = Path(address).expanduser()
    if address.startswith(("models:", "runs:")):
        raise ConfigError(f"{key}={address}: no address of a model; {_ALLOWED}")
    if not folder.is_dir():
        raise ConfigError(f"{key}={address}: there is no folder {folder.absolute()}; {_ALLOWED}")
    if (folder / _BUNDLE).is_file():
        return Place(folder, True, folder.name)
    if list(folder.glob("data/*/bundle.json")):
        return Place(bundle_of(folder), True, folder.name)
    inner = folder / "artifacts"
    if not (folder / MANIFEST).is_file() and (inner / MANIFEST).is_file():
        folder = inner
    return Place(folder, False, folder.resolve().name)
