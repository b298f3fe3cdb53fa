"""The trained models behind the candidates, fetched when they are needed and asked for their predictions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astrosweep.ensemble.mixture import Combined, Mixture

from astrosweep.core.errors import FormatError
from astrosweep.core.types import FloatArray
from astrosweep.ensemble.baselines import BaselineCandidate
from astrosweep.ensemble.gather import Candidate, Progress
from astrosweep.recording import Trained, load
from astrosweep.tracking import Tracker


@dataclass(frozen=True, eq=False)
class Predicted:
    """What the networks (or the fits) of one candidate predict, each with its own calibration.

    Attributes:
        mean: Shape (K, N, T).
        std: Shape (K, N, T).
    """

    mean: FloatArray
    std: FloatArray


def fetch(
    tracker: Tracker, candidates: Iterable[Candidate], folder: Path, progress: Progress
) -> dict[str, tuple[Path, Trained]]:
    """Fetch and read back whole candidates.

    Args:
        tracker: The record.
        candidates: Which.
        folder: Where to put them, a folder for each run.
        progress: What is told how far it is.

    Returns:
        Name of a candidate to the folder of its networks and what was read from it.

    Raises:
        FormatError: A file is missing or was changed; the message names the run.
        TrackingError: A run has no files any more.
    """
    found: dict[str, tuple[Path, Trained]] = {}
    wanted = list(candidates)
    for i, candidate in enumerate(wanted):
        progress("reading networks", i, len(wanted))
        place = folder / candidate.run.run_id
        try:
            if not place.is_dir():
                tracker.fetch(candidate.run.run_id, place)
            below = place if candidate.replicate is None else place / f"replicate_{candidate.replicate}"
            found[candidate.name] = below, load(below)
        except FormatError as error:
            raise FormatError(
                f"Run {candidate.run.name} ({candidate.run.run_id}) cannot be a member: {error}. "
                f"To go on without it: ensemble.exclude=[{candidate.run.run_id}]"
            ) from error
    return found


def predict_networks(trained: Trained, objects: Any) -> Predicted:
    """Predict objects by each network of a candidate."""
    judged = [member.predict(objects).predicted for member in trained.members]
    return Predicted(np.stack([one.mean for one in judged]), np.stack([one.std for one in judged]))


def predict_baseline(baseline: BaselineCandidate, objects: Any) -> Predicted:
    """Predict objects by each fit of a baseline."""
    judged = [fold.fitted.predict(objects) for fold in baseline.folds]
    factor = baseline.factor
    return Predicted(np.stack([one.mean for one in judged]), np.stack([one.std * factor for one in judged]))


def combine(mixture: Mixture, names: tuple[str, ...], predicted: Mapping[str, Predicted]) -> Combined:
    """Combine unseen objects' predictions: the weight of a candidate is divided among its networks.

    Args:
        mixture: Weights of the candidates.
        names: Their names.
        predicted: What those with a weight predict.
    """
    members = [(predicted[names[i]], mixture.weights[i]) for i in mixture.members]
    each = [weight / len(one.mean) for one, weight in members for _ in one.mean]
    mean = np.concatenate([one.mean for one, _ in members])
    std = np.concatenate([one.std for one, _ in members])
    weights = np.array(each)
    return Mixture(weights / weights.sum(), mixture.by_precision).combine(mean, std)
