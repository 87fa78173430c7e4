"""disentanglement_lib's model configurations train the model they describe."""

import functools
import inspect
import json

import keras
import numpy as np
import pytest

from tfdisent import config, models, networks, training
from tfdisent.config.disentanglement_lib import translate
from tfdisent.config.statements import Reference
from tfdisent.errors import UserError
from tfdisent.studies.scored_models import scored_models

SHARED = config.find_config("unsupervised_study_v1/shared.gin")
TINY = [
    "dataset.name = 'digits'",
    "model.training_steps = 3",
    "model.batch_size = 16",
    "encoder.encoder_fn = @test_encoder",
    "decoder.decoder_fn = @test_decoder",
]
FACTOR_VAE = [
    "model.model = @factor_vae()",
    "factor_vae.gamma = 10.",
    "discriminator.discriminator_fn = @fc_discriminator",
    "networks.dense_discriminator.hidden_units = (8,)",
]


def translated(*bindings):
    """{our binding: value}."""
    lines, _ = translate(config.read_bindings([SHARED], bindings))
    return {line.ours: line.value for line in lines if line.ours}


def weights(model):
    return [np.array(weight) for weight in model.get_weights()]


@pytest.mark.parametrize(
    ("bindings", "model", "settings"),
    [
        (["vae.beta = 4."], "VAE", {"beta": 4.0}),
        (
            [
                "model.model = @annealed_vae()",
                "annealed_vae.gamma = 1000",
                "annealed_vae.c_max = 5.",
                "annealed_vae.iteration_threshold = 100000",
            ],
            "AnnealedVAE",
            {"gamma": 1000, "c_max": 5.0, "iteration_threshold": 100000},
        ),
        (FACTOR_VAE[:3], "FactorVAE", {"gamma": 10.0}),
        (
            ["model.model = @dip_vae()", "dip_vae.lambda_od = 2.", "dip_vae.lambda_d_factor = 10."],
            "DIPVAE",
            {"lambda_od": 2.0, "lambda_d_factor": 10.0, "dip_type": "i"},
        ),
        (
            [
                "model.model = @dip_vae()",
                "dip_vae.lambda_od = 2.",
                "dip_vae.lambda_d_factor = 1.",
                'dip_vae.dip_type = "ii"',
            ],
            "DIPVAE",
            {"lambda_od": 2.0, "lambda_d_factor": 1.0, "dip_type": "ii"},
        ),
        (["model.model = @beta_tc_vae()", "beta_tc_vae.beta = 6."], "BetaTCVAE", {"beta": 6.0}),
    ],
)
def test_each_method_is_the_model_of_its_name_with_its_settings(bindings, model, settings):
    found = translated(*bindings)
    assert found["training.train.model"] == Reference(f"models.{model}")
    assert {name: found[f"models.{model}.{name}"] for name in settings} == settings
    assert set(settings) <= set(inspect.signature(getattr(models, model)).parameters)
    assert found[f"models.{model}.num_latents"] == 10
    assert found[f"models.{model}.encoder"] == Reference("networks.conv_encoder")
    assert found[f"models.{model}.decoder"] == Reference("networks.deconv_decoder")
    assert found["training.train.sampling"] == "replacement"


def test_adam_has_the_settings_of_its_scope_and_else_those_of_tensorflow_1():
    adam = "keras.optimizers.Adam"
    found = translated("vae/AdamOptimizer.epsilon = 0.5", "AdamOptimizer.epsilon = 0.25")
    assert found[f"{adam}.epsilon"] == 0.5 and found[f"{adam}.learning_rate"] == 1e-4
    found = translated("vae_optimizer.optimizer_fn = @AdamOptimizer")
    assert (found[f"{adam}.learning_rate"], found[f"{adam}.epsilon"]) == (1e-3, 1e-8)
    found = translated("AdamOptimizer.epsilon = 0.25", "vae_optimizer.optimizer_fn = @other/AdamOptimizer")
    assert found[f"{adam}.epsilon"] == 0.25
    assert translated("vae_optimizer.learning_rate = 2.")[f"{adam}.learning_rate"] == 2.0
    found = translated(*FACTOR_VAE[:3])
    assert found["models.FactorVAE.discriminator_optimizer"] == Reference(
        "discriminator/keras.optimizers.Adam"
    )
    assert found["discriminator/keras.optimizers.Adam.beta_1"] == 0.5
    assert found[f"{adam}.beta_1"] == 0.9


