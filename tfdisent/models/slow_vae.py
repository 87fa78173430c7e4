"""The SlowVAE, which learns from pairs of neighbouring frames."""

import keras
import tensorflow as tf

from tfdisent import checks, objectives
from tfdisent.models.gaussian import GaussianAutoencoder, check_weight

__all__ = ["SlowVAE"]


@keras.saving.register_keras_serializable("tfdisent")
class SlowVAE(GaussianAutoencoder):
    """A VAE of pairs of frames whose codes change by a Laplace law: seldom much, mostly not at all.

    With q_0 and q_1 the posteriors of the two frames, H their entropies and CE cross-entropies, it minimises, as a mean
    over the pairs and in nats,

        cost(x_0, z_0) + cost(x_1, z_1) + beta (CE(q, N(0, I)) - H(q)) + gamma (CE_0 + CE_1 - H(q)),

    where CE(q, N) and H(q) are means over both frames, and CE_i is the mean cross-entropy of q_i against the Laplace
    law of this rate around the other frame's mean, its variance counting once (`laplace_cross_entropy`). H counts once
    beside two cross-entropies, as in the authors' code, so the last bracket is no divergence.

    Args:
        beta: weight of the divergence from the standard normal.
        gamma: weight of the transition term.
        rate: of the Laplace law, above 0; 6 in the authors' experiments.
        Others: as `Autoencoder`.

    Terms: "reconstruction" is the cost of both frames together, "kl" the mean divergence from N(0, I), "transition" the
    last bracket.

    References: Klindt et al. 2021, eqs. (7), (8) and their code, whose cross-entropy takes the difference of both means
        and the variance of one frame at a time.
    """

    terms = ("loss", "reconstruction", "kl", "transition")
    needs_pairs = True

    def __init__(self, observation_shape, num_latents=10, *, beta=1.0, gamma=10.0, rate=6.0, **kwargs):
        super().__init__(observation_shape, num_latents, **kwargs)
        self.beta, self.gamma = check_weight("beta", beta), check_weight("gamma", gamma)
        self.rate = checks.number("rate", rate, above=0)

    def losses(self, observations, training=False):
        frames = tf.reshape(observations, [-1, *self.observation_shape])  # [2 B, ...], a pair's two together
        (mean, log_var), _, reconstruction = self.autoencode(frames)
        kl = tf.reduce_mean(self.kl(mean, log_var))
        mean, log_var = (tf.reshape(each, [-1, 2, self.num_latents]) for each in (mean, log_var))
        difference = mean - mean[:, ::-1]  # [B, 2, D]
        cross = objectives.laplace_cross_entropy(difference, tf.exp(log_var), self.rate)  # [B, 2, D]
        entropy = objectives.gaussian_entropy(log_var)  # [B, 2]
        transition = tf.reduce_mean(tf.reduce_sum(cross, axis=[1, 2]) - tf.reduce_mean(entropy, axis=1))
        return {
            "loss": 2 * reconstruction + self.beta * kl + self.gamma * transition,
            "reconstruction": 2 * reconstruction,
            "kl": kl,
            "transition": transition,
        }

    def get_config(self):
        return {**super().get_config(), "beta": self.beta, "gamma": self.gamma, "rate": self.rate}
