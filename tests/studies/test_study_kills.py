"""Studies whose runs, workers and drivers are killed by signal 9: nothing of it is seen in the end.

`tfdisent study run` makes a study of 32 short runs with 40 kills, by local processes and by Ray; smaller ones are made
by these and by two `tfdisent study work` that share a folder.
"""

import contextlib
import csv
import importlib.util
import json
import os
import random
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from tfdisent.studies.engine import carry_out
from tfdisent.studies.executors import LocalProcesses
from tfdisent.studies.run_state import MOST_TRIES, RunState
from tfdisent.studies.study import Study
from tfdisent.training import RunDirectory

pytestmark = pytest.mark.slow

EXECUTORS = [
    "local",
    pytest.param(
        "ray",
        marks=pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
    ),
]
DIGITS = """
from __gin__ import dynamic_registration
import keras
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.model = @models.VAE
training.train.data = "digits"
training.train.optimizer = @keras.optimizers.Adam
training.train.steps = 300
training.train.batch_size = 16
training.train.log_every = 50
training.train.checkpoint_every = 50
models.VAE.num_latents = 2
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (8,)
networks.dense_decoder.hidden_units = (8,)
"""
STUDY = """
from tfdisent import studies
studies.Study.configs = ["{place}/digits.gin"]
studies.Study.grid = {{"models.VAE.beta": {betas}}}
studies.Study.seeds = {seeds}
studies.Study.scores = ["mig"]
studies.Study.measures = ["study_of_digits.code_spread"]
"""
MEASURES = """
import os

import numpy as np


def code_spread(trained):
    from tfdisent.data import observations_and_factors

    if trained.model.beta == 13:
        os.kill(os.getpid(), 9)
    observations, _ = observations_and_factors(trained.held_out, 64, np.random.RandomState(0))
    return {"code_spread": float(np.asarray(trained.model.represent(observations)).std())}
"""
BETAS = (0.5, 1.0, 2.0, 4.0)
WAYS = {"local": ("--workers", "2"), "ray": ("--ray", "local")}
OF_THE_CLOCK = ("elapsed_time", "uuid")  # of the terms and scores: what the clock or chance says
STARTED = []  # drivers of a test


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The folder of the configuration, the measure and all studies."""
    place = tmp_path_factory.mktemp("study")
    (place / "digits.gin").write_text(DIGITS)
    (place / "study_of_digits.py").write_text(MEASURES)
    sys.path.insert(0, str(place))
    yield place
    sys.path.remove(str(place))


def write_study(place, betas, seeds):
    """The runs of a study, and the path of its file."""
    path = place / f"{len(betas)}_betas_{seeds}_seeds.gin"
    path.write_text(STUDY.format(place=place, betas=list(betas), seeds=seeds))
    study = Study(
        place / "digits.gin", {"models.VAE.beta": betas}, seeds, ("mig",), ("study_of_digits.code_spread",)
    )
    return study.runs(), path


@pytest.fixture(scope="module")
def undisturbed(place):
    """The folder of the study of 32 runs that nobody has disturbed."""
    runs, path = write_study(place, BETAS, 8)
    driver = start(place, "run", path, "--output", place / "undisturbed", *WAYS["local"])
    assert driver.wait(3600) == 0
    assert all(len(lives(place / "undisturbed" / "runs" / each.name)) == 1 for each in runs)
    return place / "undisturbed"


@pytest.fixture(autouse=True)
def no_driver_left():
    """Ends the drivers of a test that failed."""
    yield
    for each in STARTED:
        each.kill()
        each.wait()
    STARTED.clear()


def start(place, command, *arguments):
    """The process of `tfdisent study COMMAND`."""
    trust = () if command == "status" else ("--trust", "study_of_digits")
    command = [sys.executable, "-m", "tfdisent.cli", "study", command, *map(str, arguments), *trust]
    path = os.pathsep.join([str(place), *filter(None, sys.path)])
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": path}
    with open(place / "drivers.log", "a") as log:
        STARTED.append(
            subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        )
    return STARTED[-1]


def start_all(place, path, way, folder):
    """The processes of a study by one of the ways: one, or two that drain its folder."""
    if way != "work":
        return [start(place, "run", path, "--output", folder, *WAYS[way])]
    assert start(place, "plan", path, "--output", folder).wait(600) == 0
    return [start(place, "work", folder) for _ in range(2)]


def table(folder, runs):
    """{run: results}, without what the clock or chance says."""
    found = {}
    for each in runs:
        results = RunState(folder / "runs", each).results()
        found[each.name] = results and timeless({k: v for k, v in results.items() if k != "seconds"})
    return found


def timeless(value):
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if not k.split(".")[-1].startswith(OF_THE_CLOCK)}
    return value


def assert_same(runs, folder, other):
    """Same results and same weights of all runs."""
    found = table(folder, runs)
    assert None not in found.values() and found == table(other, runs)
    for each in runs:
        mine, theirs = (
            RunDirectory(place / "runs" / each.name).load_model().get_weights() for place in (folder, other)
        )
        for first, second in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(first, second)


def lives(run, key="step"):
    """At which step each start of the run began, or by which process."""
    return [life[key] for life in json.loads((run / "model" / "lives.json").read_text())]


def assert_nothing_twice(runs, folder):
    """Each run has one file of results, goes on where it stood, and has each step once in its history."""
    for each in runs:
        run = folder / "runs" / each.name
        assert len(list((run / "study").glob("*.json"))) == 1
        assert lives(run)[0] == 0 and lives(run) == sorted(lives(run))
        with open(run / "model" / "history.csv") as file:
            steps = [int(row["step"]) for row in csv.DictReader(file)]
        assert steps == sorted(set(steps)) and steps[-1] == 300


class Killer:
    """Kills processes of a study: one that trains, one that begins or ends a run, a server of Ray, the driver."""

    def __init__(self, seed, way):
        self.kinds = {"train": 0.4, "run": 0.3, "driver": 0.2} | ({"server": 0.1} if way == "ray" else {})
        self.rng, self.tries, self.killed = random.Random(seed), {}, []
        self.trained = set()  # the processes that had begun to train
        self._draw()

    def _draw(self):
        (self.kind,) = self.rng.choices([*self.kinds], [*self.kinds.values()])

    def kill_something(self, driver, folder):
        """One kill of the kind that was drawn; False as long as there is no such process."""
        victims = sorted(self._victims(driver, folder), key=lambda each: each[1].pid)
        if not victims or driver.poll() is not None:
            return False
        name, victim = self.rng.choice(victims)
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
            self.killed.append(self.kind)
            if self.kind == "train":
                self.trained.add(victim.pid)
            self.tries[name] = self.tries.get(name, 0) + 1
            self._draw()
            return True
        return False

    def _victims(self, driver, folder):
        if self.kind == "driver":
            return [("driver", psutil.Process(driver.pid))]
        descendants = {each.pid: each for each in family(driver)}
        if self.kind == "server":
            return [("server", each) for each in descendants.values() if is_server(each)]
        found = []
        for path in folder.rglob("*.claim"):
            process = claimed_by(path)
            # A third death would be the last: the run would be given up, as it should be.
            if process in descendants and self.tries.get(str(path), 0) < MOST_TRIES - 1:
                if self.kind == "run" or trains(path.with_suffix(""), process):
                    found.append((str(path), descendants[process]))
        return found


def claimed_by(path):
    try:
        return json.loads(path.read_text())["process"]
    except (OSError, ValueError, KeyError):
        return None


def trains(run, process):
    """Whether this process has begun to train the run."""
    try:
        return json.loads((run / "model" / "lives.json").read_text())[-1]["process"] == process
    except (OSError, ValueError):
        return False


def family(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def is_server(process):
    """Whether it is one of a Ray cluster, whose death ends the cluster."""
    with contextlib.suppress(psutil.Error):
        return process.name().startswith(("raylet", "gcs_server"))
    return False


def outlive(processes, seconds=40):
    """Those that still run after so many seconds."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [each for each in alive if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("way", EXECUTORS)
