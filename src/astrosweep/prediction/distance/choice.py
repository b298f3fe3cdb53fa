"""The prior that the configuration asks for."""

from astrosweep.config.distance import DistanceConfig
from astrosweep.core.errors import ConfigError
from astrosweep.core.types import IdArray
from astrosweep.prediction.distance.class_prior import ClassPrior
from astrosweep.prediction.distance.pixel_prior import pixel_density, pixel_gamma
from astrosweep.prediction.distance.priors import ExponentialDensity, FlatInParallax, Prior


def make_prior(config: DistanceConfig, source_ids: IdArray, class_prior: ClassPrior | None) -> Prior:
    """Return the prior of N stars.

    Args:
        config: ``prior`` and ``length_pc`` are used.
        source_ids: Identifiers, shape (N,); priors that depend on the place in the sky take it from there,
            and leave a star without an identifier of Gaia without a distance.
        class_prior: Of the model's training stars, if it has one.

    Raises:
        ConfigError: The model has no prior of its class.
    """
    match config.prior:
        case "none":
            return FlatInParallax()
        case "edsd" if config.length_pc is not None:
            return ExponentialDensity(config.length_pc)
        case "edsd":
            return pixel_density(source_ids)
        case "ggd_map":
            return pixel_gamma(source_ids)
    if class_prior is None:
        raise ConfigError(
            "distance.prior=class, but the model keeps no prior of its training stars; allowed here: "
            "edsd (with distance.length_pc, or with identifiers of Gaia), ggd_map (with them), none"
        )
    return class_prior
