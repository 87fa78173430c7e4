"""The networks of two papers as pairs of builders with the papers' numbers filled in.

Example: `encoder, decoder = table_3_1("mnist")`, then `encoder((28, 28, 1), {"mean": 6, "log_var": 6})` and
`decoder(6, (28, 28, 1))` build the two networks.
"""

import functools

from tfdisent import checks
from tfdisent.networks.conv import conv_encoder, deconv_decoder
from tfdisent.networks.dense import dense_decoder, dense_encoder

__all__ = ["TABLE_3_1_ROWS", "table_3_1", "tcwae_table_3"]

_ROWS = {
    "dsprites": (
        functools.partial(dense_encoder, hidden_units=(1200, 1200), activation="relu"),
        functools.partial(dense_decoder, hidden_units=(1200, 1200, 1200), activation="tanh"),
    ),
    "synth_linear": (
        functools.partial(dense_encoder, hidden_units=()),
        functools.partial(dense_decoder, hidden_units=()),
    ),
    "synth_nonlinear": (
        functools.partial(dense_encoder, hidden_units=(60, 40, 20), activation="tanh"),
        functools.partial(dense_decoder, hidden_units=(60, 40, 20), activation="tanh"),
    ),
    "mnist": (
        functools.partial(dense_encoder, hidden_units=(400,), activation="relu"),
        functools.partial(dense_decoder, hidden_units=(500, 500), activation="tanh"),
    ),
    "celeba": (
        functools.partial(conv_encoder, filters=(32, 32, 64, 64), kernel_sizes=(4, 4, 4, 4), dense_units=()),
        functools.partial(deconv_decoder, filters=(64, 32, 32), kernel_size=4, dense_units=()),
    ),
}
_ROWS["fashion_mnist"] = _ROWS["mnist"]

TABLE_3_1_ROWS = tuple(_ROWS)


def table_3_1(row):
    """The (encoder, decoder) builders of a row of the thesis' Table 3.1; `row` is one of `TABLE_3_1_ROWS`.

    Readings: the table lists hidden layers only, so linear layers to the latents and to the observation
    follow (its caption: nonlinearities in the hidden layers only, biases everywhere). In the CelebA row the
    heads stand directly on the flattened convolutions, as no dense layer is listed; the decoder's first
    entry, "[64], fully connected", is a dense layer that fills a grid of 4x4 points with 64 channels, from
    which the four transposed convolutions reach 64x64.

    Raises:
        UserError: if there is no such row.

    References: Zietlow, An Analysis of the Inner Workings of Variational Autoencoders, Table 3.1.
    """
    return _ROWS[checks.choice("row", row, TABLE_3_1_ROWS)]


def tcwae_table_3():
    """The (encoder, decoder) builders of the TCWAE paper: kernels of 4 in all convolutions.

    Otherwise they are disentanglement_lib's. Reading: the table prints a ReLU behind the decoder's last
    layer, with which no logit could be negative; the last layer is linear here.

    References: Gaujac, Feige & Barber 2020, Learning disentangled representations with the Wasserstein
    Autoencoder, Table 3.
    """
    return functools.partial(conv_encoder, kernel_sizes=(4, 4, 4, 4)), deconv_decoder
