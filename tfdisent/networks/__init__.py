"""Encoders, decoders and discriminators as plain functions that return functional Keras models; none is trained here.

Every weight is drawn from an initializer whose seed follows from `seed`, the network and the layer's name, so
two builds with one seed are bitwise equal and nothing else in the process can change them.
"""

import tfdisent.quiet  # noqa: F401
from tfdisent.networks.atomic import atomic_encoder, block_decoder
from tfdisent.networks.conv import conv_encoder, deconv_decoder
from tfdisent.networks.dense import dense_decoder, dense_encoder, maxout_encoder
from tfdisent.networks.discriminators import dense_discriminator
from tfdisent.networks.doubled import doubled_logits
from tfdisent.networks.pooling import pooling_encoder, upsampling_decoder
from tfdisent.networks.spectral import SpectralConv2D, SpectralDense
from tfdisent.networks.symae import SYMAE_DECODERS, symae_image_networks, symae_signal_networks
from tfdisent.networks.tables import TABLE_3_1_ROWS, table_3_1, tcwae_table_3
from tfdisent.networks.weakly_supervised import gan_encoder, gan_generator, pair_discriminator

__all__ = [
    "SYMAE_DECODERS",
    "SpectralConv2D",
    "SpectralDense",
    "TABLE_3_1_ROWS",
    "atomic_encoder",
    "block_decoder",
    "conv_encoder",
    "deconv_decoder",
    "dense_decoder",
    "dense_discriminator",
    "dense_encoder",
    "doubled_logits",
    "gan_encoder",
    "gan_generator",
    "maxout_encoder",
    "pair_discriminator",
    "pooling_encoder",
    "symae_image_networks",
    "symae_signal_networks",
    "table_3_1",
    "tcwae_table_3",
    "upsampling_decoder",
]
