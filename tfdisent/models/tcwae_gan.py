"""The total correlation Wasserstein autoencoder with two discriminators."""

import keras

from tfdisent import objectives
from tfdisent.models.adversarial import AdversarialAutoencoder
from tfdisent.models.gaussian import check_weight
from tfdisent.models.wasserstein import WassersteinAutoencoder

__all__ = ["TCWAEGAN"]


@keras.saving.register_keras_serializable("tfdisent")
class TCWAEGAN(AdversarialAutoencoder, WassersteinAutoencoder):
    """The Wasserstein autoencoder of `TCWAEMWS` with both divergences estimated by discriminators.

    The first tells the codes of a batch from the same codes with each latent shuffled by itself, which estimates the
    total correlation; the second tells the shuffled codes from draws from the prior, which estimates the
    dimension-wise KL, KL(prod_d q_d || p). Both are trained with equal weight; the authors' code weighs their losses
    by beta and gamma, to which Adam is blind but for its epsilon.

    Args:
        beta: weight of the total correlation.
        gamma: weight of the dimension-wise KL.
        Others: as `AdversarialAutoencoder`, `WassersteinAutoencoder` and `Autoencoder`.

    References: Gaujac, Feige & Barber 2020, eqs. (8), (11).
    """

    terms = ("loss", "reconstruction", "total_correlation", "dimension_wise_kl", "discriminator_loss")
    num_discriminators = 2

    def __init__(self, observation_shape, *, beta, gamma, **kwargs):
        super().__init__(observation_shape, **kwargs)
        self.beta = check_weight("beta", beta)
        self.gamma = check_weight("gamma", gamma)

    def losses(self, observations, training=False):
        (_, log_var), codes, reconstruction = self.autoencode(observations)
        prior = self.gather(self.noise(codes, stream=2))
        codes = self.gather(codes)
        permuted = objectives.permute_codes(codes, self.step_seed(stream=1))
        of_dependence, of_marginals = self.discriminators
        joint, product = self.discriminate(of_dependence, codes, permuted)
        marginals, normal = self.discriminate(of_marginals, permuted, prior)
        total_correlation = objectives.density_ratio_kl(joint)
        dimension_wise_kl = objectives.density_ratio_kl(marginals)
        penalty, terms = self.sigma_penalty(log_var)
        return {
            "loss": reconstruction + self.beta * total_correlation + self.gamma * dimension_wise_kl + penalty,
            "reconstruction": reconstruction,
            "total_correlation": total_correlation,
            "dimension_wise_kl": dimension_wise_kl,
            "discriminator_loss": objectives.density_ratio_loss(joint, product)
            + objectives.density_ratio_loss(marginals, normal),
            **terms,
        }

    def get_config(self):
        return {**super().get_config(), "beta": self.beta, "gamma": self.gamma}
