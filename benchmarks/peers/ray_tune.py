# mypy: ignore-errors
"""Ray Tune around Lightning's Trainer: one CPU per trial, actors that serve one trial after another."""

import shutil
import tempfile

import ray
from ray import tune

from peers.lightning_fit import fit, quieten
from peers.problem import Task, run_trial


def trainable(config, task, folds, parameters):
    """One trial."""
    quieten()
    tune.report({"rmse": run_trial(task, config["trial"], parameters[config["trial"]], folds, fit)})


def main() -> None:
    """Run every trial."""
    task = Task.from_command_line()
    folds, parameters = task.folds(), task.parameters()
    scratch = tempfile.mkdtemp(prefix="ray_")
    try:
        ray.init(
            num_cpus=task.workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
            _temp_dir=scratch,
        )
        tuner = tune.Tuner(
            tune.with_resources(
                tune.with_parameters(trainable, task=task, folds=folds, parameters=parameters), {"cpu": 1}
            ),
            param_space={"trial": tune.grid_search(list(range(len(parameters))))},
            tune_config=tune.TuneConfig(
                metric="rmse", mode="min", max_concurrent_trials=task.workers, reuse_actors=True
            ),
            run_config=tune.RunConfig(storage_path=str(task.folder.absolute()), name="ray", verbose=0),
        )
        if errors := tuner.fit().errors:
            raise SystemExit(f"{len(errors)} trials failed: {errors[0]}")
    finally:
        ray.shutdown()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
