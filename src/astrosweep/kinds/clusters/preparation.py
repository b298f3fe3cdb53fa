"""From profiles on their own radii to arrays that a network sees, and back; fitted on training clusters.

Shapes: N clusters, C channels, L input points, T target columns (channels times points), P output points.

In order: radii are divided by a scale; values by what is known of them (``scaling``); values become
logarithms, or asinh where noise makes them negative; they are resampled onto common radii; each point is
shifted and scaled by mean and standard deviation of the training clusters. Each step has an exact inverse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.config.kinds.clusters import TARGET_KEYS, ProfilePreparationConfig
from astrosweep.core.errors import FormatError
from astrosweep.core.files import read_json, write_exact_json
from astrosweep.core.types import Float32Array, FloatArray, Layout
from astrosweep.data.kind import Judged
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.clusters.metrics import Z_95
from astrosweep.kinds.clusters.resample import Resampling
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, Profiles, TrueProfiles
from astrosweep.kinds.clusters.scaling import line_of_sight, radius_scale

Form = Literal["log", "asinh", "value"]
_FILE = "preparation.json"
_ARRAYS = ("input_radii", "output_radii", "radius_loc", "radius_width", "context_loc", "context_width")


@dataclass(frozen=True, eq=False)
class Channel:
    """How the values of one observable become a channel.

    Attributes:
        form: ``log``, ``asinh``, or ``value``: the value itself.
        softening: Scale of asinh in the channel's unit; unused by other forms.
        loc: Mean of each point over the training clusters, shape (L,).
        width: Standard deviation of each point over the training clusters, shape (L,).
        measured: Share of the training clusters that were measured at each point, shape (L,); None where a
            preparation was saved without it.
    """

    form: Form
    softening: float
    loc: FloatArray
    width: FloatArray
    measured: FloatArray | None = None

    def compress(self, values: FloatArray) -> FloatArray:
        """Logarithm, asinh or the values themselves; NaN where undefined."""
        if self.form == "value":
            return values
        if self.form == "asinh":
            return np.arcsinh(values / self.softening)
        return np.log(np.where(values > 0.0, values, np.nan))

    def expand(self, values: FloatArray) -> FloatArray:
        """The inverse of ``compress``."""
        if self.form == "value":
            return values
        return np.sinh(values) * self.softening if self.form == "asinh" else np.exp(values)


@dataclass(frozen=True, eq=False)
class ProfilePreparation:
    """A fitted preparation; ``fit_preparation`` makes one.

    Attributes:
        config: Its settings, without ``auto``.
        quantities: What is learned: ``pressure``, ``density``, ``temperature``.
        input_radii: Common scaled radii of the input, shape (L,).
        output_radii: Common scaled radii of the output, shape (P,).
        channels: Observable to its channel, in the order of the network's channels.
        radius_loc: Mean of the radius channel at each point, shape (L,).
        radius_width: Its standard deviation, shape (L,).
        context_loc: Mean of each context channel.
        context_width: Standard deviation of each context channel.
        masked: Observables whose mask is a channel.
        transform: The fitted map of the targets.
        learned: Which target columns any training cluster has, shape (T,).
    """

    config: ProfilePreparationConfig
    quantities: tuple[str, ...]
    input_radii: FloatArray
    output_radii: FloatArray
    channels: Mapping[str, Channel]
    radius_loc: FloatArray
    radius_width: FloatArray
    context_loc: FloatArray
    context_width: FloatArray
    masked: tuple[str, ...]
    transform: TargetTransform
    learned: NDArray[np.bool_]

    @property
    def layout(self) -> Layout:
        """Shapes of what a network takes and gives."""
        inputs = (len(self.feature_names), len(self.input_radii))
        return Layout(inputs, self.target_names, len(self.output_radii))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the C channels."""
        return ("radius", *self.channels, *(f"{name}_measured" for name in self.masked), *self.config.context)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the target's channels: radii before values where both are learned."""
        if self.config.output == "values":
            return self.quantities
        return tuple(f"{name}{part}" for name in self.quantities for part in ("_radius", ""))

    def coordinate(self, radii: FloatArray) -> FloatArray:
        """The coordinate in which profiles are interpolated: the scaled radius or its logarithm."""
        return np.log(radii) if self.config.spacing == "log" else radii

    def features(self, objects: Clusters) -> Float32Array:
        """Features of clusters, shape (N, C, L)."""
        return CommonRadii(self, objects).features()

    def target_radii(self, clusters: Clusters, truth: TrueProfiles | None, target: str) -> FloatArray:
        """Radii of the output points of each cluster, shape (N, P), kpc.

        The common ones; or, where radii are learned too, the cluster's own: its measured radii where there
        are P of them, else P radii from the first to the last; NaN for a cluster without this target.
        """
        n_points = len(self.output_radii)
        if self.config.output == "values":
            return self.output_radii * radius_scale(clusters, self.config.radius)[:, None]
        if truth is None:
            return np.full((len(clusters), n_points), np.nan)
        own = truth.profiles[TARGET_KEYS[target]]
        measured = np.isfinite(own.radius)
        if own.radius.shape[1] == n_points and measured.all():
            return own.radius
        has_any = np.asarray(measured.any(axis=1))
        first = np.where(has_any, np.min(np.where(measured, own.radius, np.inf), axis=1), 1.0)
        last = np.where(has_any, np.max(np.where(measured, own.radius, 0.0), axis=1), 1.0)
        space = np.geomspace if self.config.spacing == "log" else np.linspace
        return np.where(has_any[:, None], space(first, last, n_points, axis=1), np.nan)

    def targets_of(self, target: str, labelled: ClusterSample) -> tuple[Profiles, FloatArray, Resampling]:
        """True profiles of one target, radii of their output points (kpc), and the map between the two."""
        clusters, profiles = labelled.objects, labelled.truth.profiles[TARGET_KEYS[target]]
        radii = self.target_radii(clusters, labelled.truth, target)
        scale = radius_scale(clusters, self.config.radius)[:, None]
        own, common = self.coordinate(profiles.radius / scale), self.coordinate(radii / scale)
        return profiles, radii, Resampling.between(own, np.isfinite(profiles.value), common)

    def targets(self, labelled: ClusterSample) -> tuple[FloatArray, FloatArray]:
        """Targets and their errors, each (N, T): logarithms and relative errors if so configured.

        NaN where a target was not measured; an unknown error is 0.
        """
        values, errors = [], []
        for name in self.quantities:
            profiles, radii, resampling = self.targets_of(name, labelled)
            value = resampling.forward(self._compress(profiles.value))
            relative = profiles.error / profiles.value if self.config.logarithm else profiles.error
            error = resampling.forward(relative)
            if self.config.output != "values":
                values.append(np.log(radii) if self.config.logarithm else radii)
                errors.append(np.zeros_like(radii))
            values.append(np.where(resampling.inside, value, np.nan))
            errors.append(np.where(np.isfinite(error), error, 0.0))
        return np.concatenate(values, axis=1), np.concatenate(errors, axis=1)

    def expand_target(self, values: FloatArray) -> FloatArray:
        """From a target as ``target`` gives it to physical values."""
        return np.exp(values) if self.config.logarithm else values

    def table(self, judged: Judged[Clusters, TrueProfiles]) -> pd.DataFrame:
        """Predicted profiles in physical units, one row per cluster, target and point.

        Returns:
            Columns ``cluster``, ``cluster_id``, ``target``, ``radius_kpc``, ``radius_scaled`` (of the truth;
            as predicted where radii are learned and no truth is known), ``true`` (NaN where not measured or
            sealed), ``predicted``, ``lower_68``, ``upper_68``, ``lower_95``, ``upper_95``, and where radii
            are learned ``radius_predicted_kpc``.
        """
        return pd.concat([self._table_of(name, judged) for name in self.quantities], ignore_index=True)

    def columns_of(self, quantity: str) -> slice:
        """Target columns of the values of one quantity."""
        n_points = len(self.output_radii)
        first = self.target_names.index(quantity) * n_points
        return slice(first, first + n_points)

    def columns_of_radii(self, quantity: str) -> slice:
        """Target columns of the radii of one quantity, where they are learned."""
        values, n_points = self.columns_of(quantity), len(self.output_radii)
        return slice(values.start - n_points, values.start)

    def _table_of(self, quantity: str, judged: Judged[Clusters, TrueProfiles]) -> pd.DataFrame:
        clusters, n_points = judged.objects, len(self.output_radii)
        columns, predicted = self.columns_of(quantity), judged.predicted
        mean, std = predicted.mean[:, columns], predicted.std[:, columns]
        radius, more = self.target_radii(clusters, judged.truth, quantity), {}
        if self.config.output != "values":
            own = self.expand_target(predicted.mean[:, self.columns_of_radii(quantity)])
            more = {"radius_predicted_kpc": own.ravel()}
            radius = own if judged.truth is None else radius
        scale = radius_scale(clusters, self.config.radius)[:, None]
        return pd.DataFrame(
            {
                "cluster": np.repeat(clusters.names.astype(object), n_points),
                "cluster_id": np.repeat(clusters.ids, n_points),
                "target": quantity,
                "radius_kpc": radius.ravel(),
                "radius_scaled": (radius / scale).ravel(),
                "true": self.expand_target(judged.target[:, columns]).ravel(),
                "predicted": self.expand_target(mean).ravel(),
                "lower_68": self.expand_target(mean - std).ravel(),
                "upper_68": self.expand_target(mean + std).ravel(),
                "lower_95": self.expand_target(mean - Z_95 * std).ravel(),
                "upper_95": self.expand_target(mean + Z_95 * std).ravel(),
                **more,
            }
        )

    def save(self, folder: Path) -> None:
        """Write ``preparation.json``.

        Raises:
            OSError: The file cannot be written.
        """
        channels = {name: _plain(asdict(channel)) for name, channel in self.channels.items()}
        values = {
            "config": self.config.model_dump(mode="json"),
            "quantities": self.quantities,
            "channels": channels,
            **_plain({name: getattr(self, name) for name in _ARRAYS}),
            "masked": self.masked,
            "transform": self.transform.as_dict(),
            "learned": self.learned.tolist(),
        }
        write_exact_json(folder / _FILE, values)

    def _compress(self, values: FloatArray) -> FloatArray:
        return np.log(values) if self.config.logarithm else values