def test_after_40_kills_the_table_is_that_of_an_undisturbed_study(way, place, undisturbed):
    (runs, path), folder, killer = write_study(place, BETAS, 8), place / way, Killer(1, way)
    seen, starts, driver = set(), 0, None
    until = time.monotonic() + 3600
    while (driver is None or driver.poll() != 0) and time.monotonic() < until:
        if driver is None or driver.poll() is not None:
            assert driver is None or driver.returncode in (-9, 2), "neither killed nor without its cluster"
            (driver,), starts = start_all(place, path, way, folder), starts + 1
            killer.tries = {}  # a new start counts anew
            waited = 0.0
        time.sleep(0.2)
        seen |= set(family(driver))
        done = sum(RunState(folder / "runs", each).is_done() for each in runs)
        # All through the study: by the time that 24 runs are done, all 40.
        if len(killer.killed) < min(40, 1.6 * (done + 1)) and time.monotonic() > waited:
            if killer.kill_something(driver, folder):
                waited = time.monotonic() + killer.rng.uniform(0, 5)
                if killer.killed[-1] == "driver":
                    driver.wait(60)
    assert driver.poll() == 0, (place / "drivers.log").read_text()[-3000:]
    kinds = {kind: killer.killed.count(kind) for kind in killer.kinds}
    begun = [process for each in runs for process in lives(folder / "runs" / each.name, "process")]
    print(f"{way}: {starts} starts; kills: {kinds}; {len(begun)} lives")
    assert len(killer.killed) == 40, "the study was done before"
    assert not outlive(seen)
    assert_same(runs, folder, undisturbed)
    assert_nothing_twice(runs, folder)
    # Each start that trained is on record; who goes on behind the last step begins no further life, and a start of the
    # study that was killed had at most two at work.
    assert killer.trained <= set(begun)
    assert 32 <= len(begun) <= 32 + kinds["train"] + kinds["run"] + 2 * starts


