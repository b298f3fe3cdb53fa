"""Workers, studies and trials, in one process."""

import json
import re

import numpy as np
import optuna
import pytest
import torch
from optuna.trial import TrialState

from astrosweep.core.errors import StudyError, TrainingError
from astrosweep.job.search import run_worker
from astrosweep.search import objective
from astrosweep.search.conclusion import conclude
from astrosweep.search.data import DataCache
from astrosweep.search.space import enqueued
from astrosweep.search.study import join
from astrosweep.search.summary import summarize
from astrosweep.search.worker import End, work
from astrosweep.tracking import MemoryTracker

pytestmark = pytest.mark.process  # heavy: it runs whole searches

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


def test_enqueued_settings_are_tried_first(search, tracker):
    enqueue = (
        "search.enqueue=[{optimizer.lr:0.003},{model:{hidden:[16,8]}},{optimizer.lr:0.004,model.hidden:[8]}]"
    )
    study, end = work(search("search.n_trials=4", "model.hidden=[8]", "optimizer.lr=0.5", enqueue), tracker)
    assert end is End.DONE
    (lr_0, hidden_0), (lr_1, hidden_1), last_given, _ = (
        (trial.params["optimizer.lr"], trial.params["model.hidden"]) for trial in study.optuna.trials
    )
    assert (lr_0, hidden_0) == (0.003, "[8]"), "what is not given is as configured"
    assert (lr_1, hidden_1) == (0.01, "[16, 8]"), "what is configured out of range is the end next to it"
    assert last_given == (0.004, "[8]")
    work(search("search.n_trials=5", "model.hidden=[8]", "optimizer.lr=0.5", enqueue), tracker)
    assert [trial.params["optimizer.lr"] for trial in study.optuna.trials].count(0.003) == 1


@pytest.mark.parametrize("model", ["dnn", "mlp"])
@pytest.mark.parametrize("stars", ["cepheid", "rrlyrae", "eclipsing_binary"])
def test_committed_sweeps_begin_with_every_key_as_configured(stars, model, make_config):
    config = make_config(f"sweeps={stars}", f"model={model}")
    (first,) = enqueued(config)
    assert first.keys() == {d.key for d in config.search.distributions}
    assert first["optimizer.lr"] == config.optimizer.lr
    assert first["model.l2"] == (1e-7 if model == "dnn" else config.model.l2), "the space ends at 1e-7"


def test_a_longer_queue_than_the_study_wants_is_not_worked_off(search, tracker):
    two = "search.enqueue=[{optimizer.lr:0.003},{optimizer.lr:0.004},{optimizer.lr:0.005}]"
    study = join(search("search.n_trials=3", two), tracker, DataCache().get(search()).report)
    assert study.counts().waiting == 3
    study, end = work(search("search.n_trials=1"), tracker)
    assert end is End.DONE
    assert sum(trial.state in ENDED for trial in study.optuna.trials) == 1


def test_the_same_setting_may_be_enqueued_twice_and_a_study_that_has_begun_says_that_it_takes_none(
    search, tracker, caplog
):
    twice = "search.enqueue=[{optimizer.lr:0.003},{optimizer.lr:0.003}]"
    study, _ = work(search("search.n_trials=2", twice), tracker)
    assert [trial.params["optimizer.lr"] for trial in study.optuna.trials] == [0.003, 0.003]
    assert "has begun" not in caplog.text
    study, _ = work(search("search.n_trials=3", "search.enqueue=[{optimizer.lr:0.009}]"), tracker)
    assert "has begun: search.enqueue is for new ones" in caplog.text
    assert study.optuna.trials[2].params["optimizer.lr"] != 0.009


def test_a_queued_setting_that_the_space_no_longer_has_fails_alone(search, tracker):
    queued = search("search.n_trials=1", "search.enqueue=[{model:{hidden:[16,8]}}]")
    join(queued, tracker, DataCache().get(queued).report)
    changed = ("search.space.model.hidden=choice([8])", "search.on_change=continue")
    study, end = work(search("search.n_trials=1", *changed), tracker)
    assert end is End.DONE
    assert [trial.state for trial in study.optuna.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert "[16, 8]" in study.optuna.trials[0].user_attrs["error"]


def test_what_a_dead_worker_has_enqueued_is_not_enqueued_again(search, tracker, monkeypatch):
    config = search("search.n_trials=3", "search.enqueue=[{optimizer.lr:0.003},{optimizer.lr:0.004}]")
    put = optuna.Study.enqueue_trial

    def die_after_the_first(self, *args, **kwargs):
        put(self, *args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "enqueue_trial", die_after_the_first)
        with pytest.raises(KeyboardInterrupt):
            work(config, tracker)
    study, _ = work(config, tracker)
    assert [trial.state for trial in study.optuna.trials] == [TrialState.COMPLETE] * 3
    assert [trial.params["optimizer.lr"] for trial in study.optuna.trials[:2]] == [0.003, 0.004]


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
        assert re.search(r"(not finite|diverges) in epoch \d+.*lr=90", trial.user_attrs["error"])
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
    with pytest.raises(StudyError, match=r"3 trials failed, search.max_failures=2; it has 0 complete"):
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
        "search.enqueue=[{scheduler.warmup_epochs:8,trainer.max_epochs:3}]",
        "search.max_failures=50",
    )
    study, _ = work(config, tracker)
    failed, *_, possible = study.optuna.trials
    assert (failed.state, possible.state) == (TrialState.FAIL, TrialState.COMPLETE)
    assert (failed.params["scheduler.warmup_epochs"], failed.params["trainer.max_epochs"]) == (8, 3)
    assert "warmup_epochs = 8 must be below trainer.max_epochs = 3" in failed.user_attrs["error"]


def test_a_metric_that_no_run_has_stops_the_study(search, tracker):
    config = search("search.n_trials=2", "search.objectives=[val/type_best_classification.RRAB/rmse]")
    with pytest.raises(
        StudyError, match=r"has no metric val/type_best_classification.RRAB/rmse; it has: .*val/rmse"
    ):
        work(config, tracker)


def test_several_objectives_give_a_pareto_front(search, tracker):
    config = search("search.n_trials=4", "search.objectives=[val/rmse,fit/n_parameters]")
    run_worker(config, tracker, alone=False)
    row = summarize(config, tracker)
    points = [(r.metrics["val/rmse"], r.metrics["fit/n_parameters"]) for r in trial_runs(tracker)]
    beaten = {p for p in points for q in points if q != p and q[0] <= p[0] and q[1] <= p[1]}
    assert len(points) == 4
    assert row.n_pareto == 4 - len(beaten)
    (run,) = tracker.runs(tags={"role": "study"})
    assert run.metrics["study/n_pareto"] == row.n_pareto


def test_an_objective_with_a_minus_is_maximised(search, tracker):
    study, _ = work(search("search.n_trials=2", "search.objectives=[-val/r2]"), tracker)
    for trial, run in zip(study.optuna.trials, trial_runs(tracker), strict=True):
        assert trial.value == -run.metrics["val/r2"]


def test_a_search_that_nobody_records_shows_what_its_storage_has(search, tracker):
    config = search("search.n_trials=2", "search.objectives=[-val/r2]")
    work(config, tracker)
    row = summarize(config, MemoryTracker())
    (best,) = row.best_values
    assert row.metrics == {"val/r2": -best}
    assert row.status == "finished"
    assert summarize(config, tracker).metrics["val/r2"] == pytest.approx(-best)


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


def test_a_result_is_written_once_and_again_when_a_study_grows(search, tracker, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(
        "astrosweep.search.conclusion.write_study_figures", lambda *arguments: written.append(arguments)
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