@dataclass(frozen=True, eq=False)
class CommonRadii:
    """Clusters under a preparation, with the maps of their profiles, which stay while their values vary."""

    preparation: ProfilePreparation
    clusters: Clusters
    resampling: Mapping[str, Resampling] = field(init=False)

    def __post_init__(self) -> None:
        scale = radius_scale(self.clusters, self.preparation.config.radius)[:, None]
        common = self.preparation.coordinate(self.preparation.input_radii)
        maps: dict[str, Resampling] = {}
        built: list[tuple[FloatArray, NDArray[np.bool_], Resampling]] = []
        for name in self.preparation.channels:
            profiles = self.clusters.observed[name]
            measured = measured_points(self.preparation, name, profiles)
            # Observables of one instrument have one map.
            for radius, points, resampling in built:
                if np.array_equal(points, measured) and _identical(radius, profiles.radius):
                    maps[name] = resampling
                    break
            else:
                own = self.preparation.coordinate(profiles.radius / scale)
                maps[name] = Resampling.between(own, measured, common)
                built.append((profiles.radius, measured, maps[name]))
        object.__setattr__(self, "resampling", maps)

    def features(
        self, values: Mapping[str, FloatArray] | None = None, redshift: FloatArray | None = None
    ) -> Float32Array:
        """Features, shape (N, C, L).

        Args:
            values: Observable to other values than the clusters', shape (N, points); None for its own.
            redshift: Other redshifts than the clusters', shape (N,).
        """
        preparation, clusters = self.preparation, self.clusters
        redshift = clusters.redshift if redshift is None else redshift
        scale = radius_scale(clusters, preparation.config.radius)[:, None]
        radius = preparation.coordinate(preparation.input_radii * scale)
        names = preparation.feature_names
        features = np.empty((len(clusters), len(names), radius.shape[1]), dtype=np.float32)
        features[:, 0] = (radius - preparation.radius_loc) / preparation.radius_width
        for i, (name, channel) in enumerate(preparation.channels.items(), start=1):
            value = clusters.observed[name].value if values is None else values[name]
            common = self.common(name, value, redshift)
            features[:, i] = (common - channel.loc) / channel.width
            features[:, i][~np.isfinite(common)] = 0.0
            if preparation.config.beyond == "shape":
                _continue(features[:, i], self.resampling[name].inside)
        n_profiles = 1 + len(preparation.channels)
        for i, name in enumerate(preparation.masked, start=n_profiles):
            features[:, i] = self.resampling[name].inside
        context = context_of(clusters, preparation.config.context, redshift)
        context = (context - preparation.context_loc) / preparation.context_width
        features[:, n_profiles + len(preparation.masked) :] = context[:, :, None]
        return features

    def common(self, name: str, values: FloatArray, redshift: FloatArray) -> FloatArray:
        """An observable on the common radii, compressed but not standardised, shape (N, L).

        Outside the measured range the nearest measured value stands; a cluster without this observable is
        NaN throughout.
        """
        channel = self.preparation.channels[name]
        if self.preparation.config.line_of_sight == "on":
            values = values / line_of_sight(self.clusters, name, redshift)[:, None]
        resampling = self.resampling[name]
        common = resampling.forward(channel.compress(values))
        absent = resampling.n_measured == 0
        return np.where(absent[:, None], np.nan, common) if absent.any() else common


