"""What joblib's processes import while the command that launches them still makes its stores.

A process that trains needs about ten seconds for torch, scikit-learn and MLflow. The launcher of Hydra uses
joblib's processes again if they were started with the same settings, so they are started as early as the jobs
are known to be good. On Linux one process imports, and those that run jobs are forks of it: the imports are
paid for once, and their memory is shared. CUDA and ROCm do not outlive a fork: with a GPU each imports.
"""

import gc
import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from astrosweep.job.orphan import end_with_launcher

_LAUNCHER = "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher"
_OF_JOBS = ("timeout", "pre_dispatch", "batch_size")
"""Settings of the launcher that say how jobs are handed out, not what a process is like."""
_GPU_DRIVERS = ("/dev/nvidiactl", "/dev/kfd")
_THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Variables that libraries read when they are imported."""


@contextmanager
def processes_started(launcher: DictConfig, n_jobs: int) -> Iterator[None]:
    """Let the processes of the joblib launcher start and import while the body runs, and after it.

    If the body fails they are ended, since no job will come and the command would wait for them. Nothing
    depends on them: with other launchers nothing is done, and what goes wrong in them goes wrong again, with
    its message, where jobs run.

    Args:
        launcher: Hydra's settings of the launcher.
        n_jobs: Jobs of the command; no more processes than that import.
    """
    settings: dict[str, Any] = {str(key): setting for key, setting in _plain(launcher).items()}
    if settings.pop("_target_", None) != _LAUNCHER:
        yield
        return
    from joblib import effective_n_jobs
    from joblib.externals.loky import get_reusable_executor

    # joblib replaces a process between two jobs that has grown by 300 MB, as one that trains does.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
    of_processes = {key: setting for key, setting in settings.items() if key not in _OF_JOBS}
    at_once = effective_n_jobs(settings["n_jobs"])
    n_processes = min(at_once, n_jobs)
    has_gpu = any(Path(driver).exists() for driver in _GPU_DRIVERS)
    if at_once > 1 and sys.platform == "linux" and not has_gpu:
        # Processes start on their own where its socket cannot be made, as below a long path of temporary
        # files, or where joblib has no such setting, which is none that joblib documents.
        with suppress(OSError, ImportError):
            _fork_from_one_that_imports(n_processes)
    arguments = (of_processes, n_processes)
    threading.Thread(target=_import_in_processes, name="ahead", args=arguments, daemon=True).start()
    try:
        yield
    except BaseException:
        get_reusable_executor(reuse=True).shutdown(kill_workers=True)
        raise


def import_what_runs() -> None:
    """Import what a job needs."""
    with uncollected():
        import astrosweep.job.search  # noqa: F401
        from astrosweep.kinds import import_kinds
        from astrosweep.tracking.quiet import import_mlflow

        import_kinds()
        import_mlflow()


@contextmanager
def uncollected() -> Iterator[None]:
    """Import without the garbage collector: it finds nothing, and takes an eighth of the time to see that.

    What was imported stays to the end; frozen, it is not looked through again while networks train.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _fork_from_one_that_imports(n_processes: int) -> None:
    """Start Python's fork server with everything imported, and let joblib's processes come from it.

    joblib limits the threads of processes that it starts itself by environment variables; forks have those of
    the server, which gets the same.
    """
    from joblib import cpu_count
    from joblib.externals.loky.backend.context import set_start_method

    multiprocessing.set_forkserver_preload(["astrosweep.job.imported"])
    limit = str(max(cpu_count() // n_processes, 1))
    unset = [name for name in _THREAD_COUNTS if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, limit))
    try:
        forkserver.ensure_running()
    finally:
        for name in unset:
            del os.environ[name]
    set_start_method("forkserver", force=True)


def _import_in_processes(settings: dict[str, Any], n_processes: int) -> None:
    from joblib import Parallel, delayed

    with suppress(Exception):
        Parallel(**{**settings, "backend": "loky", "batch_size": 1, "pre_dispatch": "all"})(
            delayed(_prepare)() for _ in range(n_processes)
        )


def _prepare() -> None:
    end_with_launcher()
    import_what_runs()


def _plain(launcher: DictConfig) -> dict[Any, Any]:
    container = OmegaConf.to_container(launcher, resolve=True)
    assert isinstance(container, dict)
    return container
