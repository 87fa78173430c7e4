"""Makes many runs, so that no crash costs more than the run it struck: the driver of every study.

What has been done stands in the folders of the runs alone (`run_state`). Several drivers may share a folder: each run
is claimed by the process that makes it. A run whose process dies is continued from its last checkpoint, two times;
then it is given up and named, and the others go on. A person's mistake and a loss that is not finite are not tried
again.
"""

import collections
import contextlib
import dataclasses
import logging
import time

from tfdisent.errors import UserError
from tfdisent.studies.executors import LocalProcesses, ThisProcess
from tfdisent.studies.making import CLAIMED
from tfdisent.studies.processes import termination_raises
from tfdisent.studies.run_state import RunState

__all__ = ["Carried", "Watcher", "carry_out", "carry_out_one"]

_LOG = logging.getLogger(__name__)
_LOOK_EVERY = 1.0  # seconds between two looks at what others make


@dataclasses.dataclass(frozen=True)
class Carried:
    """What became of runs.

    Attributes:
        done: list of `PlannedRun` whose results stand in their folders.
        failed: {`PlannedRun`: sentence} of all others.
    """

    done: list
    failed: dict


class Watcher:
    """Is told what happens; this one logs it."""

    _waited_for = frozenset()

    def began(self, states):
        """`states`: {`PlannedRun`: `RunState`} of all runs."""

    def look(self, at_work, waiting, failed):
        """Called at least once a second with the `RunState`s at work, the number waiting and {PlannedRun: sentence}."""

    def failed(self, planned, sentence):
        _LOG.warning("%s failed: %s", planned, sentence)

    def again(self, planned, sentence, left):
        _LOG.warning("%s: %s It is continued (%d more tries).", planned, sentence, left)

    def waits(self, planned, holder):
        """Nothing is left to do but runs that others make; `holder`: the `tfdisent.lock.Holder` of one of them."""
        if planned not in self._waited_for:
            self._waited_for |= {planned}
            _LOG.warning("%s is made by %s; this command waits for it.", planned, holder)

    def ended(self):
        """Nothing more happens."""


def carry_out(planned, folder, executor=None, *, retry_failed=True, watcher=None):
    """Makes those of many runs that are not done.

    Args:
        planned: list of `PlannedRun`; equal ones count once.
        folder: of the runs.
        executor: such as `LocalProcesses()`; unless given, this process for one run that is not done, and one process a
            core for several.
        retry_failed: try runs again that were given up in an earlier start, as if they had never been tried. Deaths of
            the driver itself never count as tries of its runs.
        watcher: `Watcher`.

    Returns:
        `Carried`.

    Raises:
        UserError: when the executor cannot be had, or is lost; what is done is kept.
    """
    states = {each: RunState(folder, each) for each in planned}
    if retry_failed:
        for state in states.values():
            if not state.is_done() and not state.claim.is_live():
                state.forget_failures()
    watcher = watcher or Watcher()
    todo = [each for each, state in states.items() if not state.is_done() and not state.failure()]
    if executor is None:
        executor = ThisProcess() if len(todo) < 2 else LocalProcesses()
    failures = _drive(todo, states, folder, executor, watcher) if todo else {}
    failed = {
        each: state.failure() or failures.get(each, "It was given up by another command.")
        for each, state in states.items()
        if not state.is_done()
    }
    if failed:
        _LOG.warning(
            "%d of %d runs failed (%s); the same command tries only these again.",
            len(failed),
            len(states),
            "; ".join(map(str, list(failed)[:10])) + (" ..." if len(failed) > 10 else ""),
        )
    return Carried([each for each in states if each not in failed], failed)


def carry_out_one(planned, folder):
    """Makes one run in this process, unless it is done, and returns its results (`RunState.results`).

    Raises:
        UserError: why there are none.
    """
    state = RunState(folder, planned)
    for _ in range(2):  # again where the results turn out to be damaged
        carried = carry_out([planned], folder, ThisProcess())
        if carried.failed:
            raise UserError(carried.failed[planned])
        if (results := state.results()) is not None:
            return results
        state.remove_results()
    raise UserError(f"The results of {planned} in {state.run} cannot be read; choose another folder.")


def _tasks(planned, slots):
    """Lists of runs that are made by one process each; those of one program are shared out over all slots."""
    groups = collections.defaultdict(dict)  # {what is the same: {name: run}}
    for each in planned:
        same = dataclasses.replace(each, seed=None, title="", values=()) if each.together else each
        groups[same][each.name] = each
    return [part for runs in groups.values() for i in range(slots) if (part := list(runs.values())[i::slots])]


def _drive(planned, states, folder, executor, watcher):
    at_work, later, failures = {}, {}, {}  # {key: runs}; {id of runs: when to look again}; {run: sentence}
    keys = iter(range(10**9))
    executor.open(folder)
    waiting = collections.deque(_tasks(planned, executor.slots))
    with termination_raises(), contextlib.ExitStack() as stack:
        stack.callback(watcher.ended)
        stack.callback(executor.close)
        watcher.began(states)
        while waiting or at_work:
            _start(waiting, at_work, later, states, executor, watcher, keys)
            watcher.look([states[each] for runs in at_work.values() for each in runs], len(waiting), failures)
            ended = executor.wait(_LOOK_EVERY)
            if ended is None:
                continue
            runs = at_work.pop(ended[0])
            failures |= _settle(runs, ended[1], waiting, later, states, executor, watcher)
    return failures


def _start(waiting, at_work, later, states, executor, watcher, keys):
    """Gives the executor what waits, until its slots are full; leaves out what is done or claimed meanwhile."""
    for _ in range(len(waiting)):
        if len(at_work) >= executor.slots:
            return
        runs = waiting.popleft()
        if later.get(id(runs), 0) > time.monotonic():
            waiting.append(runs)
            continue
        if all(states[each].is_done() or states[each].failure() for each in runs):
            continue
        claims = [(each, states[each].claim.holder()) for each in runs]
        if live := [(each, holder) for each, holder in claims if holder is not None and holder.live]:
            later[id(runs)] = time.monotonic() + 2 * _LOOK_EVERY
            waiting.append(runs)
            if not at_work:
                watcher.waits(*live[0])
            continue
        key = next(keys)
        at_work[key] = runs
        executor.start(key, runs)


def _settle(runs, outcome, waiting, later, states, executor, watcher):
    """What follows from the end of a process; returns {run: sentence} of those that are given up."""
    if outcome.value == CLAIMED:
        later[id(runs)] = time.monotonic() + 10 * _LOOK_EVERY
        waiting.append(runs)
    left = [each for each in runs if not states[each].is_done()]
    if not outcome.failure or not left:
        return {}
    tries = max(states[each].count_crash() for each in left) if outcome.again else executor.tries
    if tries < executor.tries:
        waiting.append(runs)
        for each in left:
            watcher.again(each, outcome.failure, executor.tries - tries)
        return {}
    if len(left) > 1:  # trained together: one of them may be the cause, so that each is tried alone
        for each in left:
            states[each].forget_failures()
            waiting.append([each])
            watcher.again(each, outcome.failure, executor.tries)
        return {}
    states[left[0]].give_up(outcome.failure, outcome.traceback)
    watcher.failed(left[0], outcome.failure)
    return {left[0]: outcome.failure}
