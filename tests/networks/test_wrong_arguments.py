"""Every argument of every network, given ten values of wrong types: one sentence, or a call that is listed as valid."""

import functools
import inspect

import pytest
from wrong_arguments import complaints, table, try_wrong_arguments

from tfdisent import networks

SHARED = {"seed": 0, "dtype": "float32"}
IMAGES = {**SHARED, "observation_shape": (8, 8, 1)}
HEADS = {"outputs": {"mean": 2}}
CODES = {**SHARED, "num_latents": 2}
VALID = {
    "dense_encoder": {**SHARED, **HEADS, "observation_shape": (5,), "hidden_units": (4,), "activation": "relu"},
    "dense_decoder": {**CODES, "observation_shape": (5,), "hidden_units": (4,), "activation": "relu"},
    "maxout_encoder": {**SHARED, **HEADS, "observation_shape": (5,), "hidden_units": (4,), "pool_size": 2},
    "gan_encoder": {**IMAGES, **HEADS, "filters": (2,), "dense_units": (4,)},
    "gan_generator": {**IMAGES, **CODES, "filters": (2,), "dense_units": (4,)},
    "pair_discriminator": {
        **IMAGES, "num_labels": 2, "supervision": "share", "filters": (2,), "dense_units": (4,), "pair_units": (4,),
    },
    "dense_discriminator": {**CODES, "hidden_units": (4,), "activation": "relu"},
    "doubled_logits": {
        **CODES,
        "observation_shape": (5,),
        "decoder": functools.partial(networks.dense_decoder, hidden_units=(4,)),
    },
    "conv_encoder": {
        **IMAGES, **HEADS, "filters": (2,), "kernel_sizes": (3,), "dense_units": (4,), "activation": "relu",
    },
    "deconv_decoder": {
        **IMAGES, **CODES, "filters": (2,), "kernel_size": 3, "dense_units": (4,), "activation": "relu",
    },
    "pooling_encoder": {
        **IMAGES, **HEADS, "filters": (2,), "kernel_size": 3, "dense_units": (4,), "activation": "relu",
    },
    "upsampling_decoder": {
        **IMAGES, **CODES, "filters": (2,), "kernel_size": 3, "dense_units": (4,), "activation": "relu",
    },
    "atomic_encoder": {**IMAGES, **HEADS, "filters": (2,), "dense_units": (4,), "negative_slope": 0.2},
    "block_decoder": {
        **IMAGES, "block_dim": 2, "filters": (2, 1), "dense_units": (4,), "double_conv": False, "negative_slope": 0.2,
    },
    "symae_image_networks": {
        **SHARED, "instance_shape": (8, 8, 1), "coherent_dim": 2, "nuisance_dim": 2, "decoder": "dense",
        "split_inputs": False, "hidden_units": (4, 4),
    },
    "symae_signal_networks": {
        **SHARED, "instance_shape": (16,), "coherent_dim": 2, "nuisance_dim": 2, "decoder": "product",
        "split_inputs": False, "filters": 2, "kernel_size": 3, "literal_pools": False, "product_layers": "text",
        "mixer_filters": 2, "mixer_upsampling": 2, "dense_units": (4,), "dense_activation": "elu",
    },
    "table_3_1": {"row": "mnist"},
}  # fmt: skip
ACCEPTED = {
    ("*", "seed", "0"),
    *(("*", name, "None") for name in ("dtype", "activation", "dense_activation")),
    *(("*", name, "[]") for name in ("hidden_units", "dense_units", "pair_units")),
    *(("*", "negative_slope", value) for value in ("0", "1.5")),
    *(("*", name, "True") for name in ("double_conv", "split_inputs")),
    *(
        (name, "filters", "[]")
        for name in ("pooling_encoder", "gan_encoder", "gan_generator", "pair_discriminator")
    ),
    ("block_decoder", "filters", "None"),
}


def test_every_network_is_tried():
    functions = {name for name in networks.__all__ if inspect.isfunction(getattr(networks, name))}
    assert set(VALID) == functions - {"tcwae_table_3"}  # which takes no argument


@pytest.mark.slow
@pytest.mark.parametrize("name", VALID)
def test_a_wrong_argument_of_a_network_ends_in_one_sentence(name):
    rows = try_wrong_arguments({name: (getattr(networks, name), VALID[name])}, ACCEPTED)
    assert not complaints(rows), table(rows)
