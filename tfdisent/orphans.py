"""A process that a parent has started ends when the parent has died, whatever killed it."""

import os
import signal
import sys
import threading
import time

__all__ = ["die_with_parent"]

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY = 1.0  # seconds


def die_with_parent(pipe=None, parent=None):
    """From now on this process is killed when its parent dies; the parent may be killed by signal 9.

    Args:
        pipe: descriptor to read from, of a pipe whose other end the parent alone holds and never writes to. Linux
            then kills this process in the moment in which the thread that started it ends; elsewhere the end of the
            pipe tells.
        parent: without a pipe, the number of the parent, looked at every second, whoever started this process.
    """
    if pipe is not None and sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    watch = threading.Thread(target=_watch, args=(pipe, parent), daemon=True, name="die with parent")
    watch.start()


def _watch(pipe, parent):
    if pipe is not None:
        while os.read(pipe, 1):
            pass
    else:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY)
    os._exit(1)
