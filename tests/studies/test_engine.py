"""The driver of studies, with executors that make nothing: what follows from each way in which a run can end."""

import dataclasses
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

import pytest

from tfdisent.errors import UserError
from tfdisent.lock import Locked
from tfdisent.studies import engine
from tfdisent.studies.engine import Watcher, carry_out
from tfdisent.studies.executors import ThisProcess
from tfdisent.studies.making import CLAIMED
from tfdisent.studies.planned import PlannedRun, name_of_function
from tfdisent.studies.processes import Outcome
from tfdisent.studies.run_state import RunState

KILLED = Outcome(failure="Its process was killed (signal 9; out of memory?).", again=True)
WRONG = Outcome(failure="beta must be 0 or larger. Received: -1.")


class Scripted:
    """Ends runs as it is told: {number: outcomes of its starts}, and in the end the results stand there."""

    tries = 3

    def __init__(self, script=None, look=None, slots=2):
        self.slots = slots
        self.script = {number: list(outcomes) for number, outcomes in (script or {}).items()}
        self.look = look  # called while nothing ends
        self.started, self.ended, self.opened, self.closed = [], [], False, False

    def open(self, folder):
        self.folder, self.opened = folder, True

    def start(self, key, planned):
        seeds = [each.seed for each in planned]
        self.started.append(seeds[0] if len(seeds) == 1 else tuple(seeds))
        outcome = next((self.script[seed].pop(0) for seed in seeds if self.script.get(seed)), None)
        if outcome is None:
            for each in planned:
                finish(self.folder, each)
        self.ended.append((key, outcome or Outcome()))

    def wait(self, seconds):
        if self.ended:
            key, outcome = self.ended.pop(0)
            if isinstance(outcome, BaseException):
                raise outcome
            return key, outcome
        if self.look:
            self.look()
        return None

    def close(self):
        self.closed = True


class Told(Watcher):
    def __init__(self):
        self.events = []

    def failed(self, planned, sentence):
        self.events.append(("failed", planned.seed, sentence))

    def again(self, planned, sentence, left):
        self.events.append(("again", planned.seed, left))

    def waits(self, planned, holder):
        self.events.append(("waits", planned.seed, holder.host))


@pytest.fixture(autouse=True)
def looks_often(monkeypatch):
    monkeypatch.setattr(engine, "_LOOK_EVERY", 0.01)


@pytest.fixture
def runs(tmp_path):
    (tmp_path / "some.gin").write_text("training.train.steps = 3\n")
    return [PlannedRun((str(tmp_path / "some.gin"),), seed=seed, title=f"run {seed}") for seed in range(4)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs"


def finish(folder, planned):
    RunState(folder, planned).write_results({"scores": {}, "seed": planned.seed})


def seeds(planned):
    return [each.seed for each in planned]


def test_each_run_is_made_once_and_equal_ones_count_once(runs, folder):
    executor = Scripted()
    carried = carry_out([*runs, runs[0]], folder, executor)
    assert carried.done == runs and not carried.failed and executor.closed
    assert sorted(executor.started) == [0, 1, 2, 3]
    again = Scripted()
    assert carry_out(runs, folder, again).done == runs
    assert not again.opened  # nothing is left to do


def test_a_run_that_always_dies_is_tried_three_times_named_and_costs_itself_only(runs, folder):
    executor, told = Scripted({2: [KILLED] * 5}), Told()
    carried = carry_out(runs, folder, executor, watcher=told)
    assert seeds(carried.done) == [0, 1, 3]
    assert carried.failed == {runs[2]: KILLED.failure}
    assert executor.started.count(2) == 3
    assert told.events == [("again", 2, 2), ("again", 2, 1), ("failed", 2, KILLED.failure)]
    assert RunState(folder, runs[2]).failure() == KILLED.failure


def test_a_run_that_dies_twice_is_made_and_its_deaths_are_forgotten(runs, folder):
    executor = Scripted({1: [KILLED, KILLED]})
    assert carry_out(runs, folder, executor).done == runs
    assert executor.started.count(1) == 3
    assert not list(folder.rglob("*.crashes")) and not list(folder.rglob("*.failed"))


def test_a_mistake_is_not_tried_again_in_one_start_but_by_the_same_command(runs, folder):
    executor = Scripted({0: [WRONG]})
    carried = carry_out(runs, folder, executor)
    assert carried.failed == {runs[0]: WRONG.failure} and executor.started.count(0) == 1
    left = Scripted()
    assert carry_out(runs, folder, left, retry_failed=False).failed == carried.failed and not left.started
    again = Scripted()
    assert carry_out(runs, folder, again).done == runs and again.started == [0]


@pytest.mark.parametrize("content", ["", "[]", '{"failure": 3}'])
def test_a_damaged_record_of_failure_is_said_to_be_one_and_does_not_stop_the_next_start(
    content, runs, folder
):
    state = RunState(folder, runs[0])
    state.give_up("It failed.")
    next(folder.rglob("*.failed")).write_text(content)
    assert carry_out(runs, folder, Scripted(), retry_failed=False).failed == {
        runs[0]: "Its record of failure is damaged."
    }
    assert carry_out(runs, folder, Scripted()).done == runs


def test_deaths_of_the_driver_count_as_no_try_of_a_run(runs, folder):
    for _ in range(4):
        executor = Scripted({0: [KILLED, KILLED, KeyboardInterrupt()]})
        with pytest.raises(KeyboardInterrupt):
            carry_out(runs[:1], folder, executor)
        assert executor.closed and executor.started == [0, 0, 0]
    assert carry_out(runs[:1], folder, Scripted({0: [KILLED, KILLED]})).done == runs[:1]


def test_two_drivers_together_try_a_run_three_times(runs, folder):
    RunState(folder, runs[0]).count_crash()  # seen by the other driver
    executor = Scripted({0: [KILLED] * 5})
    carried = carry_out(runs[:1], folder, executor, retry_failed=False)
    assert executor.started == [0, 0] and carried.failed


def test_a_start_does_not_forget_the_tries_of_a_run_that_another_driver_is_making(runs, folder):
    state = RunState(folder, runs[0])
    state.count_crash()
    with claimed_by_another_thread(state) as release:
        carry_out(runs[:1], folder, Scripted({0: [KILLED]}, look=release))
    assert state.is_done()
    state.remove_results()
    state.count_crash()
    with claimed_by_another_thread(state) as release:
        carried = carry_out(runs[:1], folder, Scripted({0: [KILLED, KILLED]}, look=release))
    assert carried.failed


class claimed_by_another_thread:
    """Holds the claim of a run, as another process of this machine does, until it is called."""

    def __init__(self, state):
        self.state, self.done, self.held = state, threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._hold)

    def _hold(self):
        with self.state.claim:
            self.held.set()
            self.done.wait(30)

    def __call__(self):
        self.done.set()
        self.thread.join()

    def __enter__(self):
        self.thread.start()
        assert self.held.wait(30)
        return self

    def __exit__(self, *_):
        self()


