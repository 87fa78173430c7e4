"""The batches of a run, each a function of (seed, step): nothing to save, nothing to restore.

A run that is killed and started again, or shared by several workers, sees the same batches as one that is not.
"""

import functools
import math

import numpy as np

from tfdisent import checks, memory
from tfdisent.data import GroundTruthData
from tfdisent.data.pairs import check_law
from tfdisent.errors import UserError

__all__ = ["BatchStream"]

_CHUNK_BYTES = 2**20
_MAX_CHUNK_STEPS = 256
_SECOND = 1  # tells the draws of second observations from those of first ones


class BatchStream:
    """Batches of observations by step.

    Args:
        data: a `GroundTruthData`. Where it cannot be enumerated, observations are sampled from it.
        batch_size: B, number of observations in the global batch.
        seed: of the order.
        with_labels: give batches (observations, labels), labels being the factors [B, F], instead of observations.
        pairs: None for single observations, or a law of `tfdisent.data.pairs`: batches then are pairs [B, 2, ...], B
            counts them, and labels are the law's, int64 [B]. The order is that of the first observations.
        sampling: "epochs" goes through a fresh permutation of the data each epoch and leaves out the last incomplete
            batch; "replacement" draws every index independently, as disentanglement_lib does.

    Raises:
        UserError: for a batch that is empty or larger than the data, or an unknown sampling.
    """

    def __init__(self, data, batch_size, seed=0, sampling="epochs", with_labels=False, pairs=None):
        if not isinstance(data, GroundTruthData):
            raise UserError(f"Batches are taken of a GroundTruthData. Received: {checks.shown(data)}.")
        self.data, self.size, self.pairs = data, data.size, pairs
        if pairs is not None:
            check_law(pairs).check(data)
            self.size = pairs.size(data)
        self.batch_size = checks.whole_number("batch_size", batch_size, least=1)
        self.seed = checks.whole_number("seed", seed, least=0)
        self.with_labels = checks.truth("with_labels", with_labels)
        checks.choice("sampling", sampling, ("epochs", "replacement"))
        self.sampling = sampling if self.size else "replacement"
        what = "observations" if pairs is None else "pairs"
        memory.check_fits(
            f"A batch of {batch_size:,} {what}",
            (4 if pairs is None else 8) * batch_size * math.prod(data.observation_shape),
        )
        if self.sampling == "epochs" and self.size < batch_size:
            raise UserError(
                f"batch_size must not exceed the {self.size:,} {what} trained on. Received: {batch_size}."
            )
        self._permutation = functools.lru_cache(maxsize=2)(self._draw_permutation)

    @property
    def steps_per_epoch(self):
        """Steps in one pass through the data; None where the data has no end."""
        return self.size // self.batch_size if self.size else None

    def indices(self, step):
        """Indices int64 [B] of the observations of one step; [B, 2] of pairs."""
        return self.draw(step)[0]

    def draw(self, step):
        """(`indices`, labels): the law's labels int64 [B] of pairs, else None."""
        if self.sampling == "replacement":
            first = np.random.default_rng([self.seed, step]).integers(self.size, size=self.batch_size)
        else:
            epoch, place = divmod(step, self.steps_per_epoch)
            first = self._permutation(epoch)[place * self.batch_size : (place + 1) * self.batch_size]
        if self.pairs is None:
            return first, None
        state = np.random.SeedSequence([self.seed, step, _SECOND]).generate_state(4)
        return self.pairs.draw(self.data, first, np.random.RandomState(state))

    def batch(self, step, part=0, num_parts=1):
        """Observations [B / num_parts, ...] of one step: the part-th slice of the global batch; with labels, a pair."""
        length = self.batch_size // num_parts
        rows = slice(part * length, (part + 1) * length)
        if self.size:
            indices, labels = self.draw(step)
            indices = indices[rows]
            observations = self.data.observations(indices.ravel())
            observations = observations.reshape(*indices.shape, *self.data.observation_shape)
            if not self.with_labels:
                return observations
            return observations, self.data.factors(indices) if self.pairs is None else labels[rows]
        generator = np.random.RandomState(np.random.SeedSequence([self.seed, step]).generate_state(4))
        factors, observations = self.data.sample(self.batch_size, generator)
        observations = np.asarray(observations, np.float32)[rows]
        return (observations, factors[rows]) if self.with_labels else observations

    def dataset(self, first, last, replicas=1, pipeline=0, num_pipelines=1):
        """The batches of steps first, ..., last - 1 as a `tf.data.Dataset`.

        Of `replicas` replicas fed by `num_pipelines` workers, this is what worker `pipeline` feeds: for each step one
        slice of the global batch for each of its replicas, in order.
        """
        import tensorflow as tf

        if self.batch_size % replicas:
            raise UserError(
                f"batch_size must be a multiple of the {replicas} replicas. Received: {self.batch_size}."
            )
        mine = replicas // num_pipelines
        example = self._parts(self.batch(first, part=pipeline * mine, num_parts=replicas))
        chunk = int(np.clip(_CHUNK_BYTES // max(example[0].nbytes * mine, 1), 1, _MAX_CHUNK_STEPS))

        def load(start):
            start = int(start)
            steps = range(start, min(start + chunk, last))
            whole = [self._parts(self.batch(step, pipeline, num_pipelines)) for step in steps]
            return [
                np.stack(parts).reshape(-1, *shown.shape)  # [steps * mine, B / replicas, ...]
                for parts, shown in zip(zip(*whole, strict=True), example, strict=True)
            ]

        def load_chunk(start):
            batches = tf.numpy_function(load, [start], [part.dtype for part in example], stateful=False)
            shaped = [
                tf.ensure_shape(batch, (None, *part.shape))
                for batch, part in zip(batches, example, strict=True)
            ]
            return tuple(shaped) if self.with_labels else shaped[0]

        batches = tf.data.Dataset.range(first, last, chunk).map(load_chunk).unbatch()
        return batches.prefetch(max(2, min(chunk, 64)))

    def _parts(self, batch):
        return batch if self.with_labels else (batch,)

    def _draw_permutation(self, epoch):
        return np.random.default_rng([self.seed, epoch]).permutation(self.size)