@pytest.mark.parametrize("way", [*EXECUTORS, "work"])
def test_a_run_that_always_dies_costs_itself_only(way, place):
    (runs, path), folder = write_study(place, (1.0, 13.0, 2.0), 1), place / f"deadly_{way}"
    drivers, seen = start_all(place, path, way, folder), set()
    until = time.monotonic() + 1800
    while any(driver.poll() is None for driver in drivers) and time.monotonic() < until:
        seen |= {each for driver in drivers for each in family(driver)}
        time.sleep(0.2)
    assert [driver.wait(1) for driver in drivers] == [1] * len(drivers)
    assert not outlive(seen)
    states = [RunState(folder / "runs", each) for each in runs]
    assert [state.is_done() for state in states] == [True, False, True]
    assert "signal 9" in states[1].failure()
    assert (
        "1 failed"
        in subprocess.run(
            [sys.executable, "-m", "tfdisent.cli", "study", "status", str(folder)],
            capture_output=True,
            text=True,
        ).stdout
    )


def test_ray_and_two_workers_make_the_runs_that_local_processes_make_and_each_is_that_made_alone(
    place, undisturbed
):
    runs, path = write_study(place, BETAS, 1)
    for way in ["work", *(["ray"] if importlib.util.find_spec("ray") else [])]:
        drivers = start_all(place, path, way, place / f"same_{way}")
        assert [driver.wait(1800) for driver in drivers] == [0] * len(drivers)
        assert_nothing_twice(runs, place / f"same_{way}")
        assert_same(runs, place / f"same_{way}", undisturbed)
    for each in runs[:2]:
        carried = carry_out([each], place / "alone" / "runs", LocalProcesses(1))
        assert carried.done == [each]
    assert_same(runs[:2], place / "alone", undisturbed)
