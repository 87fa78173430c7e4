"""Runs that are trained together: which of them share a program, and that this changes no number."""

import numpy as np
import pytest

from tfdisent.studies.engine import carry_out
from tfdisent.studies.executors import LocalProcesses, ThisProcess
from tfdisent.studies.planned import PlannedRun
from tfdisent.studies.processes import Outcome
from tfdisent.studies.run_state import RunState

LINEAR = ("pca_directions/synth_linear.gin",)
SHORT = (
    "training.train.epochs=None",
    "data.SyntheticLinear.num_points=200",
    "training.train.log_every=10",
)


class Executor:
    """Notes which runs it is given at a time, and writes results without training."""

    tries = 3

    def __init__(self, slots):
        self.slots, self.given, self.ended = slots, [], []

    def open(self, folder):
        self.folder = folder

    def start(self, key, planned):
        self.given.append([each.title for each in planned])
        for each in planned:
            RunState(self.folder, each).write_results({"scores": {}})
        self.ended.append((key, Outcome()))

    def wait(self, seconds):
        return self.ended.pop(0) if self.ended else None

    def close(self):
        pass


def runs(beta, seeds, **settings):
    return [
        PlannedRun(LINEAR, (f"beta={beta}",), seed, title=f"{beta} {seed}", **settings)
        for seed in range(seeds)
    ]


@pytest.mark.parametrize(
    ("slots", "parts"),
    [
        (1, [["1 0", "1 1", "1 2"], ["2 0", "2 1"]]),
        (2, [["1 0", "1 2"], ["1 1"], ["2 0"], ["2 1"]]),
        (8, [["1 0"], ["1 1"], ["1 2"], ["2 0"], ["2 1"]]),
    ],
)
def test_seeds_of_one_program_are_shared_out_over_the_slots(tmp_path, slots, parts):
    executor = Executor(slots)
    planned = [*runs(1, 3, together=True), *runs(2, 2, together=True), *runs(3, 2)]
    carried = carry_out(planned, tmp_path, executor)
    assert executor.given == [*parts, ["3 0"], ["3 1"]]
    assert carried.done == planned and not carried.failed
    carry_out([*planned, *runs(1, 5, together=True)[3:]], tmp_path, executor)
    assert sum(executor.given[len(parts) + 2 :], []) == ["1 3", "1 4"]


def test_runs_that_ask_for_other_measures_are_not_put_into_one_program(tmp_path):
    executor = Executor(1)
    carry_out([*runs(1, 2, together=True), *runs(1, 2, together=True, scores=None)], tmp_path, executor)
    assert executor.given == [["1 0", "1 1"], ["1 0", "1 1"]]


def weights(folder, planned):
    from tfdisent.evaluation import load_run

    return load_run(RunState(folder, planned).run).model.weights


@pytest.mark.slow
def test_which_seeds_share_a_program_and_how_many_work_changes_no_number(tmp_path):
    bindings = (*SHORT, "training.train.steps=30")
    planned = [PlannedRun(LINEAR, bindings, seed, scores=None, together=True) for seed in range(3)]
    for name, executor in (("here", ThisProcess()), ("two", LocalProcesses(2)), ("three", LocalProcesses(3))):
        assert carry_out(planned, tmp_path / name, executor).done == planned
    for each in planned:
        here = RunState(tmp_path / "here", each).results()
        for name in ("two", "three"):
            assert RunState(tmp_path / name, each).results()["scores"] == here["scores"]
            for weight, same in zip(
                weights(tmp_path / name, each), weights(tmp_path / "here", each), strict=True
            ):
                np.testing.assert_array_equal(weight, same)
