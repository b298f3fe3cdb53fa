"""The loop reaches the weights of the Trainer, repeats, stops early, refuses a loss that is not finite."""

import warnings

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from astrosweep.config.optimizer import PlateauConfig
from astrosweep.core.errors import ConfigError, DataError, TrainingError
from astrosweep.data.loader import BatchLoader
from astrosweep.kinds.tables.development import develop
from astrosweep.kinds.tables.prepare import prepare
from astrosweep.training import RegressionDataModule, RegressionModule, fit
from astrosweep.training.optimizers import build_scheduler
from tests.conftest import make_table

QUICK = ("data=cepheid", "trainer.progress=false", "trainer.accelerator=cpu", "trainer.max_epochs=6")


def prepared(config, table=None):
    development = develop(table or make_table(), config.data, config.split)
    return prepare(development, 0, config.data.preparation)


@pytest.mark.parametrize(
    "overrides",
    [
        ("model=mlp",),
        ("model=dnn", "loss=gaussian_nll"),
        ("model=mlp", "optimizer=sgd", "scheduler=cosine", "scheduler.warmup_epochs=2"),
        (
            "model=mlp",
            "optimizer=adamw",
            "scheduler=plateau",
            "scheduler.patience=0",
            "trainer.gradient_clip=0.5",
        ),
        (
            "model=mlp",
            "optimizer=rmsprop",
            "scheduler=step",
            "scheduler.every_epochs=2",
            "loss=student_t_nll",
        ),
    ],
)
def test_loop_and_lightning_trainer_reach_the_same_weights(overrides, make_config, tmp_path):
    config = make_config(
        *QUICK,
        "trainer.early_stopping.patience=null",
        "model.hidden=[16,8]" if "model=mlp" in overrides else "model.width=16",
        *overrides,
    )
    fold = prepared(config)
    ours = fit(config, fold.fold, fold.target_transform)

    torch.manual_seed(config.seed)
    module = RegressionModule(config, fold.fold.layout, fold.target_transform)
    datamodule = RegressionDataModule(fold.fold, module.loss, config.data.batch_size, config.seed)
    best = ModelCheckpoint(tmp_path, monitor="val/loss")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(
            max_epochs=config.trainer.max_epochs,
            accelerator="cpu",
            logger=False,
            callbacks=[best],
            gradient_clip_val=config.trainer.gradient_clip,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, datamodule)
        theirs = torch.load(best.best_model_path, weights_only=False)["state_dict"]
    assert theirs.keys() == ours.state.keys()
    for name, weight in theirs.items():
        torch.testing.assert_close(ours.state[name], weight, rtol=1e-5, atol=1e-6, msg=name)
    assert best.best_model_score.item() == pytest.approx(min(ours.curves["val/loss"]), rel=1e-5)


def test_a_fit_repeats_bit_for_bit_and_its_seed_matters(make_config):
    config = make_config(*QUICK, "model=dnn", "model.dropout=0.3")
    fold = prepared(config)
    first, second = (fit(config, fold.fold, fold.target_transform) for _ in range(2))
    assert all(first.state[name].equal(second.state[name]) for name in first.state)
    assert first.curves == second.curves
    other = fit(config.model_copy(update={"seed": 1}), fold.fold, fold.target_transform)
    assert other.curves["val/loss"] != first.curves["val/loss"]


def test_best_epoch_is_kept_and_patience_ends_the_fit(make_config):
    config = make_config(
        *QUICK, "trainer.max_epochs=200", "trainer.early_stopping.patience=5", "optimizer.lr=0.03"
    )
    fold = prepared(config)
    result = fit(config, fold.fold, fold.target_transform)
    losses = result.curves["val/loss"]
    assert result.best_epoch == int(np.argmin(losses))
    assert len(losses) == result.best_epoch + 6 < 200
    error = fold.target_transform.forward(result.val.mean) - fold.target_transform.forward(
        fold.fold.val.target
    )
    assert np.mean(error**2) == pytest.approx(min(losses), rel=1e-4)


def test_learning_rate_follows_the_schedule(make_config):
    config = make_config(
        *QUICK,
        "scheduler=cosine",
        "scheduler.warmup_epochs=2",
        "scheduler.final_fraction=0.1",
        "trainer.early_stopping.patience=null",
        "trainer.max_epochs=10",
    )
    fold = prepared(config)
    rates = fit(config, fold.fold, fold.target_transform).curves["lr"]
    assert rates[0] == pytest.approx(1e-3 / 3)
    assert max(rates) == rates[2] == pytest.approx(1e-3)
    assert rates[-1] == pytest.approx(1e-4)


