import functools

import keras
import numpy as np
import pytest

from tfdisent import metrics, networks
from tfdisent.errors import UserError
from tfdisent.models import VAE, Autoencoder
from tfdisent.training import (
    PolarizedRegime,
    RunDirectory,
    below_since,
    share_below,
    train,
    watch_polarized_regime,
)

X = np.random.RandomState(0).rand(200, 5).astype(np.float32)
make = functools.partial(
    VAE,
    num_latents=3,
    encoder=functools.partial(networks.dense_encoder, hidden_units=()),
    decoder=functools.partial(networks.dense_decoder, hidden_units=()),
    beta=0.001,
    reconstruction="squared_l2",
    output="linear",
)
SETTINGS = {
    "batch_size": 20,
    "log_every": 10,
    "progress": False,
    "optimizer": functools.partial(keras.optimizers.Adam, 0.03),
}


def rows(*errors):
    return [{"step": 10 * (i + 1), "delta_kl": error} for i, error in enumerate(errors)]


def test_the_regime_begins_after_the_last_look_above_the_threshold():
    assert below_since(rows(0.5, 0.02, 0.04, 0.01, 0.02)) == 40
    assert share_below(rows(0.5, 0.02, 0.04, 0.01, 0.02)) == pytest.approx(1 - 40 / 50)
    assert below_since(rows(0.01, 0.01)) == 10
    assert below_since(rows(0.01, 0.03)) is None and share_below(rows(0.01, 0.03)) == 0
    assert below_since(rows(0.01, 0.04), threshold=0.1) == 10
    assert below_since(rows(0.01, float("nan"))) is None
    assert below_since([]) is None


def test_a_look_is_the_score_of_the_model_at_that_step():
    watch = PolarizedRegime(4 * X[:50], every=10)
    run = train(make, 4 * X, steps=200, callbacks=[watch], **SETTINGS)
    assert [row["step"] for row in watch.history] == list(range(10, 201, 10))
    expected = metrics.polarized_regime(*run.model.posterior(4 * X[:50]))
    assert expected["num_active"] > 0
    for name in ("delta_kl", "kl", "kl_polarized", "num_active"):
        assert watch.history[-1][name] == pytest.approx(expected[name], rel=1e-4, abs=1e-5)
    assert watch.history[0]["kl"] != watch.history[-1]["kl"]


def test_looks_come_every_so_many_steps_in_a_plain_fit_too():
    model = make(observation_shape=(5,))
    model.compile("adam")
    watch = PolarizedRegime(X, every=7)
    model.fit(X, batch_size=20, epochs=3, verbose=0, callbacks=[watch])  # 30 steps
    assert [row["step"] for row in watch.history] == [7, 14, 21, 28]


def test_seeds_trained_together_have_a_history_each_and_an_interruption_leaves_no_gap(tmp_path):
    settings = {
        **SETTINGS,
        "seed": (0, 1),
        "callbacks": [functools.partial(watch_polarized_regime, every=10)],
    }
    train(make, X, tmp_path, steps=20, **settings)
    runs = train(make, X, tmp_path, steps=50, **settings)
    for run in runs:
        (watch,) = run.callbacks
        assert [row["step"] for row in watch.history] == [10, 20, 30, 40, 50]
        found = RunDirectory(run.directory.path).history(name="polarized_regime")
        assert found == watch.history
        expected = metrics.polarized_regime(*run.model.posterior(X))
        assert watch.history[-1]["delta_kl"] == pytest.approx(expected["delta_kl"], rel=1e-4, abs=1e-5)
    assert runs[0].callbacks[0].history != runs[1].callbacks[0].history


def test_a_model_without_posterior_is_refused_and_in_a_table_of_models_passed_over():
    plain = functools.partial(
        Autoencoder, num_latents=3, encoder=make.keywords["encoder"], decoder=make.keywords["decoder"]
    )
    with pytest.raises(UserError, match="Only a model with a posterior.*Received: Autoencoder"):
        train(plain, X, steps=10, callbacks=[PolarizedRegime(X)], **SETTINGS)
    assert train(plain, X, steps=10, callbacks=[watch_polarized_regime], **SETTINGS).callbacks == []


@pytest.mark.parametrize("every", [0, 2.5, True])
def test_steps_between_looks_that_are_none_are_refused(every):
    with pytest.raises(UserError, match="every, a number of steps, must be a whole number"):
        PolarizedRegime(X, every=every)


def test_what_is_no_callback_and_one_callback_for_several_seeds_are_refused():
    with pytest.raises(UserError, match="functions of the run that make one. Received: 3"):
        train(make, X, steps=10, callbacks=[3], **SETTINGS)
    with pytest.raises(UserError, match="Several seeds need a callback each.*PolarizedRegime"):
        train(make, X, steps=10, seed=(0, 1), callbacks=[PolarizedRegime(X)], **SETTINGS)
