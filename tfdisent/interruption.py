"""Ctrl-C and SIGTERM: what has to be finished is finished first, and a process that was terminated exits with 143."""

import contextlib
import signal
import threading

__all__ = ["TERMINATED", "finishing_first", "stop_asked", "terminable"]

TERMINATED = 128 + signal.SIGTERM  # the exit code of a terminated process, as a shell reports it

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_asked = None  # the signal that came inside `finishing_first`
_finishing = False


def stop_asked():
    """The signal that asks to stop, or None; a loop inside `finishing_first` looks here between its steps."""
    return _asked


@contextlib.contextmanager
def terminable():
    """Inside, SIGTERM raises `SystemExit(143)`, so that locks are given back and temporary files are removed.

    Outside the main thread, and where a program handles the signal itself, nothing changes.
    """
    if not _in_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def finishing_first():
    """Inside, the first Ctrl-C or SIGTERM is only noted (`stop_asked`); it takes effect at the end of the block.

    The second one takes effect at once. Outside the main thread nothing changes. The handlers that were there before
    are called and restored: Ctrl-C ends in `KeyboardInterrupt`, SIGTERM in `SystemExit(143)`.
    """
    global _asked, _finishing
    if not _in_main_thread() or _finishing:
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}

    def note(number, frame):
        global _asked
        if _asked is None:
            _asked = number
        else:
            _act(before[number], number, frame)

    _asked, _finishing = None, True
    for number in before:
        signal.signal(number, note)
    try:
        yield
    finally:
        asked, _asked, _finishing = _asked, None, False
        for number, handler in before.items():
            signal.signal(number, handler)
        if asked is not None:
            _act(before[asked], asked, None)


def _act(handler, number, frame):
    if callable(handler):
        handler(number, frame)
    else:
        _terminate(number, frame)


def _terminate(number, frame):
    raise SystemExit(128 + number)


def _in_main_thread():
    return threading.current_thread() is threading.main_thread()
