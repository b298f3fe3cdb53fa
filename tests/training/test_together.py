"""Folds trained together learn what each learns alone, and are trained alone where that is not so."""

import dataclasses

import numpy as np
import pytest
import torch

from astrosweep.core.errors import ConfigError, TrainingError
from astrosweep.training import fit, group_folds, train
from astrosweep.training.fit import build_fit
from astrosweep.training.stacked import StackedNetwork
from astrosweep.training.together import are_together, fit_together
from tests.conftest import prepared_stars

pytestmark = pytest.mark.process  # heavy: it trains

QUICK = (
    "data=cepheid",
    "split=kfold",
    "split.n_folds=4",
    "trainer.progress=false",
    "trainer.accelerator=cpu",
    "trainer.max_epochs=6",
    "trainer.early_stopping.patience=null",
)


@pytest.fixture
def setting(make_config):
    def make(*overrides):
        small = () if "model=dnn" in overrides else ("model=mlp", "model.hidden=[16,8]")
        config = make_config(*QUICK, *small, *overrides)
        data = prepared_stars(config)
        return config, data, tuple(prepared.fold for prepared in data.folds)

    return make


def alone(config, folds):
    return [fit(config, fold) for fold in folds]


def without_rows(folds, numbers):
    """The same folds, each with so many training rows less."""
    shorter = []
    for fold, n in zip(folds, numbers, strict=True):
        part = fold.train
        rows = {
            name: getattr(part, name)[: len(part) - n]
            for name in ("ids", "features", "target", "target_error")
        }
        shorter.append(dataclasses.replace(fold, train=dataclasses.replace(part, **rows)))
    return tuple(shorter)


@pytest.mark.parametrize(
    "overrides",
    [
        ("optimizer=sgd",),
        ("optimizer=adam", "model.l2=1e-2"),
        ("optimizer=adamw", "loss=gaussian_nll", "data.preparation.target_transform.name=asinh"),
        ("optimizer=rmsprop", "optimizer.lr=1e-4", "loss=student_t_nll", "scheduler=cosine"),
        ("optimizer=adam", "loss=huber", "model.batch_norm=false", "model.activation=tanh"),
        ("optimizer=adam", "loss=mae", "model=dnn", "model.width=12", "model.dropout=0.0"),
    ],
)
@pytest.mark.parametrize("fewer", [(0, 0, 0, 0), (0, 1, 6, 20)])
def test_folds_learn_together_what_they_learn_alone(overrides, fewer, setting):
    config, _, folds = setting("data.batch_size=16", *overrides)
    folds = without_rows(folds, fewer)
    for one, other in zip(alone(config, folds), fit_together(config, folds), strict=True):
        assert other.best_epoch == one.best_epoch
        assert other.n_parameters == one.n_parameters
        for name, series in one.curves.items():
            np.testing.assert_allclose(other.curves[name], series, rtol=2e-5, atol=1e-6, err_msg=name)
        assert other.state.keys() == one.state.keys()
        for name, tensor in one.state.items():
            torch.testing.assert_close(other.state[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
        np.testing.assert_allclose(other.val.mean, one.val.mean, rtol=1e-3, atol=1e-4)


def test_each_fold_stops_at_its_own_epoch_with_its_own_weights(setting):
    config, _, folds = setting(
        "trainer.max_epochs=60",
        "trainer.early_stopping.patience=2",
        "optimizer=sgd",
        "optimizer.lr=0.03",
        "scheduler=step",
        "scheduler.every_epochs=3",
    )
    folds = without_rows(folds, (0, 9, 0, 30))
    one, other = alone(config, folds), fit_together(config, folds)
    ends = [len(result.curves["val/loss"]) for result in one]
    assert len(set(ends)) > 1
    assert [len(result.curves["val/loss"]) for result in other] == ends
    assert [result.best_epoch for result in other] == [result.best_epoch for result in one]
    for mine, its in zip(other, one, strict=True):
        np.testing.assert_allclose(mine.curves["val/loss"], its.curves["val/loss"], rtol=1e-4)
        np.testing.assert_allclose(mine.curves["lr"], its.curves["lr"])
        np.testing.assert_allclose(mine.val.mean, its.val.mean, rtol=1e-3, atol=1e-4)


def test_dropout_repeats_bit_for_bit_and_follows_the_seed(setting):
    config, _, folds = setting("model.dropout=0.3")
    first, second = fit_together(config, folds), fit_together(config, folds)
    assert [result.curves for result in first] == [result.curves for result in second]
    other = fit_together(config.model_copy(update={"seed": 1}), folds)
    assert other[0].curves["val/loss"] != first[0].curves["val/loss"]


def test_dropout_leaves_out_its_share_and_keeps_the_mean(setting):
    config, _, folds = setting("model.dropout=0.3")
    module, _ = build_fit(config, folds[0])
    mask = StackedNetwork([module, module], seed=0)._mask(torch.empty(2, 300, 301), 0.3)
    assert float((mask == 0).float().mean()) == pytest.approx(0.3, abs=0.005)
    assert float(mask.mean()) == pytest.approx(1.0, abs=0.01)
    assert not mask[0].equal(mask[1])


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (("scheduler=plateau",), "learning rate of its own"),
        (("trainer.gradient_clip=1.0",), "gradient of one network"),
        (("trainer.precision=bf16-mixed",), "only 32-true"),
        (("split=holdout",), "only one fold"),
    ],
)
def test_what_cannot_be_stacked_is_trained_one_after_the_other_or_refused(overrides, reason, setting):
    config, data, folds = setting(*(text for text in overrides if "split" not in text))
    if "split=holdout" in overrides:
        data, folds = dataclasses.replace(data, folds=data.folds[:1]), folds[:1]
    assert not are_together(config, folds)
    assert group_folds(config, data) == tuple((fold,) for fold in folds)
    trainer = config.trainer.model_copy(update={"folds": "together"})
    with pytest.raises(ConfigError, match=f"trainer.folds=together: .*{reason}.*trainer.folds=auto"):
        are_together(config.model_copy(update={"trainer": trainer}), folds)


