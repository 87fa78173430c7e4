"""The process that speaks to Ray for `RayTasks`, and what a task of Ray does.

Over standard input come (key, what a task makes), and "end"; over standard output go the number of runs that
the cluster has room for, or a sentence that says why there is no cluster, and then (key, Outcome) of each task that has
ended. Where the input ends without "end", the parent has died: then all tasks are killed.
"""

import contextlib
import dataclasses
import logging
import os
import pickle
import queue
import re
import signal
import sys
import threading
import time

from tfdisent.errors import UserError
from tfdisent.orphans import guard
from tfdisent.studies.executors import threads
from tfdisent.studies.making import make_runs
from tfdisent.studies.processes import GRACE, Outcome, failure, framed, unframed
from tfdisent.studies.run_state import MOST_TRIES

__all__ = ["TOKEN_HINT", "main", "make", "room_for"]

TOKEN_HINT = (
    "give it as RAY_AUTH_TOKEN or in ~/.ray/auth_token, as `ray get-auth-token` on the cluster prints it"
)
_COLOUR = re.compile(r"\x1b\[\d+m")
_END, _ABANDONED = "end", "abandoned"

_LOOK_EVERY, _NODE_EVERY = 0.1, 5.0  # seconds
_STORE = 100 << 20  # bytes of Ray's object store on this machine; what goes through it is small
_PASSED_ON = ("DISENTANGLEMENT_LIB_", "TFDISENT_", "TFDS_", "TF_", "KERAS_")  # variables of the person


def main():
    """What the process does."""
    guard()
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def answer(value):
        results.write(framed(pickle.dumps(value)))
        results.flush()

    address, cpus, gpus, *local = pickle.loads(unframed(sys.stdin.buffer))
    commands = queue.SimpleQueue()
    threading.Thread(target=_read, args=(commands,), daemon=True).start()
    try:
        room = room_for(cpus, gpus, _connect(address, *local))
    except UserError as error:
        answer(str(error))
        return
    # Ray has set another; the parent says when to end.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    answer(room)
    at_work = {}  # {reference of a task: key}
    asked = _work(at_work, commands, _task(cpus, gpus), answer)
    _end(at_work, GRACE if asked else 0)


def make(content):
    """What a task does; anything but a `UserError` is raised, for Ray to try again.

    Args:
        content: pickled (list of `PlannedRun`, folder).
    """
    try:
        planned, folder = pickle.loads(content)  # imports the modules of the measures
        return Outcome(make_runs(planned, folder))
    except UserError as error:
        return Outcome(failure=str(error))


