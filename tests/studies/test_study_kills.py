"""Studies whose runs, workers and drivers are killed by signal 9: nothing of it is seen in the end.

A study of 32 short runs is carried out by `carry_out` in a process of its own, with 40 kills, by local processes and by
Ray; a smaller one by each executor and by two drivers that share a folder.
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
from pathlib import Path

import numpy as np
import psutil
import pytest

from tfdisent.studies.run_state import MOST_TRIES, RunState
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
STUDY = '''
"""A study, its measures, and a command that carries it out."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent


def planned(number):
    from tfdisent.studies.planned import PlannedRun

    betas = (0.5, 1, 2, 4)
    return [
        PlannedRun((str(HERE / "digits.gin"),), (f"models.VAE.beta = {beta}",), seed, ("mig",), (code_spread,))
        for seed in range(number // len(betas))
        for beta in betas
    ]


def deadly(number):
    from tfdisent.studies.planned import PlannedRun

    runs = planned(4)[:number]
    return [*runs, PlannedRun(runs[0].configs, runs[0].bindings, 77, (), (dies,), title="the deadly run")]


def code_spread(trained):
    import numpy as np

    from tfdisent.data import observations_and_factors

    observations, _ = observations_and_factors(trained.held_out, 64, np.random.RandomState(0))
    return {"code_spread": float(np.asarray(trained.model.represent(observations)).std())}


def dies(trained):
    os.kill(os.getpid(), 9)


def main(runs, number, executor, folder):
    """Exit code 3 where a run failed, 2 where the executor is lost."""
    if executor == "work":  # one core for its one run, as each of two workers has
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})
    from tfdisent.errors import UserError
    from tfdisent.studies.engine import carry_out
    from tfdisent.studies.executors import LocalProcesses
    from tfdisent.studies.ray_tasks import RayTasks

    executors = {"local": lambda: LocalProcesses(2), "work": lambda: LocalProcesses(1), "ray": RayTasks}
    planned, again = globals()[runs](int(number)), executor != "work"
    try:
        carried = carry_out(planned, folder, executors[executor](), retry_failed=again)
    except UserError as error:
        print(error)
        return 2
    print("\\n".join(f"{each} failed: {sentence}" for each, sentence in carried.failed.items()))
    return 3 if carried.failed else 0


if __name__ == "__main__":
    import study_of_digits  # by its name, so that other processes can import the measures

    sys.exit(study_of_digits.main(*sys.argv[1:]))