def test_losses_and_networks_are_those_named():
    found = translated("reconstruction_loss.loss_fn = @l2_loss", "encoder.encoder_fn = @fc_encoder")
    assert found["models.VAE.reconstruction"] == "squared_l2" and found["models.VAE.output"] == "sigmoid"
    assert found["models.VAE.encoder"] == Reference("networks.dense_encoder")
    found = translated("reconstruction_loss.activation = 'tanh'", "decoder.decoder_fn = @fc_decoder")
    assert found["models.VAE.decoder"] == Reference("networks.doubled_logits")
    assert found["networks.doubled_logits.decoder"] == Reference("networks.dense_decoder")


def test_the_model_trained_is_the_one_built_by_hand_weight_for_weight(tmp_path):
    config.parse([SHARED], [*TINY, "vae.beta = 4.", "vae/AdamOptimizer.learning_rate = 0.01"])
    run = config.train_configured(tmp_path, progress=False)

    def model(**kwargs):
        linear = {"hidden_units": ()}
        return models.VAE(
            num_latents=10,
            encoder=lambda *args, **settings: networks.dense_encoder(*args, **linear, **settings),
            decoder=lambda *args, **settings: networks.dense_decoder(*args, **linear, **settings),
            beta=4.0,
            **kwargs,
        )

    def adam():
        return keras.optimizers.Adam(0.01, 0.9, 0.999, epsilon=1e-8)

    expected = training.train(
        model, "digits", optimizer=adam, steps=3, batch_size=16, sampling="replacement", progress=False
    )
    for found, weight in zip(weights(run.model), weights(expected.model), strict=True):
        np.testing.assert_array_equal(found, weight)


def test_results_stand_under_their_keys_and_ours(tmp_path):
    config.parse([SHARED], [*TINY, "model.name = 'mine'", "vae.beta = 2."])
    config.train_configured(tmp_path, progress=False)
    text = (tmp_path / "model" / "results" / "aggregate" / "train.json").read_text()
    aggregate = json.loads(text)
    for name, value in {
        "model.name": "'mine'",
        "model.model": "@vae()",
        "vae.beta": "2.0",
        "dataset.name": "'digits'",
        "vae/AdamOptimizer.epsilon": "1e-08",
        "reconstruction_loss.activation": "'logits'",
        "models.VAE.beta": "2.0",
        "training.train.steps": "3",
    }.items():
        assert aggregate[f"train_config.{name}"] == value
    assert "train_config.discriminator/AdamOptimizer.beta1" not in aggregate  # which the VAE does not use
    results = {
        key.partition(".")[2]: value for key, value in aggregate.items() if key.startswith("train_results")
    }
    assert results["elbo"] == -(results["reconstruction_loss"] + results["kl_loss"])
    assert results["regularizer"] == pytest.approx(2 * results["kl_loss"], rel=1e-3)


def test_a_factor_vae_is_trained_again_from_what_its_run_wrote(tmp_path):
    config.parse([SHARED], [*TINY, *FACTOR_VAE, "models.FactorVAE.halved_updates = True"])
    first = config.train_configured(tmp_path, progress=False)
    assert first.model.halved_updates and first.model.discriminator_optimizer.beta_1 == 0.5
    text = (tmp_path / "model" / "results" / "gin" / "train.gin").read_text()
    config.parse_text(text)
    data, split = config.configured_data()
    assert data.name == "digits" and split is None
    again = config.train_configured(tmp_path / "again", progress=False)
    for found, weight in zip(weights(again.model), weights(first.model), strict=True):
        np.testing.assert_array_equal(found, weight)