def test_folds_with_different_features_learn_together_what_they_learn_alone(setting):
    config, _, folds = setting("trainer.max_epochs=5", "optimizer=adamw", "model.l2=1e-2")
    first, (n_features,) = folds[0], folds[0].layout.inputs
    narrow = {
        part: dataclasses.replace(getattr(first, part), features=getattr(first, part).features[:, 3:])
        for part in ("train", "val", "test")
    }
    layout = dataclasses.replace(first.layout, inputs=(n_features - 3,))
    folds = (dataclasses.replace(first, layout=layout, **narrow), *folds[1:])
    assert are_together(config, folds)
    for one, other in zip(alone(config, folds), fit_together(config, folds), strict=True):
        np.testing.assert_allclose(other.curves["val/loss"], one.curves["val/loss"], rtol=2e-5)
        for name, tensor in one.state.items():
            torch.testing.assert_close(other.state[name], tensor, rtol=1e-3, atol=1e-4, msg=name)


class Watch:
    def __init__(self, end=None):
        self.seen, self._end = [], end

    def on_epoch(self, stage, epoch, train_loss, val_loss):
        self.seen.append((stage, epoch, val_loss))
        return (stage, epoch) == self._end

    def on_fit_end(self, stage, val_loss):
        self.seen.append((stage, None, val_loss))
        return False


def test_a_listener_hears_of_one_fit_for_each_replicate_and_its_mean_best_loss(setting):
    config, data, folds = setting("replicates=2", "trainer.max_epochs=3")
    watch = Watch()
    results = train(config, data, watch)
    assert [(stage, epoch) for stage, epoch, _ in watch.seen] == [
        (stage, epoch) for stage in (0, 1) for epoch in (0, 1, 2, None)
    ]
    best = np.mean([min(result.curves["val/loss"]) for result in results[0].fits])
    assert watch.seen[2][2] == watch.seen[3][2] == pytest.approx(best)
    assert results[0].metrics["val/loss"] == pytest.approx(best)
    assert group_folds(config, data) == (folds,)


def test_a_training_that_is_ended_has_all_its_folds(setting):
    config, data, _ = setting()
    (result,) = train(config, data, Watch(end=(0, 2)), group_folds(config, data))
    assert result.stopped
    assert len(result.fits) == 4
    assert {len(fit.curves["val/loss"]) for fit in result.fits} == {3}
    assert set(result.predictions["fold"]) == {0, 1, 2, 3}


def test_a_loss_that_is_not_finite_ends_all_folds(setting):
    config, _, folds = setting("optimizer=sgd", "optimizer.lr=100.0", "model.batch_norm=false")
    with pytest.raises(TrainingError, match=r"(not finite|diverges) in epoch \d+.*lr=100"):
        fit_together(config, folds)
