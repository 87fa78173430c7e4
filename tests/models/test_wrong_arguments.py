"""Every argument of every model, given ten values of wrong types: one sentence, or a call that is listed as valid."""

import functools

import keras
import pytest
from wrong_arguments import complaints, table, try_wrong_arguments

from tfdisent import models, networks

COMMON = {
    "observation_shape": (5,),
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(4,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(4,)),
    "reconstruction": "squared_l2",
    "output": "linear",
    "seed": 0,
    "dtype": "float32",
    "name": "model",
}
LATENTS = {**COMMON, "num_latents": 2}
ADVERSARIAL = {
    "discriminator": functools.partial(networks.dense_discriminator, hidden_units=(4,)),
    "discriminator_optimizer": keras.optimizers.Adam(1e-3),
}


def images_vae(seed):
    return models.VAE((8, 8, 1), 2, encoder=COMMON["encoder"], decoder=COMMON["decoder"], seed=seed)


VALID = {
    "Autoencoder": LATENTS,
    "VAE": {**LATENTS, "beta": 2.0},
    "FullCovarianceVAE": {**LATENTS, "beta": 2.0},
    "AnnealedVAE": {**LATENTS, "gamma": 1.0, "c_max": 2.0, "iteration_threshold": 10},
    "BetaTCVAE": {**LATENTS, "beta": 2.0, "estimator": "minibatch", "dataset_size": 100},
    "DIPVAE": {**LATENTS, "lambda_od": 1.0, "lambda_d_factor": 1.0, "dip_type": "i"},
    "AdaGVAE": {**LATENTS, "beta": 2.0},
    "AdaMLVAE": {**LATENTS, "beta": 2.0},
    "SlowVAE": {**LATENTS, "beta": 2.0, "gamma": 1.0, "rate": 6.0},
    "PCL": {
        **{
            name: LATENTS[name]
            for name in ("observation_shape", "num_latents", "encoder", "seed", "dtype", "name")
        },
        "form": "official",
        "momentum": 0.5,
    },
    "WeaklySupervisedGAN": {
        **{name: LATENTS[name] for name in ("observation_shape", "num_latents", "seed", "dtype", "name")},
        "supervision": "change",
        "generator": functools.partial(networks.gan_generator, filters=(), dense_units=(4,)),
        "discriminator": functools.partial(
            networks.pair_discriminator, filters=(), dense_units=(4,), pair_units=(4,)
        ),
        "encoder": functools.partial(networks.gan_encoder, filters=(), dense_units=(4,)),
        "discriminator_optimizer": keras.optimizers.Adam(1e-3),
        "encoder_optimizer": keras.optimizers.Adam(1e-3),
    },
    "Manipulation": {
        "observation_shape": (8, 8, 1),
        "entangled": [images_vae(1)],
        "disentangled": [images_vae(2)],
        "factors_num_values": (3, 4),
        "epsilon": 0.2,
        "renderer": COMMON["decoder"],
        "before_bottleneck": (4,),
        "activation": "relu",
        "num_samples": 2,
        "decoder_optimizer": keras.optimizers.Adam,
        "seed": 0,
        "dtype": "float32",
        "name": "model",
    },
    "FactorVAE": {**LATENTS, **ADVERSARIAL, "gamma": 2.0, "halved_updates": False},
    "TCWAEGAN": {**LATENTS, **ADVERSARIAL, "beta": 2.0, "gamma": 1.0},
    "TCWAEMWS": {**LATENTS, "beta": 2.0, "gamma": 1.0, "dataset_size": 100},
    "WAEMMD": {**LATENTS, "weight": 2.0},
    "ToroidalAutoencoder": {
        **COMMON,
        "angles": 2,
        "spring_weight": 1.0,
        "quantile_weight": 1.0,
        "radius_stddev": 0.1,
        "squared_radius": True,
        "num_classes": 0,
        "classifier_weight": 1.0,
        "classifier_units": (4,),
        "correlation_weight": 0.0,
        "sliced_weight": 0.0,
        "num_directions": 5,
        "num_gaussians": 0,
    },
    "AtomicAutoencoder": {
        **COMMON,
        "observation_shape": (8, 8, 1),
        "encoder": functools.partial(networks.atomic_encoder, filters=(2,), dense_units=(4,)),
        "decoder": functools.partial(networks.block_decoder, filters=(2, 1), dense_units=(4,)),
        "num_blocks": 2,
        "block_dim": 2,
        "double_conv": False,
        "group_sparsity": 0.1,
    },
    "SymAE": {
        "observation_shape": (3, 20),
        "coherent_dim": 2,
        "nuisance_dim": 2,
        "regulariser": "dropout",
        "rate": 0.5,
        "decoder": "concatenation",
        "split_inputs": False,
        "energy_weight": 0.1,
        "energy_statistics": "moving",
        "networks": functools.partial(networks.symae_signal_networks, filters=2, dense_units=(4,)),
        "reconstruction": "squared_l2",
        "seed": 0,
        "dtype": "float32",
        "name": "model",
    },
}
WEIGHTS = (
    "beta", "gamma", "c_max", "lambda_od", "lambda_d_factor", "weight", "group_sparsity", "energy_weight",
    "spring_weight", "quantile_weight", "classifier_weight", "correlation_weight", "sliced_weight",
)  # fmt: skip
ACCEPTED = {
    *(("*", weight, value) for weight in WEIGHTS for value in ("0", "1.5")),
    ("SymAE", "rate", "0"),
    ("SlowVAE", "rate", "1.5"),
    *(("*", name, "0") for name in ("seed", "momentum", "num_classes", "num_gaussians")),
    *(("*", name, "True") for name in ("squared_radius", "double_conv", "halved_updates")),
    *(("*", name, "None") for name in ("dtype", "name", "dataset_size", "networks")),
    ("*", "name", "'a'"),
    ("*", "iteration_threshold", "1.5"),
    ("*", "radius_stddev", "1.5"),
    ("*", "classifier_units", "[]"),
    ("Manipulation", "before_bottleneck", "[]"),
    ("Manipulation", "activation", "None"),
}


def made_of_keywords(cls):
    """A function of the class, whose arguments are those of the valid call: its bases take some of them."""
    return lambda **arguments: cls(**arguments)


def test_every_model_is_tried():
    assert set(VALID) == set(models.__all__) - {"LatentModel"}


@pytest.mark.slow
@pytest.mark.parametrize("name", VALID)
def test_a_wrong_argument_of_a_model_ends_in_one_sentence(name):
    rows = try_wrong_arguments({name: (made_of_keywords(getattr(models, name)), VALID[name])}, ACCEPTED)
    assert not complaints(rows), table(rows)
