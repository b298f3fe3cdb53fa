"""The trained models behind the candidates, fetched when they are needed and asked for their predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astrosweep.core.errors import FormatError, MissingArtifactError
from astrosweep.core.types import FloatArray
from astrosweep.ensemble.baselines import BaselineCandidate
from astrosweep.ensemble.gather import Candidate, Progress
from astrosweep.ensemble.mixture import Combined, Mixture
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


@dataclass(frozen=True, eq=False)
class Models:
    """Candidates that can predict.

    Attributes:
        networks: Name of a candidate to the folder of its networks and what was read from it.
        baselines: Name to baseline.
    """

    networks: Mapping[str, tuple[Path, Trained]]
    baselines: Mapping[str, BaselineCandidate]

    def predict(self, objects: Any, progress: Progress) -> dict[str, Predicted]:
        """Predict objects by every candidate."""
        found: dict[str, Predicted] = {}
        for i, (name, (_, trained)) in enumerate(self.networks.items()):
            progress("predicting the sealed objects", i, len(self.networks))
            judged = [member.predict(objects).predicted for member in trained.members]
            found[name] = Predicted(*(np.stack([getattr(one, part) for one in judged]) for part in _PARTS))
        for name, baseline in self.baselines.items():
            judged = [fold.fitted.predict(objects).scaled(baseline.factor) for fold in baseline.folds]
            found[name] = Predicted(*(np.stack([getattr(one, part) for one in judged]) for part in _PARTS))
        return found


_PARTS = ("mean", "std")


def fetch_models(
    tracker: Tracker,
    candidates: Sequence[Candidate],
    baselines: Sequence[BaselineCandidate],
    folder: Path,
    progress: Progress,
) -> Models:
    """Fetch and read back whole candidates.

    Args:
        tracker: The record.
        candidates: Which.
        baselines: The baselines.
        folder: Where to put what is fetched, a folder for each run.
        progress: What is told how far it is.

    Raises:
        FormatError: A file is missing or was changed; the message names the run.
        TrackingError: The record cannot be read.
    """
    found: dict[str, tuple[Path, Trained]] = {}
    for i, candidate in enumerate(candidates):
        progress("reading networks", i, len(candidates))
        place = folder / candidate.run.run_id
        try:
            if not place.is_dir():
                tracker.fetch(candidate.run.run_id, place)
            below = place if candidate.replicate is None else place / f"replicate_{candidate.replicate}"
            found[candidate.name] = below, load(below)
        except (FormatError, MissingArtifactError) as error:
            raise FormatError(
                f"Run {candidate.run.name} ({candidate.run.run_id}) cannot be a member: {error}. "
                f"To go on without it: ensemble.exclude=[{candidate.run.run_id}]"
            ) from error
    return Models(found, {one.name: one for one in baselines})


def combine(mixture: Mixture, names: Sequence[str], predicted: Mapping[str, Predicted]) -> Combined:
    """Combine predictions of unseen objects: the weight of a candidate is divided among its networks.

    Args:
        mixture: Weights of the candidates.
        names: Their names.
        predicted: What those with a weight predict.
    """
    members = [(predicted[names[i]], mixture.weights[i]) for i in mixture.members]
    weights = np.array([weight / len(one.mean) for one, weight in members for _ in one.mean])
    mean = np.concatenate([one.mean for one, _ in members])
    std = np.concatenate([one.std for one, _ in members])
    return Mixture(weights / weights.sum(), mixture.by_precision).combine(mean, std)
