"""A process that a parent has started ends when the parent has died, whatever killed it."""

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

__all__ = ["die_with_parent", "guard"]

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LOOK_EVERY = 1.0  # seconds


def die_with_parent(pipe=None, parent=None):
    """From now on this process is killed when its parent dies; the parent may be killed by signal 9.

    Args:
        pipe: descriptor to read from, of a pipe whose other end the parent alone holds and never writes to. Linux
            then kills this process in the moment in which the thread that started it ends; elsewhere the end of the
            pipe tells.
        parent: without a pipe, the number of the parent, looked at every second, whoever started this process.
    """
    if pipe is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    watch = threading.Thread(target=_watch, args=(pipe, parent), daemon=True, name="die with parent")
    watch.start()


def guard():
    """Goes on in a child process; when that ends, whatever killed it, all that it has started is killed.

    Linux gives this process the children whose parents have died. Elsewhere only the child is waited for, and on
    Windows nothing is done. Call it before there are threads.
    """
    if not hasattr(os, "fork"):
        return
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):  # the pipes are the child's alone
        os.dup2(nothing, descriptor)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ChildProcessError):  # there are none left
        while True:
            for number in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            os.waitpid(-1, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _children():
    """Process ids of the children of this process, those among them that it was given."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                yield int(path.parent.name)


def _prctl(option, value):
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0)


def _watch(pipe, parent):
    if pipe is not None:
        while os.read(pipe, 1):
            pass
    else:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY)
    os._exit(1)
