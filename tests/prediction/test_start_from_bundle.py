"""A training goes on from an ensemble: from its networks of the configured architecture, in turns."""

import numpy as np
import pytest

from astrosweep.core.errors import ConfigError
from astrosweep.recording import load, load_prepared
from tests.kinds.cases import MLP, STARS, TINY
from tests.prediction.models import opened

WORDS = (*STARS, *TINY, *MLP, "loss=gaussian_nll", "split=kfold", "split.n_folds=4", "data.simulation.seed=7")


def test_networks_of_the_members_take_turns(make_config, star_model):
    folders = sorted(path.parent for path in star_model.glob("members/*/run.json"))
    members = [member for folder in folders for member in load(folder, "cpu").members]
    assert len(members) == len(opened(star_model).networks)
    data = load_prepared(make_config(*WORDS, f"model.start_from={star_model}"))
    for k, fold in enumerate(data.folds):
        for name, tensor in members[k % len(members)].module.state_dict().items():
            np.testing.assert_array_equal(fold.fold.start[name], tensor.numpy())


def test_an_ensemble_without_such_a_network_says_what_it_has(make_config, star_model):
    with pytest.raises(ConfigError, match=r"to go on with it: model\.hidden=\[8\]"):
        load_prepared(make_config(*WORDS, "model.hidden=[16]", f"model.start_from={star_model}"))
