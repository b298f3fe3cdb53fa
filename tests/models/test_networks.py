"""Structure, initialisation and one golden output per network."""

import pytest
import torch
from torch import nn

from astrosweep.config import DnnConfig, MlpConfig
from astrosweep.core.types import Layout
from astrosweep.models import build

GOLDEN_MLP = [0.078462, -0.096952, 0.01816, -0.017182, 0.040542, -0.102465]
GOLDEN_DNN = [-0.656202, -0.762988, -0.061783, -0.217998, -1.986204, -0.58955]


def dense_layers(network):
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def test_mlp_is_the_studies_network():
    network = build(MlpConfig(), Layout((11,), ("parallax",)), 1)
    assert [(d.in_features, d.out_features) for d in dense_layers(network)] == [
        (11, 256),
        (256, 128),
        (128, 64),
        (64, 1),
    ]
    assert sum(isinstance(layer, nn.BatchNorm1d) for layer in network) == 3
    assert not any(isinstance(layer, nn.Dropout) for layer in network)
    assert {layer.negative_slope for layer in network if isinstance(layer, nn.LeakyReLU)} == {0.1}
    limit = (6 / (11 + 256)) ** 0.5  # Glorot uniform
    weight = dense_layers(network)[0].weight.detach()
    assert weight.abs().max() <= limit
    assert weight.std() == pytest.approx(limit / 3**0.5, rel=0.05)


def test_dnn_is_the_studies_network():
    network = build(DnnConfig(), Layout((11,), ("parallax",)), 1)
    assert len(dense_layers(network)) == 7
    assert {layer.p for layer in network if isinstance(layer, nn.Dropout)} == {0.05}
    assert {layer.negative_slope for layer in network if isinstance(layer, nn.LeakyReLU)} == {1e-4}
    assert sum(isinstance(layer, nn.BatchNorm1d) for layer in network) == 6
    second = dense_layers(network)[1].weight.detach()  # He normal
    assert second.std() == pytest.approx((2 / second.shape[1]) ** 0.5, rel=0.05)


@pytest.mark.parametrize("activation", ["leaky_relu", "relu", "gelu", "silu", "tanh"])
@pytest.mark.parametrize("initialisation", ["he_normal", "he_uniform", "glorot_normal", "glorot_uniform"])
def test_every_choice_builds_and_gives_finite_outputs(activation, initialisation):
    config = MlpConfig(
        activation=activation, initialisation=initialisation, hidden=[8], batch_norm=False, dropout=0.1
    )
    output = build(config, Layout((3,), ("parallax",)), 2)(torch.randn(5, 3))
    assert output.shape == (5, 2)
    assert output.isfinite().all()


def test_one_layer_is_linear():
    assert len(dense_layers(build(DnnConfig(n_layers=1), Layout((4,), ("parallax",)), 1))) == 1


@pytest.mark.parametrize(
    ("config", "golden"), [(MlpConfig(), GOLDEN_MLP), (DnnConfig(), GOLDEN_DNN)], ids=["mlp", "dnn"]
)
def test_golden_output(config, golden):
    torch.manual_seed(0)
    network = build(config, Layout((4,), ("parallax",)), 2).eval()
    x = torch.linspace(-1, 1, 12).reshape(3, 4)
    assert network(x).detach().flatten().tolist() == pytest.approx(golden, abs=1e-5)
