"""What is written down and shown while a model trains."""

import logging

import keras
import tensorflow as tf
from tqdm.auto import tqdm

from tfdisent.errors import UserError
from tfdisent.training.checkpoints import all_finite, save_checkpoint

__all__ = ["RunCallback"]

_LOG = logging.getLogger(__name__)


class RunCallback(keras.callbacks.Callback):
    """Progress bar, history, TensorBoard scalars and checkpoints of one run.

    Keras' "epochs" are here the intervals between two lines of the history.

    Args:
        first: step at which this process starts.
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
        self.step, self.steps, self.run = first, steps, run if is_chief else None
        self.has_ended = first >= steps
        self.history = [] if history is None else history
        self.checkpoint_every = checkpoint_every
        self._saved, self._length, self._shown, self._taken = first, 0, first, 0
        self._bar = tqdm(
            total=steps,
            initial=first,
            desc="train",
            unit="step",
            disable=not (show and is_chief),
            mininterval=0.5,
        )
        self._writer = tf.summary.create_file_writer(str(self.run.tensorboard)) if self.run else None

    def start_interval(self, length):
        """Tells the length in steps of the intervals that follow."""
        self._length = length

    def on_train_batch_end(self, batch, logs=None):
        self._taken = min(batch + 1, self._length)
        self._show(self.step + self._taken)

    def on_epoch_end(self, epoch, logs=None):
        self.step += self._taken or self._length  # fewer steps where a callback ended the interval
        self._taken = 0
        self.has_ended = self.step >= self.steps
        terms = {name: float(tf.squeeze(logs[name])) for name in self.model.terms}
        self.history.append({"step": self.step, **terms})
        self._show(self.step)
        self._bar.set_postfix({name: f"{value:.4g}" for name, value in terms.items()}, refresh=False)
        if self._writer:
            with self._writer.as_default(step=self.step):
                for name, value in terms.items():
                    tf.summary.scalar(name, value)
        if self.step - self._saved >= self.checkpoint_every or self.step >= self.steps:
            self._checkpoint()

    def end_early(self):
        """Records that a further callback ended training here, where steps were left."""
        if self.has_ended:
            return
        self.has_ended = True
        names = ", ".join(type(other).__name__ for other in self.others)
        reason = f"a callback ended training ({names})"
        _LOG.info("Training ends at step %s of %s: %s.", f"{self.step:,}", f"{self.steps:,}", reason)
        self._checkpoint()
        if self.run:
            self.run.write_ended({"step": self.step, "steps": self.steps, "reason": reason})

    def close(self):
        """Ends the bar and the TensorBoard file."""
        self._bar.close()
        if self._writer:
            self._writer.close()

    def _show(self, step):
        self._bar.update(step - self._shown)
        self._shown = step

    def _checkpoint(self):
        self._saved = self.step
        if self.run is None:
            return
        if not all_finite(self.model):
            raise UserError(f"A weight is no longer finite at step {self.step:,}; lower the learning rate.")
        self.run.write_history(self.history)
        for other in self.others:
            if hasattr(other, "on_checkpoint"):
                other.on_checkpoint()
        save_checkpoint(self.model, self.run.checkpoints, self.step)
