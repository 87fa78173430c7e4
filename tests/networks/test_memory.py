"""What would not fit in memory is refused before it is made; what fits is counted exactly."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import memory, models, networks
from tfdisent.errors import UserError
from tfdisent.networks import building


@pytest.mark.parametrize(
    "make",
    [
        lambda: models.VAE((64, 64, 1), num_latents=2 * 10**6),
        lambda: models.VAE(
            (8, 8, 1), encoder=functools.partial(networks.dense_encoder, hidden_units=(10**6,) * 2)
        ),
        lambda: models.VAE((10**9,), encoder=networks.dense_encoder, decoder=networks.dense_decoder),
        lambda: models.SymAE((4, 32), coherent_dim=10**9),
        lambda: models.AtomicAutoencoder((64, 64, 1), num_blocks=10**7),
    ],
)
def test_a_model_that_would_not_fit_is_refused_with_both_numbers(make, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 4 * 10**9)
    with pytest.raises(
        UserError, match=r"^Training .* would need at least [\d,.]+ GB of memory, and 4.0 GB are free"
    ):
        make()


def test_the_weights_are_counted_whatever_makes_them(monkeypatch):
    counted = []
    monkeypatch.setattr(building, "_LARGE", 0)
    monkeypatch.setattr(memory, "check_fits", lambda what, num_bytes: counted.append(num_bytes))
    model = models.VAE((8, 8, 1), num_latents=3)
    assert counted[-1] == 4 * building._COPIES * sum(int(np.prod(weight.shape)) for weight in model.weights)
    with building.weights_that_fit("a variable"):
        tf.Variable(lambda: tf.zeros([7, 3]))
        tf.Variable(tf.zeros([5]))
    assert counted[-2:] == [4 * building._COPIES * 21, 4 * building._COPIES * 26]


def test_free_memory_is_that_of_this_machine():
    assert 10**7 < memory.free_memory() < 10**14
