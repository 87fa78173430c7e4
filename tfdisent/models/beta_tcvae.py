"""The beta-TCVAE."""

import keras
import tensorflow as tf

from tfdisent import checks, objectives
from tfdisent.models.gaussian import (
    GaussianAutoencoder,
    check_dataset_size,
    check_weight,
    known_dataset_size,
)

__all__ = ["BetaTCVAE"]

_ESTIMATORS = ("minibatch", "weighted", "stratified")


@keras.saving.register_keras_serializable("tfdisent")
class BetaTCVAE(GaussianAutoencoder):
    """A VAE that pays beta times for the total correlation of its codes, estimated from the mini-batch.

    Minimises E[cost(x, dec(z))] + KL(q(z|x) || N(0, I)) + (beta - 1) * KL(q(z) || prod_d q_d(z_d)); with beta = 1 it is
    the VAE.

    Args:
        beta: weight of the total correlation, 1 of which is contained in the KL term.
        estimator: of the total correlation: "minibatch" (disentanglement_lib's, which is "weighted" without a
            constant: same gradient, another number, usually negative), "weighted" (Chen et al.'s), or "stratified".
        dataset_size: N, number of training observations, for "weighted" and "stratified"; None takes those that
            `tfdisent.training.train` trains on.
        Others: as `Autoencoder`.

    References: Chen et al. 2018, eq. (4) with alpha = gamma = 1; `beta_tc_vae` of disentanglement_lib.
    """

    terms = ("loss", "reconstruction", "kl", "total_correlation")
    disentanglement_lib_name = "beta_tc_vae"
    disentanglement_lib_settings = ("beta",)
    least_batch_size = 2

    def __init__(self, observation_shape, *, beta, estimator="minibatch", dataset_size=None, **kwargs):
        super().__init__(observation_shape, **kwargs)
        self.beta = check_weight("beta", beta)
        self.estimator = checks.choice("estimator", estimator, tuple(_ESTIMATORS))
        self.dataset_size = check_dataset_size(dataset_size)

    def begin_training(self, batch_size, dataset_size):
        super().begin_training(batch_size, dataset_size)
        if self.estimator != "minibatch":
            self.dataset_size = known_dataset_size(self.dataset_size, dataset_size, batch_size)

    def losses(self, observations, training=False):
        posterior, codes, reconstruction = self.autoencode(observations)
        kl = tf.reduce_mean(self.kl(*posterior))
        batch = [self.gather(tensor) for tensor in (codes, *posterior)]
        if self.estimator == "minibatch":
            total_correlation = objectives.minibatch_total_correlation(*batch)
        else:
            estimate = getattr(objectives, f"minibatch_{self.estimator}")
            total_correlation = objectives.total_correlation(*estimate(*batch, self.dataset_size))
        return {
            "loss": reconstruction + kl + (self.beta - 1.0) * total_correlation,
            "reconstruction": reconstruction,
            "kl": kl,
            "total_correlation": total_correlation,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "beta": self.beta,
            "estimator": self.estimator,
            "dataset_size": self.dataset_size,
        }
