"""Training clusters that lack observables or outer radii, as the ones that a network will meet may do.

Shapes: N clusters, K observables, C channels, L input points.
"""

import math

import numpy as np
from numpy.random import Generator

from astrosweep.config.kinds.clusters import AugmentationConfig
from astrosweep.core.types import Float32Array, FloatArray
from astrosweep.kinds.clusters.measured import Bools
from astrosweep.kinds.clusters.preparation import ProfilePreparation

_HALF = 0.5


def drop(
    features: Float32Array, preparation: ProfilePreparation, config: AugmentationConfig, rng: Generator
) -> None:
    """Take observables and outer radii from clusters, in place, and their masks with them.

    A cluster that is chosen for it lacks, by the toss of a coin, either all observables of one instrument, or
    each observable by a coin of its own; one that was measured is always left.

    Args:
        features: Of the training clusters, shape (N, C, L); every observable has a mask.
        preparation: What made them.
        config: How often.
        rng: Random numbers.
    """
    k = len(preparation.channels)
    values, masks = features[:, 1 : 1 + k], features[:, 1 + k : 1 + 2 * k]
    if config.drop_radii > 0.0:
        _shorten(values, masks, preparation, config, rng)
    if config.drop_observables > 0.0:
        lacking = _lacking(np.asarray(masks.any(axis=2)), preparation, config.drop_observables, rng)
        masks[lacking] = 0.0
    values[~masks.any(axis=2)] = 0.0


def shares_left(preparation: ProfilePreparation, config: AugmentationConfig) -> FloatArray:
    """Share of the draws that leave each observable at each input point, shape (K, L)."""
    groups = _instruments(preparation)
    by_group = 1.0 / len(groups) if len(groups) > 1 else _HALF
    lost = config.drop_observables * (_HALF * by_group + _HALF * _HALF)
    radii = preparation.input_radii
    span = math.log(radii[-1] / config.shortest)
    beyond = np.clip(np.log(radii / config.shortest) / span, 0.0, 1.0) if span > 0.0 else np.zeros(len(radii))
    left = (1.0 - lost) * (1.0 - config.drop_radii * beyond)
    return np.broadcast_to(left, (len(preparation.channels), len(radii)))


def _instruments(preparation: ProfilePreparation) -> list[Bools]:
    """Observables of each instrument: the X-ray telescope and the microwave one, as far as there are any."""
    microwave = np.array([name.startswith("y") for name in preparation.channels])
    return [group for group in (microwave, ~microwave) if group.any()]


def _lacking(measured: Bools, preparation: ProfilePreparation, share: float, rng: Generator) -> Bools:
    """Which observables each cluster loses, shape (N, K)."""
    n, k = measured.shape
    groups = np.stack(_instruments(preparation))
    chosen = np.less(rng.random(n), share)
    whole = np.full(n, len(groups) > 1) & (rng.random(n) < _HALF)
    coins = rng.random((n, k)) < _HALF
    instrument = groups[rng.integers(0, len(groups), n)]
    lacking = np.asarray(chosen[:, None] & np.where(whole[:, None], instrument, coins))
    # Of a cluster that would have nothing left, one that it has stays, a random one.
    order = np.where(measured, rng.random((n, k)), -1.0)
    nothing = np.logical_not((measured & ~lacking).any(axis=1))
    rows = np.flatnonzero(nothing)
    lacking[rows, order.argmax(axis=1)[rows]] = False
    return lacking


def _shorten(
    values: Float32Array,
    masks: Float32Array,
    preparation: ProfilePreparation,
    config: AugmentationConfig,
    rng: Generator,
) -> None:
    """Let profiles end between the shortest radius and the last, evenly in the logarithm of the radius."""
    radii = preparation.input_radii
    n = len(values)
    chosen = rng.random(n) < config.drop_radii
    ends = config.shortest * (radii[-1] / config.shortest) ** rng.random(n)
    last = np.clip(np.searchsorted(radii, ends, side="right") - 1, 0, len(radii) - 2)
    place = preparation.coordinate(radii)
    between = (preparation.coordinate(ends) - place[last]) / (place[last + 1] - place[last])
    beyond = chosen[:, None] & (np.arange(len(radii)) > last[:, None])
    # A cluster that begins farther out than it would end stays as it was.
    beyond &= (masks.any(axis=1) & ~beyond).any(axis=1)[:, None]
    rows = np.arange(n)
    for i, channel in enumerate(preparation.channels.values()):
        # Beyond its end the last measured value stands, before it is standardised.
        inner, outer = (values[rows, i, at] * channel.width[at] + channel.loc[at] for at in (last, last + 1))
        common = inner + between * (outer - inner)
        stands = (common[:, None] - channel.loc) / channel.width
        if preparation.config.beyond == "shape":
            stands = values[rows, i, last][:, None]
        values[:, i] = np.where(beyond, stands, values[:, i])
        masks[:, i][beyond] = 0.0
