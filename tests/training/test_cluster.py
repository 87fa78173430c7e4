"""TF_CONFIG: every usual form is read, every other is refused in one sentence."""

import json

import pytest

from tfdisent.errors import UserError
from tfdisent.training import strategy
from tfdisent.training.cluster import ALONE, cluster_from_environment, seconds_to_wait

A, B, C = "10.0.0.1:2222", "10.0.0.2:2222", "host-3.net:70"
WORKERS = {"worker": [A, B]}
CHIEF = {"chief": [C], "worker": [A, B]}


@pytest.fixture
def config(monkeypatch):
    """Sets TF_CONFIG to a text, or to plain values as JSON."""

    def put(value):
        monkeypatch.setenv("TF_CONFIG", value if isinstance(value, str) else json.dumps(value))

    return put


def task(kind="worker", index=0, **further):
    return {"type": kind, "index": index, **further}


@pytest.mark.parametrize("text", [None, "", "  ", "{}"])
def test_without_a_cluster_this_process_is_alone_and_the_chief(text, config, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        config(text)
    assert cluster_from_environment() is ALONE
    assert strategy.is_chief()


@pytest.mark.parametrize(
    ("cluster", "own", "size", "rank"),
    [
        (WORKERS, task(), 2, 0),
        (WORKERS, task(index=1), 2, 1),
        (CHIEF, task("chief"), 3, 0),
        (CHIEF, task(), 3, 1),
        (CHIEF, task(index=1), 3, 2),
        ({"chief": [A], "worker": [B]}, task(), 2, 1),
        ({"chief": [A]}, task("chief"), 1, 0),
        ({"worker": ["[::1]:2222", "localhost:1"]}, task(index=1), 2, 1),
    ],
)
def test_the_chief_or_else_the_first_worker_writes_the_files(cluster, own, size, rank, config):
    config({"cluster": cluster, "task": {**own, "trial": "1"}, "environment": "cloud"})
    found = cluster_from_environment()
    assert (found.size, found.rank) == (size, rank)
    assert found.is_chief == strategy.is_chief() == (rank == 0)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{", "must hold JSON"),
        ("worker 0", "must hold JSON"),
        ([1], "a JSON object with cluster and task"),
        ("3", "a JSON object"),
        ("null", "a JSON object"),
        ({"cluster": WORKERS}, "an object \"task\".*Received: None"),
        ({"task": task()}, "an object \"cluster\".*Received: None"),
        ({"cluster": {}, "task": task()}, "an object \"cluster\""),
        ({"cluster": [A, B], "task": task()}, "an object \"cluster\""),
        ({"cluster": WORKERS, "task": 0}, "an object \"task\""),
        ({"cluster": WORKERS, "task": {"index": 0}}, "types 'chief' and 'worker'.*Received: None"),
        ({"cluster": WORKERS, "task": {"type": "worker"}}, "task index from 0 to 1.*Received: None"),
        ({"cluster": WORKERS, "task": task(index=2)}, "task index from 0 to 1.*Received: 2"),
        ({"cluster": WORKERS, "task": task(index=-1)}, "Received: -1"),
        ({"cluster": WORKERS, "task": task(index="0")}, "Received: '0'"),
        ({"cluster": WORKERS, "task": task(index=True)}, "Received: True"),
        ({"cluster": WORKERS, "task": task(index=0.0)}, "Received: 0.0"),
        ({"cluster": WORKERS, "task": task("wroker")}, "did you mean worker"),
        ({"cluster": WORKERS, "task": task(["worker"])}, "types 'chief' and 'worker'"),
        ({"cluster": WORKERS, "task": task("chief")}, "a task type that its cluster names"),
        ({"cluster": {"workers": [A, B]}, "task": task()}, "Received: 'workers'; did you mean worker"),
        ({"cluster": {"worker": A}, "task": task()}, "a list of addresses"),
        ({"cluster": {"worker": []}, "task": task()}, "a list of addresses"),
        ({"cluster": {"worker": None}, "task": task()}, "a list of addresses"),
        ({"cluster": {"worker": {"0": A}}, "task": task()}, "a list of addresses"),
        ({"cluster": {"chief": [A, B]}, "task": task("chief")}, "one chief at most"),
        ({"cluster": {"worker": [A, A]}, "task": task()}, "an address of its own"),
        ({"cluster": {"chief": [A], "worker": [A]}, "task": task()}, "an address of its own"),
        ({"cluster": {**WORKERS, "ps": [C]}, "task": task()}, "no parameter servers"),
        ({"cluster": {**WORKERS, "evaluator": [C]}, "task": task()}, "tfdisent evaluate"),
        ({"cluster": WORKERS, "task": task("evaluator")}, "tfdisent evaluate"),
        ({"cluster": WORKERS, "task": task("ps")}, "no parameter servers"),
        *[
            ({"cluster": {"worker": [A, address]}, "task": task()}, "addresses of the form \"host:port\"")
            for address in ("10.0.0.2", "10.0.0.2:0", "host:99999", "host:http", ":2222", "http://host:1", 2222,
                            None, "", "a b:1", "host:-1", "host:1.5", "::1:22", "host:1/path")
        ],
    ],
)  # fmt: skip
def test_a_malformed_cluster_is_refused_in_one_sentence(value, sentence, config):
    config(value)
    with pytest.raises(UserError, match=sentence) as refused:
        cluster_from_environment()
    assert "TF_CONFIG" in str(refused.value)
    assert "\n" not in str(refused.value)
    for name in ("auto", "default", "mirrored", "multi_worker"):
        with pytest.raises(UserError, match="TF_CONFIG"):
            strategy.make_strategy(name)


@pytest.mark.parametrize("name", ["default", "mirrored"])
def test_several_workers_never_train_side_by_side(name, config):
    config({"cluster": WORKERS, "task": task()})
    with pytest.raises(UserError, match="TF_CONFIG names 2 workers.*pass strategy='multi_worker'"):
        strategy.make_strategy(name)


def test_several_seeds_are_for_one_device(config, monkeypatch):
    with pytest.raises(UserError, match="Several seeds .* on one device; pass strategy='default'"):
        strategy.check_one_device("mirrored", "Several seeds are trained together")
    config({"cluster": WORKERS, "task": task()})
    with pytest.raises(UserError, match="Several seeds .* TF_CONFIG names 2 workers"):
        strategy.check_one_device("auto", "Several seeds are trained together")


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf"])
def test_the_time_to_wait_is_a_number_of_seconds(text, monkeypatch):
    monkeypatch.setenv("TFDISENT_WAIT_SECONDS", text)
    with pytest.raises(UserError, match="TFDISENT_WAIT_SECONDS must be a number"):
        seconds_to_wait()


def test_one_waits_for_an_hour_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("TFDISENT_WAIT_SECONDS", raising=False)
    assert seconds_to_wait() == 3600
    monkeypatch.setenv("TFDISENT_WAIT_SECONDS", "2.5")
    assert seconds_to_wait() == 2.5