def test_a_run_records_the_name_of_its_method_there_and_a_subclass_is_another_method(tmp_path):
    class Other(models.VAE):
        pass

    class Same(models.VAE):
        disentanglement_lib_name = "vae"

    assert (models.VAE.disentanglement_lib_name, models.BetaTCVAE.disentanglement_lib_name) == (
        "vae",
        "beta_tc_vae",
    )
    assert (
        models.FullCovarianceVAE.disentanglement_lib_name
        is None
        is models.LatentModel.disentanglement_lib_name
    )
    linear = {
        name: functools.partial(getattr(networks, f"dense_{name}"), hidden_units=())
        for name in ("encoder", "decoder")
    }
    for cls, name in ((models.VAE, "@vae()"), (Other, None), (Same, "@vae()")):
        folder = tmp_path / cls.__name__
        settings = {"steps": 1, "batch_size": 16, "progress": False}
        training.train(functools.partial(cls, num_latents=2, **linear), "digits", folder, **settings)
        recorded = json.loads((folder / "model" / "results" / "json" / "train_config.json").read_text())
        assert recorded.get("model.model") == name
        row = {f"train_config.{key}": value for key, value in recorded.items()}
        (scored,) = scored_models([{**row, "evaluation_results.x": 1.0}])
        assert scored.group.method == ("Other" if name is None else "vae")
    config.parse(["pca_directions/synth_linear.gin"], ["training.train.epochs = 1"])
    config.train_configured(tmp_path / "gin", progress=False)
    written = tmp_path / "gin" / "model" / "results" / "json" / "train_config.json"
    assert json.loads(written.read_text())["model.model"] == "@vae()"


def test_our_words_win_over_theirs_and_are_not_recorded_as_theirs(tmp_path):
    config.parse([SHARED], [*TINY, "training.train.steps = 2", "training.train.log_every = 1"])
    run = config.train_configured(tmp_path, progress=False)
    assert [row["step"] for row in run.history] == [1, 2]
    recorded = json.loads((tmp_path / "model" / "results" / "json" / "train_config.json").read_text())
    assert recorded["training.train.steps"] == "2" and "model.training_steps" not in recorded


@pytest.mark.parametrize(
    ("bindings", "sentence"),
    [
        (["model.model = @s2_vae"], "s2_vae is a semi-supervised method.*does not have"),
        (["model.model = @mlvae_labels()"], "mlvae_labels is a weakly supervised method"),
        (["model.model = @vae"], r"must be one of .*@vae\(\)"),
        (["model.model = @dip_vae()"], "does not bind dip_vae.lambda_od"),
        (FACTOR_VAE[:2], "does not bind discriminator.discriminator_fn"),
        (["vae.bta = 4"], "vae.bta is no binding.*did you mean vae.beta"),
        (["labeller.labeller_fn = @perfect_labeller"], "labeller.labeller_fn is no binding"),
        (
            ["encoder.encoder_fn = @resnet"],
            "one of @conv_encoder, @fc_encoder, @test_encoder. Received: @resnet",
        ),
        (["reconstruction_loss.loss_fn = @l1_loss"], "one of @bernoulli_loss, @l2_loss"),
        (["reconstruction_loss.activation = 'relu'"], "must be 'logits' or 'tanh'"),
        (["vae_optimizer.optimizer_fn = @RMSPropOptimizer"], "must be @AdamOptimizer"),
        (["vae/AdamOptimizer.beta1 = 'high'"], "vae/AdamOptimizer.beta1 must be a number"),
        (["models.VAE.bta = 3"], "doesn't have a parameter named 'bta'"),
        (["beta = 4"], "beta is used nowhere in .*shared.gin"),
        (["vae.beta = four"], "'four'.*text needs quotes"),
    ],
)
def test_a_binding_that_makes_no_model_is_named_in_one_sentence(bindings, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        config.parse([SHARED], bindings)
    assert "\n" not in str(error.value)


def test_files_of_both_kinds_do_not_go_together_and_a_file_of_neither_is_told():
    with pytest.raises(UserError, match="demo.gin is a configuration of tfdisent and .*shared.gin is not"):
        config.parse([SHARED, "demo.gin"])
    with pytest.raises(UserError, match="does not bind model.model, and has no line 'from __gin__"):
        config.parse(["metrics/mig"])
