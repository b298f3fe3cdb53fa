"""The networks, one per file, and the dictionary that finds them by name."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from torch import nn

from astrosweep.config.model import DeprojectorConfig, ModelConfig, ProfileModelConfig
from astrosweep.core.errors import ConfigError
from astrosweep.core.types import Float32Array, FloatArray, Layout
from astrosweep.data.target import TargetTransform
from astrosweep.models import (
    deprojector,
    dnn,
    encoder_decoder_1d,
    encoder_decoder_2d,
    encoder_decoder_simple,
    mlp,
)
from astrosweep.models.ideal_gas import IdealGas

__all__ = ["StartsFromData", "build"]

_BUILDERS: dict[str, Callable[[Any, Layout, int], nn.Module]] = {
    "dnn": dnn.build,
    "mlp": mlp.build,
    "encoder_decoder_1d": encoder_decoder_1d.build,
    "encoder_decoder_simple": encoder_decoder_simple.build,
    "encoder_decoder_2d": encoder_decoder_2d.build,
    "deprojector": deprojector.build,
}


@runtime_checkable
class StartsFromData(Protocol):
    """A network that begins where a closed form on the training data leads it."""

    def start_from(self, x: Sequence[Float32Array], z: Sequence[FloatArray]) -> None:
        """Set weights from draws of features, (N, ...), and of targets on the network's scale, (N, T)."""
        ...


def build(
    config: ModelConfig, layout: Layout, n_parameters: int, transform: TargetTransform | None = None
) -> nn.Module:
    """Build the network that ``config`` names.

    Args:
        config: The network's configuration.
        layout: Shapes of features and target.
        n_parameters: Outputs per target, P.
        transform: The fitted map of the target, for a head that holds a physical law.

    Returns:
        A module that maps features, (B, F) or (B, C, L), to (B, P * T), the P = 1 means first.

    Raises:
        ConfigError: The network needs profiles and the features are none.
    """
    if isinstance(config, ProfileModelConfig) and len(layout.inputs) != 2:
        raise ConfigError(
            f"model={config.name} takes profiles; these features have the shape {layout.inputs}"
        )
    network = _BUILDERS[config.name](config, layout, n_parameters)
    if isinstance(config, DeprojectorConfig) and config.head == "ideal_gas":
        if transform is None:
            raise ConfigError("model.head=ideal_gas needs the map of the target")
        return IdealGas(network, layout, transform)
    return network