def test_l2_shrinks_the_kernels(make_config):
    def norm(l2):
        config = make_config(*QUICK, "trainer.max_epochs=30", f"model.l2={l2}", "model.batch_norm=false")
        fold = prepared(config)
        state = fit(config, fold.fold, fold.target_transform).state
        return sum(float(w.square().sum()) for name, w in state.items() if name.endswith("weight"))

    assert norm(0.05) < 0.5 * norm(0.0)


def test_loss_that_is_not_finite_ends_the_fit_with_its_epoch_and_settings(make_config):
    config = make_config(
        *QUICK, "optimizer=sgd", "optimizer.lr=100.0", "model.batch_norm=false", "optimizer.momentum=0.0"
    )
    fold = prepared(config)
    with pytest.raises(TrainingError, match=r"not finite in epoch \d+.*lr=100"):
        fit(config, fold.fold, fold.target_transform)


def test_log_of_negative_targets_is_refused_for_point_losses_only(make_config):
    table = make_table()
    table.frame.loc[::7, "parallax"] = -0.05
    log = "data.preparation.target_transform.name=log"
    config = make_config(*QUICK, log)
    fold = prepared(config, table)
    with pytest.raises(DataError, match=r"targets are zero or negative.*gaussian_nll"):
        fit(config, fold.fold, fold.target_transform)
    config = make_config(*QUICK, log, "loss=gaussian_nll")
    result = fit(config, fold.fold, fold.target_transform)
    assert (result.val.mean > 0).all()


def test_listener_sees_every_epoch_and_can_end_the_fit(make_config):
    config = make_config(*QUICK)
    fold = prepared(config)
    seen = []

    def listener(epoch, train_loss, val_loss):
        seen.append((epoch, train_loss, val_loss))
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(config, fold.fold, fold.target_transform, listener)
    assert [epoch for epoch, *_ in seen] == [0, 1, 2]


def test_threads_are_given_back(make_config):
    before = torch.get_num_threads()
    config = make_config(*QUICK, "trainer.max_epochs=2", "trainer.n_threads=1")
    fold = prepared(config)
    seen = []
    torch.set_num_threads(3)
    try:
        fit(config, fold.fold, fold.target_transform, lambda *_: seen.append(torch.get_num_threads()))
        assert (seen, torch.get_num_threads()) == ([1, 1], 3)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("n", "batch", "sizes"), [(10, 4, [4, 4, 2]), (9, 4, [4, 5]), (1, 4, [1]), (8, 4, [4, 4])]
)
def test_batches_cover_every_row_once_and_none_is_single(n, batch, sizes):
    loader = BatchLoader((torch.arange(n), torch.arange(n) * 2), batch, seed=0)
    batches = list(loader)
    assert [len(x) for x, _ in batches] == sizes
    assert len(loader) == len(sizes)
    assert sorted(torch.cat([x for x, _ in batches]).tolist()) == list(range(n))
    assert all((y == 2 * x).all() for x, y in batches)


def test_batch_order_changes_between_epochs_and_follows_the_seed():
    def order(loader):
        return torch.cat([x for (x,) in loader]).tolist()

    first, second = (BatchLoader((torch.arange(50),), 8, seed=3) for _ in range(2))
    epochs = [order(first), order(first)]
    assert epochs[0] != epochs[1]
    assert [order(second), order(second)] == epochs


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_every_allowed_precision_trains(precision, make_config):
    config = make_config(*QUICK, f"trainer.precision={precision}", "trainer.max_epochs=20")
    fold = prepared(config)
    curve = fit(config, fold.fold, fold.target_transform).curves["val/loss"]
    assert min(curve) < 0.5 * curve[0]


@pytest.mark.parametrize("accelerator", ["gpu", "cuda", "mps"])
def test_a_device_that_is_not_there_is_refused(accelerator, make_config):
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has an accelerator")
    config = make_config(*QUICK, f"trainer.accelerator={accelerator}")
    fold = prepared(config)
    with pytest.raises(
        ConfigError, match=f"accelerator={accelerator}.*0 CUDA devices.*allowed here: auto, cpu"
    ):
        fit(config, fold.fold, fold.target_transform)


def test_plateau_lowers_the_rate_of_a_flat_negative_loss():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], 1.0)
    scheduler = build_scheduler(PlateauConfig(patience=2), optimizer, 100)
    for _ in range(10):
        scheduler.step(-2.0)
    assert optimizer.param_groups[0]["lr"] < 0.3
