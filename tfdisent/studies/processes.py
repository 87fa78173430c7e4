"""Functions that run in processes of their own, some at a time.

Each call has its own process: one that dies costs its own call only. A child ends when its parent has died, whatever
killed it (`tfdisent.orphans`). When the parent is interrupted or terminated, its children get SIGTERM, time to write a
checkpoint, and are waited for.

Over a child's standard input goes the call, and the pipe then stays open as the parent's sign of life. Over its
standard output comes the result, with length and checksum, so that what a killed child wrote is never taken for one.
"""

import collections
import contextlib
import dataclasses
import logging
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
import traceback
import zlib

from tqdm.auto import tqdm

from tfdisent.errors import UserError
from tfdisent.orphans import die_with_parent

__all__ = ["Call", "Outcome", "run_in_processes"]

_LOG = logging.getLogger(__name__)
_GRACE = 20.0  # seconds between SIGTERM and SIGKILL
_TRIES = 2  # of a call whose process dies
_HEADER = struct.Struct("<QI")  # length and checksum of what goes through a pipe
_CHILD = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from tfdisent.studies.processes import _child; _child()"
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclasses.dataclass(frozen=True)
class Call:
    """A function to call in a process of its own.

    Attributes:
        name: what messages call it.
        function: defined in a module that can be imported, not in `__main__`.
        arguments: its arguments; they can be pickled, and so can what it returns.
    """

    name: str
    function: object
    arguments: tuple = ()


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a call: its value, or the sentence that says why there is none.

    Attributes:
        value: what the function returned.
        failure: the sentence; None where there is a value.
        traceback: of an exception that is no `UserError`.
    """

    value: object = None
    failure: str | None = None
    traceback: str = ""


def run_in_processes(calls, at_once, environment=None, progress="runs"):
    """Makes every call; one that fails, or whose process is killed, does not stop the others.

    A call whose process dies is made once more, after the others.

    Args:
        calls: list of `Call`.
        at_once: number of processes at a time.
        environment: {name: text} of variables that the children have beside those of this process.
        progress: title of the bar.

    Returns:
        An `Outcome` for each call, in their order. Failures are logged as they come.
    """
    pool = _Pool(calls, environment or {})
    outcomes = [None] * len(calls)
    with _termination_raises():
        try:
            pool.start(min(at_once, len(calls)))
            for _ in tqdm(calls, desc=progress, unit="run"):
                place, outcomes[place] = pool.finished.get()
                if outcomes[place].failure:
                    _LOG.warning("%s failed: %s", calls[place].name, outcomes[place].failure)
                    _LOG.debug("%s", outcomes[place].traceback)
        finally:
            pool.stop()
    return outcomes


class _Pool:
    """Threads that each look after one child at a time."""

    def __init__(self, calls, environment):
        self.names = [call.name for call in calls]
        self.contents = [pickle.dumps(sys.path) + _framed(pickle.dumps(call)) for call in calls]
        self.environment = {**os.environ, **environment}
        self.waiting = collections.deque((place, _TRIES) for place in range(len(calls)))
        self.finished = queue.SimpleQueue()  # (place, Outcome)
        self.children, self.stopped, self.lock = set(), False, threading.Lock()
        self.threads = []

    def start(self, number):
        for _ in range(number):
            # A daemon: an interpreter that ends in the middle does not wait for it, and its child dies with it.
            self.threads.append(threading.Thread(target=self._work, daemon=True))
            self.threads[-1].start()

    def stop(self):
        """Ends the children that are left, and waits for them."""
        with self.lock:
            self.stopped = True
        try:
            self._end(subprocess.Popen.terminate)
        finally:
            self._end(subprocess.Popen.kill)

    def _end(self, send):
        with self.lock:
            for child in self.children:
                send(child)
        deadline = time.monotonic() + _GRACE
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self):
        if hasattr(signal, "pthread_sigmask"):
            # Signals are for the main thread. The children start with this mask too and keep it for SIGINT: of a
            # Ctrl-C in the terminal they hear through the parent's SIGTERM alone.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        while not self.stopped:
            try:
                place, tries = self.waiting.popleft()
            except IndexError:
                return
            outcome = self._call(self.contents[place])
            if isinstance(outcome, _Died) and tries > 1 and not self.stopped:
                _LOG.warning("%s: %s It is tried once more.", self.names[place], outcome.failure)
                self.waiting.append((place, tries - 1))
            else:
                self.finished.put((place, outcome))

    def _call(self, content):
        """The `Outcome` of one process."""
        try:
            with self.lock:
                if self.stopped:
                    return Outcome(failure="It was stopped.")
                child = subprocess.Popen(
                    [sys.executable, "-c", _CHILD],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=self.environment,
                )
                self.children.add(child)
        except OSError as error:
            return Outcome(failure=f"Its process could not be started ({error.strerror}).")
        try:
            with contextlib.suppress(BrokenPipeError):  # it died at once
                child.stdin.write(content)
                child.stdin.flush()
            content = _unframed(child.stdout)
            code = child.wait()
            return _Died(failure=_how_it_died(code)) if content is None else pickle.loads(content)
        except Exception as error:  # a result of a class that this process cannot import
            return _failure(error)
        finally:
            with self.lock:
                self.children.discard(child)
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            child.stdout.close()


class _Died(Outcome):
    """Of a process that died before it had an outcome."""


def _how_it_died(code):
    if code == -signal.SIGKILL:
        return "Its process was killed (signal 9; out of memory?)."
    if code < 0:
        return f"Its process was killed (signal {-code})."
    return f"Its process ended with code {code} before it was done."


def _framed(content):
    return _HEADER.pack(len(content), zlib.crc32(content)) + content


def _unframed(file):
    """The bytes that `_framed` was given; None where the pipe does not hold all of them."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    length, checksum = _HEADER.unpack(header)
    content = file.read(length)
    return content if (len(content), zlib.crc32(content)) == (length, checksum) else None


def _failure(error):
    if isinstance(error, UserError):
        return Outcome(failure=str(error))
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return Outcome(failure=text, traceback="".join(traceback.format_exception(error)))


def _child():
    """What a child does: one call."""
    pipe, results = os.dup(0), os.dup(1)
    os.dup2(2, 1)  # what the call prints must not get among the results
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    content = _unframed(sys.stdin.buffer)
    die_with_parent(pipe)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if content is None:  # the parent has died
        return
    try:
        call = pickle.loads(content)  # imports the module of the function
        content = pickle.dumps(Outcome(call.function(*call.arguments)))
    except Exception as error:  # whatever it is, the parent goes on with the other calls
        content = pickle.dumps(_failure(error))
    with open(results, "wb") as file:
        file.write(_framed(content))


@contextlib.contextmanager
def _termination_raises():
    """While the block runs, SIGTERM ends it as SystemExit(143), unless someone else has said what it does."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number, frame):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
