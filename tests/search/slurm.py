"""A Slurm cluster of one node: real daemons with a configuration, a key and ports of their own."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

START_S = 30.0
STOP_S = 30.0
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo", "setpriv")

# Four CPUs are offered whatever the machine has, so that workers of a test run at once; cred_expire is how
# long a requeued job waits before it starts again (120 s unless told).
CONFIGURATION = """\
ClusterName=astrosweep
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=100000
JobRequeue=1
KillWait=10
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=65536 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

# submitit asks sacct how its jobs are doing. This cluster has no accounting database; its queue, which keeps
# ended jobs for five minutes, gives the same answer.
SACCT = """\
#!/bin/sh
echo 'JobID|State|NodeList'
exec squeue --states=all --array --noheader --format='%i|%T|%N'
"""


def why_not() -> str:
    """Why there can be no Slurm here; empty if there can."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"Slurm is not installed ({', '.join(missing)} missing)"
    return "" if os.geteuid() == 0 else "only root can start Slurm's daemons"


class SlurmNode:
    """One node with four CPUs, up while the context is open.

    Attributes:
        environment: What a program needs to use this Slurm and no other.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self._daemons: list[subprocess.Popen[bytes]] = []
        (self._folder / "bin").mkdir()
        others = {
            key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "SBATCH_"))
        }
        self.environment = others | {
            "SLURM_CONF": f"{self._folder}/slurm.conf",
            "PATH": f"{self._folder}/bin{os.pathsep}{os.environ['PATH']}",
        }

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def run(self, *command: str) -> str:
        """Run one of Slurm's commands and return what it prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}\n{self._log()}")
        return done.stdout

    def states(self) -> dict[str, str]:
        """State of every job of the last five minutes by its name, e.g. {"4_0": "RUNNING"}."""
        lines = self.run("squeue", "--states=all", "--array", "--noheader", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)

    def running(self) -> list[str]:
        """Jobs that are running."""
        return sorted(job for job, state in self.states().items() if state == "RUNNING")

    def worker(self, task: int) -> int:
        """Process that does the work of one task of a job array."""
        needed = {f"SLURM_CONF={self._folder}/slurm.conf", f"SLURM_ARRAY_TASK_ID={task}"}
        (pid,) = (pid for pid, words in self._processes(needed) if words[:1] == [sys.executable])
        return pid

    def restarts(self, job: str) -> int:
        """How often a job was queued again."""
        (count,) = re.findall(r"Restarts=(\d+)", self.run("scontrol", "show", "job", job))
        return int(count)

    def end_jobs(self) -> None:
        """End all jobs at once and wait until the node is idle."""
        self.run("scancel", "--partition=main", "--signal=KILL")
        self.run("scancel", "--partition=main")
        self.wait_for(self._is_idle, "an idle node", STOP_S)

    def wait_for(self, reached: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
        """Wait until something is reached.

        Raises:
            TimeoutError: It was not; the message has the queue and the daemons' logs.
        """
        deadline_s = time.monotonic() + timeout_s
        while not reached():
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{what} not reached in {timeout_s} s\n{self.states()}\n{self._log()}")
            time.sleep(0.5)

    def _start(self) -> None:
        for name in ("state", "spool"):
            (self._folder / name).mkdir()
        key = self._folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(64))
        sacct = self._folder / "bin" / "sacct"
        sacct.write_text(SACCT)
        sacct.chmod(0o755)
        with socket.socket() as controller, socket.socket() as node:
            controller.bind(("127.0.0.1", 0))
            node.bind(("127.0.0.1", 0))
            text = CONFIGURATION.format(
                host=socket.gethostname().split(".")[0],
                folder=self._folder,
                controller_port=controller.getsockname()[1],
                node_port=node.getsockname()[1],
            )
        (self._folder / "slurm.conf").write_text(text)
        munge_files = [f"--{name}-file={self._folder}/munged.{name}" for name in ("pid", "log", "seed")]
        munge_socket = self._folder / "munge.socket"
        self._daemon("munged", "-F", "--force", f"--socket={munge_socket}", f"--key-file={key}", *munge_files)
        self._until(munge_socket.exists)
        self._daemon("slurmctld", "-D", "-i")
        self._daemon("slurmd", "-D")
        self._until(self._is_idle)

    def _daemon(self, *command: str) -> None:
        """Start a daemon that ends with this process, should it be killed."""
        with (self._folder / "log").open("ab") as log:
            self._daemons.append(
                subprocess.Popen(
                    ["setpriv", "--pdeathsig", "TERM", *command],
                    env=self.environment,
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def _is_idle(self) -> bool:
        done = subprocess.run(
            ["sinfo", "--noheader", "--format=%T"], env=self.environment, capture_output=True, text=True
        )
        return done.stdout.strip() == "idle"

    def _until(self, reached: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + START_S
        while not reached():
            ended = [daemon.args for daemon in self._daemons if daemon.poll() is not None]
            if ended or time.monotonic() > deadline_s:
                raise RuntimeError(f"Slurm does not start; ended: {ended}\n{self._log()}")
            time.sleep(0.1)

    def _stop(self) -> None:
        """End the jobs, the daemons in the order of their needs, and whatever is left of either."""
        with_conf = {f"SLURM_CONF={self._folder}/slurm.conf"}
        if len(self._daemons) == 3:
            with suppress(RuntimeError, TimeoutError, subprocess.TimeoutExpired):
                self.end_jobs()
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(STOP_S)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for pid, _ in self._processes(with_conf):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _processes(self, needed: set[str]) -> Iterator[tuple[int, list[str]]]:
        """Processes with these variables in their environment, and their command lines."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                variables = set((folder / "environ").read_text(errors="replace").split("\0"))
                words = (folder / "cmdline").read_text(errors="replace").split("\0")
            except OSError:
                continue
            if needed <= variables:
                yield int(folder.name), words

    def _log(self) -> str:
        log = self._folder / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-60:]) if log.exists() else ""