def _continue(values: Float32Array, inside: NDArray[np.bool_]) -> None:
    """Let the standardised value of the nearest point inside stand outside, in place, shape (N, L)."""
    rows = np.flatnonzero(inside.any(axis=1) & ~inside.all(axis=1))
    points = np.arange(inside.shape[1])
    own = inside[rows]
    first, last = own.argmax(axis=1)[:, None], (points[-1] - own[:, ::-1].argmax(axis=1))[:, None]
    nearest = np.clip(points, first, last)
    values[rows] = np.take_along_axis(values[rows], nearest, axis=1)


def _identical(one: FloatArray, other: FloatArray) -> bool:
    """Whether two arrays have the same bits, which is quicker to see than equality with NaN."""
    if not one.dtype == other.dtype == np.float64:
        return np.array_equal(one, other, equal_nan=True)
    return np.array_equal(one.view(np.int64), other.view(np.int64))


def measured_points(preparation: ProfilePreparation, name: str, profiles: Profiles) -> NDArray[np.bool_]:
    """Points of an observable that have a usable value, shape (N, points)."""
    measured = np.isfinite(profiles.value) & np.isfinite(profiles.radius)
    if preparation.channels[name].form == "log":
        measured &= np.where(measured, profiles.value, 1.0) > 0.0
    return measured


