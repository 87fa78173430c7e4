"""The base class of every model: one step, one place that knows about replicas.

A model says what it minimises (`losses`) and how it encodes (`represent`). Everything that differs between one
device, many devices and many workers stands here.
"""

import re

import keras
import numpy as np
import tensorflow as tf

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.objectives import OUTSIDE_UNIT_INTERVAL

__all__ = ["DTYPES", "LatentModel", "LossNotFinite"]

DTYPES = ("float32", "mixed_bfloat16")
_NOT_FINITE = "The loss is not finite"


class LossNotFinite(UserError):
    """A loss that is no number, or infinite, before it spoiled a weight."""


class LatentModel(keras.Model):
    """A model with a latent code, trained by minimising a sum of named terms.

    A subclass defines

    * `terms`: the names of the scalars that `losses` returns, "loss" among them;
    * `least_batch_size`, where it is not 1;
    * `losses(observations, training)`: these scalars, each the mean over the batch it is given. A term that is a
      statistic of the batch (total correlation, MMD) is computed from `self.gather(codes)`, the codes of the global
      batch, so that it is the same on one replica or eight;
    * `needs_labels = True`, where `losses(observations, labels, training)` takes labels as well: the factors [B, F] of
      the observations, which `training.train` then hands over with them, or whatever `fit` gets as targets;
    * `needs_pairs = True`, where `losses(pairs, training)` takes pairs of observations [B, 2, ...], which
      `training.train(pairs=law)` draws; with `needs_labels` as well, `losses(pairs, labels, training)` takes the law's
      labels int64 [B]. `observation_shape` is that of one observation, and codes are those of single ones;
    * `encode_mean(observations)`: the float32 codes [B, D] that scores and `represent` use;
    * `get_config`: every constructor argument, because Keras would otherwise save the defaults;
    * `disentanglement_lib_name`, where that library has the method too: its gin name there, under which `compare` puts
      the two side by side; and `disentanglement_lib_settings`, those of its settings there, of the same names here. A
      subclass is another method: it has no name there unless it gives one.

    The networks are built in the constructor, so a model can be called, saved and put under a strategy at once.

    Args:
        observation_shape: shape of one observation, (H, W, C) for images.
        seed: seeds the initial weights and the noise, which is a function of (seed, step, place in the global batch).
        dtype: Keras dtype policy: None or "float32", or "mixed_bfloat16".

    Raises:
        UserError: for another policy, and for sizes or a seed that are not whole numbers.
    """

    terms = ("loss",)
    least_batch_size = 1  # 2 where a statistic of the batch is minimised
    needs_labels = False
    needs_pairs = False
    takes_unit_interval = False  # whether the cost takes observations in [0, 1] only
    disentanglement_lib_name = None
    disentanglement_lib_settings = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.disentanglement_lib_name = vars(cls).get("disentanglement_lib_name")

    def __init__(self, observation_shape, *, seed=0, dtype=None, name=None):
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise UserError(f"name must be a text without '/', or None. Received: {checks.shown(name)}.")
        try:
            super().__init__(name=name, dtype=dtype)
        except (TypeError, ValueError) as error:
            raise UserError(_about_dtype(dtype)) from error
        if self.dtype_policy.name not in DTYPES:
            raise UserError(_about_dtype(self.dtype_policy.name))
        if not isinstance(observation_shape, (tuple, list)) or not observation_shape:
            raise UserError(
                "observation_shape must be the shape of one observation, such as (64, 64, 1). "
                f"Received: {checks.shown(observation_shape)}."
            )
        self.observation_shape = tuple(
            checks.whole_number("each size of observation_shape", size, least=1) for size in observation_shape
        )
        self.seed = checks.whole_number("seed", seed, least=0, most=2**32 - 1)
        if not isinstance(self.terms, (tuple, list)) or "loss" not in self.terms:
            raise UserError(
                f"terms of {type(self).__name__} must be a tuple of names with 'loss' among them. "
                f"Received: {checks.shown(self.terms)}."
            )
        self._trackers = [keras.metrics.Mean(name=term) for term in self.terms]
        self._compiled = {}

    # What a subclass defines.

    def losses(self, observations, training=False):
        """Returns a dict of scalar terms, each averaged over the batch; "loss" is the one minimised."""
        raise UserError(
            f"{type(self).__name__} defines no losses(observations, training), which is minimised."
        )

    def encode_mean(self, observations):
        """Returns the codes [B, D] of observations [B, ...]: the posterior mean where there is a posterior."""
        raise UserError(f"{type(self).__name__} defines no encode_mean(observations), which gives the codes.")

    # What a subclass uses.

    @property
    def step(self):
        """Number of updates taken so far, an int64 scalar."""
        optimizer = getattr(self, "optimizer", None)
        return (
            tf.constant(0, tf.int64) if optimizer is None else tf.cast(optimizer.iterations.value, tf.int64)
        )

    def noise(self, like, stream=0):
        """Standard normal noise of the shape of `like` [B, ...]: a function of seed, step and place in the batch.

        The noise is drawn for the global batch and each replica takes its own rows, so it does not depend on how
        many replicas share the batch. `stream` tells apart several draws in one step.
        """
        shape = tf.shape(like)
        replica, replicas = _replica_place()
        global_shape = tf.concat([shape[:1] * replicas, shape[1:]], 0)
        drawn = tf.random.stateless_normal(global_shape, self.step_seed(stream), dtype=tf.float32)
        return drawn if replicas == 1 else drawn[replica * shape[0] : (replica + 1) * shape[0]]

    def step_seed(self, stream=0):
        """Two int64 numbers that seed what is random in this step; `stream` tells apart several draws."""
        return tf.stack([tf.constant(self.seed * 1000 + stream, tf.int64), self.step])

    def gather(self, tensor):
        """The rows of all replicas, [global B, ...], in the order of the global batch; differentiable."""
        context = tf.distribute.get_replica_context()
        if context is None or context.num_replicas_in_sync == 1:
            return tensor
        gathered = context.all_gather(tensor, axis=0)
        rows = tensor.shape[0] and tensor.shape[0] * context.num_replicas_in_sync
        return tf.ensure_shape(gathered, [rows, *tensor.shape[1:]])

    # Training.

    def build(self, input_shape=None):
        """Nothing is left to build: the constructor made the networks."""
        self.built = True

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Nothing, for the same reason; Keras would reduce a batch over the workers, which cannot be done in uint8."""

    def compile(self, optimizer="adam", *, steps_per_execution=1, jit_compile=False, run_eagerly=False):
        """Takes an optimizer and builds its variables; the losses are the model's own.

        Args:
            optimizer: a Keras optimizer, its name, or a configuration.
            steps_per_execution: steps between two visits to Python; 50 to 200 is quick on one device. Under a
                strategy it is 1.
            jit_compile: XLA; off under a strategy, where TensorFlow cannot lift its variables.
            run_eagerly: for debugging.
        """
        self.build()
        distributed = self.distribute_strategy.num_replicas_in_sync > 1
        super().compile(
            optimizer=optimizer,
            steps_per_execution=1 if distributed else steps_per_execution,
            jit_compile=False if distributed else jit_compile,
            run_eagerly=run_eagerly,
        )
        with self.distribute_strategy.scope():
            self.optimizer.build(self.loss_variables)

    @property
    def loss_variables(self):
        """The variables that minimise "loss"."""
        return self.trainable_variables

    @property
    def optimizers(self):
        """All optimizers, which a checkpoint holds; a model with more than one says so here."""
        return [self.optimizer]

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {"optimizer": keras.saving.serialize_keras_object(self.optimizer)}

    def compile_from_config(self, config):
        self.compile(optimizer=keras.saving.deserialize_keras_object(config["optimizer"]))

    @property
    def metrics(self):
        return self._trackers

    def begin_training(self, batch_size, dataset_size):
        """Called by `tfdisent.training.train` before the first step; a model checks or takes what it needs.

        Args:
            batch_size: number of observations in the global batch.
            dataset_size: number of observations trained on; None where they have no end.

        Raises:
            UserError: when the model cannot be trained with these.
        """
        if batch_size < self.least_batch_size:
            raise UserError(
                f"{type(self).__name__} minimises a statistic of the batch; take batch_size={self.least_batch_size} "
                f"or more. Received: {batch_size}."
            )

    def check_labels(self, data):
        """Called by `tfdisent.training.train` with the data set where the model needs labels.

        Raises:
            UserError: when the data has none that the model can take.
        """
        if not data.num_factors:
            raise UserError(
                f"{type(self).__name__} needs labels; give the data as a dict with observations and factors. "
                f"Received: {data.name}, which has no factors."
            )

    def check_pairs(self, data, pairs):
        """Called by `tfdisent.training.train` with the data set and the law of pairs, None for single observations.

        Raises:
            UserError: when the model learns from the other of the two, or needs labels that the law does not give.
        """
        name = type(self).__name__
        if pairs is None and self.needs_pairs:
            raise UserError(
                f"{name} learns from pairs of observations; say which with pairs=, such as "
                "pairs=data.LaplaceTransitions()."
            )
        if pairs is not None and not self.needs_pairs:
            raise UserError(f"{name} takes single observations; leave out pairs. Received: pairs={pairs!r}.")
        if pairs is not None and self.needs_labels and not pairs.num_labels(data):
            raise UserError(
                f"{name} needs labelled pairs; take a law that gives labels, such as data.SharedFactor(). "
                f"Received: {pairs!r}."
            )

    def check_range(self, low, high):
        """Refuses observations between these values where the cost takes none outside [0, 1].

        Raises:
            UserError: for bounds outside [0, 1], NaN too.
        """
        if self.takes_unit_interval and not (low >= -1e-6 and high <= 1 + 1e-6):
            raise UserError(_about_range(low, high))

    def num_updates(self, steps):
        """Number of updates that training for `steps` steps takes: all of them."""
        return steps

    def train_step(self, data):
        """One update. Gradients are summed over replicas by Keras, hence the division of the loss."""
        with tf.GradientTape() as tape:
            losses = self.losses_of(data, training=True)
            objective = losses["loss"] / self.distribute_strategy.num_replicas_in_sync
        gradients = tape.gradient(objective, self.loss_variables)
        self.update(self.optimizer, gradients, self.loss_variables, losses["loss"])
        return self._track(losses)

    def test_step(self, data):
        """The terms on held-out observations, without an update."""
        return self._track(self.losses_of(data, training=False))

    def losses_of(self, data, training):
        """`losses` of what a step gets.

        Raises:
            UserError: when they are not the scalars that `terms` announces.
        """
        losses = self.losses(*self.inputs(data), training=training)
        found = sorted(losses) if isinstance(losses, dict) else type(losses).__name__
        if found != sorted(self.terms):
            raise UserError(
                f"losses of {type(self).__name__} must return a dict of what terms announces, {sorted(self.terms)}. "
                f"Received: {found}."
            )
        for name, value in losses.items():
            if len(getattr(value, "shape", ())):
                raise UserError(
                    f"{name} in losses of {type(self).__name__} must be a scalar, the mean over the batch. "
                    f"Received: shape {tuple(value.shape)}."
                )
        return losses

    def inputs(self, data):
        """What `losses` takes of the data that a step gets: (observations,), or (observations, labels); or of pairs."""
        observations = self.only_observations(data)
        if not self.needs_labels:
            return (observations,)
        if not isinstance(data, (tuple, list)) or len(data) < 2:
            raise UserError(
                f"{type(self).__name__} needs labels beside the observations, as in fit(observations, labels)."
            )
        return observations, data[1]

    def only_observations(self, data):
        """The observations of what `fit` hands to a step, as floats: they, or a tuple that starts with them."""
        observations = as_float(data[0] if isinstance(data, (tuple, list)) else data)
        if not observations.shape[1:].is_compatible_with(self._shape_of_example):
            raise UserError(self._about_shape("B", observations.shape, self._shape_of_example))
        return observations

    @property
    def _shape_of_example(self):
        """Shape of what a step takes: of one observation, or of a pair."""
        return (2, *self.observation_shape) if self.needs_pairs else self.observation_shape

    @staticmethod
    def update(optimizer, gradients, variables, loss):
        """Applies gradients unless the loss is not finite, which raises before a weight is spoiled."""
        with tf.control_dependencies([tf.debugging.check_numerics(loss, _NOT_FINITE)]):
            # None for a weight that the loss does not depend on, of which Keras warns
            gradients = [gradient if gradient is None else tf.identity(gradient) for gradient in gradients]
        optimizer.apply(gradients, variables)

    def _track(self, losses):
        for tracker in self._trackers:
            tracker.update_state(losses[tracker.name])
        # MultiWorkerMirroredStrategy can reduce only what has an axis.
        return {tracker.name: tf.reshape(tracker.result(), [1]) for tracker in self._trackers}

    # What Keras offers, with a sentence for what cannot be taken.

    def fit(self, x=None, y=None, *args, **kwargs):
        """`keras.Model.fit`, which checks first what it is given.

        Raises:
            UserError: for observations or labels that the model cannot take; for a cost that cannot take their
                values.
            LossNotFinite: with the weights as they were before.
        """
        return self._sentences(super().fit, x, y, *args, shape=self._shape_of_example, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """`keras.Model.evaluate`: the terms on held-out observations; raises as `fit`."""
        return self._sentences(super().evaluate, x, y, *args, shape=self._shape_of_example, **kwargs)

    def predict(self, x, *args, **kwargs):
        """`keras.Model.predict`: reconstructions of observations [N, ...]; raises `UserError` as `fit`."""
        return self._sentences(super().predict, x, *args, shape=self.observation_shape, **kwargs)

    def _sentences(self, method, x, *args, shape, **kwargs):
        """Calls a method of Keras; what is wrong with the observations ends in one sentence."""
        if not hasattr(x, "element_spec"):
            self._check_observations(x, shape)
        try:
            return method(x, *args, **kwargs)
        except tf.errors.InvalidArgumentError as error:
            text = str(error)
            if _NOT_FINITE in text:
                raise LossNotFinite(f"{_NOT_FINITE}; lower the learning rate.") from error
            if OUTSIDE_UNIT_INTERVAL in text:
                raise UserError(_about_range(*_bounds(text))) from error
            raise
        except ValueError as error:
            if "Unknown variable" not in str(error):
                raise
            raise UserError(
                f"{type(self).__name__} makes weights after its optimizer was made; build every layer in the "
                "constructor, for example in keras.Sequential([keras.Input(shape), ...])."
            ) from error
        except UserError as error:  # raised while Keras traces a step, inside a text about where
            raise UserError(str(error).strip().rpartition("UserError: ")[2]) from error

    def _check_observations(self, x, expected):
        """Refuses arrays that are no examples of this shape; what is no array is checked step by step."""
        x = x[0] if isinstance(x, tuple) and len(x) else x
        if isinstance(x, np.ma.MaskedArray):
            raise UserError(
                "A masked array has observations with holes; fill them, or leave these observations out."
            )
        shape, dtype = getattr(x, "shape", None), getattr(x, "dtype", None)
        if shape is None or dtype is None:
            if not isinstance(x, (list, tuple, str, bytes, int, float, dict, set, type(None))):
                return
            raise UserError(
                f"Observations must be an array [N, {', '.join(map(str, expected))}]. "
                f"Received: {checks.shown(x)}."
            )
        if tuple(shape)[1:] != expected or not shape[0]:
            raise UserError(self._about_shape("N", shape, expected))
        name = getattr(dtype, "name", None) or str(dtype).rpartition(".")[2]
        if name != "uint8" and "float" not in name:
            raise UserError(f"Observations must be uint8 or floats. Received: dtype {name}.")

    def _about_shape(self, letter, found, expected):
        pairs = "pairs of " if len(expected) > len(self.observation_shape) else ""
        return (
            f"{type(self).__name__} expects {pairs}observations [{letter}, {', '.join(map(str, expected))}]. "
            f"Received: shape {tuple(found)}."
        )

    # Use.

    def represent(self, observations, batch_size=64):
        """Encodes observations [N, ...] to float32 codes [N, D], a numpy array: the posterior mean.

        uint8 observations mean 0..255 for 0..1.
        """
        return self.in_batches(self.encode_mean, observations, batch_size)

    def in_batches(self, function, observations, batch_size=64):
        """Applies a function of a float batch to observations [N, ...]; numpy in, numpy (or tuples of it) out.

        Every batch is filled up to the same size: on some processors the last bits of a row depend on how many rows
        are computed with it, and so they depend on nothing.
        """
        given = observations if hasattr(observations, "dtype") else np.asarray(observations)
        self._check_observations(given, self.observation_shape)
        batch_size = checks.whole_number("batch_size", batch_size, least=1)
        observations = np.asarray(observations)
        if observations.dtype.kind == "f":
            observations = observations.astype(np.float32, copy=False)
        key = (function.__name__, observations.dtype.name)
        if key not in self._compiled:
            signature = [tf.TensorSpec([None, *self.observation_shape], observations.dtype)]
            compiled = tf.function(lambda batch: function(as_float(batch)), signature, autograph=False)
            self._compiled[key] = compiled.get_concrete_function()
        compiled = self._compiled[key]
        starts = range(0, len(observations), batch_size)
        full = (batch_size, *self.observation_shape)
        outputs = [compiled(tf.constant(np.resize(observations[i : i + batch_size], full))) for i in starts]
        return tf.nest.map_structure(
            lambda *parts: np.concatenate([part.numpy() for part in parts])[: len(observations)], *outputs
        )

    def get_config(self):
        return {**super().get_config(), "observation_shape": list(self.observation_shape), "seed": self.seed}

    @classmethod
    def from_config(cls, config):
        return cls(**{name: value for name, value in config.items() if name != "trainable"})


def as_float(observations):
    """float32 observations: uint8 0..255 becomes 0..1, floats stay as they are.

    Raises:
        UserError: for other dtypes, whose range nobody knows.
    """
    observations = tf.convert_to_tensor(observations)
    if observations.dtype == tf.uint8:
        return tf.cast(observations, tf.float32) / 255.0
    if not observations.dtype.is_floating:
        raise UserError(f"Observations must be uint8 or floats. Received: dtype {observations.dtype.name}.")
    return tf.cast(observations, tf.float32)


def _about_dtype(received):
    return (
        "dtype must be 'float32' or 'mixed_bfloat16': float16 stands still without loss scaling, pure bfloat16 loses "
        f"small updates of the weights, and float64 is made by no layer here. Received: {checks.shown(received)}."
    )


def _about_range(low, high):
    return (
        f"{OUTSIDE_UNIT_INTERVAL}; rescale them, give uint8 where 255 means 1, or take reconstruction='squared_l2' "
        f"with output='linear'. Received: values from {low:g} to {high:g}."
    )


def _bounds(text):
    """The smallest and largest observation that TensorFlow's text about a failed check holds."""
    numbers = re.findall(
        r"\[(-?[\d.]+(?:e[+-]?\d+)?|-?inf|-?nan)\]", text.partition(OUTSIDE_UNIT_INTERVAL)[2]
    )
    return [float(number) for number in numbers[:2]] if len(numbers) > 1 else [np.nan, np.nan]


def _replica_place():
    """(index of this replica, number of replicas); (0, 1) outside a strategy."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return 0, 1
    return context.replica_id_in_sync_group, context.num_replicas_in_sync
