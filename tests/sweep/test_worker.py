"""Workers, studies and trials, in one process."""

import json
import time

import numpy as np
import optuna
import pandas as pd
import pytest
import torch
from optuna.trial import TrialState

from astrosweep.core.errors import StorageError, StudyError, TrackingError, TrainingError
from astrosweep.job.search import run_worker
from astrosweep.sweep import objective, open_storage
from astrosweep.sweep import worker as worker_module
from astrosweep.sweep.conclusion import conclude
from astrosweep.sweep.pruning import Reporter, build_pruner, looks
from astrosweep.sweep.storage import open_lock
from astrosweep.sweep.study import join
from astrosweep.sweep.summary import summarize
from astrosweep.sweep.worker import End, work
from astrosweep.tracking import MemoryTracker, open_tracker

ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


def trial_runs(tracker):
    return tracker.runs(tags={"role": "trial"})


def test_a_study_has_exactly_its_trials_and_each_a_finished_run(search, tracker):
    study, end = work(search("search.n_trials=4"), tracker)
    assert end is End.DONE
    assert [trial.state for trial in study.optuna.trials] == [TrialState.COMPLETE] * 4
    for trial, run in zip(study.optuna.trials, trial_runs(tracker), strict=True):
        assert trial.user_attrs["run_id"] == run.run_id
        assert run.status == "finished"
        assert run.parent_id == study.run_id
        assert run.tags["trial_number"] == str(trial.number)
        assert run.tags["trial_state"] == "complete"
        assert trial.value == run.metrics["val/rmse"]
        assert float(run.params["optimizer.lr"]) == trial.params["optimizer.lr"]
        assert json.loads(run.params["model.hidden"]) == json.loads(trial.params["model.hidden"])
        assert not any(name.startswith("test/") for name in run.metrics)


def test_n_trials_is_a_total_and_a_finished_study_returns_at_once(search, tracker):
    work(search("search.n_trials=2"), tracker)
    study, _ = work(search("search.n_trials=3"), tracker)
    assert len(study.optuna.trials) == 3
    again, end = work(search("search.n_trials=3"), tracker)
    assert end is End.DONE
    assert len(again.optuna.trials) == 3
    drawn = [trial.params["optimizer.lr"] for trial in again.optuna.trials]
    assert len(set(drawn)) == 3


def test_workers_draw_differently(search, tracker):
    first, _ = work(search("search.n_trials=1", "search.study=a", "worker=0"), tracker)
    second, _ = work(search("search.n_trials=1", "search.study=b", "worker=1"), tracker)
    assert first.optuna.trials[0].params != second.optuna.trials[0].params


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "qmc"])
def test_every_sampler_proposes_within_the_space(sampler, search, tracker):
    extra = () if sampler == "qmc" else ("search.sampler.n_startup_trials=1",)
    study, _ = work(search("search.n_trials=3", *extra, sampler=sampler), tracker)
    values = [trial.params["optimizer.lr"] for trial in study.optuna.trials]
    assert len(set(values)) == 3
    assert all(1e-4 <= value <= 1e-2 for value in values)


def test_a_grid_tries_every_combination_once(search, tracker):
    config = search(
        "search.space.optimizer.lr=choice(0.001,0.01)", "search.space.seed=range(0,2)", sampler="grid"
    )
    study, end = work(config, tracker)
    assert end is End.DONE
    tried = {tuple(trial.params.values()) for trial in study.optuna.trials}
    assert len(tried) == len(study.optuna.trials) == 8


def test_a_changed_study_is_refused_with_the_difference(search, tracker):
    work(search("search.n_trials=1"), tracker)
    changes = {
        "split.seed=7": "split.seed: 0 then, 7 now",
        "search.space.optimizer.lr=interval(1e-4,1e-3)": "search.space.optimizer.lr",
        "data.simulation.seed=5": "data fingerprint",
        "loss=mae": "loss.name: mse then, mae now",
        "trainer.max_epochs=4": "trainer.max_epochs: 3 then, 4 now",
        "search.objectives=[val/mae]": "search.objectives",
    }
    for change, reason in changes.items():
        with pytest.raises(StudyError, match=reason):
            work(search("search.n_trials=2", change), tracker)
    free = ("worker=1", "trainer.n_threads=2", "search.max_failures=3", "search.sampler.name=random")
    study, _ = work(search("search.n_trials=2", *free), tracker)
    assert len(study.optuna.trials) == 2
    study, _ = work(search("search.n_trials=3", "loss=mae", "search.on_change=continue"), tracker)
    assert len(study.optuna.trials) == 3


