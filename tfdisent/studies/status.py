"""How far a study is, by the folders of its runs alone, and the table that shows it while runs are made."""

import contextlib
import dataclasses
import logging
import sys
import time

from tfdisent.studies.engine import Watcher
from tfdisent.studies.study_folder import open_study

__all__ = ["LiveTable", "Status", "Tally", "at_work_rows", "headline", "study_status"]

_LOG = logging.getLogger(__name__)
_LOG_EVERY = 60.0  # seconds, where no terminal shows the table
_MOST_TIMED = 100  # runs whose duration is read at the first look
_MOST_ROWS = 20  # of runs at work


@dataclasses.dataclass(frozen=True)
class Status:
    """What has become of the runs of a study.

    Attributes:
        total: number of runs.
        done: number of those whose results stand there.
        at_work: {run: what `RunState.progress` says, or None} of those that somebody makes.
        failed: {run: sentence} of those that were given up.
        seconds_left: until all are done, if as many stay at work; None where that is not known.
    """

    total: int
    done: int
    at_work: dict
    failed: dict
    seconds_left: float | None

    @property
    def waiting(self):
        """Number of runs that nobody has begun, or nobody goes on with."""
        return self.total - self.done - len(self.at_work) - len(self.failed)

    @property
    def images_per_second(self):
        """Of all runs that train."""
        return sum(progress["images_per_second"] for progress in self.at_work.values() if progress)


def study_status(folder):
    """The `Status` of a study, from the folders of its runs.

    Args:
        folder: of the study.

    Raises:
        UserError: when there is none.
    """
    return Tally(open_study(folder).states()).look()


class Tally:
    """Looks at the runs of a study again and again; those that are done are not looked at any more.

    Args:
        states: {run: `RunState`}.
    """

    def __init__(self, states):
        self._open, self._total = dict(states), len(states)
        self._seconds = []

    def look(self):
        """The `Status` now."""
        done = [run for run, state in self._open.items() if state.is_done()]
        self._time([self._open.pop(run) for run in done])
        at_work, failed = {}, {}
        for run, state in self._open.items():
            if (sentence := state.failure()) is not None:
                failed[run] = sentence
            elif state.claim.is_live():
                at_work[run] = state.progress()
        done = self._total - len(self._open)
        left = self._left(len(self._open) - len(failed) - len(at_work), at_work)
        return Status(self._total, done, at_work, failed, left)

    def _time(self, states):
        """Reads how long runs took: of many, some that lie evenly among them."""
        if not self._open:
            return
        for state in states[:: max(1, len(states) // _MOST_TIMED)]:
            results = state.results() or {}
            if isinstance(results.get("seconds"), (int, float)):
                self._seconds.append(results["seconds"])

    def _left(self, waiting, at_work):
        if not self._seconds or not at_work:
            return None
        begun = sum(
            1 - progress["step"] / max(progress["steps"], 1) if progress else 1
            for progress in at_work.values()
        )
        return (waiting + begun) * sum(self._seconds) / len(self._seconds) / len(at_work)


class LiveTable(Watcher):
    """Shows how far a study is: on a terminal a table in one place, otherwise a line of the log now and then."""

    def began(self, states):
        self._tally, self._status, self._next = Tally(states), None, 0.0
        self._logged = time.monotonic()
        self._live = _Live() if sys.stderr is not None and sys.stderr.isatty() else None

    def look(self, at_work, waiting, failed):
        now = time.monotonic()
        if now < self._next:
            return
        self._status = self._tally.look()
        self._next = time.monotonic() + max(
            1.0, 20 * (time.monotonic() - now)
        )  # a twentieth of the time at most
        if self._live:
            self._live.show(self._status)
        elif now - self._logged > _LOG_EVERY:
            self._logged = now
            _LOG.info("%s", headline(self._status))

    def ended(self):
        self._next = 0.0
        if self._live:
            self._live.show(self._tally.look())
            self._live.close()


class _Live:
    """A table on the terminal that is drawn again in its place; what is logged meanwhile stands above it."""

    def __init__(self):
        from rich.console import Console
        from rich.live import Live

        self._stack = contextlib.ExitStack()
        console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._live = self._stack.enter_context(Live(console=console, auto_refresh=False))
        for handler in logging.getLogger("tfdisent").handlers:  # from here on above the table
            if isinstance(handler, logging.StreamHandler):
                self._stack.callback(handler.setStream, handler.setStream(sys.stderr) or sys.stderr)

    def show(self, status):
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table("run", "steps", "images/s", box=None, pad_edge=False)
        for run, progress in list(status.at_work.items())[:_MOST_ROWS]:
            table.add_row(*_row(run, progress))
        self._live.update(Group(Text(headline(status)), table), refresh=True)

    def close(self):
        self._stack.close()


def headline(status):
    """One line: how many runs are done, at work, failed and waiting, how fast, and how long it still takes."""
    counts = [f"{status.done:,} of {status.total:,} runs done"]
    counts += [
        f"{number:,} {what}"
        for number, what in (
            (len(status.at_work), "at work"),
            (len(status.failed), "failed"),
            (status.waiting, "waiting"),
        )
        if number
    ]
    if status.images_per_second:
        counts.append(f"{status.images_per_second:,.0f} images/s")
    if status.seconds_left is not None:
        counts.append(f"about {_duration(status.seconds_left)} left")
    return ", ".join(counts)


def at_work_rows(status):
    """Headers and rows of the runs at work."""
    return ["run", "steps", "images/s"], [_row(run, progress) for run, progress in status.at_work.items()]


def _row(run, progress):
    if progress is None:
        return [str(run), "", ""]
    return [
        str(run),
        f"{progress['step']:,} of {progress['steps']:,}",
        f"{progress['images_per_second']:,.0f}",
    ]


def _duration(seconds):
    """Seconds in two units at most: "3 h 20 min"."""
    units = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)]
    seconds = max(1, round(seconds))
    parts = []
    for name, size in units:
        number, seconds = divmod(seconds, size)
        if number or parts:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2])
