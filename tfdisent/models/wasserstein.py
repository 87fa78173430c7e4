"""What the Wasserstein autoencoders share."""

import tensorflow as tf

from tfdisent.errors import UserError
from tfdisent.models.gaussian import GaussianAutoencoder, check_weight

__all__ = ["WassersteinAutoencoder"]


class WassersteinAutoencoder(GaussianAutoencoder):
    """An autoencoder with a random encoder that keeps the aggregated posterior q(z), not each posterior, at the prior.

    A subclass's `losses` adds what `self.sigma_penalty(log_var)` returns to its loss and its terms.

    Args:
        sigma_l1: weight of sum_d |log_var_d|, averaged over the batch, which keeps the encoder from becoming
            deterministic. The TCWAE paper does not mention it; its authors' code takes 1.0 for dSprites and 0.2 for
            smallNORB.
        Others: as `Autoencoder`.

    Raises:
        UserError: for images whose L1 or squared L2 cost would be taken of logits.

    References: Tolstikhin et al. 2018; Rubenstein, Schoelkopf & Tolstikhin 2018 for the penalty.
    """

    least_batch_size = 2

    def __init__(self, observation_shape, *, sigma_l1=0.0, **kwargs):
        self.sigma_l1 = check_weight("sigma_l1", sigma_l1)
        if self.sigma_l1:
            self.terms = (*self.terms, "sigma_l1")
        super().__init__(observation_shape, **kwargs)
        if self.output_activation == "linear" and len(self.observation_shape) == 3:
            raise UserError(
                f"The {self.reconstruction} cost of images needs output='sigmoid', without which the decoder's logits "
                "are compared with pixels. Received: output='linear'."
            )

    def sigma_penalty(self, log_var):
        """(penalty, {term: value}): zero and no term where `sigma_l1` is 0."""
        if not self.sigma_l1:
            return 0.0, {}
        size = tf.reduce_mean(tf.reduce_sum(tf.abs(log_var), axis=-1))
        return self.sigma_l1 * size, {"sigma_l1": size}

    def get_config(self):
        return {**super().get_config(), "sigma_l1": self.sigma_l1}