def test_bad_trials_end_alone_with_reason_and_parameters(search, tracker, caplog):
    config = search(
        "search.n_trials=2",
        "search.space.optimizer.lr=choice(0.001,90.0)",
        "optimizer=sgd",
        "search.space.model.hidden=null",
        "model.hidden=[8]",
        "model.batch_norm=false",
        "search.max_failures=100",
    )
    study, _ = work(config, tracker)
    failed = [trial for trial in study.optuna.trials if trial.state == TrialState.FAIL]
    assert failed, "90 is a learning rate that no network survives"
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 2
    for trial in failed:
        assert trial.params["optimizer.lr"] == 90.0
        assert "not finite" in trial.user_attrs["error"] or "diverges" in trial.user_attrs["error"]
        (run,) = [run for run in trial_runs(tracker) if run.run_id == trial.user_attrs["run_id"]]
        assert run.status == "failed"
        assert run.tags["trial_state"] == "failed"
        assert run.error == trial.user_attrs["error"]
        assert run.params["optimizer.lr"] == "90.0"
    assert "Parameters: {'optimizer.lr': 90.0}" in caplog.text


def test_a_study_stops_when_too_many_trials_fail(search, tracker, monkeypatch):
    def fail(*arguments):
        raise TrainingError("Out of memory on cpu")

    monkeypatch.setattr(objective, "train", fail)
    config = search("search.n_trials=50", "search.max_failures=2")
    with pytest.raises(
        StudyError, match=r"3 trials failed, more than search.max_failures=2; it has 0 complete"
    ):
        run_worker(config, tracker, alone=False)
    (run,) = tracker.runs(tags={"role": "study"})
    assert run.status == "failed"
    assert "3 trials failed" in run.error
    row = summarize(config, tracker)
    assert (row.status, row.n_failed) == ("failed", 3)


