"""The variational autoencoder and the beta-VAE."""

import keras
import tensorflow as tf

from tfdisent import networks
from tfdisent.models.gaussian import GaussianAutoencoder, check_weight

__all__ = ["VAE"]


@keras.saving.register_keras_serializable("tfdisent")
class VAE(GaussianAutoencoder):
    """The beta-VAE; with beta = 1, the VAE.

    Minimises E[cost(x, dec(z))] + beta * KL(q(z|x) || N(0, I)) with z = mean + exp(log_var / 2) * noise, one noise
    per observation and step. The KL is summed over latents and averaged over the batch, in nats.

    Args:
        beta: weight of the KL term, 0 or larger. What it weighs depends on the reduction of the cost: see the table of
            conventions in the README.
        Others: as `Autoencoder`.

    References: Kingma & Welling 2014; Higgins et al. 2017, eq. (4); Zietlow's thesis, eqs. (2.4)-(2.6).
    """

    terms = ("loss", "reconstruction", "kl")
    disentanglement_lib_name = "vae"
    disentanglement_lib_settings = ("beta",)

    def __init__(
        self,
        observation_shape,
        num_latents=10,
        encoder=networks.conv_encoder,
        decoder=networks.deconv_decoder,
        reconstruction="bernoulli",
        output="sigmoid",
        beta=1.0,
        *,
        seed=0,
        dtype=None,
        name=None,
    ):
        super().__init__(
            observation_shape,
            num_latents,
            encoder,
            decoder,
            reconstruction,
            output,
            seed=seed,
            dtype=dtype,
            name=name,
        )
        self.beta = check_weight("beta", beta)

    def losses(self, observations, training=False):
        posterior, _, reconstruction = self.autoencode(observations)
        kl = tf.reduce_mean(self.kl(*posterior))
        return {"loss": reconstruction + self.beta * kl, "reconstruction": reconstruction, "kl": kl}

    def get_config(self):
        return {**super().get_config(), "beta": self.beta}