def context_of(clusters: Clusters, context: Sequence[str], redshift: FloatArray) -> FloatArray:
    """Context of each cluster: logarithms of 1 + z and of R500, shape (N, number of context channels)."""
    columns = {"redshift": lambda: np.log1p(redshift), "r500": lambda: np.log(clusters.r500_kpc)}
    return (
        np.stack([columns[name]() for name in context], axis=1) if context else np.zeros((len(clusters), 0))
    )


def load_profile_preparation(folder: Path) -> ProfilePreparation:
    """Read what ``ProfilePreparation.save`` wrote.

    Raises:
        FormatError: The file is missing, damaged or no preparation of profiles.
    """
    values = read_json(folder / _FILE)
    try:
        channels = {
            name: Channel(
                form=channel["form"],
                softening=float(channel["softening"]),
                loc=np.array(channel["loc"], dtype=np.float64),
                width=np.array(channel["width"], dtype=np.float64),
                measured=_optional(channel.get("measured")),
            )
            for name, channel in values["channels"].items()
        }
        return ProfilePreparation(
            config=ProfilePreparationConfig.model_validate(values["config"]),
            quantities=tuple(values["quantities"]),
            channels=channels,
            **{name: np.array(values[name], dtype=np.float64) for name in _ARRAYS},
            masked=tuple(values["masked"]),
            transform=TargetTransform.from_dict(values["transform"]),
            learned=np.array(values["learned"], dtype=np.bool_),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{folder / _FILE}: no preparation of profiles: {error!r}") from error


def _optional(values: Any) -> FloatArray | None:
    return None if values is None else np.array(values, dtype=np.float64)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
    }