def test_memory_that_is_not_there_fails_the_trial(search, tracker, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(torch.optim.Adam, "step", fail)
    config = search("search.n_trials=1", "search.max_failures=0")
    study, end = work(config, tracker)
    assert end is End.FAILURES
    assert "Out of memory on cpu" in study.optuna.trials[0].user_attrs["error"]


def test_an_impossible_combination_is_a_failed_trial(search, tracker):
    config = search(
        "search.n_trials=1",
        "scheduler=cosine",
        "trainer.max_epochs=10",
        "search.space.scheduler.warmup_epochs=choice(0,8)",
        "search.space.trainer.max_epochs=choice(3,10)",
        "search.seed=1",
        "search.max_failures=50",
    )
    study, _ = work(config, tracker)
    failed = [trial for trial in study.optuna.trials if trial.state == TrialState.FAIL]
    for trial in failed:
        assert "warmup_epochs = 8 must be below trainer.max_epochs = 3" in trial.user_attrs["error"]
    assert all(
        (trial.params["scheduler.warmup_epochs"], trial.params["trainer.max_epochs"]) == (8, 3)
        for trial in failed
    )


def test_a_metric_that_no_run_has_stops_the_study(search, tracker):
    config = search("search.n_trials=2", "search.objectives=[val/type_best_classification.RRAB/rmse]")
    with pytest.raises(
        StudyError, match=r"has no metric val/type_best_classification.RRAB/rmse; it has: .*val/rmse"
    ):
        work(config, tracker)


def test_a_kfold_trial_reports_each_fold_and_is_judged_out_of_fold(search, tracker, tmp_path):
    config = search("split=kfold", "split.n_folds=3", "search.n_trials=1", "search/pruner=median")
    study, _ = work(config, tracker)
    (trial,) = study.optuna.trials
    assert sorted(trial.intermediate_values) == [3, 6, 9]
    (run,) = trial_runs(tracker)
    assert trial.value == run.metrics["val/rmse"]
    assert run.metrics["val/n"] == 180


def test_pruning_leaves_a_marked_run_with_curves_predictions_and_weights(search, make_config, tmp_path):
    tracking = (
        "tracking=mlflow",
        f"tracking.uri=sqlite:///{tmp_path}/mlflow.db",
        f"tracking.artifacts={tmp_path}/artifacts",
    )
    config = search(
        *tracking,
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
    assert early, "a trial is pruned within its first fold"
    trial = early[0]
    run = tracker.find(trial.user_attrs["run_id"])
    assert run.status == "finished"
    assert run.tags["trial_state"] == "pruned"
    assert "val/rmse" not in run.metrics
    assert np.isfinite(run.metrics["partial/val/rmse"])
    table = pd.read_parquet(tracker.fetch_artifact(run.run_id, "predictions.parquet", tmp_path / "x"))
    assert set(table["fold"]) == {0}
    assert tracker.fetch_artifact(run.run_id, "fold_0/weights.pt", tmp_path / "x").exists()


def test_wilcoxon_compares_folds(search, tracker):
    config = search("split=kfold", "split.n_folds=4", "search.n_trials=2", "search/pruner=wilcoxon")
    study, _ = work(config, tracker)
    assert sorted(study.optuna.trials[0].intermediate_values) == [0, 1, 2, 3]


def test_several_objectives_give_a_pareto_front(search, tracker):
    config = search("search.n_trials=4", "search.objectives=[val/rmse,fit/n_parameters]")
    run_worker(config, tracker, alone=False)
    row = summarize(config, tracker)
    assert row.n_pareto >= 1
    (run,) = tracker.runs(tags={"role": "study"})
    assert run.metrics["study/n_pareto"] == row.n_pareto


def test_an_objective_with_a_minus_is_maximised(search, tracker):
    study, _ = work(search("search.n_trials=2", "search.objectives=[-val/r2]"), tracker)
    for trial, run in zip(study.optuna.trials, trial_runs(tracker), strict=True):
        assert trial.value == -run.metrics["val/r2"]


def test_replicates_are_means_over_seeds(search, tracker):
    config = search("search.n_trials=1", "search.replicates=2", "search.seed=3")
    study, _ = work(config, tracker)
    (run,) = trial_runs(tracker)
    params = study.optuna.trials[0].params
    fixed = (
        "search.n_trials=1",
        f"search.space.optimizer.lr=choice({params['optimizer.lr']!r})",
        f"search.space.model.hidden=choice({params['model.hidden']})",
    )
    singles = []
    for seed in (0, 1):
        one, _ = work(search(*fixed, f"seed={seed}", f"search.study=one{seed}"), tracker)
        singles.append(one.optuna.trials[0].value)
    assert run.metrics["val/rmse"] == pytest.approx(np.mean(singles), rel=1e-12)
    assert run.metrics["replicates/val/rmse_std"] == pytest.approx(np.std(singles, ddof=1))


def test_time_is_a_limit_too(search, tracker):
    study, end = work(search("search.n_trials=100000", "search.timeout_s=2"), tracker)
    assert end is End.TIMEOUT
    assert 1 <= len(study.optuna.trials) < 1000


def test_an_interrupted_trial_comes_back_with_its_parameters(search, tracker, monkeypatch):
    honest = objective.train
    calls = []

    def interrupt_once(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return honest(*arguments)

    monkeypatch.setattr(objective, "train", interrupt_once)
    config = search("search.n_trials=3")
    with pytest.raises(KeyboardInterrupt):
        work(config, tracker)
    study, _ = work(config, tracker)
    states = [trial.state for trial in study.optuna.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE, TrialState.COMPLETE]
    assert study.optuna.trials[2].params == study.optuna.trials[1].params
    assert [run.status for run in trial_runs(tracker)] == ["finished", "killed", "finished", "finished"]


@pytest.mark.parametrize("moment", ["start", "write", "finish"])
def test_a_worker_may_die_between_any_two_writes(moment, search, monkeypatch):
    """What ``kill -9`` leaves, at each step of a trial: the next worker brings the records in step."""

    class Died(BaseException):
        pass

    class Fragile(MemoryTracker):
        dies = True

        def _die(self, run_id, before):
            role = self.find(run_id).tags["role"] if run_id else "trial"
            if self.dies and role == "trial":
                self.dies = False
                raise Died

        def start(self, name, tags, parent_id=None, *, resumed=None):
            run_id = super().start(name, tags, parent_id, resumed=resumed)
            if moment == "start" and tags.get("role") == "trial":
                self._die(run_id, moment)
            return run_id

        def write(self, run_id, record, artifacts=None):
            super().write(run_id, record, artifacts)
            if moment == "write":
                self._die(run_id, moment)

        def finish(self, run_id, record, artifacts=None):
            if moment == "finish":
                self._die(run_id, moment)
            super().finish(run_id, record, artifacts)

    monkeypatch.setattr(objective.Objective, "abandon", lambda self: None)
    fragile = Fragile()
    config = search("search.n_trials=2")
    with pytest.raises(Died):
        work(config, fragile)
    time.sleep(4.5 if moment != "finish" else 0.0)
    monkeypatch.setattr("astrosweep.sweep.conclusion.write_study_figures", lambda *arguments: None)
    study, _ = work(config, fragile)
    conclude(study, "finished")
    ended = [trial for trial in study.optuna.trials if trial.state in ENDED]
    assert len(ended) == 2
    assert not [trial for trial in study.optuna.trials if trial.state == TrialState.RUNNING]
    statuses = {run.run_id: run.status for run in trial_runs(fragile)}
    assert [statuses[trial.user_attrs["run_id"]] for trial in ended] == ["finished", "finished"]
    assert sorted(statuses.values()) == (
        ["finished"] * 2 if moment == "finish" else ["finished"] * 2 + ["killed"]
    )


def test_a_trial_that_another_worker_took_over_is_let_go(search, tracker, monkeypatch):
    honest = objective.train
    calls = []

    def slow_once(*arguments):
        calls.append(1)
        result = honest(*arguments)
        if len(calls) == 1:
            storage = open_storage(config.storage)
            other = optuna.load_study(study_name=config.study_name, storage=storage)
            other.tell(0, state=TrialState.FAIL)
        return result

    monkeypatch.setattr(objective, "train", slow_once)
    config = search("search.n_trials=2")
    study, end = work(config, tracker)
    assert end is End.DONE
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 2
    assert sorted(run.status for run in trial_runs(tracker)) == ["finished", "finished", "killed"]


def test_a_store_that_comes_back_is_waited_for(search, tracker, monkeypatch):
    class Flaky(MemoryTracker):
        failures = 2

        def start(self, name, tags, parent_id=None, *, resumed=None):
            if tags.get("role") == "trial" and self.failures:
                self.failures -= 1
                raise TrackingError("the database does not answer")
            return super().start(name, tags, parent_id, resumed=resumed)

    monkeypatch.setattr(worker_module, "_POLL_S", 0.01)
    flaky = Flaky()
    study, _ = work(search("search.n_trials=2"), flaky)
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 2

    flaky.failures = 10**9
    with pytest.raises(StorageError, match=r"Given up after 0.1 s.*does not answer"):
        work(search("search.n_trials=3", "search.patience_s=0.1"), flaky)
    flaky.failures = 0
    study, _ = work(search("search.n_trials=3"), flaky)
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 3


def test_a_result_is_written_once_and_again_when_a_study_grows(search, tracker, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(
        "astrosweep.sweep.conclusion.write_study_figures", lambda *arguments: written.append(arguments)
    )
    config = search("search.n_trials=3")
    study, _ = work(config, tracker)
    conclude(study, "finished")
    conclude(study, "finished")
    assert len(written) == 1
    run = tracker.find(study.run_id)
    best = min(trial.value for trial in study.optuna.trials)
    assert run.status == "finished"
    assert run.metrics["best/val/rmse"] == run.metrics["val/rmse"] == best
    assert tracker.find(run.tags["best_run_id"]).metrics["val/rmse"] == best
    more, _ = work(search("search.n_trials=4"), tracker)
    conclude(more, "finished")
    assert len(written) == 2
    assert tracker.find(study.run_id).metrics["study/complete"] == 4


@pytest.mark.parametrize(
    ("storage", "reason"),
    [
        ("sqlite:////proc/none/studies.db", "No such file|cannot be opened"),
        ("postgresql+psycopg://nobody:secret@localhost:1/none", "refused|connection"),
        ("sqlite:///{tmp}/text.db", "not an SQLite database"),
    ],
)
def test_a_storage_that_cannot_be_used_is_named(storage, reason, search, tmp_path, tracker):
    (tmp_path / "text.db").write_text("this is no database " * 100)
    config = search().model_copy(update={"storage": storage.format(tmp=tmp_path)})
    with pytest.raises(StorageError, match=reason) as caught:
        join(config, tracker, report=None)
    assert "Studies cannot be kept in" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    url = f"sqlite:///{tmp_path}/studies.db"
    one, other = open_lock(url, "a"), open_lock(url, "b")
    one.acquire()
    other.acquire()
    one.release()
    one.release()
    other.release()


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
    trial = FakeTrial(prune_at=12)
    reporter = Reporter(trial, pruner, stride=10, n_stages=3, may_prune=True)
    assert looks(pruner, 30) == {2, 6, 18}
    for epoch, loss in enumerate([5.0, 4.0, 6.0, 3.0, 7.0, 8.0, 2.0]):
        assert not reporter.on_epoch(0, epoch, 0.0, loss)
    assert not reporter.on_fold_end(0, 2.0)
    assert trial.reports == [(2, 4.0), (6, 3.0), (10, 2.0)]
    assert not reporter.on_epoch(1, 7, 0.0, 4.0) or reporter.pruned
    assert trial.reports[-1] == (18, 3.0)


def test_a_trial_is_not_pruned_after_its_last_fold(make_config):
    pruner = make_config("search=tpe").search.pruner
    trial = FakeTrial(prune_at=20)
    reporter = Reporter(trial, pruner, stride=10, n_stages=2, may_prune=True)
    reporter.on_epoch(0, 0, 0.0, 1.0)
    reporter.on_fold_end(0, 1.0)
    reporter.on_epoch(1, 0, 0.0, 1.0)
    assert not reporter.on_fold_end(1, 1.0)
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
