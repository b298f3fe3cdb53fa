"""Trainings that go on from an earlier one: what is kept, what is drawn to the start, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from astrosweep.config import RunConfig
from astrosweep.core.errors import AstrosweepError, ConfigError, FormatError
from astrosweep.recording import load, load_prepared, train_and_record
from astrosweep.tracking import MemoryTracker
from astrosweep.training import train
from tests.kinds.cases import CLUSTERS, DEPROJECTOR, MLP, STARS, TINY
from tests.recording.runs import THREE_FOLDS

OLD = (*STARS, *MLP, *TINY, "loss=gaussian_nll", *THREE_FOLDS, "trainer.max_epochs=6")
NEW = (*OLD, "data.simulation.seed=7", "data.simulation.n_stars=90")
PROFILES = (*CLUSTERS, *DEPROJECTOR, *TINY, "loss=gaussian_nll", "target=density", "split.train=0.6")


def recorded(config: RunConfig, folder: Path) -> Path:
    _, run = train_and_record(config, MemoryTracker(), folder)
    assert run.status == "finished", run.error
    return folder / "artifacts"


@pytest.fixture(scope="module")
def start(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three folds."""
    return recorded(make_config(*OLD), tmp_path_factory.mktemp("start"))


def test_each_fold_has_the_preparation_of_its_start_and_validates_on_the_new_stars(make_config, start):
    data = load_prepared(make_config(*NEW, f"model.start_from={start}"))
    fresh = load_prepared(make_config(*NEW))
    members = load(start, "cpu").members
    for fold, member, other in zip(data.folds, members, fresh.folds, strict=True):
        np.testing.assert_array_equal(fold.val.objects.ids, other.val.objects.ids)
        np.testing.assert_array_equal(fold.fold.val.features, member.preparation.features(fold.val.objects))
        assert not np.array_equal(fold.fold.val.features, other.fold.val.features)
        assert fold.fold.transform == member.preparation.transform
        for name, tensor in member.module.state_dict().items():
            np.testing.assert_array_equal(fold.fold.start[name], tensor.numpy())
    assert str(start) in data.report.notes["started from"]


def test_the_start_is_a_candidate_so_that_validation_is_never_worse(make_config, start):
    ruinous = make_config(*NEW, f"model.start_from={start}", "model.start_rate=1.0", "optimizer.lr=0.9")
    data = load_prepared(ruinous)
    (result,) = train(ruinous, data)
    for fit, fold in zip(result.fits, data.folds, strict=True):
        assert fit.best_epoch == 0
        assert fit.curves["lr"][0] == 0.0
        assert len(fit.curves["val/loss"]) == 7
        for name, tensor in fit.state.items():
            np.testing.assert_array_equal(tensor.numpy(), fold.fold.start[name])


def test_the_penalty_draws_weights_to_the_start_and_the_rate_is_smaller(make_config, start):
    moved = {}
    for penalty in (0.0, 0.1, 30.0):
        words = (f"model.start_from={start}", f"model.start_penalty={penalty}", "model.start_rate=0.05")
        config = make_config(*NEW, *words, "optimizer=sgd", "optimizer.lr=0.2", "trainer.max_epochs=20")
        data = load_prepared(config)
        (result,) = train(config, data)
        fit, begun = result.fits[0], data.folds[0].fold.start
        assert fit.curves["lr"][1] == pytest.approx(0.01)
        names = [name for name in begun if name.endswith(("weight", "bias"))]
        moved[penalty] = sum(float(np.square(fit.state[name].numpy() - begun[name]).sum()) for name in names)
    assert moved[0.0] > moved[0.1] > moved[30.0]
    assert moved[30.0] < 0.1 * moved[0.0]


def test_it_is_recorded_read_back_and_may_be_a_start_itself(make_config, start, tmp_path):
    config = make_config(*NEW, f"model.start_from={start}", "name=on")
    tracker = MemoryTracker()
    _, run = train_and_record(config, tracker, tmp_path / "on")
    assert run.status == "finished", run.error
    assert run.tags["started_from"].startswith(str(start))
    found = load(tmp_path / "on" / "artifacts", "cpu")
    assert found.config.model.start_from == str(start)
    objects = load_prepared(config).folds[0].val.objects
    assert np.isfinite(found.predict(objects).predicted.mean).all()
    again = recorded(
        make_config(*NEW, f"model.start_from={tmp_path / 'on' / 'artifacts'}"), tmp_path / "again"
    )
    assert len(load(again, "cpu").members) == 3


def test_more_folds_than_networks_take_turns(make_config, start):
    data = load_prepared(make_config(*NEW, "split.n_folds=4", f"model.start_from={start}"))
    first, fourth = (data.folds[k].fold.start for k in (0, 3))
    assert [fold.facts["started_from"] for fold in data.folds] == ["fold_0", "fold_1", "fold_2", "fold_0"]
    for name, values in first.items():
        np.testing.assert_array_equal(values, fourth[name])


def test_varied_clusters_go_on_too(make_config, tmp_path):
    old = recorded(make_config(*PROFILES), tmp_path / "old")
    words = ("data.simulation.seed=9", "data.preparation.augmentation.noise=true", f"model.start_from={old}")
    config = make_config(*PROFILES, *words)
    data = load_prepared(config)
    fold = data.folds[0]
    known = load(old, "cpu").members[0].preparation.transform
    np.testing.assert_array_equal(fold.preparation.transform.loc, known.loc)
    np.testing.assert_array_equal(fold.preparation.transform.width, known.width)
    assert fold.fold.train.vary is not None
    assert fold.fold.train.vary.preparation is fold.preparation
    (result,) = train(config, data)
    assert min(result.fits[0].curves["val/loss"]) <= result.fits[0].curves["val/loss"][0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*MLP, "model.hidden=[16]"), r"configured model=mlp; to go on with it: model\.hidden=\[8\]"),
        (("model=dnn",), r"to go on with it: model=mlp model\."),
        ((*MLP, "loss=mse"), r"weights do not fit model=mlp.*loss=gaussian_nll there"),
        ((*MLP, "trainer.folds=together"), r"trainer\.folds=together: model\.start_from has each fold"),
    ],
)
def test_what_does_not_fit_is_refused(make_config, start, words, message):
    others = [word for word in NEW if word not in MLP]
    config = make_config(*others, *words, f"model.start_from={start}")
    with pytest.raises(ConfigError, match=message):
        train(config, load_prepared(config))


def test_starts_that_are_none_are_refused(make_config, start, tmp_path):
    with pytest.raises(ConfigError, match=r"model\.start_from=.*absent: there is no folder"):
        load_prepared(make_config(*NEW, f"model.start_from={tmp_path / 'absent'}"))
    with pytest.raises(ConfigError, match=r"was trained on data=cepheid; here it is rrlyrae"):
        load_prepared(make_config(*NEW[1:], "data=rrlyrae", f"model.start_from={start}"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match=r"empty.*run\.json"):
        load_prepared(make_config(*NEW, f"model.start_from={tmp_path / 'empty'}"))
    with pytest.raises(AstrosweepError, match="No run has the name or the id 'nothing'"):
        load_prepared(make_config(*NEW, "model.start_from=runs:/nothing"))
