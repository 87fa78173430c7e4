"""The methods: one file each, saying what is minimised."""

import tfdisent.quiet  # noqa: F401
from tfdisent.models.ada_vae import AdaGVAE, AdaMLVAE
from tfdisent.models.annealed_vae import AnnealedVAE
from tfdisent.models.atomic_autoencoder import AtomicAutoencoder
from tfdisent.models.autoencoder import Autoencoder
from tfdisent.models.base import LatentModel
from tfdisent.models.beta_tcvae import BetaTCVAE
from tfdisent.models.dip_vae import DIPVAE
from tfdisent.models.factor_vae import FactorVAE
from tfdisent.models.full_covariance_vae import FullCovarianceVAE
from tfdisent.models.manipulation import Manipulation
from tfdisent.models.pcl import PCL
from tfdisent.models.slow_vae import SlowVAE
from tfdisent.models.symae import SymAE
from tfdisent.models.tcwae_gan import TCWAEGAN
from tfdisent.models.tcwae_mws import TCWAEMWS
from tfdisent.models.toroidal_autoencoder import ToroidalAutoencoder
from tfdisent.models.vae import VAE
from tfdisent.models.wae_mmd import WAEMMD
from tfdisent.models.weakly_supervised_gan import WeaklySupervisedGAN

__all__ = [
    "AdaGVAE",
    "AdaMLVAE",
    "AnnealedVAE",
    "AtomicAutoencoder",
    "Autoencoder",
    "BetaTCVAE",
    "DIPVAE",
    "FactorVAE",
    "FullCovarianceVAE",
    "LatentModel",
    "Manipulation",
    "PCL",
    "SlowVAE",
    "SymAE",
    "TCWAEGAN",
    "TCWAEMWS",
    "ToroidalAutoencoder",
    "VAE",
    "WAEMMD",
    "WeaklySupervisedGAN",
]
