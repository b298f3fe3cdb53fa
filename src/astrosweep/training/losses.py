"""Losses: point losses of the scaled target, and likelihoods of the observed target with its catalogue error.

Shapes: B batch, T targets, P parameters per target (1 for point losses, 2 for likelihoods); outputs are
(B, P * T) with the means first. A target that is NaN (a profile was not measured there) counts nothing.
Symbols: ``z`` network value, ``y`` physical value, ``e`` catalogue error.

A likelihood is evaluated in the target's own unit, in which a catalogue's errors are Gaussian, and not in
that of a quantity computed from it (Luri et al. 2018, A&A 616, A9): the predicted mean and standard deviation
are carried from the network's scale to the physical one, and negative measurements stay usable.
"""

import math
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from astrosweep.config.loss import GaussianConfig, HuberConfig, LossConfig, MaeConfig, StudentTConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray
from astrosweep.data.target import TargetTransform, like

_LARGEST_Z = 30.0


class Loss(Protocol):
    """A training loss.

    Attributes:
        n_parameters: Outputs per target, P.
    """

    n_parameters: int

    def encode(self, target: FloatArray, target_error: FloatArray) -> tuple[Tensor, Tensor]:
        """Turn physical targets and errors, (N, T), into what ``__call__`` takes, once per fit."""

    def __call__(self, output_BO: Tensor, y_BT: Tensor, e_BT: Tensor) -> Tensor:
        """Mean loss of a batch, a scalar; targets that are NaN are left out."""

    def each(self, output_BO: Tensor, y_BT: Tensor, e_BT: Tensor) -> Tensor:
        """Loss of each object and target, (B, T); axes after the second go through, as in (K, T, B)."""

    def moments(self, output_BO: Tensor) -> tuple[Tensor, Tensor]:
        """Predicted mean and standard deviation in the network's scale, each (B, T)."""


class PointLoss:
    """MSE, MAE or Huber of the scaled target; the standard deviation is one, for calibration to scale."""

    n_parameters = 1

    def __init__(self, config: LossConfig, transform: TargetTransform) -> None:
        self._transform = transform
        self._config = config
        self._has_gaps = False

    def encode(self, target: FloatArray, target_error: FloatArray) -> tuple[Tensor, Tensor]:
        """See ``Loss``.

        Raises:
            DataError: The log transform meets targets that are not positive.
        """
        if self._transform.name == "log" and (n_bad := int((target <= 0).sum())):
            raise DataError(
                f"data.preparation.target_transform=log with loss={self._config.name}: {n_bad} of "
                f"{len(target)} targets are zero or negative. Use loss=gaussian_nll, which needs no "
                "logarithm of the observed value, or target_transform asinh, or a cut on the target."
            )
        self._has_gaps |= bool(np.isnan(target).any())
        return _tensor(self._transform.forward(target)), _tensor(target_error)

    def __call__(self, output_BO: Tensor, y_BT: Tensor, e_BT: Tensor) -> Tensor:  # noqa: ARG002
        """See ``Loss``."""
        if self._has_gaps:
            known_BT = y_BT.isfinite()
            output_BO, y_BT = output_BO[known_BT], y_BT[known_BT]
            if not len(y_BT):
                return output_BO.sum()  # a batch that nothing is known of: 0, and no gradient
        return self._loss(output_BO, y_BT, "mean")

    def each(self, output_BO: Tensor, y_BT: Tensor, e_BT: Tensor) -> Tensor:  # noqa: ARG002
        """See ``Loss``."""
        return self._loss(output_BO, y_BT, "none")

    def _loss(self, output_BO: Tensor, y_BT: Tensor, reduction: str) -> Tensor:
        if isinstance(self._config, MaeConfig):
            return F.l1_loss(output_BO, y_BT, reduction=reduction)
        if isinstance(self._config, HuberConfig):
            return F.huber_loss(output_BO, y_BT, reduction=reduction, delta=self._config.delta)
        return F.mse_loss(output_BO, y_BT, reduction=reduction)

    def moments(self, output_BO: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Loss``."""
        return output_BO, torch.ones_like(output_BO)


class LikelihoodLoss:
    """Negative log-likelihood with variance = target error squared + predicted variance."""

    n_parameters = 2

    def __init__(self, config: GaussianConfig | StudentTConfig, transform: TargetTransform) -> None:
        self._config = config
        self._transform = transform
        self._has_gaps = False

    def encode(self, target: FloatArray, target_error: FloatArray) -> tuple[Tensor, Tensor]:
        """See ``Loss``; both are divided by the training targets' spread."""
        width = self._transform.unit_width
        self._has_gaps |= bool(np.isnan(target).any())
        return _tensor(target / width), _tensor(target_error / width)

    def __call__(self, output_BO: Tensor, y_BT: Tensor, e_BT: Tensor) -> Tensor:
        """See ``Loss``."""
        loss_BT = self.each(output_BO, y_BT, e_BT)
        if self._has_gaps:
            loss_BT = loss_BT[y_BT.isfinite()]
        return loss_BT.mean() if len(loss_BT) else loss_BT.sum()

    def each(self, output_BO: Tensor, y_BT: Tensor, e_BT: Tensor) -> Tensor:
        """See ``Loss``; constants that do not depend on the prediction are kept, so values compare."""
        z_BT, s_BT = self._raw_moments(output_BO)
        width = like(self._transform.unit_width, z_BT)
        mean_BT = self._transform.inverse(z_BT) / width
        std_BT = self._transform.slope(z_BT) * s_BT / width
        if self._has_gaps:
            y_BT = torch.where(y_BT.isfinite(), y_BT, mean_BT.detach())
        variance_BT = e_BT.square() + std_BT.square()
        chi2_BT = (y_BT - mean_BT).square() / variance_BT
        if isinstance(self._config, StudentTConfig):
            df = self._config.df
            constant = math.lgamma(df / 2) - math.lgamma((df + 1) / 2) + 0.5 * math.log(df * math.pi)
            loss_BT = 0.5 * (df + 1) * torch.log1p(chi2_BT / df) + constant
        else:
            loss_BT = 0.5 * (chi2_BT + math.log(2 * math.pi))
        each_BT: Tensor = loss_BT + 0.5 * variance_BT.log()
        return each_BT

    def moments(self, output_BO: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Loss``; the Student-t scale is turned into its standard deviation."""
        z_BT, s_BT = self._raw_moments(output_BO)
        if isinstance(self._config, StudentTConfig):
            s_BT = s_BT * math.sqrt(self._config.df / (self._config.df - 2))
        return z_BT, s_BT

    def _raw_moments(self, output_BO: Tensor) -> tuple[Tensor, Tensor]:
        z_BT, raw_BT = output_BO.chunk(2, dim=1)
        return z_BT.clamp(-_LARGEST_Z, _LARGEST_Z), F.softplus(raw_BT) + self._config.min_std


def build_loss(config: LossConfig, transform: TargetTransform) -> Loss:
    """Build the loss that ``config`` names, for targets under ``transform``."""
    if isinstance(config, GaussianConfig | StudentTConfig):
        return LikelihoodLoss(config, transform)
    return PointLoss(config, transform)


def _tensor(array: FloatArray) -> Tensor:
    return torch.tensor(array, dtype=torch.float32)
