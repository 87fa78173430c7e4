"""What every model must pass, in one call: for the project's own tests and for people who add a model."""

import functools
import json
import os
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfdisent.data import GroundTruthData, as_ground_truth_data
from tfdisent.training import train
from tfdisent.training.model_file import load_model_file
from tfdisent.training.stream import BatchStream

__all__ = ["reduce_in_tests", "run_model_test", "use_two_logical_devices"]


def use_two_logical_devices():
    """Splits the CPU in two, so that a strategy has two replicas; must be called before any TensorFlow operation."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    if tf.config.get_logical_device_configuration(cpu) is None:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


def reduce_in_tests(number, small):
    """`number`, or `small` where a notebook is executed by the tests."""
    return small if "PYTEST_CURRENT_TEST" in os.environ else number


def run_model_test(
    model_class,
    kwargs,
    observations,
    labels=None,
    *,
    batch_size=8,
    optimizer=keras.optimizers.Adam,
    learning_rate=1e-3,
    weight_tolerance=1e-4,
    pairs=None,
    falling="loss",
):
    """Checks what holds for every `LatentModel`.

    Two steps on one batch lower its loss; the terms are those announced; the configuration and a `.keras` file give
    the same model back, non-default arguments included; an interrupted run ends bitwise like an uninterrupted one;
    two replicas give the losses (relative 1e-5) and the weights of one; bfloat16 trains to a similar loss.

    Args:
        model_class: the class.
        kwargs: its arguments besides `observation_shape`, none of them the default; small networks are enough.
        observations: array [N, ...] with N at least 4 * batch_size, or a `GroundTruthData` of as many.
        labels: [N], for models that need them, beside an array.
        batch_size: even.
        optimizer: class of Keras. Adam divides each gradient by its size; where normalisation leaves some near zero,
            their rounding, which differs between replicas, becomes a visible step, and `SGD` is to be taken.
        learning_rate: small enough for two steps to go downhill.
        weight_tolerance: relative, between one and two replicas.
        pairs: the law of pairs, for models that need some.
        falling: the term that two steps on one batch lower; of a model whose "loss" opposes another term, or is one of
            several.

    Raises:
        AssertionError: naming what does not hold.
    """
    data = observations if labels is None else {"observations": observations, "factors": labels}
    if isinstance(observations, GroundTruthData):
        observations = observations.to_memory()
    shape = observations.shape[1:]
    make = functools.partial(model_class, **kwargs)
    optimizer = functools.partial(optimizer, learning_rate)
    if pairs is None:
        batch = [observations[:batch_size]] + ([] if labels is None else [np.asarray(labels)[:batch_size]])
    else:
        stream = BatchStream(
            as_ground_truth_data(data), batch_size, with_labels=model_class.needs_labels, pairs=pairs
        )
        batch = list(stream.batch(0)) if model_class.needs_labels else [stream.batch(0)]
    _check_learns(make(shape), optimizer(), batch, falling)
    _check_round_trip(make(shape), optimizer(), batch, kwargs)

    run = functools.partial(
        train,
        make,
        data,
        optimizer=optimizer,
        batch_size=batch_size,
        log_every=2,
        progress=False,
        pairs=pairs,
    )
    with tempfile.TemporaryDirectory() as folder:
        whole = run(steps=6, strategy="default")
        run(folder, steps=4, checkpoint_every=2, strategy="default")
        resumed = run(folder, steps=6, checkpoint_every=2, strategy="default")
    for weight, again in zip(whole.model.weights, resumed.model.weights, strict=True):
        np.testing.assert_array_equal(weight, again, f"{weight.path} differs after an interruption")
    if len(tf.config.list_logical_devices("CPU")) > 1:
        shared = run(steps=6, strategy="mirrored")
        for row, same in zip(whole.history, shared.history, strict=True):
            for term in row:
                np.testing.assert_allclose(
                    same[term], row[term], rtol=1e-5, err_msg=f"{term} on two replicas"
                )
        for weight, same in zip(whole.model.weights, shared.model.weights, strict=True):
            scale = max(float(np.abs(weight).max()), 1e-3)
            np.testing.assert_allclose(
                same, weight, rtol=0, atol=weight_tolerance * scale, err_msg=weight.path
            )
    half = run(steps=6, strategy="default", dtype="mixed_bfloat16")
    np.testing.assert_allclose(half.history[-1]["loss"], whole.history[-1]["loss"], rtol=0.05)


def _check_learns(model, optimizer, batch, falling):
    model.compile(optimizer)
    before = _losses(model, batch)
    assert set(before) == set(model.terms), (
        f"losses returns {sorted(before)}, announced are {sorted(model.terms)}"
    )
    model.fit(*batch, batch_size=len(batch[0]), epochs=2, shuffle=False, verbose=0)
    assert int(model.step) == 2
    model.optimizer.iterations.assign(0)  # the noise of the first step again
    after = _losses(model, batch)
    assert after[falling] < before[falling], (
        f"two steps took {falling} from {before[falling]} to {after[falling]}"
    )


def _check_round_trip(model, optimizer, batch, kwargs):
    model.compile(optimizer)
    model.fit(*batch, batch_size=len(batch[0]), verbose=0)
    again = type(model).from_config(model.get_config())
    assert _plain(again.get_config()) == _plain(model.get_config())
    for name, value in kwargs.items():
        if isinstance(value, (bool, int, float, str)):
            assert model.get_config()[name] == value, f"get_config does not keep {name}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = load_model_file(path)
    assert _plain(loaded.get_config()) == _plain(model.get_config())
    single = batch[0].reshape(-1, *model.observation_shape)
    np.testing.assert_array_equal(loaded.represent(single), model.represent(single))
    assert int(loaded.step) == int(model.step)
    for old, new in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(old, new, f"{old.path} of the optimizer")


def _plain(config):
    """A configuration as JSON gives it back, where tuples are lists."""
    return json.loads(json.dumps(config))


def _losses(model, batch):
    losses = model.losses(*model.inputs(batch), training=True)
    return {name: float(value) for name, value in losses.items()}
