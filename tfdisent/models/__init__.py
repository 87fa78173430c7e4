"""The methods: one file each, saying what is minimised."""

from tfdisent.models.autoencoder import Autoencoder
from tfdisent.models.base import LatentModel
from tfdisent.models.full_covariance_vae import FullCovarianceVAE
from tfdisent.models.vae import VAE

__all__ = ["Autoencoder", "FullCovarianceVAE", "LatentModel", "VAE"]
