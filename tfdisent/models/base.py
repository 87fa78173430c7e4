"""The base class of every model: one step, one place that knows about replicas.

A model says what it minimises (`losses`) and how it encodes (`represent`). Everything that differs between one
device, many devices and many workers stands here.
"""

import keras
import numpy as np
import tensorflow as tf

from tfdisent.errors import UserError

__all__ = ["LatentModel"]


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
    * `encode_mean(observations)`: the float32 codes [B, D] that scores and `represent` use;
    * `get_config`: every constructor argument, because Keras would otherwise save the defaults.

    The networks are built in the constructor, so a model can be called, saved and put under a strategy at once.

    Args:
        observation_shape: shape of one observation, (H, W, C) for images.
        seed: seeds the initial weights and the noise, which is a function of (seed, step, place in the global batch).
        dtype: Keras dtype policy: None or "float32", or "mixed_bfloat16".

    Raises:
        UserError: for the policies "float16" and "mixed_float16", and for a shape or seed that is none.
    """

    terms = ("loss",)
    least_batch_size = 1  # 2 where a statistic of the batch is minimised
    needs_labels = False

    def __init__(self, observation_shape, *, seed=0, dtype=None, name=None):
        super().__init__(name=name, dtype=dtype)
        if self.dtype_policy.compute_dtype == "float16":
            raise UserError(
                "float16 needs loss scaling of every optimizer, without which training silently stands still; "
                f"choose 'mixed_bfloat16' or 'float32'. Received: dtype={self.dtype_policy.name!r}."
            )
        shape = tuple(observation_shape)
        if not shape or any(not isinstance(n, (int, np.integer)) or n < 1 for n in shape):
            raise UserError(
                f"observation_shape must be positive whole numbers. Received: {observation_shape!r}."
            )
        if not isinstance(seed, (int, np.integer)) or seed < 0:
            raise UserError(f"seed must be a whole number, 0 or larger. Received: {seed!r}.")
        self.observation_shape = tuple(int(n) for n in shape)
        self.seed = int(seed)
        self._trackers = [keras.metrics.Mean(name=term) for term in self.terms]
        self._compiled = {}

    # What a subclass defines.

    def losses(self, observations, training=False):
        """Returns a dict of scalar terms, each averaged over the batch; "loss" is the one minimised."""
        raise NotImplementedError

    def encode_mean(self, observations):
        """Returns the codes [B, D] of observations [B, ...]: the posterior mean where there is a posterior."""
        raise NotImplementedError

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

    def num_updates(self, steps):
        """Number of updates that training for `steps` steps takes: all of them."""
        return steps

    def train_step(self, data):
        """One update. Gradients are summed over replicas by Keras, hence the division of the loss."""
        with tf.GradientTape() as tape:
            losses = self.losses(*self.inputs(data), training=True)
            objective = losses["loss"] / self.distribute_strategy.num_replicas_in_sync
        gradients = tape.gradient(objective, self.loss_variables)
        self.update(self.optimizer, gradients, self.loss_variables, losses["loss"])
        return self._track(losses)

    def test_step(self, data):
        """The terms on held-out observations, without an update."""
        return self._track(self.losses(*self.inputs(data), training=False))

    def inputs(self, data):
        """What `losses` takes of the data that a step gets: (observations,), or (observations, labels)."""
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
        if not observations.shape[1:].is_compatible_with(self.observation_shape):
            raise UserError(
                f"{type(self).__name__} expects observations [B, {', '.join(map(str, self.observation_shape))}]. "
                f"Received: shape {tuple(observations.shape)}."
            )
        return observations

    @staticmethod
    def update(optimizer, gradients, variables, loss):
        """Applies gradients unless the loss is not finite, which raises before a weight is spoiled."""
        with tf.control_dependencies([tf.debugging.check_numerics(loss, "The loss is not finite")]):
            gradients = [tf.identity(gradient) for gradient in gradients]
        optimizer.apply(gradients, variables)

    def _track(self, losses):
        for tracker in self._trackers:
            tracker.update_state(losses[tracker.name])
        # MultiWorkerMirroredStrategy can reduce only what has an axis.
        return {tracker.name: tf.reshape(tracker.result(), [1]) for tracker in self._trackers}

    # Use.

    def represent(self, observations, batch_size=256):
        """Encodes observations [N, ...] to float32 codes [N, D], a numpy array: the posterior mean.

        uint8 observations mean 0..255 for 0..1.
        """
        return self.in_batches(self.encode_mean, observations, batch_size)

    def in_batches(self, function, observations, batch_size=256):
        """Applies a function of a float batch to observations [N, ...]; numpy in, numpy (or tuples of it) out."""
        observations = np.asarray(observations)
        if observations.shape[1:] != self.observation_shape or not len(observations):
            raise UserError(
                f"{type(self).__name__} expects observations [N, {', '.join(map(str, self.observation_shape))}]. "
                f"Received: shape {observations.shape}."
            )
        if observations.dtype.kind == "f":
            observations = observations.astype(np.float32, copy=False)
        key = (function.__name__, observations.dtype.name)
        if key not in self._compiled:
            signature = [tf.TensorSpec([None, *self.observation_shape], observations.dtype)]
            self._compiled[key] = tf.function(
                lambda batch: function(as_float(batch)), signature, autograph=False
            )
        compiled = self._compiled[key]
        starts = range(0, len(observations), batch_size)
        outputs = [compiled(tf.constant(observations[start : start + batch_size])) for start in starts]
        return tf.nest.map_structure(
            lambda *parts: np.concatenate([part.numpy() for part in parts]), *outputs
        )

    def get_config(self):
        return {**super().get_config(), "observation_shape": list(self.observation_shape), "seed": self.seed}


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


def _replica_place():
    """(index of this replica, number of replicas); (0, 1) outside a strategy."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return 0, 1
    return context.replica_id_in_sync_group, context.num_replicas_in_sync
