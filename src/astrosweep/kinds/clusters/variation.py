"""Variations of training clusters, drawn anew in each epoch: a small sample is not learned by heart."""

from dataclasses import dataclass, field

import numpy as np

from astrosweep.config.kinds.clusters import AugmentationConfig
from astrosweep.core.types import Float32Array, FloatArray
from astrosweep.kinds.clusters.dropping import drop
from astrosweep.kinds.clusters.forward.beams import BANDS
from astrosweep.kinds.clusters.forward.cosmology import theta500_of
from astrosweep.kinds.clusters.forward.noise import draw_y_noise, scaled_beams
from astrosweep.kinds.clusters.preparation import CommonRadii, ProfilePreparation
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample

_CHUNK = 500
_DENSITY_POWER = {"pressure": 1.0, "density": 1.0, "temperature": 0.0}


@dataclass(frozen=True, eq=False)
class Variation:
    """Draws features and targets of the training clusters; see ``AugmentationConfig`` for what varies.

    A common factor on the density at fixed temperature is an exact symmetry of the observed profiles but for
    their noise, which keeps its size. A change of redshift dims sb and leaves beams and angular sizes as they
    are, so that it should stay small.
    """

    preparation: ProfilePreparation
    clusters: Clusters
    target: FloatArray
    config: AugmentationConfig
    gridded: CommonRadii = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gridded", CommonRadii(self.preparation, self.clusters))

    def __call__(self, rng: np.random.Generator) -> tuple[Float32Array, FloatArray]:
        """Draw features, shape (N, C, L), and targets, shape (N, T)."""
        n = len(self.clusters)
        log_factor = self.config.amplitude * rng.standard_normal(n)
        dimming = np.zeros(n)
        redshift = self.clusters.redshift
        if self.config.redshift > 0.0:
            varied = np.maximum(redshift + self.config.redshift * rng.standard_normal(n), 0.1 * redshift)
            dimming = 4.0 * (np.log1p(redshift) - np.log1p(varied))
            redshift = varied
        beams = self._beam_noise(rng)
        values = {}
        for name in self.preparation.channels:
            profiles = self.clusters.observed[name]
            about = profiles.value
            if self.config.noise and profiles.noiseless is not None:
                about = profiles.noiseless
            if name == "sb":
                factor = np.exp(2.0 * log_factor + dimming)
            else:
                factor = np.exp(log_factor) if name.startswith("y") else np.ones(n)
            value = about * factor[:, None]
            if self.config.noise:
                error = np.where(np.isfinite(profiles.error), profiles.error, 0.0)
                unit = beams[name] if name in beams else rng.standard_normal(value.shape)
                value = value + error * unit
            values[name] = value
        shift = self._target_shift(log_factor)
        target = self.target + shift if self.preparation.config.logarithm else self.target * np.exp(shift)
        features = self.gridded.features(values, redshift)
        if self.config.drops:
            drop(features, self.preparation, self.config, rng)
        return features, target

    def _beam_noise(self, rng: np.random.Generator) -> dict[str, FloatArray]:
        """Noise of simulated y profiles in its standard deviations: a beam blurs neighbours together."""
        bands = [name for name in BANDS if name in self.preparation.channels]
        simulated = all(self.clusters.observed[name].noiseless is not None for name in bands)
        if not (self.config.noise and bands and simulated):
            return {}
        beams = scaled_beams(theta500_of(self.clusters.r500_kpc, self.clusters.redshift))
        parts = [draw_y_noise(beams[i : i + _CHUNK], rng) for i in range(0, len(beams), _CHUNK)]
        unit = np.concatenate([noise / sigma for noise, sigma in parts])
        return {name: unit[:, band] for band, name in enumerate(BANDS)}

    def _target_shift(self, log_factor: FloatArray) -> FloatArray:
        n_points = len(self.preparation.output_radii)
        power = [_DENSITY_POWER.get(name, 0.0) for name in self.preparation.target_names]
        return np.asarray(log_factor[:, None] * np.repeat(power, n_points)[None, :])


def variation_of(
    preparation: ProfilePreparation, train: ClusterSample, target: FloatArray, config: AugmentationConfig
) -> Variation | None:
    """What varies training clusters; None where nothing is to vary."""
    return Variation(preparation, train.objects, target, config) if config.varies else None
