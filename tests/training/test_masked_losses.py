"""Targets that were not measured teach nothing."""

import numpy as np
import pytest
import torch

from astrosweep.config.loss import GaussianConfig, HuberConfig, MaeConfig, MseConfig, StudentTConfig
from astrosweep.data.target import TargetTransform
from astrosweep.training.losses import build_loss


@pytest.mark.parametrize(
    "config",
    [MaeConfig(), MseConfig(), HuberConfig(), GaussianConfig(), StudentTConfig()],
    ids=lambda c: c.name,
)
def test_unknown_targets_change_neither_loss_nor_gradient(config):
    rng = np.random.default_rng(0)
    target, error = rng.normal(size=(8, 6)), rng.uniform(0.05, 0.2, (8, 6))
    known = rng.random((8, 6)) < 0.6
    known[3] = False
    loss = build_loss(config, TargetTransform("none", 1.0, 0.0, 1.0, 1.0))
    output = torch.randn(8, 6 * loss.n_parameters, generator=torch.manual_seed(0), requires_grad=True)
    with_gaps = loss(output, *loss.encode(np.where(known, target, np.nan), error))
    (gradient,) = torch.autograd.grad(with_gaps, output)

    alone = build_loss(config, TargetTransform("none", 1.0, 0.0, 1.0, 1.0))
    parts = [part[torch.tensor(known)][:, None] for part in output.chunk(loss.n_parameters, dim=1)]
    of_known = alone(torch.cat(parts, dim=1), *alone.encode(target[known][:, None], error[known][:, None]))
    (expected,) = torch.autograd.grad(of_known, output)

    assert with_gaps.item() == pytest.approx(of_known.item(), rel=1e-5)
    torch.testing.assert_close(gradient, expected, rtol=1e-5, atol=1e-7)
    assert gradient.isfinite().all()
    for part in gradient.chunk(loss.n_parameters, dim=1):
        assert (part[~torch.tensor(known)] == 0).all()
        assert (part[torch.tensor(known)] != 0).any()


@pytest.mark.parametrize("config", [MaeConfig(), GaussianConfig()], ids=lambda c: c.name)
def test_a_batch_without_any_known_target_teaches_nothing(config):
    loss = build_loss(config, TargetTransform("none", 1.0, 0.0, 1.0, 1.0))
    output = torch.randn(2, 3 * loss.n_parameters, requires_grad=True)
    value = loss(output, *loss.encode(np.full((2, 3), np.nan), np.zeros((2, 3))))
    (gradient,) = torch.autograd.grad(value, output)
    assert value.item() == 0.0
    assert (gradient == 0).all()