def test_a_run_that_another_makes_is_waited_for_and_not_made_twice(runs, folder):
    state, told = RunState(folder, runs[1]), Told()
    with claimed_by_another_thread(state) as release:

        def look():
            if ("waits", 1, os.uname().nodename) in told.events:
                finish(folder, runs[1])
                release()

        executor = Scripted(look=look)
        assert carry_out(runs, folder, executor, watcher=told).done == runs
    assert 1 not in executor.started


def test_a_wait_for_others_is_said_once_with_host_and_process(runs, folder, caplog):
    with claimed_by_another_thread(RunState(folder, runs[0])) as release:
        looks = []

        def look():
            looks.append(None)
            if len(looks) == 5:
                release()

        carry_out(runs[:1], folder, Scripted(look=look))
    (said,) = [each for each in caplog.messages if "waits for it" in each]
    assert f"process {os.getpid()} on" in said and said.startswith("run 0 is made by")


def test_a_claim_from_another_host_is_respected_until_its_heartbeat_is_a_minute_old(runs, folder):
    state, told = RunState(folder, runs[0]), Told()
    state.claim.path.parent.mkdir(parents=True)
    state.claim.path.write_text(
        json.dumps({"host": "node7", "process": 12, "process_started": "1", "machine": "m", "token": "t"})
    )
    looks = []

    def look():
        looks.append(None)
        if len(looks) == 3:
            old = time.time() - 61
            os.utime(state.claim.path, (old, old))

    executor = Scripted(look=look)
    assert carry_out(runs[:1], folder, executor, watcher=told).done == runs[:1]
    assert set(told.events) == {("waits", 0, "node7")} and len(looks) >= 3 and executor.started == [0]


