"""Pools are tried on functions without TensorFlow, in a module that the children can import."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tfdisent.studies.processes import Call, Processes

FUNCTIONS = '''
import os, pathlib, signal, sys, time
from tfdisent.errors import UserError

def square(number):
    print("noise on standard output")
    return number**2

def wrong(sentence):
    raise UserError(sentence)

def broken():
    return {}["absent"]

def unspeakable():
    return lambda: None

def killed_once(path, number):
    path = pathlib.Path(path)
    path.write_text(path.read_text() + "." if path.exists() else ".")
    if number:
        os.kill(os.getpid(), number)

def killed_the_first_time(path):
    if not os.path.exists(path):
        pathlib.Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"

def leave(code):
    os._exit(code)

def large(size):
    return b"x" * size

def variable(name):
    return os.environ.get(name)

def slow(folder, place):
    """Says that it runs, and whether it was told to end."""
    def end(number, frame):
        pathlib.Path(folder, f"{place}.saved").touch()
        raise SystemExit(128 + number)
    signal.signal(signal.SIGTERM, end)
    pathlib.Path(folder, f"{place}.pid").write_text(str(os.getpid()))
    time.sleep(120)

def deaf(folder, place):
    """Hears no signal: it never leaves one call into C."""
    import ctypes
    pathlib.Path(folder, f"{place}.pid").write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(120)
'''


@pytest.fixture
def functions(tmp_path, monkeypatch):
    (tmp_path / "functions_of_pools.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(tmp_path)
    import functions_of_pools

    yield functions_of_pools
    del sys.modules["functions_of_pools"]


def run(functions, *calls, at_once=2, environment=None):
    """The outcomes of calls, in their order."""
    calls = [Call(name, getattr(functions, function), arguments) for name, function, *arguments in calls]
    outcomes, waiting = {}, list(enumerate(calls))
    with Processes() as processes:
        for _ in calls[:at_once]:
            processes.start(*waiting.pop(0), environment)
        while len(outcomes) < len(calls):
            key, outcome = processes.wait()
            outcomes[key] = outcome
            if waiting:
                processes.start(*waiting.pop(0), environment)
    return [outcomes[place] for place in range(len(calls))]


def test_values_come_back_in_order_whatever_the_calls_print(functions, capfd):
    outcomes = run(functions, *((f"{n}", "square", n) for n in range(5)), ("large", "large", 3_000_000))
    assert [outcome.value for outcome in outcomes[:5]] == [0, 1, 4, 9, 16]
    assert len(outcomes[5].value) == 3_000_000
    assert capfd.readouterr().out == ""


def test_a_failing_call_says_why_and_the_others_go_on(functions):
    outcomes = run(
        functions,
        ("wrong", "wrong", "beta must be 0 or larger."),
        ("broken", "broken"),
        ("unspeakable", "unspeakable"),
        ("right", "square", 3),
    )
    assert [outcome.failure for outcome in outcomes[:2]] == [
        "beta must be 0 or larger.",
        "KeyError: 'absent'",
    ]
    assert "pickle" in outcomes[2].failure and outcomes[3].value == 9
    assert [outcome.again for outcome in outcomes[:2]] == [False, True]
    assert "Traceback" not in outcomes[0].traceback and "KeyError" in outcomes[1].traceback


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(signal.SIGKILL, "killed (signal 9; out of memory?)"), (signal.SIGSEGV, "killed (signal 11)")],
)
def test_a_killed_worker_costs_its_own_call_only(functions, tmp_path, number, sentence):
    marks = tmp_path / "tries"
    killed, *others = run(
        functions,
        ("killed", "killed_once", str(marks), int(number)),
        *((f"{n}", "square", n) for n in range(3)),
    )
    assert sentence in killed.failure and killed.again and [each.value for each in others] == [0, 1, 4]
    assert marks.read_text() == "."


def test_a_process_that_leaves_without_a_result_failed(functions):
    (outcome,) = run(functions, ("leaves", "leave", 0))
    assert "ended with code 0 before it was done" in outcome.failure


def test_variables_reach_the_children_and_not_this_process(functions):
    (outcome,) = run(functions, ("v", "variable", "OMP_NUM_THREADS"), environment={"OMP_NUM_THREADS": "7"})
    assert outcome.value == "7" and os.environ.get("OMP_NUM_THREADS") != "7"


PARENT = """
import functions_of_pools as functions
from tfdisent.studies.processes import Call, Processes, termination_raises

if __name__ == "__main__":
    with termination_raises(), Processes() as processes:
        for n in range(2):
            processes.start(n, Call(str(n), functions.{function}, ({folder!r}, n)))
        processes.wait()
"""


@pytest.fixture
def parent(functions, tmp_path):
    """Starts a process with two children at work: function name -> (parent, children)."""
    started = []

    def start(function, program=PARENT):
        path = os.pathsep.join([str(tmp_path), *sys.path])
        process = subprocess.Popen(
            [sys.executable, "-c", program.format(function=function, folder=str(tmp_path))],
            env={**os.environ, "PYTHONPATH": path},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        deadline = time.monotonic() + 60
        while len(files := list(tmp_path.glob("*.pid"))) < 2 or not all(f.read_text() for f in files):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
        assert {child.pid for child in children} >= {int(file.read_text()) for file in files}
        return process, children

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize("function", ["slow", "deaf"])
def test_killing_the_parent_leaves_no_process(parent, function):
    process, children = parent(function)
    process.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


@pytest.mark.parametrize(
    ("number", "to_the_group"), [(signal.SIGTERM, False), (signal.SIGTERM, True), (signal.SIGINT, True)]
)
def test_ending_the_parent_lets_its_children_save_and_leaves_none(parent, tmp_path, number, to_the_group):
    process, children = parent("slow")
    os.killpg(process.pid, number) if to_the_group else process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == (143 if number == signal.SIGTERM else -signal.SIGINT)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert len(list(tmp_path.glob("*.saved"))) == 2 == len(list(tmp_path.glob("*.pid")))
    assert errors.count("Traceback") == (
        number == signal.SIGINT
    )  # the parent's own, which the command catches


def test_a_child_that_cannot_hear_is_killed_after_a_while(parent, monkeypatch):
    process, children = parent("deaf")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)  # who cannot wait says it twice
    assert process.wait(timeout=25) == 143
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


SCORES = """
import time
from joblib import delayed
from tfdisent.metrics import predictors
import functions_of_pools as functions

if __name__ == "__main__":
    predictors.parallel(2)(delayed(functions.slow)({folder!r}, n) for n in range(2))
"""


@pytest.mark.slow
def test_the_processes_of_a_score_end_with_their_parent(parent):
    process, children = parent("slow", SCORES)
    process.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_a_function_of_a_missing_module_is_a_failure(functions, tmp_path):
    with Processes() as processes:
        call = Call("lost", functions.square, (2,))
        (tmp_path / "functions_of_pools.py").unlink()
        processes.start("lost", call)
        key, outcome = processes.wait()
    assert key == "lost" and "ModuleNotFoundError" in outcome.failure


def test_waiting_has_an_end(functions, tmp_path):
    with Processes() as processes:
        assert processes.wait(0.01) is None
