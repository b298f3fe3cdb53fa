"""From profiles on their own radii to arrays that a network sees, and back; fitted on training clusters.

Shapes: N clusters, C channels, L input points, T target columns (channels times points), P output points.

In order: radii are divided by a scale; values by what is known of them (``scaling``); values become
logarithms, or asinh where noise makes them negative; they are resampled onto common radii; each point is
shifted and scaled by mean and standard deviation of the training clusters. Each step has an exact inverse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from astrosweep.config.kinds.clusters import ProfilePreparationConfig
from astrosweep.core.types import Float32Array, FloatArray
from astrosweep.kinds.clusters.resample import Resampling
from astrosweep.kinds.clusters.sample import ClusterSample, Profiles
from astrosweep.kinds.clusters.scaling import line_of_sight, radius_scale

TARGET_KEYS = {"pressure": "szp3d", "density": "ne3d", "temperature": "t3d"}


@dataclass(frozen=True, eq=False)
class Channel:
    """How the values of one observable become a channel.

    Attributes:
        softening: Scale of asinh in the channel's unit; 0 takes the logarithm, NaN the value itself.
        loc: Mean of each point over the training clusters, shape (L,).
        width: Standard deviation of each point over the training clusters, shape (L,).
    """

    softening: float
    loc: FloatArray
    width: FloatArray

    def compress(self, values: FloatArray) -> FloatArray:
        """Logarithm, asinh or the values themselves; NaN where undefined."""
        if np.isnan(self.softening):
            return values
        if self.softening > 0.0:
            return np.arcsinh(values / self.softening)
        return np.log(np.where(values > 0.0, values, np.nan))

    def expand(self, values: FloatArray) -> FloatArray:
        """The inverse of ``compress``."""
        if np.isnan(self.softening):
            return values
        return np.sinh(values) * self.softening if self.softening > 0.0 else np.exp(values)


@dataclass(frozen=True, eq=False)
class ProfilePreparation:
    """A fitted preparation; ``fit`` makes one.

    Attributes:
        config: Its settings, without ``auto``.
        targets: Names of the targets.
        input_radii: Common scaled radii of the input, shape (L,).
        output_radii: Common scaled radii of the output, shape (P,).
        channels: Observable to its channel, in the order of the network's channels.
        radius_loc: Mean of the radius channel at each point, shape (L,).
        radius_width: Its standard deviation, shape (L,).
        context_loc: Mean of each context channel.
        context_width: Standard deviation of each context channel.
        masked: Observables whose mask is a channel.
    """

    config: ProfilePreparationConfig
    targets: tuple[str, ...]
    input_radii: FloatArray
    output_radii: FloatArray
    channels: Mapping[str, Channel]
    radius_loc: FloatArray
    radius_width: FloatArray
    context_loc: FloatArray
    context_width: FloatArray
    masked: tuple[str, ...]

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the C channels."""
        return ("radius", *self.channels, *(f"{name}_measured" for name in self.masked), *self.config.context)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the target's channels: radii before values where both are learned."""
        if self.config.output == "values":
            return self.targets
        return tuple(f"{name}{part}" for name in self.targets for part in ("_radius", ""))

    def coordinate(self, radii: FloatArray) -> FloatArray:
        """The coordinate in which profiles are interpolated: the scaled radius or its logarithm."""
        return np.log(radii) if self.config.spacing == "log" else radii

    def features(self, sample: ClusterSample) -> Float32Array:
        """Features of clusters, shape (N, C, L)."""
        return Rows(self, sample).features()

    def target_radii(self, sample: ClusterSample, target: str) -> FloatArray:
        """Radii of the output points of each cluster, shape (N, P), kpc.

        The common ones; or, where radii are learned too, the cluster's own: its measured radii where there
        are P of them, else P radii from the first to the last; NaN for a cluster without this target.
        """
        scale = radius_scale(sample, self.config.radius)[:, None]
        if self.config.output == "values":
            return self.output_radii * scale
        own = sample.targets[TARGET_KEYS[target]]
        n_points = len(self.output_radii)
        measured = np.isfinite(own.radius)
        if own.radius.shape[1] == n_points and measured.all():
            return own.radius
        has_any = np.asarray(measured.any(axis=1))
        first = np.where(has_any, np.min(np.where(measured, own.radius, np.inf), axis=1), 1.0)
        last = np.where(has_any, np.max(np.where(measured, own.radius, 0.0), axis=1), 1.0)
        space = np.geomspace if self.config.spacing == "log" else np.linspace
        return np.where(has_any[:, None], space(first, last, n_points, axis=1), np.nan)

    def target(self, sample: ClusterSample) -> tuple[FloatArray, FloatArray]:
        """Targets and their errors, each (N, T): logarithms and relative errors if so configured.

        NaN where a target was not measured; an unknown error is 0.
        """
        values, errors = [], []
        for name in self.targets:
            profiles = sample.targets[TARGET_KEYS[name]]
            radii = self.target_radii(sample, name)
            resampling = self.target_resampling(sample, name)
            value = resampling.forward(self._compress(profiles.value))
            relative = profiles.error / profiles.value if self.config.logarithm else profiles.error
            error = resampling.forward(relative)
            if self.config.output != "values":
                values.append(np.log(radii) if self.config.logarithm else radii)
                errors.append(np.zeros_like(radii))
            values.append(np.where(resampling.inside, value, np.nan))
            errors.append(np.where(np.isfinite(error), error, 0.0))
        return np.concatenate(values, axis=1), np.concatenate(errors, axis=1)

    def target_resampling(self, sample: ClusterSample, target: str) -> Resampling:
        """The map from a target's own radii to the output points."""
        profiles = sample.targets[TARGET_KEYS[target]]
        scale = radius_scale(sample, self.config.radius)[:, None]
        own = self.coordinate(profiles.radius / scale)
        common = self.coordinate(self.target_radii(sample, target) / scale)
        return Resampling.between(own, np.isfinite(profiles.value), common)

    def expand_target(self, values: FloatArray) -> FloatArray:
        """From a target as ``target`` gives it to physical values."""
        return np.exp(values) if self.config.logarithm else values

    def _compress(self, values: FloatArray) -> FloatArray:
        return np.log(values) if self.config.logarithm else values