'''
OF_THE_CLOCK = ("elapsed_time", "uuid")  # of the terms and scores: what the clock or chance says
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
STARTED = []  # drivers of a test


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The folder of the study's module."""
    place = tmp_path_factory.mktemp("study")
    (place / "study_of_digits.py").write_text(STUDY)
    (place / "digits.gin").write_text(DIGITS)
    return place


@pytest.fixture(scope="module")
def study(place):
    """The module of the study."""
    sys.path.insert(0, str(place))
    import study_of_digits

    yield study_of_digits
    sys.path.remove(str(place))
    del sys.modules["study_of_digits"]


@pytest.fixture(scope="module")
def undisturbed(place, study):
    """The folder of the study of 32 runs that nobody has disturbed."""
    driver = start(place, "planned", 32, "local", place / "undisturbed")
    assert driver.wait(3600) == 0
    assert all(len(lives(place / "undisturbed" / each.name)) == 1 for each in study.planned(32))
    return place / "undisturbed"


@pytest.fixture(autouse=True)
def no_driver_left():
    """Ends the drivers of a test that failed."""
    yield
    for each in STARTED:
        each.kill()
        each.wait()
    STARTED.clear()


def start(place, runs, number, executor, folder):
    """The process of a driver."""
    log = open(place / "drivers.log", "a")
    arguments = map(str, (runs, number, executor, folder))
    command = [sys.executable, str(place / "study_of_digits.py"), *arguments]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    STARTED.append(
        subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
    )
    return STARTED[-1]


def table(folder, runs):
    """{run: results}, without what the clock or chance says."""
    found = {}
    for each in runs:
        results = RunState(folder, each).results()
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
            RunDirectory(Path(place) / each.name).load_model().get_weights() for place in (folder, other)
        )
        for first, second in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(first, second)


def lives(run):
    """At which step each start of the run began."""
    return [life["step"] for life in json.loads((run / "model" / "lives.json").read_text())]


def assert_nothing_twice(runs, folder):
    """Each run has one file of results, goes on where it stood, and has each step once in its history."""
    for each in runs:
        run = Path(folder) / each.name
        assert len(list((run / "study").glob("*.json"))) == 1
        assert lives(run)[0] == 0 and lives(run) == sorted(lives(run))
        with open(run / "model" / "history.csv") as file:
            steps = [int(row["step"]) for row in csv.DictReader(file)]
        assert steps == sorted(set(steps)) and steps[-1] == 300


class Killer:
    """Kills processes of a study: one that trains, one that begins or ends a run, a server of Ray, the driver."""

    def __init__(self, seed, executor):
        self.kinds = {"train": 0.4, "run": 0.3, "driver": 0.2} | (
            {"server": 0.1} if executor == "ray" else {}
        )
        self.rng, self.tries, self.killed = random.Random(seed), {}, []
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
        for path in Path(folder).rglob("*.claim"):
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


@pytest.mark.parametrize("executor", EXECUTORS)
def test_after_40_kills_the_table_is_that_of_an_undisturbed_study(executor, place, study, undisturbed):
    runs, folder, killer = study.planned(32), place / executor, Killer(1, executor)
    seen, starts, driver = set(), 0, None
    until = time.monotonic() + 3600
    try:
        while time.monotonic() < until:
            if driver is None or driver.poll() is not None:
                if driver is not None and driver.returncode == 0:
                    break
                assert driver is None or driver.returncode in (-9, 2), (
                    "neither killed nor without its cluster"
                )
                driver, starts = start(place, "planned", 32, executor, folder), starts + 1
                killer.tries = {}  # a new start counts anew
                waited = time.monotonic() + killer.rng.uniform(5, 40)
            time.sleep(0.2)
            seen |= set(family(driver))
            done = sum(RunState(folder, each).is_done() for each in runs)
            # All through the study: by the time that 24 runs are done, all 40.
            if len(killer.killed) < min(40, 1.6 * (done + 1)) and time.monotonic() > waited:
                if killer.kill_something(driver, folder):
                    waited = time.monotonic() + killer.rng.uniform(0, 5)
                    if killer.killed[-1] == "driver":
                        driver.wait(60)
        assert driver.poll() == 0, (place / "drivers.log").read_text()[-3000:]
    finally:
        driver.kill()
        driver.wait()
    kinds = {kind: killer.killed.count(kind) for kind in killer.kinds}
    begun = sum(len(lives(folder / each.name)) for each in runs)
    print(f"{executor}: {starts} starts; kills: {kinds}; {begun} lives")
    assert len(killer.killed) == 40, "the study was done before"
    assert not outlive(seen)
    assert_same(runs, folder, undisturbed)
    assert_nothing_twice(runs, folder)
    # Whoever trained when it was killed has one more life; a start that was killed had at most two at work.
    assert 32 + kinds["train"] <= begun <= 32 + kinds["train"] + kinds["run"] + 2 * starts


@pytest.mark.parametrize("executor", [*EXECUTORS, "work"])
def test_a_run_that_always_dies_costs_itself_only(executor, place, study):
    runs, folder = study.deadly(2), place / f"deadly_{executor}"
    drivers = [start(place, "deadly", 2, executor, folder) for _ in range(2 if executor == "work" else 1)]
    seen = set()
    until = time.monotonic() + 1800
    while any(driver.poll() is None for driver in drivers) and time.monotonic() < until:
        seen |= {each for driver in drivers for each in family(driver)}
        time.sleep(0.2)
    assert [driver.wait(1) for driver in drivers] == [3] * len(drivers)
    assert not outlive(seen)
    assert [RunState(folder, each).is_done() for each in runs] == [True, True, False]
    assert "signal 9" in RunState(folder, runs[-1]).failure()
    assert "the deadly run failed" in (place / "drivers.log").read_text()


def test_ray_and_two_drivers_make_the_runs_that_local_processes_make_and_each_is_that_made_alone(
    place, study, undisturbed
):
    runs = study.planned(4)
    for way, number in {"work": 2} | ({"ray": 1} if importlib.util.find_spec("ray") else {}).items():
        drivers = [start(place, "planned", 4, way, place / f"same_{way}") for _ in range(number)]
        assert [driver.wait(1800) for driver in drivers] == [0] * number
        assert_nothing_twice(runs, place / f"same_{way}")
        assert_same(runs, place / f"same_{way}", undisturbed)
    program = (
        "import sys, study_of_digits as study; from tfdisent.studies.engine import carry_out_one; "
        "[carry_out_one(each, sys.argv[1]) for each in study.planned(4)[1:3]]"
    )
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": f"{place}:{os.environ.get('PYTHONPATH', '')}"}
    subprocess.run([sys.executable, "-c", program, str(place / "alone")], env=environment, check=True)
    assert_same(runs[1:3], place / "alone", undisturbed)
