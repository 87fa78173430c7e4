"""The models of the TCWAE paper against each other where their objectives meet."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import norm

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import TCWAEGAN, TCWAEMWS, VAE, WAEMMD, BetaTCVAE
from tfdisent.testing import run_model_test
from tfdisent.training import train

SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(16,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(16,)),
    "seed": 5,
}
DISCRIMINATOR = {"discriminator": functools.partial(networks.dense_discriminator, hidden_units=(8, 8))}
IMAGES = (np.random.RandomState(0).rand(40, 8, 8, 1) > 0.7).astype(np.float32)


@pytest.mark.parametrize(
    ("model_class", "kwargs"),
    [
        (WAEMMD, {**SMALL, "weight": 5.0, "sigma_l1": 0.1}),
        (BetaTCVAE, {**SMALL, "beta": 4.0, "estimator": "stratified", "dataset_size": 50}),
        (TCWAEMWS, {**SMALL, "beta": 2.0, "gamma": 3.0, "dataset_size": 50, "reconstruction": "l1"}),
        (TCWAEGAN, {**SMALL, **DISCRIMINATOR, "beta": 2.0, "gamma": 3.0, "reconstruction": "squared_l2"}),
    ],
)
def test_model(model_class, kwargs):
    run_model_test(model_class, kwargs, IMAGES)


def losses(model, observations=IMAGES):
    return {name: float(value) for name, value in model.losses(tf.constant(observations)).items()}


def gradients(model):
    with tf.GradientTape() as tape:
        loss = model.losses(tf.constant(IMAGES))["loss"]
    return tape.gradient(loss, model.trainable_variables)


@pytest.mark.parametrize("estimator", ["minibatch", "weighted", "stratified"])
def test_beta_tcvae_with_beta_1_is_the_vae(estimator):
    tcvae = BetaTCVAE((8, 8, 1), **SMALL, beta=1.0, estimator=estimator, dataset_size=100)
    vae = VAE((8, 8, 1), **SMALL)
    assert losses(tcvae)["loss"] == losses(vae)["loss"]
    for one, other in zip(gradients(tcvae), gradients(vae), strict=True):
        np.testing.assert_array_equal(one, other)


def test_beta_tcvaes_constants_do_not_touch_the_gradient():
    models = [
        BetaTCVAE((8, 8, 1), **SMALL, beta=6.0, estimator=estimator, dataset_size=100)
        for estimator in ("minibatch", "weighted")
    ]
    minibatch, weighted = map(losses, models)
    shift = weighted["total_correlation"] - minibatch["total_correlation"]
    assert shift == pytest.approx(2 * np.log(100 * 40), rel=1e-5)
    for one, other in zip(*map(gradients, models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_tcwae_with_gamma_1_has_beta_tcvaes_latent_terms_without_the_mutual_information():
    # Eq. (9) with alpha = 0. The mutual information, E log q(z|x) / q(z), is written out here.
    size, beta = 100, 4.0
    tcwae = TCWAEMWS((8, 8, 1), **SMALL, beta=beta, gamma=1.0, dataset_size=size)
    tcvae = BetaTCVAE((8, 8, 1), **SMALL, beta=beta, estimator="weighted", dataset_size=size)
    (mean, log_var), z, _ = tcwae.autoencode(tf.constant(IMAGES))
    log_density = norm.logpdf(np.array(z)[:, None], np.array(mean), np.exp(np.array(log_var) / 2)).sum(-1)
    log_own, log_qz = np.diag(log_density), logsumexp(log_density, axis=1) - np.log(size * len(IMAGES))
    mutual_information = np.mean(log_own - log_qz)
    sampled_kl = np.mean(log_own - norm.logpdf(z).sum(1))
    one, other = losses(tcwae), losses(tcvae)
    assert one["total_correlation"] == other["total_correlation"]
    assert one["reconstruction"] == other["reconstruction"]
    # beta-TCVAE takes the KL term in closed form, the split estimates it at the same codes.
    difference = mutual_information + other["kl"] - sampled_kl
    assert other["loss"] - one["loss"] == pytest.approx(difference, abs=2e-4)


def test_each_weight_weighs_its_own_term():
    for make in (
        functools.partial(TCWAEMWS, (8, 8, 1), **SMALL, dataset_size=100),
        functools.partial(TCWAEGAN, (8, 8, 1), **SMALL, **DISCRIMINATOR),
    ):
        base, more = losses(make(beta=2.0, gamma=3.0)), losses(make(beta=7.0, gamma=4.0))
        difference = 5 * base["total_correlation"] + base["dimension_wise_kl"]
        assert more["loss"] - base["loss"] == pytest.approx(difference, rel=1e-4, abs=1e-4)


def test_wae_with_weight_0_is_the_reconstruction_and_the_sigma_penalty_is_its_own_term():
    plain = losses(WAEMMD((8, 8, 1), **SMALL, weight=0.0))
    assert plain["loss"] == plain["reconstruction"]
    model = WAEMMD((8, 8, 1), **SMALL, weight=0.0, sigma_l1=2.0)
    penalised = losses(model)
    size = np.abs(np.array(model.encode(tf.constant(IMAGES))[1])).sum(1).mean()
    assert penalised["sigma_l1"] == pytest.approx(size, rel=1e-6)
    assert penalised["loss"] == pytest.approx(plain["loss"] + 2 * size, rel=1e-6)


def test_without_discriminators_skill_tcwae_gan_pays_for_reconstruction_only():
    model = TCWAEGAN((8, 8, 1), **SMALL, **DISCRIMINATOR, beta=2.0, gamma=3.0)
    for network in model.discriminators:
        network.get_layer("logits").kernel.assign(np.zeros((8, 2)))
    found = losses(model)
    assert found["loss"] == found["reconstruction"]
    assert found["discriminator_loss"] == pytest.approx(2 * np.log(2), rel=1e-6)


def test_training_tells_the_model_how_many_observations_there_are():
    settings = {"steps": 1, "batch_size": 8, "progress": False, "strategy": "default"}
    tcwae = functools.partial(TCWAEMWS, **SMALL, beta=1.0, gamma=1.0)
    assert train(tcwae, IMAGES, split=(0.8, 0.1, 0.1), **settings).model.dataset_size == 32
    given = functools.partial(tcwae, dataset_size=1000)
    assert train(given, IMAGES, **settings).model.dataset_size == 1000


def test_two_discriminators_start_from_different_weights():
    model = TCWAEGAN((8, 8, 1), **SMALL, **DISCRIMINATOR, beta=1.0, gamma=1.0)
    first, second = (network.get_layer("dense_1").kernel for network in model.discriminators)
    assert np.abs(np.array(first) - np.array(second)).min() > 0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: WAEMMD((8, 8, 1), weight=-1.0), "weight must be a number, 0 or larger. Received: -1.0"),
        (lambda: TCWAEMWS((8, 8, 1), beta=-1.0, gamma=1.0), "beta must be a number, 0 or larger"),
        (lambda: TCWAEGAN((8, 8, 1), beta=1.0, gamma="5", **DISCRIMINATOR), "gamma must be a number"),
        (lambda: BetaTCVAE((8, 8, 1), beta=None), "beta must be a number"),
        (
            lambda: BetaTCVAE((8, 8, 1), beta=1.0, estimator="exact"),
            "estimator must be 'minibatch', ",
        ),
        (lambda: TCWAEMWS((8, 8, 1), beta=1.0, gamma=1.0, dataset_size=0), "dataset_size must be a whole"),
        (
            lambda: TCWAEMWS((8, 8, 1), beta=1.0, gamma=1.0, reconstruction="l1", output="linear"),
            "The l1 cost of images needs output='sigmoid', without which the decoder's logits",
        ),
        (
            lambda: VAE((8, 8, 3), encoder=networks.conv_encoder((8, 8, 1), {"mean": 10, "log_var": 10})),
            r"encoder must take observations of shape \(8, 8, 3\). Received: \(8, 8, 1\)",
        ),
    ],
)
def test_wrong_arguments_end_in_a_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("model", "settings", "sentence"),
    [
        (
            functools.partial(WAEMMD, weight=1.0),
            {"batch_size": 1},
            "statistic of the batch; take batch_size=2",
        ),
        (
            functools.partial(TCWAEMWS, beta=1.0, gamma=1.0, dataset_size=5),
            {"batch_size": 8},
            "dataset_size must be at least the batch_size of 8. Received: 5",
        ),
        (
            functools.partial(TCWAEMWS, beta=1.0, gamma=1.0),
            {"batch_size": 64, "sampling": "replacement"},
            "dataset_size must be at least the batch_size of 64. Received: 40",
        ),
    ],
)
def test_batches_that_cannot_be_trained_on_end_in_a_sentence(tmp_path, model, settings, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        train(
            functools.partial(model, **SMALL), IMAGES, tmp_path / "run", steps=2, progress=False, **settings
        )
    assert "\n" not in str(error.value) and not (tmp_path / "run").exists()


def test_images_with_another_number_of_channels_end_in_a_sentence():
    model = WAEMMD((8, 8, 1), **SMALL, weight=1.0)
    model.compile()
    colour = np.repeat(IMAGES, 3, axis=-1)
    for use in (model.fit, model.represent):
        with pytest.raises(UserError, match=r"WAEMMD expects observations \[., 8, 8, 1\]. Received: shape"):
            use(colour, batch_size=8)