def room_for(cpus, gpus, machines):
    """How many runs can be made at a time.

    Args:
        cpus: whole number that each run takes.
        gpus: share of one GPU, or whole number of them, that each run takes.
        machines: list of (CPUs, GPUs).

    Raises:
        UserError: where none of the machines has room for a run.
    """
    room = 0
    for cores, there in machines:
        runs = cores // cpus
        if gpus:
            runs = min(runs, there // gpus if gpus >= 1 else there * int(1 / gpus + 1e-9))
        room += int(runs)
    if room:
        return room
    raise UserError(
        f"A run must have room on one machine of the Ray cluster; there are machines with up to "
        f"{max(cores for cores, _ in machines):g} CPUs and up to {max(there for _, there in machines):g} GPUs. "
        f"Received: cpus={cpus}, gpus={gpus:g}."
    )


def _connect(address, cores, gpus):
    """Joins the cluster, or starts one with so many cores and GPUs; returns [(CPUs, GPUs)] of its machines."""
    import ray

    local = {"num_cpus": cores, "num_gpus": gpus, "include_dashboard": False, "object_store_memory": _STORE}
    try:
        ray.init(
            address=address,
            logging_level=logging.ERROR,
            log_to_driver=False,
            **(local if address == "local" else {}),
        )
        machines = [each["Resources"] for each in ray.nodes() if each["Alive"]]
    except ray.exceptions.AuthenticationError as error:
        raise UserError(f"The Ray cluster asks for a token; {TOKEN_HINT}. Received: {address!r}.") from error
    except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        text = " ".join(str(error).split()).rstrip(".")
        raise UserError(f"Ray says: {text}. Received: {address!r}.") from error
    return [(each.get("CPU", 0), each.get("GPU", 0)) for each in machines]


def _task(cpus, gpus):
    """A function `content -> reference` that gives Ray a task."""
    import ray

    path = [each or os.getcwd() for each in sys.path]
    folder = os.getcwd()
    environment = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    environment |= threads(cpus)
    if gpus:
        environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"

    # Defined in here, so that Ray sends its code and not its name: a worker does not know yet where tfdisent is.
    def task(content):
        sys.path[:] = dict.fromkeys([*path, *sys.path])
        os.environ.update(environment)
        with contextlib.suppress(OSError):
            os.chdir(folder)
        import threadpoolctl

        threadpoolctl.threadpool_limits(cpus)  # of what Ray has imported before
        from tfdisent.studies import ray_driver

        return ray_driver.make(content)

    # A process makes one run and ends (max_calls).
    tries = {"max_retries": MOST_TRIES - 1, "retry_exceptions": True, "max_calls": 1}
    return ray.remote(num_cpus=cpus, num_gpus=gpus, **tries)(task).remote


def _work(at_work, commands, start, answer):
    """Starts what comes and answers with what has ended, until the end; whether the parent has asked for it."""
    import ray

    looked = time.monotonic()
    while True:
        with contextlib.suppress(queue.Empty):
            command = commands.get(block=not at_work)
            if command in (_END, _ABANDONED):
                return command == _END
            key, content = command
            at_work[start(content)] = key
            continue
        for reference in ray.wait(list(at_work), timeout=_LOOK_EVERY)[0]:
            answer((at_work.pop(reference), _outcome(reference)))
        if time.monotonic() - looked > _NODE_EVERY:
            _check_node()
            looked = time.monotonic()


def _read(commands):
    """Puts what comes into the queue; soon after the end this process ends, however long Ray takes."""
    command = None
    while command != _END and (content := unframed(sys.stdin.buffer)) is not None:
        command = pickle.loads(content)
        commands.put(command)
    if command != _END:
        commands.put(_ABANDONED)
    time.sleep(GRACE + 5 if command == _END else 2)
    os._exit(1)


def _outcome(reference):
    import ray

    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        return dataclasses.replace(failure(error.cause), traceback=_COLOUR.sub("", str(error)))
    except ray.exceptions.WorkerCrashedError:
        return Outcome(failure="Its process was killed (signal 9; out of memory?).", again=True)
    except ray.exceptions.OutOfMemoryError:
        return Outcome(failure="Its process was killed, because the machine was out of memory.", again=True)
    except ray.exceptions.LocalRayletDiedError:
        _leave()
    except Exception as error:  # whatever it is, the other tasks go on
        return failure(error)


def _check_node():
    """Leaves when the node of the cluster through which this process gives tasks has died; Ray would wait for ever."""
    import ray

    own = ray.get_runtime_context().get_node_id()
    if not any(each["Alive"] for each in ray.nodes() if each["NodeID"] == own):
        _leave()


def _leave():
    """Ends this process at once: the runs are not to blame, and the parent tells that the cluster is lost."""
    print("the node that gave out the tasks has died", file=sys.stderr, flush=True)
    os._exit(1)


def _end(at_work, seconds):
    """Ends the tasks that are left: with Ctrl-C and so many seconds to write a checkpoint, then by force."""
    import ray

    left = list(at_work)
    for reference in left if seconds else ():
        ray.cancel(reference)
    if left:
        _, left = ray.wait(left, num_returns=len(left), timeout=seconds)
    for reference in left:
        ray.cancel(reference, force=True)
    ray.shutdown()
