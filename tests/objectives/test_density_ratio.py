import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from tfdisent.errors import UserError
from tfdisent.networks import dense_discriminator
from tfdisent.objectives import (
    density_ratio_kl,
    density_ratio_loss,
    minibatch_weighted,
    permute_codes,
    total_correlation,
)

MEAN = np.array([1.0, 0.5])
KL = 0.5 * np.sum(MEAN**2)  # of N(MEAN, I) from N(0, I)


def draws(count, seed=0):
    noise = np.random.RandomState(seed).normal(size=(2, count, 2))
    return (noise[0] + MEAN).astype(np.float32), noise[1].astype(np.float32)


def test_the_exact_ratio_of_two_gaussians_gives_their_divergence():
    z, _ = draws(20_000)
    logits = np.stack([norm.logpdf(z, MEAN).sum(1), norm.logpdf(z).sum(1)], axis=1)
    assert float(density_ratio_kl(logits)) == pytest.approx(KL, abs=0.03)
    assert float(density_ratio_kl(logits + 7.0)) == pytest.approx(float(density_ratio_kl(logits)), rel=1e-4)


def test_a_trained_discriminator_recovers_the_divergence_of_two_gaussians():
    z, prior = map(tf.constant, draws(4000))
    discriminator = dense_discriminator(2, hidden_units=())  # the exact ratio is linear in z
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(discriminator.trainable_variables)

    @tf.function
    def train(steps):
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                loss = density_ratio_loss(discriminator(z), discriminator(prior))
            variables = discriminator.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)

    train(tf.constant(300))
    assert float(density_ratio_kl(discriminator(z))) == pytest.approx(KL, abs=0.06)


def test_a_discriminator_that_knows_nothing_pays_log_2():
    assert float(density_ratio_loss(np.zeros((5, 2)), np.zeros((3, 2)))) == pytest.approx(np.log(2))


def test_the_discriminators_loss_is_disentanglement_libs_where_nothing_is_clipped():
    logits, other = np.random.RandomState(0).normal(size=(2, 7, 2))
    first = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    second = np.exp(other) / np.exp(other).sum(1, keepdims=True)
    theirs = 0.5 * np.mean(np.log(first[:, 0])) + 0.5 * np.mean(np.log(second[:, 1]))
    assert float(density_ratio_loss(logits, other)) == pytest.approx(-theirs, rel=1e-10)


def test_permuting_keeps_each_latents_values_and_breaks_their_pairs():
    z = np.random.RandomState(0).normal(size=(200, 3))
    z[:, 2] = z[:, 0]
    permuted = permute_codes(z, (1, 2)).numpy()
    np.testing.assert_array_equal(np.sort(permuted, axis=0), np.sort(z, axis=0))
    assert abs(np.corrcoef(permuted[:, 0], permuted[:, 2])[0, 1]) < 0.2
    assert np.mean(permuted == z) < 0.05


def test_permuted_codes_have_no_total_correlation():
    mean = np.random.RandomState(0).normal(size=(1000, 1)) * np.ones((1, 2))
    log_var = np.full(mean.shape, np.log(0.1))
    found = [
        float(total_correlation(*minibatch_weighted(codes, codes, log_var, 1000))) - np.log(1000)
        for codes in (mean, permute_codes(mean, (0, 1)))
    ]
    assert found[0] > 0.8 and abs(found[1]) < 0.06


def test_the_permutation_is_a_function_of_the_seed():
    z = tf.reshape(tf.range(60.0), [20, 3])
    first = permute_codes(z, (1, 2))
    np.testing.assert_array_equal(first, tf.function(permute_codes)(z, tf.constant([1, 2], tf.int64)))
    assert np.any(first != permute_codes(z, (1, 3)))


def test_the_gradient_of_a_permutation_is_the_permutation_back():
    z = tf.Variable(np.random.RandomState(0).normal(size=(6, 2)))
    with tf.GradientTape() as tape:
        target = 0.5 * tf.reduce_sum(permute_codes(z, (0, 0)) ** 2)
    np.testing.assert_allclose(tape.gradient(target, z), z.numpy(), rtol=1e-12)


def test_logits_of_another_shape_end_in_a_sentence():
    with pytest.raises(UserError, match=r"logits must be a tensor \[B, 2\]\. Received: shape \(5, 1\)\."):
        density_ratio_kl(np.zeros((5, 1)))
