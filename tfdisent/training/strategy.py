"""Where a run takes place: one device, all devices of this machine, or several workers."""

import functools
import json
import os

import tensorflow as tf

from tfdisent.errors import UserError

__all__ = ["agree", "is_chief", "make_strategy"]


def make_strategy(name="auto"):
    """The `tf.distribute` strategy of that name, or None for one device.

    Args:
        name: "default" (one device), "mirrored" (all GPUs, or all logical CPU devices where there is no GPU),
            "multi_worker" (workers named in TF_CONFIG), or "auto": the last if TF_CONFIG names several workers, the
            second if there are several GPUs, else the first.

    Raises:
        UserError: for another name, or a TF_CONFIG that names no workers.
    """
    if name == "auto":
        several = len(_workers()) > 1
        name = (
            "multi_worker"
            if several
            else "mirrored"
            if len(tf.config.list_logical_devices("GPU")) > 1
            else "default"
        )
    if name == "default":
        return None
    if name == "mirrored":
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        return _mirrored(tuple(device.name for device in tf.config.list_logical_devices(kind)))
    if name == "multi_worker":
        if not _workers():
            raise UserError(
                "strategy='multi_worker' needs the environment variable TF_CONFIG with cluster and task."
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    raise UserError(f"strategy must be 'auto', 'default', 'mirrored' or 'multi_worker'. Received: {name!r}.")


def is_chief():
    """Whether this process writes the files of the run."""
    return _tf_config().get("task", {}).get("index", 0) == 0


def agree(strategy, fine):
    """True on every worker if `fine` is True on every worker; a barrier at the same time."""
    if strategy is None or not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return fine
    votes = strategy.run(lambda: tf.constant([1.0 if fine else 0.0]))
    return bool(
        strategy.reduce(tf.distribute.ReduceOp.SUM, votes, axis=None) == strategy.num_replicas_in_sync
    )


@functools.cache
def _mirrored(devices):
    """One strategy a process: the collectives of a second one on the same devices clash with those of the first."""
    return tf.distribute.MirroredStrategy(devices)


def _tf_config():
    try:
        return json.loads(os.environ.get("TF_CONFIG") or "{}")
    except ValueError as error:
        raise UserError(f"TF_CONFIG is not JSON: {error}.") from None


def _workers():
    return _tf_config().get("cluster", {}).get("worker", [])
