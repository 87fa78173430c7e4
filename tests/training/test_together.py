import functools

import keras
import numpy as np
import pytest

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import VAE, Autoencoder
from tfdisent.training import RunDirectory, train

X = np.random.RandomState(0).rand(200, 5).astype(np.float32)
NETWORKS = {
    "num_latents": 2,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(8,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(8,)),
}
SETTINGS = {"batch_size": 20, "log_every": 10, "progress": False}


def weights(run):
    return np.concatenate([np.ravel(weight) for weight in run.model.get_weights()])


def test_a_model_without_noise_takes_the_steps_that_it_takes_alone():
    together = train(functools.partial(Autoencoder, **NETWORKS), X, seed=(3, 5), steps=35, **SETTINGS)
    for run, seed in zip(together, (3, 5), strict=True):
        alone = train(functools.partial(Autoencoder, **NETWORKS), X, seed=seed, steps=35, **SETTINGS)
        np.testing.assert_allclose(weights(run), weights(alone), rtol=1e-4, atol=1e-6)
        assert [row["step"] for row in run.history] == [row["step"] for row in alone.history]
        np.testing.assert_allclose(
            [row["loss"] for row in run.history], [row["loss"] for row in alone.history], rtol=1e-5
        )


def test_the_noise_of_a_step_has_its_law_and_is_new_at_every_step_and_seed():
    # With beta = 0 and a decoder that is fixed, the cost rises by the variance that the noise brings.
    make = functools.partial(VAE, **NETWORKS, beta=0.5, reconstruction="squared_l2", output="linear")
    frozen = functools.partial(keras.optimizers.SGD, 1e-30)
    runs = train(make, X, seed=(0, 1), steps=400, optimizer=frozen, **{**SETTINGS, "log_every": 1})
    alone = train(make, X, seed=0, steps=400, optimizer=frozen, **{**SETTINGS, "log_every": 1})
    ours, theirs = (np.array([row["reconstruction"] for row in run.history]) for run in (runs[0], alone))
    assert len(np.unique(ours)) > 390
    error = np.hypot(ours.std(), theirs.std()) / np.sqrt(400)
    assert abs(ours.mean() - theirs.mean()) < 4 * error
    assert ours.std() == pytest.approx(theirs.std(), rel=0.15)


def test_an_interruption_changes_nothing_even_where_one_model_lags_behind(tmp_path):
    make = functools.partial(VAE, **NETWORKS, beta=0.1)
    settings = {**SETTINGS, "checkpoint_every": 10}
    whole = train(make, X, tmp_path / "whole", seed=(0, 1), steps=40, **settings)
    train(make, X, tmp_path / "cut", seed=(0, 1), steps=20, **settings)
    newest = max((tmp_path / "cut" / "seed_1" / "model" / "checkpoints").iterdir())
    newest.unlink()  # as if killed between the two checkpoints
    resumed = train(make, X, tmp_path / "cut", seed=(0, 1), steps=40, **settings)
    train(make, X, tmp_path / "again", seed=(0, 1), steps=20, **settings)
    again = train(make, X, tmp_path / "again", seed=(0, 1), steps=40, **settings)
    for run, same in zip(whole, again, strict=True):
        np.testing.assert_array_equal(weights(same), weights(run))
    for run, again in zip(whole, resumed, strict=True):
        np.testing.assert_allclose(weights(again), weights(run), rtol=1e-5, atol=1e-7)
        assert [row["step"] for row in again.history] == [10, 20, 30, 40]


def test_every_folder_is_an_ordinary_run(tmp_path):
    runs = train(functools.partial(Autoencoder, **NETWORKS), X, tmp_path, seed=(0, 7), steps=20, **SETTINGS)
    directory = RunDirectory(tmp_path / "seed_7")
    np.testing.assert_array_equal(directory.load_model().represent(X), runs[1].model.represent(X))
    assert directory.asked()["seed"] == 7
    assert directory.results("model", "train") == runs[1].results


@pytest.mark.parametrize("seed", [(), (0, 0), (0, -1), (0, 1.5)])
def test_seeds_that_are_none_are_refused(seed):
    with pytest.raises(UserError, match="seed must be a whole number"):
        train(functools.partial(Autoencoder, **NETWORKS), X, seed=seed, steps=2, **SETTINGS)


def test_a_loss_that_is_not_finite_names_the_seed(tmp_path):
    make = functools.partial(Autoencoder, **NETWORKS, reconstruction="squared_l2", output="linear")
    wild = functools.partial(keras.optimizers.SGD, 1e12)
    with pytest.raises(UserError, match="The loss of seed 0 is not finite between steps 0 and 10"):
        train(make, X, tmp_path, seed=(0, 1), steps=20, optimizer=wild, **SETTINGS)
