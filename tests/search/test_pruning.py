"""What a trial tells the pruner, and what pruning leaves."""

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState

from astrosweep.core.errors import ConfigError
from astrosweep.search.pruning import Reporter, build_pruner, looks
from astrosweep.search.worker import work
from astrosweep.tracking import open_tracker

pytestmark = pytest.mark.process  # heavy: it runs whole searches

ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


def trial_runs(tracker):
    return tracker.runs(tags={"role": "trial"})


class FakeTrial:
    def __init__(self, prune_at=None):
        self.reports = []
        self._prune_at = prune_at

    def report(self, value, step):
        self.reports.append((step, value))

    def should_prune(self):
        return self.reports[-1][0] == self._prune_at


def test_a_reporter_tells_the_mean_best_loss_at_the_pruners_steps(make_config):
    pruner = make_config("search=tpe", "search/pruner=asha", "search.pruner.min_epochs=2").search.pruner
    trial = FakeTrial(prune_at=18)
    reporter = Reporter(trial, pruner, stride=10, n_stages=4, may_prune=True)
    assert looks(pruner, 40) == {2, 6, 18}
    assert looks(pruner, 35) == {2, 6}
    assert looks(pruner, 3) == {2}
    for epoch, loss in enumerate([5.0, 4.0, 6.0, 3.0, 7.0, 8.0, 2.0]):
        assert not reporter.on_epoch(0, epoch, 0.0, loss)
    assert not reporter.on_fit_end(0, 2.0)
    assert trial.reports == [(2, 4.0), (6, 3.0), (10, 2.0)]
    assert not reporter.pruned
    assert reporter.on_epoch(1, 7, 0.0, 4.0)
    assert reporter.pruned
    assert trial.reports[3:] == [(18, 3.0)]


def test_a_step_at_which_the_pruner_looked_is_not_told_again(make_config):
    """Optuna would warn of it on the user's terminal."""
    pruner = make_config("search=tpe", "search/pruner=asha", "search.pruner.min_epochs=5").search.pruner
    trial = FakeTrial()
    reporter = Reporter(trial, pruner, stride=3, n_stages=1, may_prune=True)
    for epoch, loss in enumerate([3.0, 2.0, 1.0]):
        reporter.on_epoch(0, epoch, 0.0, loss)
    reporter.on_fit_end(0, 1.0)
    assert trial.reports == [(3, 1.0)]


def test_a_trial_is_not_pruned_after_its_last_fold(make_config):
    pruner = make_config("search=tpe").search.pruner
    trial = FakeTrial(prune_at=20)
    reporter = Reporter(trial, pruner, stride=10, n_stages=2, may_prune=True)
    reporter.on_epoch(0, 0, 0.0, 1.0)
    reporter.on_fit_end(0, 1.0)
    reporter.on_epoch(1, 0, 0.0, 1.0)
    assert not reporter.on_fit_end(1, 1.0)
    assert trial.reports[-1] == (20, 1.0)


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        ("none", optuna.pruners.NopPruner),
        ("hyperband", optuna.pruners.HyperbandPruner),
        ("asha", optuna.pruners.SuccessiveHalvingPruner),
        ("median", optuna.pruners.MedianPruner),
        ("wilcoxon", optuna.pruners.WilcoxonPruner),
    ],
)
def test_every_pruner_is_optunas(option, kind, make_config):
    pruner = make_config("search=tpe", f"search/pruner={option}", "split=kfold").search.pruner
    assert type(build_pruner(pruner, 100)) is kind


@pytest.mark.parametrize(("folds", "steps"), [("auto", [3]), ("sequential", [3, 6, 9])])
def test_a_kfold_trial_reports_each_fit_and_is_judged_out_of_fold(folds, steps, search, tracker):
    config = search(
        "split=kfold",
        "split.n_folds=3",
        "search.n_trials=1",
        "search/pruner=median",
        f"trainer.folds={folds}",
    )
    study, _ = work(config, tracker)
    (trial,) = study.optuna.trials
    assert sorted(trial.intermediate_values) == steps
    (run,) = trial_runs(tracker)
    assert trial.value == run.metrics["val/rmse"]
    assert run.metrics["val/n"] == 180


@pytest.mark.parametrize("folds", ["auto", "sequential"])
def test_pruning_leaves_a_marked_run_with_curves_predictions_and_weights(folds, search, tmp_path):
    tracking = (
        "tracking=mlflow",
        f"tracking.uri=sqlite:///{tmp_path}/mlflow.db",
        f"tracking.artifacts={tmp_path}/artifacts",
    )
    config = search(
        *tracking,
        f"trainer.folds={folds}",
        "split=kfold",
        "split.n_folds=3",
        "search.n_trials=6",
        "search/pruner=asha",
        "search.pruner.min_epochs=1",
        "search.pruner.reduction_factor=2",
        "search.space.optimizer.lr=tag(log,interval(1e-6,1e-2))",
    )
    tracker = open_tracker(config.tracking)
    study, _ = work(config, tracker)
    pruned = [trial for trial in study.optuna.trials if trial.state == TrialState.PRUNED]
    assert pruned
    early = [trial for trial in pruned if trial.last_step < 3]
    assert early, "a trial is pruned within its first fit"
    trial = early[0]
    run = tracker.find(trial.user_attrs["run_id"])
    assert run.status == "finished"
    assert run.tags["trial_state"] == "pruned"
    assert "val/rmse" not in run.metrics
    assert np.isfinite(run.metrics["partial/val/rmse"])
    table = pd.read_parquet(tracker.fetch(run.run_id, tmp_path / "x") / "predictions.parquet")
    assert set(table["fold"]) == ({0, 1, 2} if folds == "auto" else {0})
    assert (tmp_path / "x" / "fold_0" / "weights.safetensors").exists()


def test_a_trial_that_cannot_train_as_its_study_does_tells_nothing(search, tracker, monkeypatch):
    config = search("split=kfold", "split.n_folds=3", "search.n_trials=1", "search/pruner=median")
    alone = "astrosweep.search.objective.group_folds"
    monkeypatch.setattr(alone, lambda _, data: tuple((prepared.fold,) for prepared in data.folds))
    study, _ = work(config, tracker)
    (trial,) = study.optuna.trials
    assert study.together
    assert trial.state == TrialState.COMPLETE
    assert not trial.intermediate_values


def test_a_search_that_draws_what_stands_in_the_way_trains_folds_one_after_the_other(search, tracker):
    drawn = "search.space.trainer.gradient_clip=choice(0.5,1.0)"
    config = search("split=kfold", "split.n_folds=3", "search.n_trials=1", drawn)
    study, _ = work(config, tracker)
    assert not study.together
    (run,) = trial_runs(tracker)
    assert run.params["trainer.folds"] == "sequential"
    config = search("split=kfold", "search.study=other", drawn, "trainer.folds=together")
    with pytest.raises(ConfigError, match=r"the search draws trainer.gradient_clip"):
        work(config, tracker)


def test_wilcoxon_and_folds_trained_together_are_refused(search):
    with pytest.raises(ConfigError, match=r"wilcoxon decides between folds.*trainer.folds=auto"):
        search("split=kfold", "search/pruner=wilcoxon", "trainer.folds=together")


def test_wilcoxon_compares_folds(search, tracker):
    config = search("split=kfold", "split.n_folds=4", "search.n_trials=2", "search/pruner=wilcoxon")
    study, _ = work(config, tracker)
    assert sorted(study.optuna.trials[0].intermediate_values) == [0, 1, 2, 3]
