"""What is written down and shown while a model trains."""

import contextlib
import logging

import keras
import tensorflow as tf
from tqdm.auto import tqdm

from tfdisent.errors import UserError
from tfdisent.interruption import stop_asked
from tfdisent.training.checkpoints import Position, all_finite, save_checkpoint, what_is_kept

__all__ = ["RunCallback"]

_LOG = logging.getLogger(__name__)


class RunCallback(keras.callbacks.Callback):
    """Progress bar, history, TensorBoard scalars and checkpoints of one run.

    Keras' "epochs" are here the intervals between two lines of the history.

    Args:
        first: `Position` at which this process starts, or a step that ends an interval.
        steps: step at which the run ends.
        run: `RunDirectory`, or None for a run without files.
        history: rows so far; extended in place.
        checkpoint_every: steps between two checkpoints.
        is_chief: whether this process writes.
        show: whether to show the bar.
        others: further callbacks of the run; those with `on_checkpoint` are told before a checkpoint is written.
    """

    def __init__(
        self,
        first,
        steps,
        run=None,
        history=None,
        checkpoint_every=1000,
        is_chief=True,
        show=True,
        others=(),
    ):
        super().__init__()
        self.others = others
        first = first if isinstance(first, Position) else Position(first, first)
        self.step, self.steps, self.run = first.step, steps, run if is_chief else None
        self.has_ended = self.step >= steps
        self.history = [] if history is None else history
        self.checkpoint_every = checkpoint_every
        self._since, self._means = first.since, first.means
        self._saved, self._length, self._shown, self._taken = first.step, 0, first.step, 0
        self._bar = tqdm(
            total=steps,
            initial=first.step,
            desc="train",
            unit="step",
            disable=not (show and is_chief),
            mininterval=0.5,
        )
        self._writer = None
        if self.run:
            with self._summaries():
                self._writer = tf.summary.create_file_writer(str(self.run.tensorboard))

    def rest_of_interval(self, log_every):
        """Steps that are left of an interval in which an earlier process was stopped; 0 where there is none."""
        begun = self.step - self._since
        return min(max(log_every - begun, 1), self.steps - self.step) if begun else 0

    def start_interval(self, length):
        """Tells the length in steps of the intervals that follow."""
        self._length = length

    def on_epoch_begin(self, epoch, logs=None):
        """Goes on with the means of an interval in which an earlier process was stopped."""
        variables = [variable for metric in self.model.metrics for variable in metric.variables]
        for variable, value in zip(variables, self._means, strict=bool(self._means)):
            variable.assign(value)
        self._means = ()

    def on_train_batch_begin(self, batch, logs=None):
        # All callbacks have seen the steps before this one, so a checkpoint of them is complete.
        if stop_asked() is None or (batch and self._only_between_intervals()):
            return
        self.stop(self.step + batch)

    def on_train_batch_end(self, batch, logs=None):
        self._taken = min(batch + 1, self._length)
        self._show(self.step + self._taken)

    def on_epoch_end(self, epoch, logs=None):
        self.step += self._taken or self._length  # fewer steps where a callback ended the interval
        self._since, self._taken = self.step, 0
        self.has_ended = self.step >= self.steps
        terms = {name: float(tf.squeeze(logs[name])) for name in self.model.terms}
        self.history.append({"step": self.step, **terms})
        self._show(self.step)
        self._bar.set_postfix({name: f"{value:.4g}" for name, value in terms.items()}, refresh=False)
        if self._writer:
            with self._summaries(), self._writer.as_default(step=self.step):
                for name, value in terms.items():
                    tf.summary.scalar(name, value)
        if self.step - self._saved >= self.checkpoint_every or self.step >= self.steps:
            self._checkpoint(self.step)

    def save(self, step=None):
        """Writes a checkpoint of a step, the last one that ends an interval unless given, if none is there yet."""
        step = self.step if step is None else step
        if step > self._saved:
            self._checkpoint(step)

    def stop(self, step):
        """Writes a checkpoint of a step and ends training because of a signal."""
        self.save(step)
        if self.run:
            _LOG.warning("Stopped at step %s; the same command continues there.", f"{step:,}")
        raise KeyboardInterrupt  # `finishing_first` turns it into what the signal stands for

    def _only_between_intervals(self):
        """Whether reading the means of the terms takes all workers, of which each gets its signal at another step."""
        return isinstance(self.model.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy)

    def end_early(self):
        """Records that a further callback ended training here, where steps were left."""
        if self.has_ended:
            return
        self.has_ended = True
        names = ", ".join(type(other).__name__ for other in self.others)
        reason = f"a callback ended training ({names})"
        _LOG.info("Training ends at step %s of %s: %s.", f"{self.step:,}", f"{self.steps:,}", reason)
        self._checkpoint(self.step)
        if self.run:
            self.run.write_ended({"step": self.step, "steps": self.steps, "reason": reason})

    def close(self):
        """Ends the bar and the TensorBoard file."""
        self._bar.close()
        if self._writer:
            with self._summaries():
                self._writer.close()

    @contextlib.contextmanager
    def _summaries(self):
        """Where TensorBoard's file cannot be written, training goes on without it."""
        try:
            yield
        except (tf.errors.OpError, OSError) as error:
            _LOG.warning(
                "TensorBoard's file in %s cannot be written (%s); training goes on without it.",
                self.run.tensorboard,
                " ".join(str(error).split())[:200],
            )
            self._writer = None

    def _show(self, step):
        self._bar.update(step - self._shown)
        self._shown = step

    def _checkpoint(self, step):
        self._saved = step
        if self.run is None:
            return
        if not all_finite(self.model):
            raise UserError(
                f"A weight is no longer finite at step {step:,}; lower the learning rate."
                f"{what_is_kept(self.run.checkpoints)}"
            )
        if self.history:
            self.run.write_history(self.history)
        for other in self.others:
            if hasattr(other, "on_checkpoint"):
                other.on_checkpoint()
        save_checkpoint(self.model, self.run.checkpoints, step, since=self._since)
        self.run.lives.save()
