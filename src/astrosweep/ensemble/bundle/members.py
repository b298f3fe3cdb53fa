"""The members of a bundle as predictors, one a network or a fold of a baseline."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from astrosweep.config import RunConfig
from astrosweep.config.trainer import Accelerator
from astrosweep.core.errors import FormatError
from astrosweep.core.files import read_json
from astrosweep.core.types import Float32Array, FloatArray, Predictions
from astrosweep.data.baseline import FittedBaseline
from astrosweep.data.kind import Preparation
from astrosweep.ensemble.bundle.contents import BASELINE, MemberEntry
from astrosweep.kinds import kind_of
from astrosweep.recording import Member, load
from astrosweep.recording.load import Preparations, read_factor, read_preparation
from astrosweep.recording.saved import FOLD


@dataclass(frozen=True, eq=False)
class Predictor:
    """One network, or one fold of a baseline, with its share of the mixture.

    Attributes:
        name: Its member and where it lies there, such as ``members/00/fold_1``.
        weight: The member's weight over the number of its networks.
        preparation: The preparation of its fold.
        predict: Predicts objects; calibrated by its own factor.
    """

    name: str
    weight: float
    preparation: Preparation[Any, Any]
    predict: "Predict"


class Predict(Protocol):
    """Predicts objects."""

    def __call__(self, objects: Any, features: Float32Array) -> Predictions:
        """Predictions with calibrated uncertainties.

        Args:
            objects: The objects.
            features: What the preparation makes of them.
        """
        ...


def read_member(
    root: Path,
    entry: MemberEntry,
    config: RunConfig,
    accelerator: Accelerator | None,
    shared: Preparations,
) -> list[Predictor]:
    """Read a member of a bundle.

    Args:
        root: The bundle's folder, whose files are checked.
        entry: The member.
        config: The bundle's configuration.
        accelerator: See ``recording.load``.
        shared: See ``recording.load``.

    Raises:
        FormatError: A file is missing or damaged, or the member does not belong to such an ensemble.
        ConfigError: Its configuration does not validate.
    """
    folder = root / entry.folder
    if entry.kind == "networks":
        predictors = _networks(folder, entry, config, accelerator, shared)
    else:
        predictors = _baselines(folder, entry, config, shared)
    if len(predictors) != entry.networks:
        raise FormatError(f"{folder}: has {len(predictors)} networks; ensemble.json expects {entry.networks}")
    return predictors


def _networks(
    folder: Path,
    entry: MemberEntry,
    config: RunConfig,
    accelerator: Accelerator | None,
    shared: Preparations,
) -> list[Predictor]:
    trained = load(folder, accelerator, shared)
    found, expected = _identity(trained.config), _identity(config)
    if found != expected:
        raise FormatError(f"{folder / 'config.yaml'}: is a member on {found}; the ensemble is on {expected}")
    return [
        Predictor(
            f"{entry.folder}/{member.name}",
            entry.weight / len(trained.members),
            member.preparation,
            of_network(member),
        )
        for member in trained.members
    ]


def _baselines(folder: Path, entry: MemberEntry, config: RunConfig, shared: Preparations) -> list[Predictor]:
    described = read_json(folder / BASELINE, finite=True)
    if set(described) != {"name"} or not isinstance(described["name"], str):
        raise FormatError(f"{folder / BASELINE}: is {str(described)[:60]}; expected: a name and nothing else")
    kind = kind_of(config)
    by_name = {baseline.name: baseline for baseline in kind.baselines(config)}
    if described["name"] not in by_name:
        raise FormatError(
            f"{folder / BASELINE}: no baseline of these data is called {described['name'][:60]!r}; known: "
            f"{', '.join(sorted(by_name)) or 'none'}"
        )
    folds = sorted(folder.glob("fold_*"), key=lambda fold: int(fold.name.removeprefix("fold_")))
    predictors = []
    for fold in folds:
        preparation = read_preparation(fold, config, shared)
        factor = read_factor(fold / FOLD, preparation.layout.n_targets)
        fitted = by_name[described["name"]].load(fold)
        predictors.append(
            Predictor(
                f"{entry.folder}/{fold.name}",
                entry.weight / len(folds),
                preparation,
                _scaled(fitted, factor),
            )
        )
    return predictors


def of_network(member: Member) -> Predict:
    """A network as a predictor's function."""
    return lambda objects, features: member.predict(objects, features).predicted


def _scaled(fitted: FittedBaseline[Any], factor: FloatArray) -> Predict:
    return lambda objects, features: fitted.predict(objects).scaled(factor)  # noqa: ARG005


def _identity(config: RunConfig) -> str:
    return f"data={config.data.name}, target {', '.join(config.targets)} in {config.data.unit}"
