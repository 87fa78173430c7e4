"""Where a run takes place: one device, all devices of this machine, or several workers."""

import contextlib
import functools
import signal
import threading

import tensorflow as tf

from tfdisent.checks import choice
from tfdisent.errors import UserError, WorkerLost
from tfdisent.training.cluster import ALONE, cluster_from_environment, seconds_to_wait
from tfdisent.training.deadline import ends_after
from tfdisent.training.peers import Peers

__all__ = [
    "agree",
    "check_one_device",
    "check_same_on_all_workers",
    "ending_with_its_workers",
    "is_chief",
    "make_strategy",
]

_NAMES = ("auto", "default", "mirrored", "multi_worker")
_START_SECONDS = 20  # for TensorFlow to connect workers that are all there
_HEARTBEAT_SECONDS = 60  # TensorFlow's own; `Peers` is quicker and says who is gone
_PEERS = []  # of this process, once it has met the other workers


def make_strategy(name="auto"):
    """The `tf.distribute` strategy of that name, or None for one device.

    With several workers it waits until all of them are there.

    Args:
        name: "default" (one device), "mirrored" (all GPUs, or all logical CPU devices where there is no GPU),
            "multi_worker" (workers named in TF_CONFIG), or "auto": the last if TF_CONFIG names several workers, the
            second if there are several GPUs, else the first.

    Raises:
        UserError: for another name, a TF_CONFIG that makes no cluster, and one of several workers that would each
            train on their own.
        WorkerLost: when a worker does not come.
    """
    choice("strategy", name, _NAMES)
    cluster = cluster_from_environment()
    if cluster.size > 1:
        if name not in ("auto", "multi_worker"):
            raise UserError(
                f"TF_CONFIG names {cluster.size} workers, each of which would train the whole model and write into the "
                f"same folder; pass strategy='multi_worker', or unset TF_CONFIG. Received: strategy={name!r}."
            )
        return _multi_worker(cluster)
    if name == "multi_worker" and cluster is ALONE:
        raise UserError(
            "strategy='multi_worker' needs the environment variable TF_CONFIG with cluster and task. "
            "Received: no TF_CONFIG."
        )
    if name == "mirrored" or (name != "default" and len(tf.config.list_logical_devices("GPU")) > 1):
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        return _mirrored(tuple(device.name for device in tf.config.list_logical_devices(kind)))
    return None


def check_one_device(name, what):
    """Refuses a strategy, or a cluster, for what is done on one device.

    Args:
        name: of the strategy asked for.
        what: what needs one device; begins the sentence.

    Raises:
        UserError: for "mirrored", "multi_worker", and a TF_CONFIG of several workers.
    """
    choice("strategy", name, _NAMES)
    cluster = cluster_from_environment()
    if cluster.size > 1:
        raise UserError(
            f"{what} on one device, but TF_CONFIG names {cluster.size} workers; unset it. Received: strategy={name!r}."
        )
    if name not in ("auto", "default"):
        raise UserError(f"{what} on one device; pass strategy='default'. Received: strategy={name!r}.")


def is_chief():
    """Whether this process writes the files of the run."""
    return cluster_from_environment().is_chief


def agree(strategy, fine):
    """True on every worker if `fine` is True on every worker; a barrier at the same time."""
    return all(_PEERS[0].gather("agreement", bool(fine))) if _of_workers(strategy) else fine


def check_same_on_all_workers(strategy, what, value, advice):
    """Refuses on every worker when they differ in what they are about to train.

    Args:
        strategy: of `make_strategy`; nothing is checked unless it is one of several workers.
        what: name of the value in the sentence.
        value: what JSON can hold; of a dict the first entry that differs is named.
        advice: end of the sentence: what to do.

    Raises:
        UserError: when another worker has another value.
    """
    if not _of_workers(strategy):
        return
    values = _PEERS[0].gather(what, value)
    for rank, other in enumerate(values):
        if other != values[0]:
            names = [_PEERS[0].cluster.name(each) for each in (0, rank)]
            key, here, there = _difference(what, values[0], other)
            raise UserError(
                f"All workers of a training must have the same {what}; {advice}. "
                f"Received: {key} {here!r} on {names[0]} and {there!r} on {names[1]}."
            )


@contextlib.contextmanager
def ending_with_its_workers():
    """A block that trains: it ends on all workers together, or on none as if all were well.

    A worker that is lost, or stops with an error, ends the others within seconds, also those that wait for it inside
    TensorFlow.
    """
    try:
        yield
        if _PEERS:
            _PEERS[0].finish()
    except BaseException as error:
        raised = _PEERS[0].leave(error, isinstance(error, tf.errors.OpError)) if _PEERS else error
        if raised is error:
            raise
        raise raised from error


def _of_workers(strategy):
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def _difference(name, here, there):
    """(key, here, there) of the first place where two plain values differ."""
    if isinstance(here, dict) and isinstance(there, dict):
        key = next(k for k in [*here, *there] if here.get(k) != there.get(k))
        return _difference(f"{name}.{key}", here.get(key), there.get(key))
    return name, here, there


@functools.cache
def _mirrored(devices):
    """One strategy a process: the collectives of a second one on the same devices clash with those of the first."""
    return tf.distribute.MirroredStrategy(devices)


def _multi_worker(cluster):
    """One strategy a process, with the connections to the other workers."""
    if _PEERS:
        _PEERS[0].begin()
    return _connected(cluster)


@functools.cache
def _connected(cluster):
    from tensorflow.python.eager import context

    if context.context()._initialized:  # TensorFlow cannot join a cluster any more
        raise UserError(
            "Training on several workers must be the first use of TensorFlow in a process, because TensorFlow connects "
            "them when it starts; run it as a script or by `tfdisent train`. Received: a process that has computed."
        )
    peers = Peers(cluster, seconds_to_wait())
    _PEERS.append(peers)
    jobs = [kind for kind, _ in cluster.tasks]
    job = {kind: jobs.count(kind) for kind in jobs}
    from tensorflow.compiler.xla.tsl.protobuf import coordination_config_pb2

    context.context().configure_coordination_service(
        service_type="standalone",
        service_leader=f"/job:{jobs[0]}/replica:0/task:0",
        cluster_register_timeout_in_ms=1000 * _START_SECONDS,
        heartbeat_timeout_in_ms=1000 * _HEARTBEAT_SECONDS,
        shutdown_barrier_timeout_in_ms=1000 * _START_SECONDS,
        coordinated_jobs=[
            coordination_config_pb2.CoordinatedJob(name=kind, num_tasks=count) for kind, count in job.items()
        ],
    )
    lost = (
        f"TensorFlow could not connect the workers within {_START_SECONDS} s, so one of them may have ended; "
        "the same command on all workers resumes."
    )
    try:
        with ends_after(_START_SECONDS + 5, lost):
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except tf.errors.OpError as error:
        raise WorkerLost(lost) from error
    if threading.current_thread() is threading.main_thread():
        # TensorFlow has taken SIGTERM as a notice of preemption, and nobody would end; what was set before holds again.
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM) or signal.SIG_DFL)
    peers.watch(lambda sentence: context.context().abort_collective_ops(tf.errors.UNAVAILABLE, sentence))
    return strategy
