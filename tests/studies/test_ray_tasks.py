"""Tasks of Ray are tried with runs that do something while they are unpickled, and are then found done."""

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tfdisent.errors import UserError
from tfdisent.studies import ray_tasks
from tfdisent.studies.planned import PlannedRun
from tfdisent.studies.ray_driver import room_for
from tfdisent.studies.ray_tasks import RayTasks
from tfdisent.studies.run_state import RunState

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")

RUNS = '''
import os, pathlib, signal, sys, time
from tfdisent.errors import UserError
from tfdisent.studies.planned import PlannedRun

class Doing:
    """What a task does before it looks at its run."""
    def __init__(self, config, function, *arguments):
        self.arguments = config, function, arguments

    def __reduce__(self):
        return do, self.arguments

def do(config, function, arguments):
    globals()[function](*arguments)
    return PlannedRun((config,))

def tell(path):
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TFDISENT_OF_THE_PERSON")
    text = [os.getcwd(), *(os.environ.get(name, "") for name in names), str(os.getpid())]
    pathlib.Path(path).write_text("\\n".join(text))

def wrong(path):
    count(path)
    raise UserError("beta must be 0 or larger.")

def broken(path):
    count(path)
    return {}["absent"]

def killed(path, times):
    if count(path) <= times:
        os.kill(os.getpid(), signal.SIGKILL)

def count(path):
    with open(path, "a") as file:
        file.write(".")
    return os.path.getsize(path)

def slow(path):
    pathlib.Path(path).write_text(str(os.getpid()))
    try:
        for _ in range(1200):
            time.sleep(0.1)
    except KeyboardInterrupt:
        pathlib.Path(path).write_text("saved")
        raise
'''


@pytest.fixture(scope="module")
def doing(tmp_path_factory):
    """(function, path) -> a run, whose results stand in the folder."""
    place = tmp_path_factory.mktemp("ray")
    (place / "runs_of_ray.py").write_text(RUNS)
    (place / "some.gin").write_text("training.train.steps = 3\n")
    RunState(place / "folder", PlannedRun((str(place / "some.gin"),))).write_results({"scores": {}})
    sys.path.insert(0, str(place))
    import runs_of_ray

    def make(function, *arguments):
        return runs_of_ray.Doing(str(place / "some.gin"), function, *arguments)

    make.folder, make.place = place / "folder", place
    yield make
    sys.path.remove(str(place))
    del sys.modules["runs_of_ray"]


def outcomes(executor, *runs):
    """Of runs, in their order."""
    found, waiting = {}, list(enumerate(runs))
    at_work = 0
    until = time.monotonic() + 300
    while len(found) < len(runs) and time.monotonic() < until:
        while waiting and at_work < executor.slots:
            key, run = waiting.pop(0)
            executor.start(key, [run])
            at_work += 1
        if (ended := executor.wait(1)) is not None:
            found[ended[0]] = ended[1]
            at_work -= 1
    return [found[key] for key in range(len(runs))]


def family():
    return set(psutil.Process().children(recursive=True))


def none_left(processes, seconds=30):
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [each for each in alive if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []


@needs_ray
def test_tasks_of_a_cluster_that_ray_starts_here(doing, tmp_path, monkeypatch, capfd):
    """One test, because the start of Ray takes longer than all that is asked of it."""
    monkeypatch.setenv("TFDISENT_OF_THE_PERSON", "kept")
    before = family()
    executor = RayTasks()
    executor.open(doing.folder)
    started = family() - before
    try:
        assert executor.slots == len(os.sched_getaffinity(0))
        paths = [str(tmp_path / f"{n}") for n in range(6)]
        told, again, wrong, broken, always, once = outcomes(
            executor,
            doing("tell", paths[0]),
            doing("tell", paths[1]),
            doing("wrong", paths[2]),
            doing("broken", paths[3]),
            doing("killed", paths[4], 9),
            doing("killed", paths[5], 1),
        )
        assert (told.failure, again.failure, once.failure) == (None, None, None)
        cwd, *threads, variable, process = (tmp_path / "0").read_text().split("\n")
        assert (cwd, threads, variable) == (os.getcwd(), ["1", "1"], "kept")
        assert process != (tmp_path / "1").read_text().split("\n")[-1]  # each run has a process of its own
        assert wrong.failure == "beta must be 0 or larger." and not wrong.again
        assert broken.failure == "KeyError: 'absent'" and "in broken" in broken.traceback
        assert "signal 9" in always.failure
        assert [len((tmp_path / f"{n}").read_text()) for n in (2, 3, 4, 5)] == [1, 3, 3, 2]
        executor.start("slow", [doing("slow", str(tmp_path / "slow"))])
        until = time.monotonic() + 60
        while not (tmp_path / "slow").exists() and time.monotonic() < until:
            time.sleep(0.1)
        started |= family() - before
    finally:
        executor.close()
    assert (tmp_path / "slow").read_text() == "saved"
    assert len(started) > 4 and none_left(started)
    assert capfd.readouterr() == ("", "")


DRIVER = """
import sys, time
from runs_of_ray import Doing
from tfdisent.studies.ray_tasks import RayTasks
executor = RayTasks()
executor.open(sys.argv[1])
executor.start(0, [Doing(sys.argv[2], "slow", sys.argv[3])])
while True:
    executor.wait(1)
"""


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("victim", ["driver", "raylet", "gcs_server"])
def test_nothing_of_a_cluster_that_was_started_here_outlives_a_kill(victim, doing, tmp_path):
    arguments = [str(doing.folder), str(doing.place / "some.gin"), str(tmp_path / "pid")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (doing.place, *filter(None, sys.path)))),
    }
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, *arguments], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.monotonic() + 180
        while not (tmp_path / "pid").exists() and time.monotonic() < until:
            time.sleep(0.1)
        started = psutil.Process(driver.pid).children(recursive=True)
        assert any(str(each.pid) == (tmp_path / "pid").read_text() for each in started)
        if victim != "driver":
            next(each for each in started if each.name().startswith(victim)).kill()
            assert "Ray has ended" in driver.communicate(timeout=180)[1]
    finally:
        driver.kill()
        driver.wait()
    assert none_left(started)


