"""Networks of profiles: the study's structure, golden outputs, the linear start, the ideal gas, gaps."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

from astrosweep.config.model import (
    DeprojectorConfig,
    EncoderDecoder1dConfig,
    EncoderDecoder2dConfig,
    EncoderDecoderSimpleConfig,
)
from astrosweep.core.errors import ConfigError
from astrosweep.core.types import Dataset, Layout
from astrosweep.data.target import TargetTransform
from astrosweep.models import build, ridge
from astrosweep.models.ridge import fit_ridge
from astrosweep.training import RegressionModule

STUDY = Layout((9, 50), ("pressure_radius", "pressure"), 100)
THREE = Layout((3, 7), ("pressure", "density", "temperature"), 5)
LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)
SMALL = {
    "1d": EncoderDecoder1dConfig(encoder_channels=[4, 8], latent_dim=16, decoder_channels=[4, 4]),
    "simple": EncoderDecoderSimpleConfig(encoder_channels=[4, 8], latent_dim=16, decoder_channels=4),
    "2d": EncoderDecoder2dConfig(
        image_size=16, encoder_channels=[4, 8], latent_dim=16, decoder_channels=[4, 4], output_size=20
    ),
    "deprojector": DeprojectorConfig(width=16),
}
GOLDEN = {
    "1d": [0.231179, 0.179121, 0.213771, 0.246434],
    "simple": [0.20878, 0.212661, 0.162619, 0.444153],
    "2d": [0.212923, 0.170238, 0.250356, 0.178783],
    "deprojector": [-0.92735, -0.492394, 0.00167, 1.939767],
}


def shapes_of(network, layout, kinds=LINEAR):
    """Name and output shape of each layer, as data pass through it."""
    seen, hooks = [], []
    for layer in network.modules():
        if isinstance(layer, kinds):
            record = lambda layer, _, output: seen.append((type(layer).__name__, tuple(output.shape[1:])))  # noqa: E731
            hooks.append(layer.register_forward_hook(record))
    output = network.eval()(torch.randn(2, *layout.inputs))
    for hook in hooks:
        hook.remove()
    return seen, tuple(output.shape)


def test_encoder_decoder_1d_is_the_studies_network():
    config = EncoderDecoder1dConfig(encoder_channels=[16, 32, 64, 128], decoder_channels=[32, 32])
    network = build(config, STUDY, 1)
    layers, output = shapes_of(network, STUDY)
    assert layers == [
        ("Conv1d", (16, 50)),
        ("Conv1d", (32, 50)),
        ("Conv1d", (64, 50)),
        ("Conv1d", (128, 50)),
        ("Linear", (512,)),
        ("Linear", (3200,)),
        ("Conv1d", (32, 100)),
        ("Conv1d", (32, 100)),
        ("Conv1d", (2, 100)),
    ]
    assert output == (2, 200)
    assert {layer.kernel_size for layer in network if isinstance(layer, nn.Conv1d)} == {(3,), (1,)}
    assert sum(isinstance(layer, nn.ReLU) for layer in network) == 8
    assert not any(isinstance(layer, nn.Dropout) for layer in network)
    assert isinstance(network[-2], nn.Conv1d)  # no activation after the last
    dropped = build(config.model_copy(update={"dropout_rate": 0.2}), STUDY, 1)
    assert [layer.p for layer in dropped if isinstance(layer, nn.Dropout)] == [0.2] * 8


def test_encoder_decoder_simple_is_the_studies_network():
    layers, output = shapes_of(build(EncoderDecoderSimpleConfig(), STUDY, 1), STUDY)
    assert layers == [
        ("Conv1d", (32, 50)),
        ("Conv1d", (64, 50)),
        ("Linear", (512,)),
        ("Linear", (1600,)),
        ("Conv1d", (2, 100)),
    ]
    assert output == (2, 200)


def test_encoder_decoder_2d_is_the_studies_network():
    network = build(EncoderDecoder2dConfig(output_size=100), STUDY, 1)
    layers, output = shapes_of(network, STUDY, (*LINEAR, nn.MaxPool2d))
    assert layers == [
        ("Conv2d", (32, 50, 50)),
        ("MaxPool2d", (32, 25, 25)),
        ("Conv2d", (64, 25, 25)),
        ("MaxPool2d", (64, 12, 12)),
        ("Conv2d", (128, 12, 12)),
        ("MaxPool2d", (128, 6, 6)),
        ("Linear", (1000,)),
        ("Linear", (4608,)),
        ("ConvTranspose2d", (64, 12, 12)),
        ("ConvTranspose2d", (32, 24, 24)),
        ("ConvTranspose2d", (16, 48, 48)),
        ("Conv2d", (2, 48, 48)),
    ]
    assert output == (2, 200)
    assert EncoderDecoder2dConfig().output_size == 1000
    assert network.encoder[0].in_channels == 8  # the radius is no image
    assert build(EncoderDecoder2dConfig(radius=True), STUDY, 1).encoder[0].in_channels == 9


def test_the_images_of_the_2d_network_do_not_see_the_radius():
    network = build(SMALL["2d"], STUDY, 1).eval()
    x = torch.randn(2, 9, 50)
    other = x.clone()
    other[:, 0] += 1.0
    torch.testing.assert_close(network(x), network(other), rtol=0, atol=0)
    other[:, 1] += 1.0
    assert not torch.equal(network(x), network(other))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("n_parameters", [1, 2])
def test_every_input_channel_reaches_outputs_of_the_stated_shape(name, n_parameters):
    torch.manual_seed(0)
    network = build(SMALL[name], STUDY, n_parameters).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)  # the deprojector begins at zero
    x = torch.randn(3, 9, 50, requires_grad=True)
    output = network(x)
    assert output.shape == (3, n_parameters * 200)
    output.square().sum().backward()
    reached = x.grad.abs().sum(dim=(0, 2)) > 0
    assert reached.tolist() == [name != "2d", *[True] * 8]


@pytest.mark.parametrize("name", SMALL)
def test_golden_output(name):
    torch.manual_seed(0)
    network = build(SMALL[name], Layout((3, 8), ("density",), 4), 1).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    x = torch.linspace(-1, 1, 24).reshape(1, 3, 8)
    assert network(x).detach().flatten().tolist() == pytest.approx(GOLDEN[name], abs=1e-5)


def linear_data(n=60, shape=(3, 7), n_targets=15, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, *shape))
    z = x.reshape(n, -1) @ rng.normal(size=(21, n_targets)) / 5 + noise * rng.normal(size=(n, n_targets))
    return x, z + 0.3


@pytest.mark.parametrize("loss", ["mae", "gaussian_nll"])
def test_a_deprojector_begins_as_the_ridge_with_its_scatter(loss, make_config):
    config = make_config("data=cluster", "model=deprojector", f"loss={loss}")
    x, z = linear_data(noise=0.25)
    transform = TargetTransform.fit_columns(z, standardise=True)
    module = RegressionModule(config, THREE, transform).eval()
    dataset = Dataset(np.arange(60), x.astype(np.float32), z, np.zeros_like(z))
    module.start_from(dataset)
    weights, intercept, residual = fit_ridge([x.reshape(60, -1)], [transform.forward(z)])
    mean, std = module.predict_step((torch.tensor(dataset.features),), 0)
    np.testing.assert_allclose(mean.detach(), x.reshape(60, -1) @ weights + intercept, atol=1e-4)
    if loss == "gaussian_nll":
        # Left-out residuals of a regression on 21 inputs exceed the noise by about (1 - 21 / 48)^-1/2.
        np.testing.assert_allclose(std.detach(), np.tile(residual, (60, 1)), rtol=1e-2)
        assert residual * transform.width == pytest.approx(0.25 * (1 - 21 / 48) ** -0.5, rel=0.5)
        assert np.mean(residual * transform.width) == pytest.approx(0.25 * (1 - 21 / 48) ** -0.5, rel=0.15)


def test_ridge_is_that_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(ridge, "_PENALTIES", np.array([0.03]))
    x, z = linear_data()
    x = x.reshape(60, -1) + 2.0
    weights, intercept, _ = fit_ridge([x], [z])
    centred = x - x.mean(axis=0)
    alpha = 0.03 * (centred**2).sum() / x.shape[1]
    theirs = Ridge(alpha=alpha).fit(x, z)
    np.testing.assert_allclose(weights, theirs.coef_.T, atol=1e-10)
    np.testing.assert_allclose(intercept, theirs.intercept_, atol=1e-9)


def test_ridge_leaves_out_unknown_targets(monkeypatch):
    monkeypatch.setattr(ridge, "_PENALTIES", np.array([0.03]))
    x, z = linear_data()
    x = x.reshape(60, -1)
    gaps = z.copy()
    gaps[::3, 4] = np.nan
    gaps[:, 7] = np.nan
    weights, intercept, residual = fit_ridge([x], [gaps])
    full = fit_ridge([x], [z])
    others = np.delete(np.arange(15), [4, 7])
    np.testing.assert_allclose(weights[:, others], full[0][:, others], atol=1e-12)
    centred, has = x - x.mean(axis=0), np.isfinite(gaps[:, 4])
    theirs = Ridge(alpha=0.03 * (centred**2).sum() / 21, fit_intercept=False).fit(
        centred[has], gaps[has, 4] - gaps[has, 4].mean()
    )
    np.testing.assert_allclose(weights[:, 4], theirs.coef_, atol=1e-10)
    assert intercept[4] == pytest.approx(gaps[has, 4].mean() - x.mean(axis=0) @ theirs.coef_)
    np.testing.assert_array_equal(weights[:, 7], 0.0)
    assert residual[7] == 1.0
    assert np.isfinite(residual).all()


def test_the_penalty_is_that_of_the_smallest_error_on_objects_left_out():
    """With many noisy inputs a large penalty is best, with exact ones the smallest."""
    x, z = linear_data(noise=0.0)
    exact, *_ = fit_ridge([x.reshape(60, -1)], [z])
    truth, *_ = np.linalg.lstsq(x.reshape(60, -1), z - 0.3, rcond=None)
    np.testing.assert_allclose(exact, truth, atol=1e-4)
    noise = np.random.default_rng(1).normal(size=z.shape)
    nothing, _, residual = fit_ridge([x.reshape(60, -1)], [noise])
    free, *_ = np.linalg.lstsq(x.reshape(60, -1), noise, rcond=None)
    assert np.abs(nothing).mean() < 0.3 * np.abs(free).mean()
    assert residual.mean() == pytest.approx(1.0, abs=0.15)


def test_several_draws_count_like_more_objects():
    x, z = linear_data()
    x = x.reshape(60, -1)
    once, twice = fit_ridge([x], [z]), fit_ridge([x, x], [z, z])
    for first, second in zip(once, twice, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-9)


@pytest.mark.parametrize("n_parameters", [1, 2])
def test_ideal_gas_is_exact(n_parameters):
    rng = np.random.default_rng(0)
    logs = rng.normal([-5.0] * 5 + [-7.0] * 5 + [1.5] * 5, 0.7, (40, 15))
    transform = TargetTransform.fit_columns(logs, standardise=True)
    torch.manual_seed(0)
    network = build(DeprojectorConfig(width=8, head="ideal_gas"), THREE, n_parameters, transform)
    inner = network.network
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    x = torch.randn(6, 3, 7)
    output = network.eval()(x).detach()
    mean = transform.inverse(output[:, :15].double().numpy())
    pressure, density, temperature = np.exp(mean).reshape(6, 3, 5).transpose(1, 0, 2)
    np.testing.assert_allclose(pressure, density * temperature, rtol=2e-5)
    free = inner(x).detach()
    torch.testing.assert_close(output[:, 5:], free[:, 5:], rtol=0, atol=0)  # all but the pressure's mean
    assert not torch.allclose(output[:, :5], free[:, :5])


def test_profiles_for_profile_networks_only(make_config):
    for name in ("encoder_decoder_1d", "encoder_decoder_simple", "encoder_decoder_2d", "deprojector"):
        with pytest.raises(
            ConfigError, match=rf"model={name} takes profiles.*data=cepheid has none.*data with profiles"
        ):
            make_config("data=cepheid", f"model={name}")
    with pytest.raises(ConfigError, match=r"model=deprojector takes profiles.*\(4,\)"):
        build(DeprojectorConfig(), Layout((4,), ("parallax",)), 1)


@pytest.mark.parametrize(
    "override",
    ["target=density", "data.preparation.output=radii_and_values", "data.preparation.logarithm=false"],
)
def test_ideal_gas_needs_three_logarithms(override, make_config):
    with pytest.raises(ConfigError, match="ideal_gas needs target=all"):
        make_config("data=cluster", "model=deprojector", "model.head=ideal_gas", override)
    with pytest.raises(ConfigError, match="needs the map of the target"):
        build(DeprojectorConfig(head="ideal_gas"), THREE, 1)
    with pytest.raises(ConfigError, match=r"ideal_gas needs target=all.*the targets are density"):
        build(
            DeprojectorConfig(head="ideal_gas"),
            Layout((3, 7), ("density",), 5),
            1,
            TargetTransform("none", 1.0, 0.0, 1.0, 1.0),
        )
