"""The invertible map between a target in physical units and the number that a network learns."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import torch

from astrosweep.config.data import TargetTransformConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray

Array = TypeVar("Array", np.ndarray, torch.Tensor)


@dataclass(frozen=True)
class TargetTransform:
    """``z = (t(y) - loc) / width`` with t the identity, log or asinh(y / scale).

    Works on numpy arrays and torch tensors alike; the two directions are exact inverses but for rounding.

    Attributes:
        name: ``none``, ``log`` or ``asinh``.
        scale: Softening of ``asinh``, in the target's unit.
        loc: Mean of t(y) over the training rows.
        width: Standard deviation of t(y) over the training rows.
        unit_width: Standard deviation of y itself over the training rows, in the target's unit.
    """

    name: str
    scale: float
    loc: float
    width: float
    unit_width: float

    @classmethod
    def fit(cls, y: FloatArray, config: TargetTransformConfig) -> "TargetTransform":
        """Fit location and width on training targets of shape (N, T).

        With ``log``, targets that are not positive are left out of the fit; whether a loss may see them
        is the loss's question.

        Raises:
            DataError: ``log`` finds no positive target.
        """
        usable = y[y > 0] if config.name == "log" else y
        if usable.size == 0:
            raise DataError(
                f"data.preparation.target_transform=log: none of the {y.size} training targets is positive"
            )
        raw = cls(config.name, config.scale, 0.0, 1.0, 1.0)
        t = raw.forward(usable)
        return cls(config.name, config.scale, float(t.mean()), float(t.std()) or 1.0, float(y.std()) or 1.0)

    def forward(self, y: Array) -> Array:
        """Map physical values to network values; NaN where ``log`` is undefined."""
        xp = _module(y)
        if self.name == "log":
            t = xp.log(xp.where(y > 0, y, xp.nan))
        elif self.name == "asinh":
            t = xp.arcsinh(y / self.scale)
        else:
            t = y
        return (t - self.loc) / self.width  # type: ignore[no-any-return]

    def inverse(self, z: Array) -> Array:
        """Map network values to physical values."""
        xp = _module(z)
        t = z * self.width + self.loc
        if self.name == "log":
            return xp.exp(t)  # type: ignore[no-any-return]
        if self.name == "asinh":
            return xp.sinh(t) * self.scale  # type: ignore[no-any-return]
        return t

    def slope(self, z: Array) -> Array:
        """Derivative dy/dz at the network value z, in the target's unit; it carries uncertainties across."""
        xp = _module(z)
        t = z * self.width + self.loc
        if self.name == "log":
            return self.width * xp.exp(t)  # type: ignore[no-any-return]
        if self.name == "asinh":
            return self.width * self.scale * xp.cosh(t)  # type: ignore[no-any-return]
        return self.width * xp.ones_like(t)  # type: ignore[no-any-return]


def _module(array: Any) -> ModuleType:
    return torch if isinstance(array, torch.Tensor) else np
