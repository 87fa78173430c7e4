"""The total correlation Wasserstein autoencoder with minibatch-weighted sampling."""

import keras

from tfdisent import objectives
from tfdisent.models.gaussian import check_dataset_size, check_weight, known_dataset_size
from tfdisent.models.wasserstein import WassersteinAutoencoder

__all__ = ["TCWAEMWS"]


@keras.saving.register_keras_serializable("tfdisent")
class TCWAEMWS(WassersteinAutoencoder):
    """The Wasserstein autoencoder whose KL(q(z) || p(z)) is split in two terms with a weight each.

    Minimises E[cost(x, dec(z))] + beta * KL(q(z) || prod_d q_d(z_d)) + gamma * sum_d KL(q_d(z_d) || N(0, 1)), both
    estimated from the mini-batch by `tfdisent.objectives.minibatch_weighted`. The estimates are biased (see there), so
    the second is usually negative; the bias does not touch the gradient.

    Args:
        beta: weight of the total correlation.
        gamma: weight of the dimension-wise KL; with gamma = 1 the latent terms are beta-TCVAE's without the index-code
            mutual information.
        dataset_size: N, number of training observations; None takes those that `tfdisent.training.train` trains on.
        Others: as `WassersteinAutoencoder` and `Autoencoder`.

    References: Gaujac, Feige & Barber 2020, eqs. (8), (10).
    """

    terms = ("loss", "reconstruction", "total_correlation", "dimension_wise_kl")

    def __init__(self, observation_shape, *, beta, gamma, dataset_size=None, **kwargs):
        super().__init__(observation_shape, **kwargs)
        self.beta = check_weight("beta", beta)
        self.gamma = check_weight("gamma", gamma)
        self.dataset_size = check_dataset_size(dataset_size)

    def begin_training(self, batch_size, dataset_size):
        super().begin_training(batch_size, dataset_size)
        self.dataset_size = known_dataset_size(self.dataset_size, dataset_size, batch_size)

    def losses(self, observations, training=False):
        (mean, log_var), codes, reconstruction = self.autoencode(observations)
        codes, mean, log_var_of_all = (self.gather(tensor) for tensor in (codes, mean, log_var))
        log_qz, log_qz_product = objectives.minibatch_weighted(codes, mean, log_var_of_all, self.dataset_size)
        total_correlation = objectives.total_correlation(log_qz, log_qz_product)
        dimension_wise_kl = objectives.dimension_wise_kl(codes, log_qz_product)
        penalty, terms = self.sigma_penalty(log_var)
        return {
            "loss": reconstruction + self.beta * total_correlation + self.gamma * dimension_wise_kl + penalty,
            "reconstruction": reconstruction,
            "total_correlation": total_correlation,
            "dimension_wise_kl": dimension_wise_kl,
            **terms,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "beta": self.beta,
            "gamma": self.gamma,
            "dataset_size": self.dataset_size,
        }
