"""Train members again on all objects that are not sealed; such networks have no validation score."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.config import RunConfig
from astrosweep.core.files import read_json
from astrosweep.data.kind import Development, Kind, PreparedData
from astrosweep.data.split import TRAIN_ONLY
from astrosweep.ensemble.gather import Candidate, Gathered, Progress
from astrosweep.ensemble.models import Models
from astrosweep.recording import load, started, write_config
from astrosweep.recording.saved import FOLD, write_networks
from astrosweep.training import TrainingResult, train


@dataclass(frozen=True)
class _Until:
    """Ends a training after so many epochs, as the folds' best ones were, on the schedule that they had."""

    n_epochs: int

    def on_epoch(self, stage: int, epoch: int, train_loss: float, val_loss: float) -> bool:  # noqa: ARG002
        return epoch + 1 >= self.n_epochs

    def on_fit_end(self, stage: int, val_loss: float) -> bool:  # noqa: ARG002
        return False


def refit(
    gathered: Gathered,
    members: Sequence[Candidate],
    models: Models,
    seeds: int,
    folder: Path,
    progress: Progress,
) -> Models:
    """Train members again.

    A member is trained for as many epochs as its folds took to their best one, the median of them, and keeps
    the calibration of its folds. The objects that stand for validation are training objects: they tell
    nothing.

    Args:
        gathered: The data.
        members: The networks to train again.
        models: What they were.
        seeds: Trainings of each, with successive seeds.
        folder: Where the networks are written.
        progress: What is told how far it is.

    Returns:
        The same members, and the baselines as they were.

    Raises:
        TrainingError: A loss is not finite.
        OSError: A file cannot be written.
    """
    everything = _with_everything(gathered.development)
    found = {}
    for i, candidate in enumerate(members):
        below, trained = models.networks[candidate.name]
        config = candidate.config.model_copy(
            update={
                "data": gathered.config.data.model_copy(update=_own(candidate.config)),
                "replicates": seeds,
            }
        )
        data = _prepared(gathered.kind, config, everything)
        until = _Until(_epochs(below))
        results: list[TrainingResult] = []
        for seed in range(seeds):
            progress("training members again", i * seeds + seed, len(members) * seeds)
            once = config.model_copy(update={"seed": config.seed + seed, "replicates": 1})
            (result,) = train(once, data, until)
            results.append(replace(result, factor=trained.members[0].factor))
        place = folder / f"{candidate.run.run_id}-{candidate.replicate or 0}"
        place.mkdir(parents=True)
        write_config(place, config)
        for replicate in range(seeds if seeds > 1 else 0):
            (place / f"replicate_{replicate}").mkdir()
        write_networks(place, results)
        found[candidate.name] = place, load(place)
    return Models(found, models.baselines)


def _own(config: RunConfig) -> dict[str, Any]:
    """What the data of one candidate may have otherwise than those of another: all but where they lie."""
    fields = {name: getattr(config.data, name) for name in type(config.data).model_fields}
    fields.pop("path", None)
    return fields


def _with_everything(development: Development[Any, Any]) -> Development[Any, Any]:
    """All labelled objects for training, and some of them again where validation objects are expected."""
    n = len(development.labelled)
    again = np.flatnonzero(development.fold == 0)
    return replace(
        development,
        labelled=development.labelled.take(np.concatenate([np.arange(n), again])),
        fold=np.concatenate([np.full(n, TRAIN_ONLY), np.zeros(len(again), dtype=np.int64)]),
        n_folds=1,
    )


def _prepared(
    kind: Kind[Any, Any, Any], config: RunConfig, development: Development[Any, Any]
) -> PreparedData[Any, Any, Any]:
    folds = (kind.prepare(config, development, 0),)
    return started(config, PreparedData(kind, development.report, folds))


def _epochs(folder: Path) -> int:
    best = [int(read_json(path)["best_epoch"]) for path in sorted(folder.glob(f"fold_*/{FOLD}"))]
    return max(round(float(np.median(best))) + 1, 1)
