"""The calls that come naturally to someone new: they work, or end in one sentence that says what to write."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import VAE
from tfdisent.training import RunDirectory, train

X = np.random.RandomState(0).rand(200, 5).astype(np.float32)
MODEL = functools.partial(
    VAE,
    num_latents=2,
    encoder=functools.partial(networks.dense_encoder, hidden_units=(8,)),
    decoder=functools.partial(networks.dense_decoder, hidden_units=(8,)),
    beta=0.1,
)
SETTINGS = {"batch_size": 20, "log_every": 10, "progress": False, "strategy": "default"}


def weights(run):
    return np.concatenate([np.ravel(weight) for weight in run.model.get_weights()])


class StopAt(keras.callbacks.Callback):
    """Ends training after some steps, inside an interval where `at_batch`."""

    def __init__(self, step, at_batch=False):
        super().__init__()
        self.last, self.at_batch = step, at_batch

    def on_train_batch_end(self, batch, logs=None):
        if self.at_batch and int(self.model.step) >= self.last:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        if not self.at_batch and int(self.model.step) >= self.last:
            self.model.stop_training = True


@pytest.mark.parametrize(
    "optimizer",
    [keras.optimizers.Adam(1e-2), functools.partial(keras.optimizers.Adam, 1e-2), {"name": "adam"}],
    ids=["instance", "partial", "name"],
)
def test_an_optimizer_may_be_given_in_any_form(optimizer):
    if isinstance(optimizer, dict):
        ours, same = train(MODEL, X, steps=20, optimizer="adam", **SETTINGS), keras.optimizers.Adam
    else:
        ours, same = (
            train(MODEL, X, steps=20, optimizer=optimizer, **SETTINGS),
            lambda: keras.optimizers.Adam(1e-2),
        )
    np.testing.assert_array_equal(
        weights(ours), weights(train(MODEL, X, steps=20, optimizer=same, **SETTINGS))
    )


def test_an_optimizer_that_was_used_starts_afresh():
    optimizer = keras.optimizers.Adam(1e-2)
    first = train(MODEL, X, steps=20, optimizer=optimizer, **SETTINGS)
    second = train(MODEL, X, steps=20, optimizer=optimizer, **SETTINGS)
    np.testing.assert_array_equal(weights(first), weights(second))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": MODEL((5,))}, r"write functools.partial\(VAE, ...\)"),
        ({"model": "VAE"}, "model must be a model class"),
        ({"model": keras.Sequential}, "must be a subclass of tfdisent.models.LatentModel"),
        ({"model": functools.partial(VAE, num_latent=2)}, "did you mean num_latents?"),
        ({"model": lambda observation_shape, seed, dtype: 3}, "must make a tfdisent.models.LatentModel"),
        ({"model": lambda **_: MODEL((4,))}, r"observations of shape \(5,\), the model one of \(4,\)"),
        ({"optimizer": "adamm"}, "there is no optimizer of this name"),
        ({"optimizer": 1e-3}, "optimizer cannot be made"),
        ({"optimizer": lambda: 3}, "optimizer must be a Keras optimizer"),
        ({"callbacks": keras.callbacks.TerminateOnNaN}, r"write callbacks=\[TerminateOnNaN\(...\)\]"),
        ({"callbacks": "stop"}, "callbacks are Keras callbacks"),
        ({"callbacks": lambda run: 3}, "must make a Keras callback or None"),
        ({"learning_rate": 1e-3}, r"write optimizer=keras.optimizers.Adam\(1e-3\)"),
        ({"batchsize": 3}, "did you mean batch_size?"),
        ({"validation_data": X[:, :4]}, r"validation_data must have observations of shape \(5,\)"),
        ({"validation_data": X, "split": (0.8, 0.1, 0.1)}, "either split or validation_data"),
        ({"dtype": None}, "dtype must be 'float32' or 'mixed_bfloat16'"),
        ({"dtype": "bfloat16"}, "dtype must be"),
        ({"dtype": "float64"}, "dtype must be"),
        ({"seed": (True, False)}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"seed": ()}, "several different ones"),
        ({"jit_compile": "maybe"}, "jit_compile must be True or False"),
        ({"overwrite": "no"}, "overwrite must be True or False"),
        ({"output": 3}, "output must be a path"),
        ({"batch_size": 2.0}, "batch_size must be a whole number"),
        ({"sampling": "epoch"}, "did you mean epochs?"),
        ({"strategy": 3}, "strategy must be"),
        ({"data": X * 255}, "observations in .0, 1.; rescale them.* values from [0-9.]+ to 25"),
        ({"data": X * 255, "seed": (0, 1)}, "observations in .0, 1."),
        (
            {"data": np.where(np.arange(200)[:, None] == 111, 1.5, X), "seed": (0, 1)},
            "values from 1.5 to 1.5|to 1.5",
        ),
        ({"data": np.where(np.arange(200)[:, None] == 111, 1.5, X)}, "observations in .0, 1.*to 1.5"),
        ({"data": np.where(np.arange(200)[:, None] == 111, 1.5, X), "jit_compile": True}, "to 1.5"),
    ],
)
def test_what_cannot_be_trained_ends_in_one_sentence(tmp_path, change, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        settings = {"model": MODEL, "data": X, "output": tmp_path / "run", "steps": 20, **SETTINGS, **change}
        train(**settings)
    assert "\n" not in str(caught.value)


def test_one_callback_may_stand_for_a_list():
    run = train(MODEL, X, steps=40, callbacks=StopAt(20), **SETTINGS)
    assert run.results["global_step"] == 20


def test_validation_data_is_what_the_final_terms_are_of():
    run = train(MODEL, X, steps=20, validation_data=X[:20] * 0.5, **SETTINGS)
    expected = float(run.model.losses(tf.constant(X[:20] * 0.5))["kl"])
    assert run.results["kl"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("at_batch", [False, True])
def test_a_run_that_a_callback_ends_is_finished_there(tmp_path, at_batch, caplog):
    settings = {**SETTINGS, "steps": 100, "steps_per_execution": 5, "checkpoint_every": 30}
    stop = functools.partial(StopAt, 45 if at_batch else 50, at_batch)
    expected = train(MODEL, X, **{**settings, "steps": 45 if at_batch else 50})
    run = train(MODEL, X, tmp_path, callbacks=[stop()], **settings)
    assert run.results["global_step"] == expected.results["global_step"]
    assert [row["step"] for row in run.history] == [row["step"] for row in expected.history]
    assert RunDirectory(tmp_path).history() == run.history
    assert RunDirectory(tmp_path).ended() == {
        "step": expected.results["global_step"],
        "steps": 100,
        "reason": "a callback ended training (StopAt)",
    }
    with caplog.at_level("INFO", "tfdisent"):
        again = train(MODEL, X, tmp_path, callbacks=[stop()], **settings)
    assert "The run ended at step" in caplog.text
    for each in (run, again, RunDirectory(tmp_path).load_model()):
        model = getattr(each, "model", each)
        for weight, same in zip(model.get_weights(), expected.model.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, same)


def test_early_stopping_keeps_the_best_weights_that_it_restores(tmp_path):
    class Best(keras.callbacks.EarlyStopping):
        """Takes the second interval for the best one."""

        def get_monitor_value(self, logs):
            self.seen = getattr(self, "seen", 0) + 1
            return abs(self.seen - 2)

    stop = Best(monitor="loss", patience=2, restore_best_weights=True)
    run = train(MODEL, X, tmp_path, steps=200, callbacks=stop, **SETTINGS)
    assert run.results["global_step"] == 40
    best = train(MODEL, X, steps=20, **SETTINGS)
    np.testing.assert_array_equal(weights(run), weights(best))
    again = train(MODEL, X, tmp_path, steps=200, callbacks=stop, **SETTINGS)
    np.testing.assert_array_equal(weights(again), weights(best))


def test_each_of_several_seeds_may_be_ended_by_its_own_callback(tmp_path):
    def stop(run):
        return StopAt(20 if run.model.seed else 40)

    first, second = train(MODEL, X, tmp_path, steps=60, seed=(0, 1), callbacks=stop, **SETTINGS)
    assert (first.results["global_step"], second.results["global_step"]) == (40, 20)
    assert RunDirectory(tmp_path / "seed_1").ended()["step"] == 20
    assert len(second.history) == 2


def test_a_held_out_loss_that_is_not_finite_is_said(caplog):
    class Overflows(VAE):
        """A VAE whose loss is a number only while it trains."""

        def losses(self, observations, training=False):
            terms = super().losses(observations, training)
            return terms if training else {**terms, "kl": terms["kl"] * np.inf}

    with caplog.at_level("WARNING", "tfdisent"):
        train(functools.partial(Overflows, **MODEL.keywords), X, steps=10, **SETTINGS)
    assert "is not finite: kl inf" in caplog.text
