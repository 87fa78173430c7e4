"""What workers tell each other, with processes played by threads: they meet, compare, miss each other, and end."""

import concurrent.futures
import json
import socket
import threading
import time

import pytest

from tfdisent.errors import UserError, WorkerLost
from tfdisent.training import peers as peers_module
from tfdisent.training.cluster import Cluster
from tfdisent.training.peers import Peers


def free_addresses(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    for each in sockets:
        each.close()
    return addresses


def clusters(count):
    addresses = free_addresses(count)
    return [Cluster(tuple(("worker", i) for i in range(count)), addresses, rank) for rank in range(count)]


def on_all(functions):
    """The results of functions that run at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(functions)) as pool:
        return [future.result(20) for future in [pool.submit(function) for function in functions]]


@pytest.fixture(autouse=True)
def process_survives(monkeypatch):
    """The codes with which the process would have been ended."""
    codes = []
    monkeypatch.setattr(peers_module, "_end_process", codes.append)
    monkeypatch.setattr(peers_module.atexit, "register", lambda function, code: codes.append(code))
    monkeypatch.setattr(peers_module, "_BEAT_SECONDS", 0.05)
    return codes


@pytest.fixture
def meet():
    everybody = []

    def meet(count):
        met = on_all([lambda cluster=cluster: Peers(cluster, 10) for cluster in clusters(count)])
        for each in met:
            everybody.append(each)
            each.aborted = threading.Event()
            each.watch(lambda sentence, each=each: each.aborted.set())
        return met

    yield meet
    for each in everybody:
        each._unwound.set()  # no thread of a test may end the tests


def vanish(peers):
    """What the kernel does for a process that is killed."""
    for lines in peers._lines.values():
        lines.link.shutdown(socket.SHUT_RDWR)


def test_all_workers_get_the_values_of_all_in_their_order(meet):
    met = meet(3)
    for turn in range(3):
        gathered = on_all(
            [lambda i=i, each=each, turn=turn: each.gather("x", (turn, i)) for i, each in enumerate(met)]
        )
        assert gathered == [[[turn, 0], [turn, 1], [turn, 2]]] * 3


def test_workers_at_different_places_are_told(meet):
    met = meet(2)
    for future in [concurrent.futures.ThreadPoolExecutor(1).submit(each.gather, f"place {i}", 0) for i, each in
                   enumerate(met)]:  # fmt: skip
        with pytest.raises(UserError, match="some are at 'place 0', others at 'place 1'"):
            future.result(10)


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_whoever_is_killed_the_others_end_in_one_sentence(victim, meet, process_survives, monkeypatch):
    monkeypatch.setattr(peers_module, "_UNWIND_SECONDS", 30)
    met = meet(3)
    vanish(met[victim])
    for rank in {0, 1, 2} - {victim}:
        assert met[rank].aborted.wait(5)
        name = f"Worker {victim} at {met[0].cluster.addresses[victim]} is gone"
        with pytest.raises(WorkerLost, match=f"{name}.*the same command on all workers resumes it"):
            met[rank].gather("x", 0)
        assert isinstance(met[rank].leave(RuntimeError("TensorFlow's own")), WorkerLost)
    assert process_survives == [3, 3]


def test_a_main_thread_that_hangs_is_ended(meet, process_survives, monkeypatch, capfd):
    monkeypatch.setattr(peers_module, "_UNWIND_SECONDS", 0.2)
    met = meet(2)
    vanish(met[0])
    assert met[1].aborted.wait(5)
    time.sleep(1)
    assert process_survives[:1] == [3]
    assert "resumes it" in capfd.readouterr().err


def test_a_worker_that_stands_still_counts_as_lost(meet, monkeypatch):
    met = meet(2)
    monkeypatch.setattr(peers_module, "_SILENT_SECONDS", 0.5)
    monkeypatch.setattr(met[1], "_send", lambda *args: None)
    with pytest.raises(WorkerLost, match="Worker 1 at .* has not answered"):
        met[0].gather("x", 0)


def test_a_mistake_of_one_worker_is_the_sentence_of_all(meet):
    met = meet(3)
    mistake = UserError("The loss is not finite at step 3; lower the learning rate.")
    assert met[2].leave(mistake) is mistake
    for each in met[:2]:
        with pytest.raises(UserError, match="Worker 2 at .* stopped: The loss is not finite") as raised:
            each.gather("x", 0)
        assert raised.value.exit_code == 2


def test_a_training_that_has_ended_misses_nobody(meet, process_survives):
    for first in range(2):
        met = meet(2)
        on_all([each.finish for each in met])
        vanish(met[first])
        time.sleep(0.3)
        assert not met[1 - first].aborted.is_set()
        met[1 - first].begin()
        with pytest.raises(WorkerLost, match="has ended"):
            met[1 - first].gather("x", 0)


def test_a_worker_alone_says_for_whom_it_waits_and_gives_up(monkeypatch, caplog):
    monkeypatch.setattr(peers_module, "_FIRST_WORD_SECONDS", 0.1)
    chief, _, last = clusters(3)
    for cluster, awaited in ((chief, "worker 1 at .* and worker 2 at"), (last, "worker 0 at")):
        caplog.clear()
        with pytest.raises(WorkerLost, match=f"Gave up after 1 s of waiting for {awaited}"):
            Peers(cluster, 1)
        assert [record.message.startswith("Waiting for worker") for record in caplog.records] == [True]


def test_a_worker_may_come_late_and_twice_and_strangers_are_left_out():
    chief, first, second = clusters(3)
    address = ("127.0.0.1", int(chief.addresses[0].rsplit(":")[1]))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(Peers, chief, 10)
        time.sleep(0.3)
        hello = json.dumps({"rank": 1, "addresses": chief.addresses}).encode() + b"\n"
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b"\xff\n", b'{"rank": "1"}\n', b"", hello):
            with socket.create_connection(address) as stranger:
                stranger.sendall(words)
                time.sleep(0.1)
        early = pool.submit(Peers, first, 10)
        Peers(second, 10)
        assert set(waiting.result(10)._lines) == {1, 2}
        assert set(early.result(10)._lines) == {0}


def test_two_processes_with_one_task_and_two_clusters_are_refused():
    chief, first, _ = clusters(3)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(Peers, chief, 4)
        early = pool.submit(Peers, first, 4)
        time.sleep(0.6)
        with pytest.raises(UserError, match="Two processes were started as worker 1"):
            Peers(first, 4)
        other = Cluster(first.tasks, (chief.addresses[0], "elsewhere:1", first.addresses[1]), 2)
        with pytest.raises(UserError, match="the same on all workers but for its task.*elsewhere:1"):
            Peers(other, 4)
        for future in (waiting, early):
            with pytest.raises(UserError):
                future.result(10)


def test_a_port_that_is_taken_is_named():
    chief, worker = clusters(2)
    for cluster in (chief, worker):
        with socket.socket() as taken:
            taken.bind(("", int(cluster.addresses[cluster.rank].rsplit(":")[1])))
            taken.listen()
            with pytest.raises(UserError, match="cannot be opened here .*choose another port"):
                Peers(cluster, 1)


@pytest.mark.parametrize(("error", "code"), [(SystemExit(143), 143), (KeyboardInterrupt(), 130)])
def test_an_interrupted_worker_keeps_its_exit_code_and_the_others_may_resume(
    error, code, meet, process_survives
):
    met = meet(2)
    assert met[0].leave(error) is error
    assert process_survives == [code]
    with pytest.raises(WorkerLost, match="Worker 0 at .* was interrupted.*resumes it"):
        met[1].gather("x", 0)
