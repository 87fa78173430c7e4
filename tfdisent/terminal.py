"""How every command of the terminal reads its arguments, prints tables, and ends."""

import argparse
import contextlib
import numbers
import os
import re
import select
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["Parser", "a_number", "a_text", "a_whole_number", "ended_in_words", "folder_to_write", "nearest_folder",
           "print_table"]  # fmt: skip

MISTAKE, BUG, BROKEN_PIPE = 2, 70, 141
_INTERRUPTED, _TERMINATED = 130, 143
_DEBUG = "TFDISENT_DEBUG"
_ENDLESS = re.compile(r"\S{500,}")
_WIDE = 100_000  # columns, where no terminal has an edge


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose mistakes are one sentence, and whose options are given once."""

    def __init__(self, **settings):
        super().__init__(**settings)
        for action in (None, "store"):
            self.register("action", action, _StoreOnce)

    def error(self, message):
        message = re.sub(r"^argument (\S+): (?=\1 )", "", message).rstrip(".")
        raise UserError(f"{message[0].upper()}{message[1:]}; `{self.prog} --help` shows what it takes.")

    def parse_known_args(self, args=None, namespace=None):
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = [each for each in self._option_string_actions if each.startswith("--")]
            hint = checks.nearest(unknown[0].partition("=")[0], options).rstrip(".?")
            raise UserError(
                f"{self.prog} does not take {checks.shown(' '.join(unknown))}{hint}{'?' if hint else '.'}"
            )
        return namespace, unknown

    def _check_value(self, action, value):
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(
                action,
                f"must be one of {', '.join(map(str, action.choices))}. Received: {checks.shown(value)}"
                + checks.nearest(value, action.choices).rstrip("."),
            )


class _StoreOnce(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        given = namespace.__dict__.setdefault("_given", set())
        if self.option_strings and self.dest in given:
            raise argparse.ArgumentError(self, "is given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def a_whole_number(name, least=None, most=None):
    """The type of an argument: a whole number within the bounds; `name` is that of the option."""
    return _type(int, lambda value: checks.whole_number(name, value, least, most))


def a_number(name, **bounds):
    """The type of an argument: a finite number within the bounds of `checks.number`."""
    return _type(float, lambda value: checks.number(name, value, **bounds))


def a_text(name):
    """The type of an argument: a text or path that is not empty."""

    def check(text):
        if not text.strip():
            raise UserError(f"{name} must not be empty. Received: {text!r}.")
        return text

    return _type(str, check)


def _type(read, check):
    def convert(text):
        try:
            value = read(text)
        except ValueError:
            value = text
        try:
            return check(value)
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def folder_to_write(name, path):
    """Checks that a folder can be made or written, without making it.

    Raises:
        UserError: when a part of the path is a file, or not ours to write in.
    """
    for place in (Path(path), *Path(path).parents):
        if place.is_dir():
            if os.access(place, os.W_OK | os.X_OK):
                return
            raise UserError(
                f"{name} could not be written: {place} is not yours to write in. Received: {path!r}."
            )
        if os.path.lexists(place):
            raise UserError(f"{name} could not be written: {place} is not a folder. Received: {path!r}.")


def nearest_folder(path):
    """The end of a sentence: the folders that are there and have nearly this path, or a full stop."""
    path = Path(path)
    wrong = next((place for place in (*reversed(path.parents), path) if not place.exists()), path)
    rest = path.relative_to(wrong)
    try:
        names = [each.name for each in wrong.parent.iterdir() if each.is_dir()]
    except OSError:
        names = []
    found = checks.nearest(wrong.name, names)
    if found == ".":
        return found
    near = found.removeprefix("; did you mean ").rstrip("?").split(" or ")
    paths = [wrong.parent / name / rest for name in near]
    paths = [
        each if each.exists() else wrong.parent / each.relative_to(wrong.parent).parts[0] for each in paths
    ]
    return f"; did you mean {' or '.join(map(str, paths))}?"


def print_table(headers, rows):
    """Prints a table as wide as the terminal; into a pipe or file, as wide as it is."""
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(*(Column(str(header), overflow="fold") for header in headers))
    for row in rows:
        table.add_row(*map(_cell, row))
    plain = {"markup": False, "highlight": False, "emoji": False}
    console = Console(width=_WIDE, **plain)
    if sys.stdout is not None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        if console.measure(table).minimum <= width:
            console = Console(width=width, **plain)
    console.print(table)


def _cell(value):
    if value is None:
        return "-"
    if isinstance(value, numbers.Integral) or not isinstance(value, numbers.Real):
        return str(value)
    return f"{value:.2e}" if 0 < abs(value) < 0.001 else f"{value:.3f}"


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
            return BROKEN_PIPE
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
        return getattr(error, "exit_code", MISTAKE)
    if isinstance(error, MemoryError) or "ResourceExhaustedError" in names:
        _say(
            f"There is not enough memory; take a smaller batch_size, model or data set. Received: {checks.shown(text)}."
        )
        return MISTAKE
    if isinstance(error, OSError):
        what = f" Received: {checks.shown(os.fsdecode(error.filename))}." if error.filename else ""
        _say(f"{(error.strerror or text).rstrip('.')}.{what}")
        return MISTAKE
    where = "is above" if os.environ.get(_DEBUG) else f"is in {_keep(error)}, and {_DEBUG}=1 shows it"
    _say(f"Unexpected {names[0]}: {checks.shown(text, 300)}; the traceback {where}.")
    return BUG


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
