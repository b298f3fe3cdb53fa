"""A head that holds the ideal gas law: electron pressure is density times temperature, P = n_e k T.

Shapes: B batch, P parameters per target, C channels, L points.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from astrosweep.core.errors import ConfigError
from astrosweep.core.types import Float32Array, FloatArray, Layout
from astrosweep.data.target import TargetTransform

_NEEDED = ("pressure", "density", "temperature")


class IdealGas(nn.Module):
    """Replace the pressure that a network gives by its density times its temperature.

    Targets are natural logarithms in keV/cm^3, 1/cm^3 and keV, so that the law is a sum. The predicted
    scatter of the pressure stays the network's own, since those of density and temperature are correlated.
    """

    loc: Tensor
    width: Tensor

    def __init__(self, network: nn.Module, layout: Layout, transform: TargetTransform) -> None:
        """Keep the network and the maps between its scale and the logarithms.

        Raises:
            ConfigError: A target is missing.
        """
        super().__init__()
        if tuple(layout.channels) != _NEEDED:
            raise ConfigError(
                f"model.head=ideal_gas needs target=all and data.preparation.output=values; "
                f"the targets are {', '.join(layout.channels)}"
            )
        self.network = network
        self._shape = (-1, len(layout.channels), layout.n_points)
        for name, values in (("loc", transform.loc), ("width", transform.width)):
            array = np.broadcast_to(values, (len(_NEEDED) * layout.n_points,)).reshape(self._shape[1:])
            self.register_buffer(name, torch.tensor(array, dtype=torch.float32))

    def start_from(self, x: Sequence[Float32Array], z: Sequence[FloatArray]) -> None:
        """See ``StartsFromData``: the network inside begins for itself."""
        start_from = getattr(self.network, "start_from", None)
        if start_from is not None:
            start_from(x, z)

    def forward(self, x_BCL: Tensor) -> Tensor:
        """Outputs of the network with the pressure's means replaced, (B, O)."""
        z_BPCL = self.network(x_BCL).unflatten(1, self._shape)
        log_CL = z_BPCL[:, 0, 1:] * self.width[1:] + self.loc[1:]
        pressure = (log_CL.sum(dim=1) - self.loc[0]) / self.width[0]
        means = torch.cat([pressure[:, None], z_BPCL[:, 0, 1:]], dim=1)
        return torch.cat([means[:, None], z_BPCL[:, 1:]], dim=1).flatten(1)
