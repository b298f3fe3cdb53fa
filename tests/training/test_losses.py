"""Losses against closed forms and scipy."""

import numpy as np
import pytest
import torch
from scipy import stats

from astrosweep.config.loss import GaussianConfig, HuberConfig, MaeConfig, MseConfig, StudentTConfig
from astrosweep.config.target import TargetTransformConfig
from astrosweep.data.target import TargetTransform
from astrosweep.training.losses import build_loss

GENERATOR = np.random.default_rng(0)
TARGET = GENERATOR.lognormal(-1, 0.7, size=(40, 1))
ERROR = GENERATOR.uniform(0.01, 0.1, size=(40, 1))


def transform(name="none"):
    return TargetTransform.fit(TARGET, TargetTransformConfig(name=name))


@pytest.mark.parametrize("name", ["none", "log", "asinh"])
def test_point_losses_act_on_the_scaled_target(name):
    output = torch.tensor(GENERATOR.normal(size=(40, 1)), dtype=torch.float32)
    z = transform(name).forward(TARGET)
    difference = output.numpy() - z
    expected = {
        MseConfig(): np.mean(difference**2),
        MaeConfig(): np.mean(np.abs(difference)),
        HuberConfig(delta=0.7): np.mean(
            np.where(np.abs(difference) < 0.7, difference**2 / 2, 0.7 * (np.abs(difference) - 0.35))
        ),
    }
    for config, value in expected.items():
        loss = build_loss(config, transform(name))
        assert loss(output, *loss.encode(TARGET, ERROR)).item() == pytest.approx(value, rel=1e-5)
        assert loss.n_parameters == 1


@pytest.mark.parametrize("name", ["none", "log", "asinh"])
@pytest.mark.parametrize("config", [GaussianConfig(), StudentTConfig(df=5.0)])
def test_likelihoods_add_the_catalogue_error_in_the_targets_own_unit(name, config):
    output = torch.tensor(GENERATOR.normal(scale=0.5, size=(40, 2)), dtype=torch.float32)
    map_ = transform(name)
    loss = build_loss(config, map_)
    z = output[:, :1].double().numpy()
    s = np.log1p(np.exp(output[:, 1:].double().numpy())) + config.min_std
    scale = np.sqrt(ERROR**2 + (map_.slope(z) * s) ** 2)
    law = stats.norm if isinstance(config, GaussianConfig) else stats.t(df=5.0)
    density = law.logpdf((TARGET - map_.inverse(z)) / scale) - np.log(scale)
    expected = -density.mean() - np.log(map_.unit_width)
    assert loss(output, *loss.encode(TARGET, ERROR)).item() == pytest.approx(expected, rel=1e-4)
    assert loss.n_parameters == 2


def test_student_t_moments_are_those_of_the_distribution():
    output = torch.tensor([[0.3, 0.1]])
    loss = build_loss(StudentTConfig(df=5.0), transform())
    mean, std = loss.moments(output)
    scale = np.log1p(np.exp(0.1)) + 1e-3
    assert mean.item() == pytest.approx(0.3)
    assert std.item() == pytest.approx(stats.t(df=5.0, scale=scale).std(), rel=1e-5)


def test_an_exact_catalogue_leaves_the_intrinsic_scatter_to_the_network():
    """With errors known, the best predicted variance is the scatter beyond them."""
    n, intrinsic = 20_000, 0.3
    error = np.full((n, 1), 0.4)
    y = GENERATOR.normal(0, np.hypot(intrinsic, 0.4), size=(n, 1))
    map_ = TargetTransform("none", 1.0, 0.0, 1.0, 1.0)
    loss = build_loss(GaussianConfig(), map_)
    encoded = loss.encode(y, error)
    raw = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([raw], 0.05)
    for _ in range(200):
        optimizer.zero_grad()
        output = torch.stack([torch.zeros(n), raw.expand(n)], dim=1)
        loss(output, *encoded).backward()
        optimizer.step()
    assert (torch.nn.functional.softplus(raw) + 1e-3).item() == pytest.approx(intrinsic, rel=0.05)


def test_extreme_outputs_stay_finite():
    for name in ("none", "log", "asinh"):
        loss = build_loss(GaussianConfig(), transform(name))
        output = torch.tensor([[50.0, -50.0], [-50.0, 50.0]])
        assert loss(output, *loss.encode(TARGET[:2], np.zeros((2, 1)))).isfinite()