@dataclass(frozen=True, eq=False)
class Rows:
    """Clusters under a preparation, with the maps of their profiles, which stay while their values vary."""

    preparation: ProfilePreparation
    sample: ClusterSample
    resampling: Mapping[str, Resampling] = field(init=False)

    def __post_init__(self) -> None:
        scale = radius_scale(self.sample, self.preparation.config.radius)[:, None]
        common = self.preparation.coordinate(self.preparation.input_radii)
        maps: dict[str, Resampling] = {}
        built: list[tuple[FloatArray, NDArray[np.bool_], Resampling]] = []
        for name in self.preparation.channels:
            profiles = self.sample.observed[name]
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
            values: Observable to other values than the sample's, shape (N, points); None for its own.
            redshift: Other redshifts than the sample's, shape (N,).
        """
        preparation, sample = self.preparation, self.sample
        redshift = sample.redshift if redshift is None else redshift
        scale = radius_scale(sample, preparation.config.radius)[:, None]
        radius = preparation.coordinate(preparation.input_radii * scale)
        names = preparation.feature_names
        features = np.empty((len(sample), len(names), radius.shape[1]), dtype=np.float32)
        features[:, 0] = (radius - preparation.radius_loc) / preparation.radius_width
        for i, (name, channel) in enumerate(preparation.channels.items(), start=1):
            value = sample.observed[name].value if values is None else values[name]
            common = self.common(name, value, redshift)
            features[:, i] = (common - channel.loc) / channel.width
            features[:, i][~np.isfinite(common)] = 0.0
        n_profiles = 1 + len(preparation.channels)
        for i, name in enumerate(preparation.masked, start=n_profiles):
            features[:, i] = self.resampling[name].inside
        context = context_of(sample, preparation.config.context, redshift)
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
            values = values / line_of_sight(self.sample, name, redshift)[:, None]
        resampling = self.resampling[name]
        common = resampling.forward(channel.compress(values))
        absent = resampling.n_measured == 0
        return np.where(absent[:, None], np.nan, common) if absent.any() else common


def _identical(one: FloatArray, other: FloatArray) -> bool:
    """Whether two arrays have the same bits, which is quicker to see than equality with NaN."""
    if not one.dtype == other.dtype == np.float64:
        return np.array_equal(one, other, equal_nan=True)
    return np.array_equal(one.view(np.int64), other.view(np.int64))


def measured_points(preparation: ProfilePreparation, name: str, profiles: Profiles) -> NDArray[np.bool_]:
    """Points of an observable that have a usable value, shape (N, points)."""
    measured = np.isfinite(profiles.value) & np.isfinite(profiles.radius)
    if preparation.channels[name].softening == 0.0:
        measured &= np.where(measured, profiles.value, 1.0) > 0.0
    return measured


def context_of(sample: ClusterSample, context: Sequence[str], redshift: FloatArray) -> FloatArray:
    """Context of each cluster: logarithms of 1 + z and of R500, shape (N, number of context channels)."""
    columns = {"redshift": lambda: np.log1p(redshift), "r500": lambda: np.log(sample.r500_kpc)}
    return np.stack([columns[name]() for name in context], axis=1) if context else np.zeros((len(sample), 0))