@needs_ray
@pytest.mark.parametrize("what", ["closed", "deaf"])
def test_an_address_that_does_not_answer_ends_in_a_sentence(what, tmp_path, monkeypatch):
    import socket

    monkeypatch.setattr(ray_tasks, "_ANSWERS_WITHIN", 3.0)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        if what == "deaf":
            deaf.listen()
        before = family()
        with pytest.raises(UserError, match="No Ray cluster answers at this address within 3 s.*Received"):
            RayTasks(address).open(tmp_path)
        assert none_left(family() - before)


@needs_ray
def test_an_address_that_is_none_ends_in_a_sentence(tmp_path):
    with pytest.raises(UserError, match="Invalid address format: nonsense. Received: 'nonsense'"):
        RayTasks("nonsense").open(tmp_path)


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Address of a cluster that asks for the token "right"."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "right"}
    command = [
        sys.executable,
        "-m",
        "ray.scripts.scripts",
        "start",
        "--head",
        f"--port={port}",
        "--num-cpus=2",
    ]
    command += ["--include-dashboard=false", "--disable-usage-stats", "--block"]
    before = family()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    started = set()
    try:
        for _ in range(9):
            with contextlib.suppress(UserError), monkeypatch.context() as patch:
                patch.setenv("RAY_AUTH_TOKEN", "right")
                executor = RayTasks(f"127.0.0.1:{port}")
                executor.open(tmp_path)
                executor.close()
                break
        started = family() - before
        yield f"127.0.0.1:{port}"
    finally:
        started |= family() - before
        process.send_signal(signal.SIGTERM)
        psutil.wait_procs(started, timeout=20)
        for each in started:
            if each.is_running():
                each.kill()


@needs_ray
@pytest.mark.slow
def test_a_cluster_that_is_there_is_joined_with_its_token_and_outlives_the_study(
    cluster, doing, tmp_path, monkeypatch
):
    with pytest.raises(UserError, match="refuses the token, or there is none; give it as RAY_AUTH_TOKEN"):
        RayTasks(cluster).open(tmp_path)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "wrong")
    with pytest.raises(UserError, match="refuses the token"):
        RayTasks(cluster).open(tmp_path)
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    with pytest.raises(UserError, match="asks for a token; give it"):
        RayTasks(cluster).open(tmp_path)
    monkeypatch.delenv("RAY_AUTH_MODE")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "right")
    for gpus, cpus, workers in ((1, 1, None), (0, 3, None), (0, 1, 3)):
        with pytest.raises(UserError, match="room"):
            RayTasks(cluster, cpus, gpus, workers).open(tmp_path)
    for number in range(2):
        executor = RayTasks(cluster)
        executor.open(doing.folder)
        assert executor.slots == 2
        told, killed = outcomes(
            executor,
            doing("tell", str(tmp_path / f"told_{number}")),
            doing("killed", str(tmp_path / f"k_{number}"), 9),
        )
        executor.start("slow", [doing("slow", str(tmp_path / f"slow_{number}"))])
        while not (tmp_path / f"slow_{number}").exists():
            time.sleep(0.1)
        executor.close()
        assert told.failure is None and "signal 9" in killed.failure
        assert (tmp_path / f"told_{number}").exists() and (tmp_path / f"slow_{number}").read_text() == "saved"


def test_without_ray_or_with_an_old_one_there_is_a_sentence(tmp_path, monkeypatch):
    def absent(name):
        raise ray_tasks.importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(ray_tasks.importlib.metadata, "version", absent)
    with pytest.raises(UserError, match=r"pip install 'tfdisent\[ray\]'"):
        RayTasks().open(tmp_path)
    monkeypatch.setattr(ray_tasks.importlib.metadata, "version", lambda name: "2.59.1")
    with pytest.raises(UserError, match="Ray must be 2.60 or later.*Received: 2.59.1"):
        RayTasks().open(tmp_path)


@pytest.mark.parametrize(
    ("cpus", "gpus", "machines", "room"),
    [
        (1, 0, [(2, 0)], 2),
        (2, 0, [(3, 0), (8, 0)], 5),
        (1, 0.25, [(16, 2)], 8),
        (1, 0.3, [(16, 2)], 6),  # three on a card, none on two cards
        (1, 2, [(16, 3), (4, 8)], 5),
        (4, 0.5, [(8, 8), (2, 1)], 2),
    ],
)
def test_the_room_for_runs_is_counted_machine_by_machine(cpus, gpus, machines, room):
    assert room_for(cpus, gpus, machines) == room


@pytest.mark.parametrize(("cpus", "gpus"), [(9, 0), (1, 1), (1, 0.1)])
def test_a_run_that_fits_nowhere_is_refused(cpus, gpus):
    with pytest.raises(UserError, match="up to 8 CPUs and up to 0 GPUs. Received: cpus="):
        room_for(cpus, gpus, [(8, 0), (4, 0)])


@pytest.mark.parametrize(
    "wrong", [{"cpus": 0}, {"cpus": 1.5}, {"gpus": -1}, {"gpus": 1.5}, {"workers": 0}, {"address": ""}]
)
def test_settings_of_tasks_that_are_none_are_refused(wrong):
    with pytest.raises(UserError, match=f"{next(iter(wrong))} must be"):
        RayTasks(**wrong)
