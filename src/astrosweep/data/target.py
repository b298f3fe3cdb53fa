"""The invertible map between a target in physical units and the number that a network learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import torch

from astrosweep.config.target import TargetTransformConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray

Array = TypeVar("Array", np.ndarray, torch.Tensor)


@dataclass(frozen=True)
class TargetTransform:
    """``z = (t(y) - loc) / width`` with t the identity, log or asinh(y / scale).

    Works on numpy arrays and torch tensors alike; the two directions are exact inverses but for rounding.
    Location and width are numbers, or one for each of the T targets, shape (T,).

    Attributes:
        name: ``none``, ``log`` or ``asinh``.
        scale: Softening of ``asinh``, in the target's unit.
        loc: Mean of t(y) over the training rows.
        width: Standard deviation of t(y) over the training rows.
        unit_width: Standard deviation of y itself over the training rows, in the target's unit.
    """

    name: str
    scale: float
    loc: float | FloatArray
    width: float | FloatArray
    unit_width: float | FloatArray

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

    @classmethod
    def fit_columns(cls, y: FloatArray, *, standardise: bool) -> "TargetTransform":
        """Fit a location and a width for each column of training targets of shape (N, T); NaN is left out.

        A column that does not vary has the width 1. Without ``standardise`` targets stay as they are.
        """
        loc, width = moments(y) if standardise else (np.zeros(y.shape[1]), np.ones(y.shape[1]))
        return cls("none", 1.0, loc, width, width)

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TargetTransform":
        """Read back what ``as_dict`` gave."""
        arrays: dict[str, Any] = {
            name: np.asarray(value, dtype=np.float64) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**arrays)

    def forward(self, y: Array) -> Array:
        """Map physical values to network values; NaN where ``log`` is undefined."""
        xp = _module(y)
        if self.name == "log":
            t = xp.log(xp.where(y > 0, y, xp.nan))
        elif self.name == "asinh":
            t = xp.arcsinh(y / self.scale)
        else:
            t = y
        return (t - like(self.loc, t)) / like(self.width, t)  # type: ignore[no-any-return]

    def inverse(self, z: Array) -> Array:
        """Map network values to physical values."""
        xp = _module(z)
        t = z * like(self.width, z) + like(self.loc, z)
        if self.name == "log":
            return xp.exp(t)  # type: ignore[no-any-return]
        if self.name == "asinh":
            return xp.sinh(t) * self.scale  # type: ignore[no-any-return]
        return t  # type: ignore[no-any-return]

    def slope(self, z: Array) -> Any:
        """Derivative dy/dz at the network value z, in the target's unit; it carries uncertainties across.

        Where it is the same for every z it has the shape of the width, not that of z.
        """
        xp = _module(z)
        if self.name == "none":
            return like(self.width, z)
        t = z * like(self.width, z) + like(self.loc, z)
        if self.name == "log":
            return like(self.width, z) * xp.exp(t)
        return like(self.width, z) * self.scale * xp.cosh(t)


def moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each column, NaN left out; the width is 1 where nothing varies."""
    known = np.isfinite(values)
    n = np.maximum(known.sum(axis=0), 1)
    loc = np.where(known, values, 0.0).sum(axis=0) / n
    width = np.sqrt(np.where(known, (values - loc) ** 2, 0.0).sum(axis=0) / n)
    return loc, np.where(width > 1e-12 * (1.0 + np.abs(loc)), width, 1.0)


def like(constant: float | FloatArray, array: Any) -> Any:
    """Return a constant in the kind, type and place of an array; a number stays a number."""
    if isinstance(constant, np.ndarray) and isinstance(array, torch.Tensor):
        return torch.as_tensor(constant, dtype=array.dtype, device=array.device)
    return constant


def _module(array: Any) -> ModuleType:
    return torch if isinstance(array, torch.Tensor) else np
