"""The workers that share one training, as the environment variable TF_CONFIG names them.

Every machine of a training gets the same "cluster" and its own "task":

    {"cluster": {"chief": ["10.0.0.1:2222"], "worker": ["10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}

The chief may be left out; then worker 0 is the one that writes the files.
"""

import dataclasses
import json
import os
import re

from tfdisent.checks import nearest, number, shown
from tfdisent.errors import UserError

__all__ = ["ALONE", "Cluster", "cluster_from_environment", "seconds_to_wait"]

_TYPES = ("chief", "worker")
_OTHER_TYPES = ("ps", "evaluator", "master")
_FORM = (
    'as in {"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker", "index": 0}}; '
    "or unset it to train on this machine alone"
)
_MOST_SECONDS_TO_WAIT = 3600


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes that share one training, the one that writes the files first.

    Attributes:
        tasks: (type, index) of each, such as ("chief", 0), ("worker", 0).
        addresses: "host:port" of each.
        rank: place of this process among them.
    """

    tasks: tuple = (("worker", 0),)
    addresses: tuple = ("",)
    rank: int = 0

    @property
    def size(self):
        """Number of processes."""
        return len(self.tasks)

    @property
    def is_chief(self):
        """Whether this process writes the files of the run."""
        return self.rank == 0

    def name(self, rank):
        """What the process of that rank is called in a sentence: "worker 1 at host:port"."""
        kind, index = self.tasks[rank]
        return f"{'the chief' if kind == 'chief' else f'worker {index}'} at {self.addresses[rank]}"


ALONE = Cluster()


def cluster_from_environment():
    """The `Cluster` that TF_CONFIG names; `ALONE` where it is unset or empty.

    Raises:
        UserError: for every other content than a cluster of workers, at most one of them a chief, and a task in it.
    """
    text = os.environ.get("TF_CONFIG", "")
    if not text.strip():
        return ALONE
    try:
        config = json.loads(text)
    except ValueError as error:
        raise _wrong("JSON", text, f" ({error})") from None
    if config == {}:
        return ALONE
    if not isinstance(config, dict):
        raise _wrong("a JSON object with cluster and task", config)
    cluster, task = config.get("cluster"), config.get("task")
    if not isinstance(cluster, dict) or not cluster:
        raise _wrong('an object "cluster" with the addresses of the workers', cluster)
    if not isinstance(task, dict):
        raise _wrong('an object "task" with type and index', task)
    for kind in (*cluster, task.get("type")):
        _check_type(kind)
    tasks, addresses = [], []
    for kind in _TYPES:
        listed = cluster.get(kind, [])
        if kind in cluster and (not isinstance(listed, list) or not listed):
            raise _wrong(f"a list of addresses, one or more, for {kind!r}", listed)
        for index, address in enumerate(listed):
            tasks.append((kind, index))
            addresses.append(_check_address(address))
    if len(cluster.get("chief", [])) > 1:
        raise _wrong("one chief at most", cluster["chief"])
    if len(set(addresses)) < len(addresses):
        twice = next(address for address in addresses if addresses.count(address) > 1)
        raise _wrong("an address of its own for each worker", twice)
    kind, index = task["type"], task.get("index")
    if kind not in cluster:
        raise _wrong(f"a task type that its cluster names ({', '.join(sorted(cluster))})", kind)
    count = len(cluster[kind])
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count:
        raise _wrong(
            f"a task index from 0 to {count - 1}, the places in the list of {kind!r}, as a whole number",
            index,
        )
    return Cluster(tuple(tasks), tuple(addresses), tasks.index((kind, index)))


def seconds_to_wait():
    """For how long a worker waits for the others at the start: TFDISENT_WAIT_SECONDS, an hour unless told otherwise.

    Raises:
        UserError: when the variable holds no number above 0.
    """
    text = os.environ.get("TFDISENT_WAIT_SECONDS", "").strip()
    try:
        seconds = float(text) if text else _MOST_SECONDS_TO_WAIT
    except ValueError:
        seconds = text
    return number("TFDISENT_WAIT_SECONDS", seconds, above=0)


def _check_type(kind):
    if kind in _OTHER_TYPES:
        raise UserError(
            "TF_CONFIG may name a chief and workers only, which all train; there are no parameter servers, and "
            f"`tfdisent evaluate` scores a run afterwards. Received: {shown(kind)}."
        )
    if not isinstance(kind, str) or kind not in _TYPES:
        raise UserError(
            f"TF_CONFIG must name tasks of the types 'chief' and 'worker', {_FORM}. Received: {shown(kind)}"
            f"{nearest(kind, _TYPES)}"
        )


def _check_address(address):
    match = isinstance(address, str) and re.fullmatch(
        r"(\[[0-9a-fA-F:.%\w]+\]|[^\s:/\[\]@]+):([0-9]{1,5})", address, re.ASCII
    )
    if not match or not 1 <= int(match[2]) <= 65535:
        raise _wrong('addresses of the form "host:port" with a port from 1 to 65535', address)
    return address


def _wrong(expected, received, why=""):
    return UserError(f"TF_CONFIG must hold {expected}{why}, {_FORM}. Received: {shown(received)}.")
