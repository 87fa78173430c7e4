"""An end for a process that may hang in a call that keeps Python's lock, where no thread or signal handler runs."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

from tfdisent.errors import WorkerLost

__all__ = ["ends_after"]

# It goes without a word when its input ends: the call has returned, or this process is gone.
_WATCHER = """
import os, select, signal, sys
if not select.select([sys.stdin], [], [], float(sys.argv[1]))[0]:
    print(sys.argv[3], file=sys.stderr, flush=True)
    os.kill(int(sys.argv[2]), signal.SIGQUIT)
"""


@contextlib.contextmanager
def ends_after(seconds, sentence):
    """Within this context the process ends with the exit code of `WorkerLost` after that time, and says so.

    A second process keeps the time. Its signal reaches C's `_exit` without Python, and the number of SIGQUIT, which is
    3, is the exit code. Nothing is done outside of the main thread.

    Args:
        seconds: time.
        sentence: what is printed.
    """
    if threading.current_thread() is not threading.main_thread() or signal.SIGQUIT != WorkerLost.exit_code:
        yield
        return
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
    libc.signal.restype = ctypes.c_void_p
    command = [sys.executable, "-S", "-c", _WATCHER, str(seconds), str(os.getpid()), f"tfdisent: {sentence}"]
    before = signal.getsignal(signal.SIGQUIT)
    libc.signal(signal.SIGQUIT, ctypes.cast(libc._exit, ctypes.c_void_p))
    watcher = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        yield
    finally:
        watcher.stdin.close()
        watcher.wait()
        signal.signal(signal.SIGQUIT, before or signal.SIG_DFL)
