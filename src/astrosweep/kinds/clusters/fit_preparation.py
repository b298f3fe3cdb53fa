"""Fit a preparation on training clusters."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from astrosweep.config.kinds.clusters import ProfilePreparationConfig
from astrosweep.core.types import FloatArray
from astrosweep.data.target import TargetTransform, moments
from astrosweep.kinds.clusters.dropping import shares_left
from astrosweep.kinds.clusters.preparation import Channel, CommonRadii, Form, ProfilePreparation, context_of
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample
from astrosweep.kinds.clusters.scaling import line_of_sight, radius_scale, resolve


def fit_preparation(
    train: ClusterSample,
    config: ProfilePreparationConfig,
    observables: Sequence[str],
    targets: Sequence[str],
) -> ProfilePreparation:
    """Choose how each observable is compressed, and take means and standard deviations.

    Args:
        train: The training clusters.
        config: The settings.
        observables: Channels of the network, in order.
        targets: ``pressure``, ``density``, ``temperature``.

    Returns:
        The fitted preparation.

    Raises:
        DataError: Redshifts or R500 that the settings need are not known.
    """
    clusters = train.objects
    config = resolve(config, clusters)
    input_radii = _radii(config.input_range, config.n_input, config.spacing)
    unfitted = ProfilePreparation(
        config=config,
        quantities=tuple(targets),
        input_radii=input_radii,
        output_radii=_radii(config.output_range, config.n_output, config.spacing),
        channels={name: _channel(clusters, name, config) for name in observables},
        radius_loc=np.zeros(config.n_input),
        radius_width=np.ones(config.n_input),
        context_loc=np.zeros(len(config.context)),
        context_width=np.ones(len(config.context)),
        masked=(),
        transform=TargetTransform("none", 1.0, 0.0, 1.0, 1.0),
        learned=np.zeros(0, dtype=np.bool_),
    )
    gridded = CommonRadii(unfitted, clusters)
    channels = {}
    for name, channel in unfitted.channels.items():
        common = gridded.common(name, clusters.observed[name].value, clusters.redshift)
        common = np.where(gridded.resampling[name].inside, common, np.nan)
        loc, width = moments(common) if config.standardise else (0.0, 1.0)
        channels[name] = replace(
            channel,
            loc=loc + np.zeros(config.n_input),
            width=width + np.zeros(config.n_input),
            measured=gridded.resampling[name].inside.mean(axis=0),
        )
    if config.augmentation.drops:
        left = shares_left(unfitted, config.augmentation)
        channels = {
            name: replace(channel, measured=channel.measured * own)
            for (name, channel), own in zip(channels.items(), left, strict=True)
            if channel.measured is not None
        }
    scale = radius_scale(clusters, config.radius)[:, None]
    radius = unfitted.coordinate(input_radii * scale)
    context = context_of(clusters, config.context, clusters.redshift)
    target, _ = unfitted.targets(train)
    fitted = replace(
        unfitted,
        channels=channels,
        masked=_masked(gridded, config),
        transform=TargetTransform.fit_columns(target, standardise=config.standardise),
        learned=np.asarray(np.isfinite(target).any(axis=0)),
    )
    if not config.standardise:
        return fitted
    (radius_loc, radius_width), (context_loc, context_width) = moments(radius), moments(context)
    return replace(
        fitted,
        radius_loc=radius_loc,
        radius_width=radius_width,
        context_loc=context_loc,
        context_width=context_width,
    )


def _radii(bounds: Sequence[float], n_points: int, spacing: str) -> FloatArray:
    space = np.geomspace if spacing == "log" else np.linspace
    return np.asarray(space(bounds[0], bounds[1], n_points), dtype=np.float64)


def _channel(clusters: Clusters, name: str, config: ProfilePreparationConfig) -> Channel:
    """Logarithm; asinh, softened at the typical error, where noise makes values negative or soon may."""
    profiles = clusters.observed[name]
    form: Form = "log"
    softening = 1.0
    if not config.logarithm:
        form = "value"
    elif (
        np.where(np.isfinite(profiles.error), profiles.value - 4.0 * profiles.error, profiles.value) <= 0
    ).any():
        form = "asinh"
        value, error = profiles.value, profiles.error
        if config.line_of_sight == "on":
            by = line_of_sight(clusters, name, clusters.redshift)[:, None]
            value, error = value / by, error / by
        known = error[np.isfinite(error) & (error > 0.0)]
        softening = float(np.median(known)) if known.size else 0.1 * float(np.nanmedian(np.abs(value)))
    points = np.zeros(config.n_input)
    return Channel(form, softening, points, np.ones(config.n_input))


def _masked(gridded: CommonRadii, config: ProfilePreparationConfig) -> tuple[str, ...]:
    if config.masks == "off":
        return ()
    everything = config.masks == "on" or config.augmentation.drops
    return tuple(
        name for name, resampling in gridded.resampling.items() if everything or not resampling.inside.all()
    )
