"""Functions that run in processes of their own, some at a time.

Each call has its own process: one that dies costs its own call only. A child ends when its parent has died, whatever
killed it (`tfdisent.orphans`). When the parent stops, its children get SIGTERM, time to write a checkpoint, and are
waited for.

Over a child's standard input goes the call, and the pipe then stays open as the parent's sign of life. Over its
standard output comes the result, with length and checksum, so that what a killed child wrote is never taken for one.
"""

import contextlib
import dataclasses
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

from tfdisent.errors import UserError
from tfdisent.modules import search_path
from tfdisent.orphans import die_with_parent

__all__ = ["GRACE", "Call", "Outcome", "Processes", "failure", "framed", "termination_raises", "unframed"]

GRACE = 20.0  # seconds between SIGTERM and SIGKILL
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
        again: whether the failure may not happen again: a process that died, or an exception that is no `UserError`.
    """

    value: object = None
    failure: str | None = None
    traceback: str = ""
    again: bool = False


class Processes:
    """Calls that run at the same time, each in a process of its own; a thread looks after each child.

    Use it as a context manager, or call `stop` in the end.
    """

    def __init__(self):
        self.finished = queue.SimpleQueue()  # (key, Outcome)
        self.children, self.stopped, self.lock = set(), False, threading.Lock()
        self.threads = []

    def start(self, key, call, environment=None):
        """Starts a process.

        Args:
            key: what `wait` calls it.
            call: `Call`.
            environment: {name: text} of variables that it has beside those of this process.

        Raises:
            Exception: as pickle does, for a call that cannot be sent to another process.
        """
        content = pickle.dumps(search_path()) + framed(pickle.dumps(call))
        # A daemon: an interpreter that ends in the middle does not wait for it, and its child dies with it.
        arguments = (key, content, {**os.environ, **(environment or {})})
        thread = threading.Thread(target=self._look_after, args=arguments, daemon=True)
        self.threads = [each for each in self.threads if each.is_alive()] + [thread]
        thread.start()

    def wait(self, seconds=None):
        """(key, `Outcome`) of a call that has ended, or None where none did within these seconds."""
        try:
            return self.finished.get(timeout=seconds)
        except queue.Empty:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

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
        deadline = time.monotonic() + GRACE
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _look_after(self, key, content, environment):
        if hasattr(signal, "pthread_sigmask"):
            # Signals are for the main thread. The children start with this mask too and keep it for SIGINT: of a
            # Ctrl-C in the terminal they hear through the parent's SIGTERM alone.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self.finished.put((key, self._call(content, environment)))

    def _call(self, content, environment):
        """The `Outcome` of one process."""
        try:
            with self.lock:
                if self.stopped:
                    return Outcome(failure="It was stopped.")
                child = subprocess.Popen(
                    [sys.executable, "-c", _CHILD],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=environment,
                )
                self.children.add(child)
        except OSError as error:
            return Outcome(failure=f"Its process could not be started ({error.strerror}).", again=True)
        try:
            with contextlib.suppress(BrokenPipeError):  # it died at once
                child.stdin.write(content)
                child.stdin.flush()
            content = unframed(child.stdout)
            code = child.wait()
            return (
                Outcome(failure=_how_it_died(code), again=True) if content is None else pickle.loads(content)
            )
        except Exception as error:  # a result of a class that this process cannot import
            return failure(error)
        finally:
            with self.lock:
                self.children.discard(child)
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            child.stdout.close()


def _how_it_died(code):
    if code == -signal.SIGKILL:
        return "Its process was killed (signal 9; out of memory?)."
    if code < 0:
        return f"Its process was killed (signal {-code})."
    return f"Its process ended with code {code} before it was done."


def framed(content):
    """Bytes as they go through a pipe: with length and checksum before them."""
    return _HEADER.pack(len(content), zlib.crc32(content)) + content


def unframed(file):
    """The bytes that `framed` was given; None where the pipe ends before all of them have come."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    length, checksum = _HEADER.unpack(header)
    content = file.read(length)
    return content if (len(content), zlib.crc32(content)) == (length, checksum) else None


def failure(error):
    """The `Outcome` of an exception."""
    if isinstance(error, UserError):
        return Outcome(failure=str(error))
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return Outcome(failure=text, traceback="".join(traceback.format_exception(error)), again=True)


def _child():
    """What a child does: one call."""
    pipe, results = os.dup(0), os.dup(1)
    os.dup2(2, 1)  # what the call prints must not get among the results
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    content = unframed(sys.stdin.buffer)
    die_with_parent(pipe)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if content is None:  # the parent has died
        return
    try:
        call = pickle.loads(content)  # imports the module of the function
        content = pickle.dumps(Outcome(call.function(*call.arguments)))
    except Exception as error:  # whatever it is, the parent goes on with the other calls
        content = pickle.dumps(failure(error))
    with open(results, "wb") as file:
        file.write(framed(content))
    sys.stderr.flush()
    os._exit(0)  # all is written; TensorFlow would take half a second to end


@contextlib.contextmanager
def termination_raises():
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
