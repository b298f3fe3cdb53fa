"""Trainings that go on from where an earlier one ended: its weights, and its preparation as it was."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.config import RunConfig
from astrosweep.core.errors import ConfigError, FormatError
from astrosweep.core.types import Dataset, Unlabelled
from astrosweep.data.fold import Fold
from astrosweep.data.kind import Kind, PreparedData, PreparedFold
from astrosweep.data.report import STARTED_FROM
from astrosweep.kinds import load_data
from astrosweep.recording.address import Place, located
from astrosweep.recording.load import Member, Preparations, load
from astrosweep.recording.manifest import digest
from astrosweep.recording.saved import MANIFEST
from astrosweep.training import check_weights

_KEY = "model.start_from"
_OF_A_START = ("start_from", "start_rate", "start_penalty")
_OF_TRAINING = ("dropout", "l2")
"""Settings of a network that its weights do not depend on."""


def load_prepared(config: RunConfig) -> PreparedData[Any, Any, Any]:
    """Read and prepare the data of a run; with ``model.start_from`` as the start prepared its own.

    Raises:
        AstrosweepError: See ``load_data`` and ``started``.
    """
    return started(config, load_data(config))


def started(config: RunConfig, data: PreparedData[Any, Any, Any]) -> PreparedData[Any, Any, Any]:
    """Let each fold start from a network of ``model.start_from``, with its preparation.

    Fold j starts from network j modulo their number: the folds and replicates of a run in their order, or all
    networks of the configured architecture in a bundle. Split, row rules and outliers are those of the new
    data; features, their scales and the map of the target are those of the start.

    Args:
        config: The run's configuration.
        data: Its data; returned as they are without ``model.start_from``.

    Raises:
        ConfigError: The address is none; or the start is of another kind of data, of other targets or of
            another network, or needs what these data do not have.
        TrackingError: There is no such run or version.
        FormatError: A file of the start is missing or damaged.
    """
    address = config.model.start_from
    if address is None:
        return data
    with located(address, config.tracking, _KEY) as place:
        members = _fitting(config, address, _members(place))
        told = f"{address} (SHA-256 of its manifest {_fingerprint(place)})"
    folds = tuple(
        _frozen(config, address, data.kind, fold, members[k % len(members)])
        for k, fold in enumerate(data.folds)
    )
    notes = {**data.report.notes, STARTED_FROM: told}
    return replace(data, report=replace(data.report, notes=notes), folds=folds)


def _members(place: Place) -> list[Member]:
    if not place.is_bundle:
        return list(load(place.folder, "cpu").members)
    shared: Preparations = {}
    folders = sorted(path.parent for path in place.folder.glob(f"members/*/{MANIFEST}"))
    found = [
        replace(member, name=f"{folder.name}/{member.name}")
        for folder in folders
        if (folder / "config.yaml").is_file() and list(folder.glob("**/weights.safetensors"))
        for member in load(folder, "cpu", shared).members
    ]
    if not found:
        raise FormatError(f"{place.folder}: no member of this ensemble is a network; {_KEY} needs one")
    return found


def _fingerprint(place: Place) -> str:
    return digest(place.folder / ("bundle.json" if place.is_bundle else MANIFEST))


def _fitting(config: RunConfig, address: str, members: list[Member]) -> list[Member]:
    """Those of the configured architecture; each says what it is where none is."""
    kinds = {member.config.data.name for member in members}
    if kinds != {config.data.name}:
        raise ConfigError(
            f"{_KEY}={address}: was trained on data={', '.join(sorted(kinds))}; here it is {config.data.name}"
        )
    wanted = _architecture(config)
    fitting = [member for member in members if _architecture(member.config) == wanted]
    if fitting:
        return fitting
    found = _architecture(members[0].config)
    words = [f"model={found.get('name')}"] if found.get("name") != wanted.get("name") else []
    words += [
        f"model.{key}={value}" for key, value in found.items() if key != "name" and wanted.get(key) != value
    ]
    raise ConfigError(
        f"{_KEY}={address}: its network is another than the configured model={wanted.get('name')}; to go on "
        f"with it: {' '.join(words).replace(', ', ',')}"
    )


def _architecture(config: RunConfig) -> dict[str, Any]:
    return config.model.model_dump(mode="json", exclude={*_OF_A_START, *_OF_TRAINING})


def _frozen(
    config: RunConfig,
    address: str,
    kind: Kind[Any, Any, Any],
    fold: PreparedFold[Any, Any, Any],
    member: Member,
) -> PreparedFold[Any, Any, Any]:
    """A fold as the preparation of a start has it."""
    preparation = member.preparation
    here, there = fold.preparation.layout, preparation.layout
    if (here.channels, here.n_points) != (there.channels, there.n_points):
        raise ConfigError(
            f"{_KEY}={address}: predicts {there.n_points} points of {', '.join(there.channels)}; here it is "
            f"{here.n_points} of {', '.join(here.channels)}"
        )
    try:
        sets = {
            name: Dataset(
                labelled.objects.ids, preparation.features(labelled.objects), *preparation.targets(labelled)
            )
            for name, labelled in (("train", fold.train), ("val", fold.val))
        }
        test = Unlabelled(fold.test.ids, preparation.features(fold.test))
    except KeyError as error:
        raise ConfigError(
            f"{_KEY}={address}: its network takes {error.args[0]}, which these data do not have; allowed: "
            f"data with {', '.join(preparation.feature_names)}"
        ) from error
    start = _weights(member)
    try:
        check_weights(config, there, preparation.transform, start)
    except FormatError as error:
        raise ConfigError(f"{_KEY}={address}: {error} (loss={member.config.loss.name} there)") from error
    vary = kind.vary(config, preparation, fold.train)
    return replace(
        fold,
        fold=Fold(
            train=replace(sets["train"], vary=vary),
            val=sets["val"],
            test=test,
            layout=there,
            transform=preparation.transform,
            start=start,
        ),
        preparation=preparation,
        facts={
            **fold.facts,
            "started_from": member.name,
            "inputs": list(preparation.feature_names),
        },
    )


def _weights(member: Member) -> Mapping[str, NDArray[Any]]:
    return {
        name: np.asarray(tensor.detach().cpu().numpy()) for name, tensor in member.module.state_dict().items()
    }
