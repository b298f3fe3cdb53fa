"""What several networks together predict."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from astrosweep.core.types import Predictions
from astrosweep.data.kind import Judged
from astrosweep.recording import Trained

OBJECTS = np.array([7, 8])


@dataclass
class Network:
    """A member that always says the same."""

    mean: list[list[float]]
    std: list[list[float]]

    def predict(self, objects: np.ndarray) -> Judged[Any, Any]:
        unknown = np.full((2, 1), np.nan)
        predicted = Predictions(objects, np.array(self.mean), np.array(self.std))
        return Judged(objects, predicted, truth=None, target=unknown, error=unknown)


def mixture(*networks: Network) -> Predictions:
    trained = Trained(config=None, members=networks)  # type: ignore[arg-type]
    return trained.predict(OBJECTS).predicted


def test_a_mixture_has_the_variance_of_its_networks_and_the_one_between_them():
    found = mixture(Network([[1.0], [5.0]], [[0.3], [0.1]]), Network([[3.0], [5.0]], [[0.4], [0.1]]))
    assert found.ids.tolist() == [7, 8]
    assert found.mean.tolist() == [[2.0], [5.0]]
    normal = np.random.default_rng(0).standard_normal((2, 200_000))
    draws = np.concatenate([1.0 + 0.3 * normal[0], 3.0 + 0.4 * normal[1]])
    assert found.std[0, 0] == pytest.approx(draws.std(), rel=0.01)
    assert found.std[1, 0] == pytest.approx(0.1)


def test_one_network_is_its_own_mixture():
    found = mixture(Network([[1.0], [5.0]], [[0.3], [0.1]]))
    assert found.mean.tolist() == [[1.0], [5.0]]
    assert found.std.tolist() == [[0.3], [0.1]]
