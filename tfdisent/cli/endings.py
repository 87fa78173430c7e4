"""However a command ends, that is one line on standard error and an exit code."""

import contextlib
import os
import re
import select
import signal
import sys
import tempfile
import threading
import traceback

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["ended_in_words"]

_MISTAKE, _BUG, _BROKEN_PIPE = 2, 70, 141
_INTERRUPTED, _TERMINATED = 130, 143
_DEBUG = "TFDISENT_DEBUG"
_ENDLESS = re.compile(r"\S{500,}")


def ended_in_words(run):
    """Calls `run` and returns the exit code; however it ends, that is said in one line.

    What `run` returns, or 0; `exit_code` of a `UserError`, 2 where it has none; 2 for a file that cannot be read or
    written and for want of memory; 70 for an exception that nobody foresaw, whose traceback is kept in a file; 130 for
    Ctrl-C, 143 for SIGTERM, and 141 where nobody reads the output any more, such as `head`.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with _terminable():
            code = _code_of(run)
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
    except KeyboardInterrupt:
        _say("interrupted; the same command continues where it stopped.", before="\n")
        return _INTERRUPTED
    except BaseException as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            _throw_output_away()
            return _BROKEN_PIPE
        if isinstance(error, OSError):
            _throw_output_away_if_full()
        return _mistake(error)


def _code_of(run):
    try:
        return run() or 0
    except SystemExit as end:  # of argparse's --help, and of SIGTERM
        if end.code == _TERMINATED:
            _say("ended by SIGTERM; the same command continues where it stopped.")
        return end.code or 0


def _mistake(error):
    if os.environ.get(_DEBUG):
        traceback.print_exception(error)
    names = [kind.__name__ for kind in type(error).__mro__]
    text = " ".join(str(error).split())
    if isinstance(error, UserError):
        _say(text)
        return getattr(error, "exit_code", _MISTAKE)
    if isinstance(error, MemoryError) or "ResourceExhaustedError" in names:
        _say(
            f"There is not enough memory; take a smaller batch_size, model or data set. Received: {checks.shown(text)}."
        )
        return _MISTAKE
    if isinstance(error, OSError):
        what = f" Received: {checks.shown(os.fsdecode(error.filename))}." if error.filename else ""
        _say(f"{(error.strerror or text).rstrip('.')}.{what}")
        return _MISTAKE
    where = "is above" if os.environ.get(_DEBUG) else f"is in {_keep(error)}, and {_DEBUG}=1 shows it"
    _say(f"Unexpected {names[0]}: {checks.shown(text, 300)}; the traceback {where}.")
    return _BUG


def _keep(error):
    """Writes the traceback into a file and returns its path."""
    with tempfile.NamedTemporaryFile("w", prefix="tfdisent_traceback_", suffix=".txt", delete=False) as file:
        file.write(" ".join(sys.argv) + "\n" + "".join(traceback.format_exception(error)))
    return file.name


def _say(text, before=""):
    with contextlib.suppress(OSError, ValueError):
        text = _ENDLESS.sub(lambda word: f"{word[0][:100]}...", text)
        print(f"{before}tfdisent: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _terminable():
    """Inside, SIGTERM raises `SystemExit(143)`, so that files are closed and locks given back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number, frame):
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def _nobody_reads():
    """Whether standard output or standard error is a pipe whose reader has gone."""
    return _broken(1) or _broken(2)


def _throw_output_away_if_full():
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        _throw_output_away()


def _throw_output_away():
    """Lets what is still in the buffers go nowhere, so that Python's own end says nothing of it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if stream is sys.stdout or _broken(stream.fileno()):
                os.dup2(nowhere, stream.fileno())


def _broken(descriptor):
    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
