"""Adaptive group VAEs, which learn from pairs that share some of their factors, not knowing which."""

import keras
import tensorflow as tf

from tfdisent.models.gaussian import GaussianAutoencoder, check_weight

__all__ = ["AdaGVAE", "AdaMLVAE"]


class _AdaptiveVAE(GaussianAutoencoder):
    """A beta-VAE of pairs whose posteriors agree in the latents that seem shared.

    Of each pair, the latents whose two posteriors are closer than half way between the closest and the most distant
    ones, by KL(q_0 || q_1), count as shared: both observations get the common posterior there. The loss is the mean of
    both observations' beta-VAE losses under the posteriors so made. A subclass says how two Gaussians become one.

    Args:
        beta: weight of the KL term.
        Others: as `Autoencoder`.
    """

    terms = ("loss", "reconstruction", "kl", "shared")
    needs_pairs = True

    def __init__(self, observation_shape, num_latents=10, *, beta=1.0, **kwargs):
        super().__init__(observation_shape, num_latents, **kwargs)
        self.beta = check_weight("beta", beta)

    def losses(self, observations, training=False):
        frames = tf.reshape(observations, [-1, *self.observation_shape])  # [2 B, ...], a pair's two together
        posterior = [tf.reshape(each, [-1, 2, self.num_latents]) for each in self.encode(frames)]
        shared = self.shared_latents(*posterior)  # [B, 1, D]
        mean, log_var = (
            tf.reshape(tf.where(shared, common, own), [-1, self.num_latents])
            for common, own in zip(self.common_posterior(*posterior), posterior, strict=True)
        )
        codes = self.sample(mean, log_var)
        reconstruction = tf.reduce_mean(self.reconstruction_cost(frames, codes))
        kl = tf.reduce_mean(self.kl(mean, log_var))
        return {
            "loss": reconstruction + self.beta * kl,
            "reconstruction": reconstruction,
            "kl": kl,
            "shared": tf.reduce_mean(tf.reduce_sum(tf.cast(shared, tf.float32), axis=-1)),
        }

    @staticmethod
    def shared_latents(mean, log_var):
        """Which latents count as shared, bool [B, 1, D], of posteriors [B, 2, D] of pairs."""
        (first, second), (log_first, log_second) = tf.unstack(mean, axis=1), tf.unstack(log_var, axis=1)
        squared = tf.square(first - second) * tf.exp(-log_second)
        divergence = 0.5 * (tf.exp(log_first - log_second) + squared - 1 + log_second - log_first)  # [B, D]
        low, high = (reduce(divergence, axis=-1, keepdims=True) for reduce in (tf.reduce_min, tf.reduce_max))
        return tf.stop_gradient(divergence < 0.5 * (low + high))[:, tf.newaxis]

    @staticmethod
    def common_posterior(mean, log_var):
        """Mean and log variance [B, 1, D] of the posterior that stands for both of [B, 2, D]."""
        raise NotImplementedError

    def get_config(self):
        return {**super().get_config(), "beta": self.beta}


@keras.saving.register_keras_serializable("tfdisent")
class AdaGVAE(_AdaptiveVAE):
    """The adaptive group VAE: the common posterior has the mean of both means and of both variances.

    References: Locatello et al. 2020, "Weakly-supervised disentanglement without compromises", Sec. 4.1, after Hosoya
        2019; `GroupVAEArgmax` of disentanglement_lib.
    """

    @staticmethod
    def common_posterior(mean, log_var):
        variance = tf.reduce_mean(tf.exp(log_var), axis=1, keepdims=True)
        return tf.reduce_mean(mean, axis=1, keepdims=True), tf.math.log(variance)


@keras.saving.register_keras_serializable("tfdisent")
class AdaMLVAE(_AdaptiveVAE):
    """The adaptive multi-level VAE: the common posterior is the normalised geometric mean of both Gaussians.

    Its precision is the mean of both precisions, and its mean is that of both means weighted by them.

    References: Locatello et al. 2020, Sec. 4.1, after Bouchacourt et al. 2018; `MLVaeArgmax` of disentanglement_lib.
    """

    @staticmethod
    def common_posterior(mean, log_var):
        precision = tf.exp(-log_var)
        total = tf.reduce_sum(precision, axis=1, keepdims=True)
        weighted = tf.reduce_sum(mean * precision, axis=1, keepdims=True)
        return weighted / total, tf.math.log(2 / total)
