import functools

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import DIPVAE, VAE, AnnealedVAE
from tfdisent.testing import run_model_test

SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(16,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(16,)),
    "seed": 5,
}
IMAGES = (np.random.RandomState(0).rand(40, 8, 8, 1) > 0.7).astype(np.float32)


@pytest.mark.parametrize(
    ("model_class", "kwargs"),
    [
        (AnnealedVAE, {**SMALL, "gamma": 2.0, "c_max": 3.0, "iteration_threshold": 4}),
        (DIPVAE, {**SMALL, "lambda_od": 2.0, "lambda_d_factor": 3.0, "dip_type": "ii"}),
    ],
)
def test_model(model_class, kwargs):
    run_model_test(model_class, kwargs, IMAGES)


def losses(model):
    return {name: float(value) for name, value in model.losses(tf.constant(IMAGES)).items()}


@pytest.mark.parametrize(("step", "capacity"), [(0, 0.0), (25, 5.0), (50, 10.0), (1000, 10.0)])
def test_the_capacity_grows_to_its_end_and_the_loss_is_the_distance_from_it(step, capacity):
    model = AnnealedVAE((8, 8, 1), **SMALL, gamma=7.0, c_max=10.0, iteration_threshold=50)
    model.compile("sgd")
    model.optimizer.iterations.assign(step)
    found = losses(model)
    assert found["capacity"] == pytest.approx(capacity)
    expected = found["reconstruction"] + 7 * abs(found["kl"] - capacity)
    assert found["loss"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dip_type", ["i", "ii"])
def test_dip_penalises_the_covariance_of_means_or_codes(dip_type):
    model = DIPVAE((8, 8, 1), **SMALL, lambda_od=2.0, lambda_d_factor=5.0, dip_type=dip_type)
    mean, log_var = map(np.array, model.encode(tf.constant(IMAGES)))
    covariance = np.cov(mean.T, bias=True)
    if dip_type == "ii":
        covariance = covariance + np.diag(np.exp(log_var).mean(0))
    deviation = (covariance - np.eye(3)) ** 2
    expected = 10 * np.trace(deviation) + 2 * (deviation.sum() - np.trace(deviation))
    found = losses(model)
    assert found["covariance"] == pytest.approx(expected, rel=1e-5)
    assert found["loss"] == pytest.approx(found["reconstruction"] + found["kl"] + expected, rel=1e-5)


def test_without_weights_both_are_the_vae():
    vae = losses(VAE((8, 8, 1), **SMALL))
    assert losses(DIPVAE((8, 8, 1), **SMALL, lambda_od=0.0, lambda_d_factor=1.0))["loss"] == vae["loss"]
    annealed = AnnealedVAE((8, 8, 1), **SMALL, gamma=1.0, c_max=0.0, iteration_threshold=1)
    assert losses(annealed)["loss"] == vae["loss"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (functools.partial(DIPVAE, lambda_od=-1.0, lambda_d_factor=1.0), "lambda_od must be a number"),
        (
            functools.partial(DIPVAE, lambda_od=1.0, lambda_d_factor=1.0, dip_type="iii"),
            "must be 'i' or 'ii'",
        ),
        (functools.partial(AnnealedVAE, gamma=-1.0, c_max=1.0, iteration_threshold=1), "gamma must be"),
        (
            functools.partial(AnnealedVAE, gamma=1.0, c_max=1.0, iteration_threshold=0),
            "iteration_threshold must be a number, above 0",
        ),
    ],
)
def test_wrong_arguments_end_in_a_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make((8, 8, 1), **SMALL)
