"""Many seeds of one tiny model, trained in one compiled program.

A model of a few dozen weights costs Keras some 0.3 ms a step whatever it computes. Compiled together, the steps of ten
models in a loop cost less than that: see benchmarks/together.py.
"""

import math

import numpy as np
import tensorflow as tf

from tfdisent.errors import UserError
from tfdisent.interruption import stop_asked
from tfdisent.training.checkpoints import what_is_kept

__all__ = ["fit_together"]

_CHUNK_STEPS = 1000
_MOST_BYTES = 2**30


def fit_together(models, streams, log_every, recorders):
    """Trains several models side by side, each on its own batches, in one XLA program that loops over steps.

    Every model takes the steps it would take alone: same weights at the start, same batches, same law of the noise.
    The noise itself differs, because XLA turns the same random bits into normal numbers by another formula; a model
    without noise ends with the same weights up to rounding.

    Args:
        models: compiled `LatentModel`s.
        streams: a `BatchStream` each, of the same data, which has to fit in memory.
        log_every: steps between two lines of the histories.
        recorders: a `RunCallback` each, which says at which step its model stands and at which it ends. Models may
            stand at different steps after an interruption: those behind are trained first. Their `others` are told of
            the end of each interval, as of one batch and one epoch, and may end the training of their model.

    Raises:
        UserError: when the data cannot be held in memory, or a loss is not finite (with the place of the model).
    """
    for model, recorder in zip(models, recorders, strict=True):
        model.stop_training = False
        for each in (recorder, *recorder.others):
            each.set_model(model)
            each.on_train_begin()
    program = None
    while active := [i for i, recorder in enumerate(recorders) if not recorder.has_ended]:
        step = min(recorders[i].step for i in active)
        behind = [i for i in active if recorders[i].step == step]
        ahead = [recorders[i].step for i in active if recorders[i].step > step]
        last = min(step + log_every - step % log_every, *ahead, *(recorders[i].steps for i in behind))
        if stop_asked() is not None:
            for recorder in recorders:
                recorder.save()
            recorders[0].stop(recorders[0].step)
        if program is None or program[0] != behind:
            program = behind, _Program([models[i] for i in behind], [streams[i] for i in behind])
        for i in behind:
            for tracker in models[i].metrics:
                tracker.reset_state()
            recorders[i].on_epoch_begin(0)
        logs = program[1].run(step, last)
        for i, log in zip(behind, logs, strict=True):
            if not np.isfinite(log["loss"]):
                shown = ", ".join(f"{name} {value:g}" for name, value in log.items())
                run = recorders[i].run
                raise UserError(
                    f"The loss of seed {models[i].seed} is not finite between steps {step:,} and {last:,} ({shown}); "
                    f"lower the learning rate.{what_is_kept(run and run.checkpoints)}"
                )
            recorders[i].start_interval(last - step)
            for other in recorders[i].others:
                other.on_train_batch_end(last - step - 1, log)
            for each in (recorders[i], *recorders[i].others):
                each.on_epoch_end(0, log)
            if recorders[i].has_ended or models[i].stop_training:
                for other in recorders[i].others:
                    other.on_train_end()
                recorders[i].end_early()


class _Program:
    """The compiled loop over steps of some models."""

    def __init__(self, models, streams):
        data = streams[0].data
        if not data.size or data.size * 4 * math.prod(data.observation_shape) > _MOST_BYTES:
            raise UserError(
                f"Several seeds are trained together only on data of up to {_MOST_BYTES >> 20} MiB in memory, which "
                f"{data.name} is not; give one seed."
            )
        self.models, self.streams = models, streams
        everything = np.arange(data.size)
        self.observations = tf.constant(data.observations(everything))
        self.with_labels, self.pairs = streams[0].with_labels, streams[0].pairs is not None
        self.factors = tf.constant(data.factors(everything)) if self.with_labels and not self.pairs else None
        self.label_shape = streams[0].pairs.label_shape(data) if self.with_labels and self.pairs else None
        self.loop = tf.function(self._loop, jit_compile=True, autograph=False)

    def run(self, first, last):
        """Takes the steps first, ..., last - 1; returns each term's mean since the trackers' reset, a dict a model."""
        shape = (_CHUNK_STEPS, len(self.models), self.streams[0].batch_size)
        for start in range(first, last, _CHUNK_STEPS):
            count = min(_CHUNK_STEPS, last - start)
            indices = np.zeros((*shape, 2) if self.pairs else shape, np.int32)
            labels = np.zeros(
                (*shape, *self.label_shape) if self.label_shape is not None else (1, 1), np.int64
            )
            for k, stream in enumerate(self.streams):
                for i in range(count):
                    indices[i, k], drawn = stream.draw(start + i)
                    if self.label_shape is not None:
                        labels[i, k] = drawn
            self.loop(tf.constant(indices), tf.constant(labels), tf.constant(count))
        return [{t.name: float(t.result()) for t in model.metrics} for model in self.models]

    def _loop(self, indices, labels, count):
        def body(i):
            for k, model in enumerate(self.models):
                model.train_step(self._batch(indices[i, k], labels, i, k))
            return i + 1

        tf.while_loop(lambda i: i < count, body, [tf.constant(0)])

    def _batch(self, rows, labels, i, k):
        """What model k gets at step i: the observations in these rows, with labels where it needs some."""
        observations = tf.gather(self.observations, rows)
        if not self.with_labels:
            return observations
        return observations, labels[i, k] if self.pairs else tf.gather(self.factors, rows)
