"""A model as something that predicts: an ensemble with its calibration, or the networks of one run."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from astrosweep.config import RunConfig, TrackingConfig
from astrosweep.config.trainer import Accelerator
from astrosweep.core.types import Float32Array, FloatArray, Predictions
from astrosweep.data.incoming import Outgoing
from astrosweep.data.kind import Judged, Kind, Preparation
from astrosweep.ensemble.bundle import Bundle, Scored, load_bundle
from astrosweep.ensemble.bundle.members import Predictor, of_network
from astrosweep.ensemble.calibration import Calibration
from astrosweep.ensemble.correction import SIGMA, Z
from astrosweep.ensemble.mixture import Mixture
from astrosweep.kinds import kind_of
from astrosweep.recording import load
from astrosweep.recording.address import Place, located
from astrosweep.recording.manifest import digest
from astrosweep.recording.saved import MANIFEST
from astrosweep.training import judge_unlabelled

Clock = Callable[[str], AbstractContextManager[None]]
"""Takes the time of a stage."""

_MOST_OBJECTS, _FEWEST_OBJECTS, _MOST_VALUES = 65_536, 256, 8_000_000
_AGREEMENT = 99.5
"""Percentage of fresh objects about which the members agree well enough."""


def untimed(stage: str) -> AbstractContextManager[None]:  # noqa: ARG001
    """Take no time."""
    return nullcontext()


@dataclass(frozen=True, eq=False)
class Model:
    """What predicts.

    Attributes:
        name: What it is called.
        version: Version of a registered model; empty for none.
        fingerprint: SHA-256 of its manifest, and so of everything in it.
        runs: Recorded runs that it is or that it is made of.
        data_fingerprint: Of the data that it was trained on; empty where nobody says.
        config: A configuration of its kind of data and target.
        networks: Its networks, each with its share; shares sum to one.
        mixture: Their combination.
        calibration: From its uncertainties to intervals for the true value; None for Gaussian ones, as a
            single run has.
        ranges: Of its training objects; None where it keeps nothing of them.
        validation: Its predictions of training objects by networks that had not seen them; None for a single
            run.
        disagreement: Largest ratio of epistemic to aleatoric uncertainty that is usual; None where nobody
            says.
    """

    name: str
    version: str
    fingerprint: str
    runs: tuple[str, ...]
    data_fingerprint: str
    config: RunConfig
    networks: tuple[Predictor, ...]
    mixture: Mixture
    calibration: Calibration | None
    ranges: Mapping[str, Any] | None
    validation: Scored | None
    disagreement: float | None

    @property
    def kind(self) -> Kind[Any, Any, Any]:
        """Its kind of data."""
        return kind_of(self.config)

    @property
    def preparation(self) -> Preparation[Any, Any]:
        """That of the first network; all give the same targets."""
        return self.networks[0].preparation

    @property
    def block(self) -> int:
        """Objects that are predicted at a time, so that memory stays bounded."""
        values = len(self.networks) * max(self.preparation.layout.n_targets, 8)
        return min(max(_MOST_VALUES // values, _FEWEST_OBJECTS), _MOST_OBJECTS)

    def predict(self, objects: Any, clock: Clock = untimed) -> Outgoing:
        """Predict objects, a block at a time.

        Args:
            objects: N objects of the kind of data, one at least.
            clock: Takes the time of ``preparing`` and ``predicting``.
        """
        n = len(objects)
        if n <= self.block:
            return self._predict(objects, clock)
        starts = range(0, n, self.block)
        parts = [
            self._predict(objects.take(np.arange(start, min(start + self.block, n))), clock)
            for start in starts
        ]
        judged = [part.judged for part in parts]
        predicted = Predictions(
            objects.ids,
            np.concatenate([one.predicted.mean for one in judged]),
            np.concatenate([one.predicted.std for one in judged]),
        )
        return Outgoing(
            judged=judge_unlabelled(self.preparation, objects, predicted),
            aleatoric=np.concatenate([part.aleatoric for part in parts]),
            epistemic=np.concatenate([part.epistemic for part in parts]),
            widths=np.concatenate([part.widths for part in parts], axis=1),
        )

    def _predict(self, objects: Any, clock: Clock) -> Outgoing:
        mean, std = self.each(objects, clock)
        combined = self.mixture.combine(mean, std)
        judged = judge_unlabelled(
            self.preparation, objects, Predictions(objects.ids, combined.mean, combined.std)
        )
        factors = self._factors(judged)
        sigma = factors[SIGMA]
        return Outgoing(
            judged=replace(judged, predicted=replace(judged.predicted, std=sigma * combined.std)),
            aleatoric=sigma * combined.aleatoric,
            epistemic=sigma * combined.epistemic,
            widths=factors * combined.std,
        )

    def each(self, objects: Any, clock: Clock = untimed) -> tuple[FloatArray, FloatArray]:
        """Means and uncertainties of each network, each (K, N, T); equal preparations prepare once."""
        shape = (len(self.networks), len(objects), self.preparation.layout.n_targets)
        mean, std = np.empty(shape), np.empty(shape)
        features: dict[int, Float32Array] = {}
        for k, network in enumerate(self.networks):
            key = id(network.preparation)
            if key not in features:
                with clock("preparing"):
                    features[key] = network.preparation.features(objects)
            with clock("predicting"):
                predicted = network.predict(objects, features[key])
            mean[k], std[k] = predicted.mean, predicted.std
        return mean, std

    def _factors(self, judged: Judged[Any, Any]) -> FloatArray:
        """Half widths of the four intervals over the combined uncertainty, shape (4, N, T)."""
        n, t = judged.predicted.mean.shape
        if self.calibration is None:
            return np.broadcast_to(np.array(Z)[:, None, None], (len(Z), n, t))
        variables = self.kind.variables(self.preparation, judged)
        return self.calibration.factors((n, t), variables)


def open_model(address: str, tracking: TrackingConfig, accelerator: Accelerator | None = "auto") -> Model:
    """Open a model.

    Args:
        address: The folder of a bundle or of a run; ``models:/<name>@<alias>`` or
            ``models:/<name>/<version>``; ``runs:/<id or name>`` of an ensemble, a run or a trial.
        tracking: The record.
        accelerator: Device to predict on; None: that of the training.

    Raises:
        ConfigError: The address is none, or this machine has no such device.
        TrackingError: The record has no such run or version.
        FormatError: The model is damaged.
    """
    with located(address, tracking) as place:
        if place.is_bundle:
            return of_bundle(load_bundle(place.folder, accelerator), place)
        return of_run(place, accelerator)


def of_bundle(bundle: Bundle, place: Place) -> Model:
    """An ensemble as a model."""
    members = tuple(dict.fromkeys(entry.run_id for entry in bundle.entry.members if entry.run_id))
    data = bundle.provenance.get("data")
    found = data.get("fingerprint", "") if isinstance(data, dict) else ""
    return Model(
        name=place.name if place.version else bundle.name,
        version=place.version,
        fingerprint=bundle.fingerprint,
        runs=(*place.runs, *members),
        data_fingerprint=str(found) or place.data_fingerprint,
        config=bundle.config,
        networks=bundle.predictors,
        mixture=Mixture(np.array([one.weight for one in bundle.predictors]), bundle.by_precision),
        calibration=bundle.calibration,
        ranges=bundle.ranges,
        validation=bundle.validation,
        disagreement=_usual_disagreement(bundle),
    )


def of_run(place: Place, accelerator: Accelerator | None) -> Model:
    """What a run left as a model.

    Raises:
        FormatError: It is damaged.
        ConfigError: This machine has no such device.
    """
    trained = load(place.folder, accelerator)
    share = 1.0 / len(trained.members)
    networks = tuple(
        Predictor(member.name, share, member.preparation, of_network(member)) for member in trained.members
    )
    return Model(
        name=place.name,
        version="",
        fingerprint=digest(place.folder / MANIFEST),
        runs=place.runs,
        data_fingerprint=place.data_fingerprint,
        config=trained.config,
        networks=networks,
        mixture=Mixture(np.full(len(networks), share)),
        calibration=None,
        ranges=None,
        validation=None,
        disagreement=None,
    )


def disagreement_of(aleatoric: FloatArray, epistemic: FloatArray) -> FloatArray:
    """Ratio of the two parts of the uncertainty of each object over all its targets, shape (N,)."""
    data, members = (np.sqrt(np.nanmean(np.square(part), axis=1)) for part in (aleatoric, epistemic))
    return np.asarray(np.divide(members, data, out=np.full(len(data), np.inf), where=data > 0.0))


def _usual_disagreement(bundle: Bundle) -> float | None:
    """What one in two hundred objects exceeds that the networks had not seen.

    Out of fold only some of the networks predict an object; of sealed objects all do, as of fresh ones. The
    larger of the two is taken.
    """
    parts = [part for part in (bundle.validation, bundle.test) if part is not None and len(part)]
    ratios = [disagreement_of(part.aleatoric, part.epistemic) for part in parts]
    limits = [float(np.nanpercentile(ratio, _AGREEMENT)) for ratio in ratios if np.isfinite(ratio).any()]
    return max(limits) if limits and max(limits) > 0.0 else None