def test_a_claim_of_a_process_that_was_killed_stops_nobody(runs, folder):
    state = RunState(folder, runs[0])
    program = (
        "import sys, os, signal; from tfdisent.lock import Lock; "
        "Lock(sys.argv[1]).acquire(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    dead = subprocess.run([sys.executable, "-c", program, str(state.claim.path)])
    assert dead.returncode == -signal.SIGKILL and state.claim.path.exists()
    assert carry_out(runs, folder, Scripted()).done == runs


def test_a_start_that_finds_the_run_claimed_is_repeated(runs, folder):
    executor = Scripted({0: [Outcome(CLAIMED), Outcome(CLAIMED)]})
    assert carry_out(runs, folder, executor).done == runs
    assert executor.started.count(0) == 3


def test_a_death_after_the_results_were_written_is_none(runs, folder):
    class DiesLate(Scripted):
        def start(self, key, planned):
            super().start(key, planned)
            finish(folder, planned[0])

    executor = DiesLate({0: [KILLED]})
    assert carry_out(runs, folder, executor).done == runs and executor.started.count(0) == 1


def together(runs):
    return [dataclasses.replace(each, together=True) for each in runs]


def test_seeds_trained_together_that_always_die_are_tried_alone_and_only_the_guilty_one_is_given_up(
    runs, folder
):
    executor, runs = Scripted({2: [KILLED] * 9}, slots=1), together(runs)
    carried = carry_out(runs, folder, executor)
    assert seeds(carried.done) == [0, 1, 3] and seeds(carried.failed) == [2]
    assert executor.started[:3] == [(0, 1, 2, 3)] * 3
    assert sorted(executor.started[3:]) == [0, 1, 2, 2, 2, 3]


def test_a_mistake_of_one_of_several_seeds_costs_itself_only(runs, folder):
    executor, runs = Scripted({3: [WRONG, WRONG]}, slots=1), together(runs)
    carried = carry_out(runs, folder, executor)
    assert carried.failed == {runs[3]: WRONG.failure}
    assert executor.started == [(0, 1, 2, 3), 0, 1, 2, 3]


def test_runs_that_are_done_are_left_out_of_those_trained_together(runs, folder):
    executor, runs = Scripted(slots=1), together(runs)
    finish(folder, runs[1])
    assert carry_out(runs, folder, executor).done == runs
    assert executor.started == [(0, 2, 3)]


def test_a_run_whose_results_are_missing_is_never_called_done(runs, folder):
    class Forgetful(Scripted):
        def start(self, key, planned):
            super().start(key, planned)
            if planned[0].seed == 1:
                state = RunState(folder, planned[0])
                state.remove_results()
                state.give_up("It failed.")

    carried = carry_out(runs, folder, Forgetful())
    assert seeds(carried.done) == [0, 2, 3] and carried.failed == {runs[1]: "It failed."}


def test_an_executor_that_cannot_be_had_ends_in_its_sentence(runs, folder):
    class Closed(Scripted):
        def open(self, folder):
            raise UserError("No Ray cluster answers.")

    executor = Closed()
    with pytest.raises(UserError, match="No Ray cluster answers"):
        carry_out(runs, folder, executor)
    assert not executor.started


def test_an_executor_that_is_lost_loses_no_results(runs, folder):
    executor = Scripted({2: [UserError("Ray has ended.")]})
    with pytest.raises(UserError, match="Ray has ended"):
        carry_out(runs, folder, executor)
    assert executor.closed
    again = Scripted()
    assert carry_out(runs, folder, again).done == runs and 0 not in again.started


def test_a_full_disk_ends_the_driver_in_one_sentence_and_loses_no_results(runs, folder, monkeypatch):
    from tfdisent.studies import run_state

    def full(path, value):
        raise UserError("A file could not be written (No space left on device).")

    executor = Scripted({3: [KILLED]})
    monkeypatch.setattr(run_state, "write_json", full)
    with pytest.raises(UserError, match="No space left"):
        carry_out(runs, folder, executor)
    assert executor.closed
    monkeypatch.undo()
    assert carry_out(runs, folder, Scripted()).done == runs


class InThreads:
    """Claims and makes each run in a thread, as processes do."""

    slots, tries = 2, 3

    def open(self, folder):
        self.folder, self.ended, self.made = folder, queue.SimpleQueue(), []

    def start(self, key, planned):
        threading.Thread(target=self._make, args=(key, planned[0])).start()

    def _make(self, key, planned):
        try:
            with (state := RunState(self.folder, planned)).claim:
                if not state.is_done():
                    time.sleep(0.01)
                    self.made.append(planned)
                    finish(self.folder, planned)
            self.ended.put((key, Outcome()))
        except Locked:
            self.ended.put((key, Outcome(CLAIMED)))

    def wait(self, seconds):
        try:
            return self.ended.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self):
        pass


def test_two_drivers_of_one_folder_make_each_run_once_and_both_see_all_done(tmp_path, folder):
    (tmp_path / "some.gin").write_text("training.train.steps = 3\n")
    runs = [PlannedRun((str(tmp_path / "some.gin"),), seed=seed) for seed in range(20)]
    executors, carried = [InThreads(), InThreads()], []
    drivers = [
        threading.Thread(target=lambda each=each: carried.append(carry_out(runs, folder, each)))
        for each in executors
    ]
    for each in drivers:
        each.start()
    for each in drivers:
        each.join(60)
    made = executors[0].made + executors[1].made
    assert sorted(each.seed for each in made) == list(range(20))
    assert [each.done for each in carried] == [runs, runs]


def test_this_process_waits_where_others_make_the_only_run(runs, folder):
    with claimed_by_another_thread(RunState(folder, runs[0])) as release:
        timer = threading.Timer(0.1, lambda: (finish(folder, runs[0]), release()))
        timer.start()
        assert carry_out(runs[:1], folder, ThisProcess()).done == runs[:1]


def test_a_measure_that_other_processes_cannot_import_is_refused():
    with pytest.raises(UserError, match="top of a module"):
        name_of_function(lambda trained: {})
    assert name_of_function(finish).endswith("test_engine.finish")
