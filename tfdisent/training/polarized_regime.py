"""Whether a model trains in the polarized regime: latents either almost deterministic, or noise."""

import keras
import numpy as np
import tensorflow as tf

from tfdisent import objectives
from tfdisent.checks import number, whole_number
from tfdisent.errors import UserError
from tfdisent.models.base import as_float
from tfdisent.training.strategy import is_chief

__all__ = ["PolarizedRegime", "below_since", "share_below", "watch_polarized_regime"]

_ACTIVE_STD = 0.5


class PolarizedRegime(keras.callbacks.Callback):
    """Records the relative error of the polarized KL term, and how many latents are active, while a model trains.

    delta_kl = |KL - polarized KL| / KL, both averaged over the observations; a latent is active where the standard
    deviation of its posterior mean over them exceeds 0.5. Of a full covariance matrix only the marginals count.

    It works with `Model.fit` as with `tfdisent.training.train`, where several seeds need one each: give the function
    `watch_polarized_regime` instead. `tfdisent.plots.polarized_regime({"VAE": callback.history})` draws it.

    Args:
        observations: [N, ...], held-out ones; a thousand are plenty.
        every: steps between two looks. Where steps are taken many at a time (`steps_per_execution`, or seeds trained
            together), the look comes at the end of these.
        run: `RunDirectory` in which `model/polarized_regime.csv` is written with each checkpoint; None for no file.

    Attributes:
        history: list of {"step", "delta_kl", "kl", "kl_polarized", "num_active"}; KL in nats.

    Raises:
        UserError: for a number of steps that is none, and, when training starts, a model without a posterior.

    References: Zietlow 2022, Sec. 3.3.2, eqs. (3.5), (3.38).
    """

    def __init__(self, observations, every=500, run=None):
        super().__init__()
        self.observations = as_float(observations)
        self.every, self.run = whole_number("every, a number of steps,", every, least=1), run
        self.history = []
        self._first = self._step = 0
        self._look = None

    def set_model(self, model):
        super().set_model(model)
        if not hasattr(model, "marginals"):
            raise UserError(
                "Only a model with a posterior, such as VAE, has a polarized regime. "
                f"Received: {type(model).__name__}."
            )
        if self._look is None:
            self._look = tf.function(self._measure, autograph=False).get_concrete_function()

    def since(self, threshold=0.03):
        """The step from which on delta_kl stayed below `threshold`; None where it is not below at the end."""
        return below_since(self.history, threshold)

    def share(self, threshold=0.03):
        """The share of training, 0 to 1, in which delta_kl stayed below `threshold` until the end."""
        return share_below(self.history, threshold)

    # What Keras, or `fit_together`, calls.

    def on_train_begin(self, logs=None):
        self._first = self._step = int(self.model.step)
        if self.run and not self.history:
            self.history = self.run.history(name="polarized_regime")
        self.history = [row for row in self.history if row["step"] <= self._first]

    def on_train_batch_end(self, batch, logs=None):
        step = self._first + batch + 1
        if step // self.every > self._step // self.every:
            values = [float(value) for value in self._look()]
            names = ("delta_kl", "kl", "kl_polarized", "num_active")
            self.history.append({"step": step, **dict(zip(names, values, strict=True))})
        self._step = step

    def on_epoch_end(self, epoch, logs=None):
        self._first = self._step

    def on_train_end(self, logs=None):
        self.on_checkpoint()

    def on_checkpoint(self):
        """Writes what was recorded; `train` calls it before each checkpoint."""
        if self.run:
            self.run.write_history(self.history, "polarized_regime")

    def _measure(self):
        means, log_vars = self.model.marginals(self.observations)
        active = tf.math.reduce_std(tf.cast(means, tf.float32), axis=0) > _ACTIVE_STD  # [D]
        kl = tf.reduce_mean(objectives.diagonal_kl(means, log_vars))
        polarized = tf.reduce_mean(objectives.polarized_kl(means, log_vars, active))
        delta = tf.math.divide_no_nan(tf.abs(kl - polarized), kl)
        return delta, kl, polarized, tf.reduce_sum(tf.cast(active, tf.float32))


def watch_polarized_regime(run, every=500, num_points=1_000):
    """A `PolarizedRegime` for one run of `train`, as `callbacks=[watch_polarized_regime]`.

    It looks at the first `num_points` held-out observations (training ones where nothing is held out).

    Args:
        run: `Run` that is about to be trained.
        every: steps between two looks.
        num_points: N.

    Returns:
        The callback; None for a model without a posterior.

    Raises:
        UserError: for numbers that are not whole, 1 or larger.
    """
    num_points = whole_number("num_points", num_points, least=1)
    whole_number("every, a number of steps,", every, least=1)
    if not hasattr(run.model, "marginals"):
        return None
    data = run.data.get("validation", run.data["train"])
    if data.size:
        observations = data.observations(np.arange(min(num_points, data.size)))
    else:
        observations = data.sample_observations(num_points, np.random.RandomState(0))
    return PolarizedRegime(observations, every, run.directory if is_chief() else None)


def below_since(history, threshold=0.03):
    """The step from which on delta_kl stayed below `threshold`; None where it is not below at the end.

    Args:
        history: rows with "step" and "delta_kl", in order.
        threshold: of delta_kl, no unit.

    References: Zietlow 2022, Table 3.2.
    """
    threshold, since = number("threshold", threshold, above=0), None
    for row in history:
        if not row["delta_kl"] < threshold:
            since = None
        elif since is None:
            since = row["step"]
    return since


def share_below(history, threshold=0.03):
    """The share of training, 0 to 1, from `below_since` to the last row."""
    since = below_since(history, threshold)
    return 0.0 if since is None else 1.0 - since / history[-1]["step"]
