import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tfdisent.errors import UserError
from tfdisent.lock import Lock, Locked

QUICK = {"heartbeat": 0.1, "stale_after": 1.0}

HOLD = """
import sys, time
from tfdisent.lock import Lock, Locked
lock = Lock(sys.argv[1], heartbeat=0.1, stale_after=1.0)
lock.acquire()
print("held", flush=True)
while True:
    time.sleep(0.05)
    try:
        lock.check()
    except Locked as error:
        print(error, flush=True)
        lock.release()
        sys.exit(2)
"""

RACE = """
import sys, time
from tfdisent.lock import Lock, Locked
lock = Lock(sys.argv[1], heartbeat=0.1, stale_after=1.0)
print("ready", flush=True)
sys.stdin.readline()
try:
    lock.acquire()
except Locked:
    print("refused", flush=True)
else:
    print("won", flush=True)
    time.sleep(3)
    lock.check()
"""


def start(program, path):
    command = [sys.executable, "-c", program, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / ".lock"


@pytest.fixture
def holder(path):
    child = start(HOLD, path)
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.wait()


def test_a_second_writer_is_refused_with_host_process_and_heartbeat(path, holder):
    with pytest.raises(Locked, match=rf"process {holder.pid} on .* \(last heartbeat [0-3] s ago\)"):
        Lock(path, **QUICK).acquire()
    assert Lock(path).is_live()
    assert isinstance(Locked(), UserError)


def test_a_lock_is_gone_when_given_back_and_so_is_a_folder_that_was_made_for_it(path):
    lock = Lock(path)
    with lock:
        assert lock.held and path.exists()
        with Lock(path):  # the thread that holds it may take it again
            pass
        assert path.exists()
        lock.check()
    assert not path.parent.exists() and not lock.held
    lock.release()


def test_another_thread_of_the_process_is_refused_too(path):
    caught = []

    def try_it():
        try:
            Lock(path).acquire()
        except Locked as error:
            caught.append(error)

    with Lock(path):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert len(caught) == 1 and str(os.getpid()) in str(caught[0])


def test_the_lock_of_a_process_that_was_killed_is_taken_over_at_once(path, holder):
    holder.kill()
    holder.wait()
    assert path.exists() and not Lock(path).is_live()
    started = time.monotonic()
    with Lock(path):
        assert json.loads(path.read_text())["process"] == os.getpid()
    assert time.monotonic() - started < 2
    assert not list(path.parent.iterdir())


def test_a_process_number_that_was_given_out_again_is_not_the_holder(path, holder):
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "process_started": "1"}))
    with Lock(path, **QUICK) as lock:
        assert lock.holder().process == os.getpid()


def test_a_running_process_of_this_machine_keeps_its_lock_however_old_its_heartbeat_is(path, holder):
    for _ in range(3):
        os.utime(path, (1, 1))
        with pytest.raises(Locked):
            Lock(path, **QUICK).acquire()


def test_a_holder_elsewhere_that_beats_is_respected_and_one_that_does_not_is_taken_over(path):
    path.parent.mkdir()
    with Lock(path, **QUICK):
        content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "machine": "another one", "host": "node7"}))  # left behind
    done = threading.Event()

    def beat():
        while not done.wait(0.1):
            os.utime(path)

    beats = threading.Thread(target=beat)
    beats.start()
    try:
        with pytest.raises(Locked, match="on node7"):
            Lock(path, **QUICK).acquire()
    finally:
        done.set()
        beats.join()
    started = time.monotonic()
    with Lock(path, **QUICK) as lock:
        assert lock.holder().process == os.getpid()
    assert time.monotonic() - started > 0.5


def test_a_process_that_stood_still_while_its_lock_was_taken_over_ends(path, holder):
    holder.send_signal(signal.SIGSTOP)
    time.sleep(1.3)
    with Lock(path, **QUICK) as lock:
        holder.send_signal(signal.SIGCONT)
        sentence = holder.stdout.readline()
        assert holder.wait(10) == 2
        assert f"is now written by process {os.getpid()} on" in sentence
        lock.check()  # and its release has not touched the new one
        assert lock.holder().process == os.getpid()


def test_of_many_takers_of_a_stale_lock_one_wins(path, holder):
    takers = [start(RACE, path) for _ in range(6)]
    for taker in takers:
        assert taker.stdout.readline() == "ready\n"
    holder.kill()
    holder.wait()
    for taker in takers:
        taker.stdin.write("\n")
        taker.stdin.flush()
    said = [taker.communicate(timeout=30)[0].strip() for taker in takers]
    assert sorted(said) == ["refused"] * 5 + ["won"]
    assert all(taker.returncode == 0 for taker in takers)


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"[]", b"{}", b'{"process": null}', b"[" * 5000])
def test_a_file_that_is_no_lock_is_respected_until_it_is_old(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    assert Lock(path, **QUICK).is_live()
    started = time.monotonic()
    with Lock(path, **QUICK) as lock:
        assert lock.holder().process == os.getpid()
    assert time.monotonic() - started > 0.5


def test_a_folder_without_permission_or_room_is_said_in_a_sentence(path, monkeypatch):
    def no_room(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(UserError, match="cannot be locked .No space left on device."):
        Lock(path).acquire()
    assert not path.parent.exists()
    with pytest.raises(UserError, match="heartbeat must be a number, above 0"):
        Lock(path, heartbeat=0)


def test_a_lock_is_given_back_on_a_full_disk(path, monkeypatch):
    def no_room(*_, **__):
        raise OSError(28, "No space left on device")

    with Lock(path):
        monkeypatch.setattr(os, "fsync", no_room)
        monkeypatch.setattr("tempfile.mkstemp", no_room)
    assert not path.exists()


def test_a_folder_that_others_make_and_remove_at_the_same_time_is_no_error(tmp_path):
    """Threads take locks in one folder, and each gives its lock back while others make the folder."""
    failures = []

    def work(name):
        try:
            for _ in range(200):
                with Lock(tmp_path / "runs" / "one" / f"{name}.lock"):
                    pass
        except Exception as error:  # whatever is raised is what is tested
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
