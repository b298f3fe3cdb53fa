"""The original study's deep net of dense layers."""

from torch import nn

from astrosweep.config.model import DnnConfig
from astrosweep.core.types import Layout
from astrosweep.models.dense import dense_stack


def build(config: DnnConfig, layout: Layout, n_parameters: int) -> nn.Module:
    """Build ``config.n_layers`` dense layers whose widths shrink geometrically; see ``dense_stack``."""
    hidden = [max(round(config.width * config.width_decay**depth), 1) for depth in range(config.n_layers - 1)]
    return dense_stack(config, layout, hidden, n_parameters)
