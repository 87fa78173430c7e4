"""Makes runs as tasks of Ray: on a cluster that is there, or on one that Ray starts on this machine for the study.

Ray is spoken to by a process of its own (`ray_driver`), because Ray ends any process that has lost its cluster, and
waits for minutes for one that does not answer. When this process dies, so do that process, the runs, and all that Ray
has started on this machine.
"""

import contextlib
import importlib.metadata
import os
import pickle
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tfdisent.checks import number, path_like, whole_number
from tfdisent.errors import UserError
from tfdisent.modules import search_path
from tfdisent.studies.executors import threads, visible_cores, visible_gpus
from tfdisent.studies.processes import GRACE, framed, unframed
from tfdisent.studies.ray_driver import TOKEN_HINT, room_for

__all__ = ["RayTasks"]

_OLDEST = (2, 60)
_ANSWERS_WITHIN, _STARTS_WITHIN = 20.0, 180.0  # seconds
_PREFIX = re.compile(r"^\[[^]]*\] \S+:\d+: ")  # of a line in Ray's log
_CHILD = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from tfdisent.studies.ray_driver import main; main()"
)


class RayTasks:
    """Makes each run in a process of its own that Ray starts, twice more where it dies.

    Machines of a cluster must see the folder of the study and the person's modules at the same paths. Where Ray asks
    for a token, it is read as Ray does: RAY_AUTH_TOKEN, the file RAY_AUTH_TOKEN_PATH, or ~/.ray/auth_token.

    Args:
        address: of a cluster, such as "10.0.0.1:6379", or "auto" for the one that this machine belongs to. None or
            "local": Ray is started on this machine, and ends with the study.
        cpus: CPUs that each run takes, and threads that it has.
        gpus: share of a GPU that each run takes, such as 0.25 where four models fit on one; 0 for none.
        workers: runs at a time; unless given, as many as the cluster has room for when the study begins.

    Raises:
        UserError: for numbers that are none.
    """

    tries = 1  # Ray makes the others itself

    def __init__(self, address=None, cpus=1, gpus=0.0, workers=None):
        self._address = "local" if address is None else path_like("address", address)
        self._cpus, self._gpus = whole_number("cpus", cpus, 1), number("gpus", gpus, 0)
        if self._gpus > 1 and self._gpus != int(self._gpus):
            raise UserError(
                f"gpus must be a share of one GPU, or a whole number of them. Received: {self._gpus:g}."
            )
        self._workers = None if workers is None else whole_number("workers", workers, 1)
        self.slots = self._workers or 1  # until the cluster has said what it has room for

    def open(self, folder):
        """Connects to the cluster, or starts one.

        Raises:
            UserError: without Ray or with one that is too old; for a cluster that does not answer, refuses the token,
                or has no room for a run or for so many of them.
        """
        _check_installed()
        local = visible_cores(), len(visible_gpus())
        if self._address == "local":
            self._set_slots(room_for(self._cpus, self._gpus, [local]))
        self._folder = Path(folder).absolute()
        self._noise = tempfile.TemporaryFile()
        self._answers = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            env=self._environment(),
            start_new_session=True,  # Ctrl-C in the terminal is for this process, which tells the other
        )
        try:
            threading.Thread(target=self._read, daemon=True, name="tfdisent-ray").start()
            self._process.stdin.write(pickle.dumps(search_path()))
            self._send((self._address, self._cpus, self._gpus, *local))
            self._set_slots(self._first_answer())
        except BaseException:
            self._end()
            raise

    def start(self, key, planned):
        with contextlib.suppress(OSError):  # the other process has died, of which `wait` tells
            self._send((key, pickle.dumps((planned, self._folder))))

    def wait(self, seconds):
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if answer is None:
            raise UserError(
                f"Ray has ended, or the connection to its cluster is lost{self._last_words()}; what is done is kept, "
                "and the same command continues."
            )
        return answer

    def close(self):
        with contextlib.suppress(OSError):
            self._send("end")
        self._end()

    def _end(self):
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(GRACE + 10)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process.kill()
            self._process.wait()
            self._noise.close()

    def _set_slots(self, room):
        if self._workers is not None and self._workers > room:
            raise UserError(
                f"workers must be at most {room}, the number of runs with cpus={self._cpus} and gpus={self._gpus:g} "
                f"that the Ray cluster has room for. Received: {self._workers}."
            )
        self.slots = self._workers or room

    def _environment(self):
        """Of the process that speaks to Ray, and of a cluster that it starts."""
        environment = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_task_oom_retries": "2", **os.environ}
        if self._address == "local":
            environment |= {"RAY_AUTH_MODE": "token", **threads(self._cpus)}
        elif _has_token():
            environment.setdefault("RAY_AUTH_MODE", "token")
        return environment

    def _send(self, value):
        self._process.stdin.write(framed(pickle.dumps(value)))
        self._process.stdin.flush()

    def _read(self):
        """Puts the answers of the other process into the queue; None when it has ended."""
        while (content := unframed(self._process.stdout)) is not None:
            self._answers.put(pickle.loads(content))
        self._answers.put(None)

    def _first_answer(self):
        """The number of runs that the cluster has room for."""
        local = self._address == "local"
        until = time.monotonic() + (_STARTS_WITHIN if local else _ANSWERS_WITHIN)
        while time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                answer = self._answers.get(timeout=0.2)
                if isinstance(answer, str):
                    raise UserError(answer)
                if answer is None:
                    raise UserError(f"Ray could not be started or reached{self._last_words()}.")
                return answer
            if "InvalidAuthToken" in self._said():
                raise UserError(
                    f"The Ray cluster refuses the token, or there is none; {TOKEN_HINT}. Received: {self._address!r}."
                )
        if local:
            raise UserError(
                f"Ray did not start on this machine within {_STARTS_WITHIN:.0f} s{self._last_words()}."
            )
        raise UserError(
            f"No Ray cluster answers at this address within {_ANSWERS_WITHIN:.0f} s; `ray status` shows whether one "
            f"runs. Received: {self._address!r}."
        )

    def _said(self):
        """What Ray has written to standard error."""
        return os.pread(self._noise.fileno(), 1 << 20, 0).decode(errors="replace")

    def _last_words(self):
        lines = [
            _PREFIX.sub("", " ".join(line.split())) for line in self._said().splitlines() if line.strip()
        ]
        return f" (it said last: {lines[-1][:200].rstrip('.')})" if lines else ""


def _check_installed():
    try:
        version = importlib.metadata.version("ray")
    except importlib.metadata.PackageNotFoundError:
        raise UserError("Ray is not installed; `pip install 'tfdisent[ray]'` installs it.") from None
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < _OLDEST:
        raise UserError(
            f"Ray must be {'.'.join(map(str, _OLDEST))} or later; `pip install -U 'tfdisent[ray]'` installs it. "
            f"Received: {version}."
        )


def _has_token():
    given = os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH")
    return bool(given) or (Path.home() / ".ray" / "auth_token").exists()
