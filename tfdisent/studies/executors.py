"""Where the runs of a study are made: in this process, or in processes of this machine. `ray_tasks` has a third way.

An executor has `slots`, how many it makes at a time, `tries`, how often the engine gives it one whose process dies, and
four methods, which the engine calls from one thread:

    open(folder)           gets ready; raises `UserError` where it cannot
    start(key, planned)    begins a list of `PlannedRun`; called while fewer than `slots` are at work
    wait(seconds)          (key, Outcome) of one that ended, None where none did within these seconds
    close()                ends those that are at work and waits for them
"""

import itertools
import os
import shutil
import subprocess
import time

from tfdisent.checks import number, whole_number
from tfdisent.errors import UserError
from tfdisent.studies.making import make_runs
from tfdisent.studies.processes import Call, Outcome, Processes
from tfdisent.studies.run_state import MOST_TRIES

__all__ = ["LocalProcesses", "ThisProcess", "threads", "visible_cores", "visible_gpus"]


class ThisProcess:
    """Makes one run after the other here, with its bars. A process that dies takes the engine with it."""

    slots = tries = 1

    def open(self, folder):
        self._folder, self._ended = folder, []

    def start(self, key, planned):
        try:
            outcome = Outcome(make_runs(planned, self._folder, show=True))
        except UserError as error:
            outcome = Outcome(failure=str(error))
        self._ended.append((key, outcome))

    def wait(self, seconds):
        if self._ended:
            return self._ended.pop()
        time.sleep(seconds)
        return None

    def close(self):
        pass


class LocalProcesses:
    """Makes each run in a process of its own.

    A run has the same number of threads whatever the number of workers, so that its numbers are the same.

    Args:
        workers: processes at a time; unless given, as many as there are shares of GPUs, or where no GPU is used as the
            cores have room for.
        gpus: share of a GPU that each run takes, such as 0.25 where four models fit on one; 0 for none; unless given,
            one where there are any.
        cpus: threads of each run.

    Raises:
        UserError: for numbers that are none, and more GPUs than there are.
    """

    tries = MOST_TRIES

    def __init__(self, workers=None, gpus=None, cpus=1):
        if workers is not None:
            workers = whole_number("workers", workers, 1)
        self._threads = whole_number("cpus", cpus, 1)
        there = visible_gpus()
        self._shares = _shares(there, min(1, len(there)) if gpus is None else number("gpus", gpus, 0))
        self.slots = workers or len(self._shares) or max(1, visible_cores() // cpus)
        if self._shares and self.slots > len(self._shares):
            raise UserError(
                f"workers must be at most {len(self._shares)}, the shares of GPUs that there are. "
                f"Received: {workers}."
            )

    def open(self, folder):
        self._folder, self._processes = folder, Processes()
        self._free = list(range(self.slots))[::-1]
        self._slot = {}

    def start(self, key, planned):
        slot = self._slot[key] = self._free.pop()
        environment = {
            **threads(self._threads),
            "CUDA_VISIBLE_DEVICES": ",".join(self._shares[slot]) if self._shares else "",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        }
        call = Call(str(planned[0]), make_runs, (planned, self._folder))
        self._processes.start(key, call, environment)

    def wait(self, seconds):
        ended = self._processes.wait(seconds)
        if ended is not None:
            self._free.append(self._slot.pop(ended[0]))
        return ended

    def close(self):
        self._processes.stop()


def _shares(there, gpus):
    """The GPUs of each run that can be made at a time, a list of lists; none where runs take no GPU."""
    if gpus > len(there) or (gpus > 1 and gpus != int(gpus)):
        raise UserError(
            f"gpus must be a share of one GPU, or a whole number up to the {len(there)} that are there. "
            f"Received: {gpus:g}."
        )
    if gpus >= 1:
        return [there[i : i + int(gpus)] for i in range(0, len(there) - int(gpus) + 1, int(gpus))]
    return [[gpu] for _ in range(int(1 / gpus + 1e-9)) for gpu in there] if gpus else []


def threads(number):
    """Variables that give a process this many threads for its arithmetic, or joblib's processes for its scores."""
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "LOKY_MAX_CPU_COUNT")
    return dict.fromkeys(names, str(number))


def visible_cores():
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def visible_gpus():
    """The GPUs of this machine that this process may use, as CUDA_VISIBLE_DEVICES names them; imports nothing heavy."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return list(itertools.takewhile(lambda each: each not in ("", "-1"), given.split(",")))
    if shutil.which("nvidia-smi") is None:
        return []
    found = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return [
        str(i) for i, _ in enumerate(line for line in found.stdout.splitlines() if line.startswith("GPU "))
    ]
