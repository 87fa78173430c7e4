"""Every setting is used by what is trained, or refused with the nearest that is."""

import re

import pytest

from tfdisent import config, models, networks
from tfdisent.config.names import Names, parameters
from tfdisent.config.statements import read_file, read_given
from tfdisent.config.usage import given_by_caller
from tfdisent.errors import UserError
from tfdisent.papers import item
from tfdisent.papers.runs import planned_runs
from tfdisent.studies import demo
from tfdisent.studies import unsupervised_study_v1 as study

OWN = """from __gin__ import dynamic_registration
import keras
from tfdisent import data
from tfdisent import models
from tfdisent import networks
from tfdisent import training

training.train.model = @models.VAE
training.train.data = @data.SyntheticLinear()
training.train.steps = 4
size = 2
models.VAE.num_latents = %size
models.VAE.beta = 1.0
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
"""


@pytest.mark.parametrize(
    ("binding", "sentence"),
    [
        ("num_latent=20", "num_latent is used nowhere.*did you mean num_latents"),
        ("a=1", "macro a is used nowhere"),
        ("foo/num_latents=3", "did you mean num_latents"),
        ("foo/models.VAE.beta=3", "refers to @foo/models.VAE.*did you mean models.VAE.beta"),
        ("foo/training.train.steps=3", "did you mean training.train.steps"),
        ("models.BetaTCVAE.beta=3", "Nothing that is trained uses models.BetaTCVAE.*did you mean models.VAE"),
        ("models.Autoencoder.num_latents=3", "Nothing that is trained uses models.Autoencoder"),
        ("data.SyntheticLinear.num_points=3", "uses data.SyntheticLinear"),
        ("keras.optimizers.SGD.learning_rate=1.", "did you mean keras.optimizers.Adam"),
        ("keras.optimizers.Adam.learning_rat=1.", "did you mean learning_rate"),
        ("models.VAE.num_latent=1", "did you mean num_latents"),
        ("training.train.setps=1", "did you mean steps"),
        ("training.train.output='x'", "given by the command itself .--output"),
        ("training.train.overwrite=True", "given by the command itself .--overwrite"),
        ("models.VAE.seed=3", "given by training.train.*set training.train.seed"),
        ("models.VAE.dtype='float32'", "set training.train.dtype"),
        ("models.VAE.observation_shape=(3,)", "given by training.train"),
        ("networks.conv_encoder.outputs=2", "given by the model"),
        ("networks.deconv_decoder.seed=2", "given by training.train.*set training.train.seed"),
        ("alternatives=[@models.BetaTCVAE]", "alternatives is used nowhere"),
        ("models.VAE.encoder='conv_encoder'", "write @networks.conv_encoder without quotes"),
        ("models.VAE.encoder='@networks.conv_encoder'", "write @networks.conv_encoder without quotes"),
        ("training.train.model='VAE'", "write @models.VAE without quotes"),
        ("models.VAE=3", "models is a module"),
    ],
)
def test_a_binding_that_nothing_uses_is_refused_with_the_nearest_that_is_used(binding, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        config.parse(["demo.gin"], [binding])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("siez = 3\n", "siez is used nowhere.*own.gin, line 16; did you mean size"),
        ("models.BetaTCVAE.beta = 1.0\n", "uses models.BetaTCVAE.*did you mean models.VAE"),
        ("models.SymAE.rate = 1.0\n", "alternatives = .@models.SymAE.; did you mean models.VAE"),
        (
            "keras.optimizers.Adam.learning_rate = 1.0\n",
            "add training.train.optimizer = @keras.optimizers.Adam",
        ),
        ("models.VAE.beta = 2.0\n", "models.VAE.beta is bound twice, .*line 13 and .*line 16"),
        ("size = 3\n", "size is bound twice"),
        ("from tfdisent.models import VAE\n", "tfdisent.models.VAE may not be configured"),
        ("objectives.imq_mmd.codes = 1\n", "add the line 'from tfdisent import objectives'"),
        ("foo/models.VAE.beta = 2.0\n", "refers to @foo/models.VAE"),
    ],
)
def test_a_line_of_an_own_file_that_nothing_uses_is_refused(tmp_path, lines, sentence):
    path = tmp_path / "own.gin"
    path.write_text(OWN)
    config.parse([path])
    path.write_text(OWN + lines)
    with pytest.raises(UserError, match=sentence) as error:
        config.parse([path])
    assert "\n" not in str(error.value)


def test_a_default_network_is_configured_only_where_a_setting_refers_to_it(tmp_path):
    path = tmp_path / "own.gin"
    path.write_text(OWN.replace("models.VAE.encoder = @networks.dense_encoder\n", ""))
    sentence = "add models.VAE.encoder = @networks.conv_encoder"
    with pytest.raises(UserError, match=sentence):
        config.parse([path], ["networks.conv_encoder.filters=(2, 2, 2, 2)"])
    config.parse(
        [path], ["models.VAE.encoder=@networks.conv_encoder", "networks.conv_encoder.filters=(2, 2, 2, 2)"]
    )
    encoder = config.configured_value("models.VAE.encoder")((16, 16, 1), {"mean": 2})
    assert {layer.filters for layer in encoder.layers if hasattr(layer, "filters")} == {2}


def test_what_a_binding_replaces_may_leave_lines_of_the_file_without_use():
    config.parse(["demo.gin"], ["training.train.data='digits'"])
    config.parse(
        ["demo.gin"], ["training.train.model=@models.Autoencoder", "models.Autoencoder.num_latents=3"]
    )
    with pytest.raises(UserError, match="uses data.DSpritesDrawn"):
        config.parse(["demo.gin"], ["data.DSpritesDrawn.image_size=8", "training.train.data='digits'"])
    with pytest.raises(UserError, match="beta is used only by what is not trained here"):
        config.parse(["pca_directions/mnist.gin"], ["training.train.model=@models.Autoencoder", "beta=3."])


def test_scopes_arrive_where_a_reference_names_them(tmp_path):
    path = tmp_path / "own.gin"
    path.write_text(OWN + "training.train.optimizer = @fast/keras.optimizers.Adam\n")
    config.parse([path], ["fast/keras.optimizers.Adam.learning_rate=0.5"])
    config.parse([path], ["keras.optimizers.Adam.learning_rate=0.5"])
    lines = ["fast/keras.optimizers.Adam.learning_rate=0.5", "keras.optimizers.Adam.learning_rate=0.25"]
    with pytest.raises(UserError, match="keras.optimizers.Adam.learning_rate is replaced wherever"):
        config.parse([path], lines)


def test_one_setting_under_two_names_is_refused_and_the_last_of_two_values_wins():
    with pytest.raises(UserError, match="are the same setting"):
        config.parse(["demo.gin"], ["models.VAE.beta=3.", "tfdisent.models.VAE.beta=4."])
    config.parse(["demo.gin"], ["models.VAE.beta=3.", "models.VAE.beta=4."])
    assert config.configured_value("models.VAE.beta") == 4.0
    config.parse(["pca_directions/mnist.gin"], ["beta=3."], changes=["models.VAE.beta=5."])
    assert config.configured_value("models.VAE.beta") == 5.0


def test_in_disentanglement_libs_words_too_a_binding_must_be_used():
    shared = ["unsupervised_study_v1/shared.gin"]
    with pytest.raises(UserError, match="factor_vae.gamma is not used by @vae"):
        config.parse(shared, ["factor_vae.gamma = 3."])
    with pytest.raises(UserError, match="uses models.FactorVAE"):
        config.parse(shared, ["models.FactorVAE.gamma = 3."])
    config.parse(shared, ["models.VAE.beta = 3."])


def bindings_of_papers():
    """(configuration, bindings) that items, studies and the demonstration give."""
    for name, each in item.all_items().items():
        for scale in each.scales:
            yield from bindings_of_item(name, scale)
    for _, lines in demo._MODELS.values():
        yield "demo.gin", (*lines, *demo._QUICK)
    for number in range(0, 1800, 300):
        configs, lines = study.configs_and_bindings([study.NAME], number)
        yield configs[0], tuple(lines)


def bindings_of_item(name, scale):
    try:
        return {(run.configs[0], run.bindings) for run in planned_runs(name, scale)}
    except UserError as error:
        if "nor prepared by TensorFlow Datasets" not in str(error):
            raise
        return set()  # its data is not on this machine


def test_all_bindings_that_papers_and_studies_give_are_used():
    one_of_each = {
        (name, re.sub(r"\d+", "0", str(lines))): (name, lines) for name, lines in bindings_of_papers()
    }
    for name, lines in one_of_each.values():  # numbers do not change what is used
        config.parse([name], lines)


def test_what_callers_give_is_what_models_and_networks_are_called_with(monkeypatch):
    """The list of settings that a configuration cannot give is compared with real calls."""
    calls = {}

    def spied(name):
        function = getattr(networks, name)

        def spy(*arguments, **settings):
            own = list(parameters(function))
            calls[name] = {*own[: len(arguments)], *settings}
            return function(*arguments, **settings)

        return spy

    shape, small = (16, 16, 1), {"num_latents": 2}
    models.VAE(shape, encoder=spied("conv_encoder"), decoder=spied("deconv_decoder"), **small)
    models.VAE((4,), encoder=spied("dense_encoder"), decoder=spied("dense_decoder"), **small)
    models.FactorVAE(shape, gamma=1.0, discriminator=spied("dense_discriminator"), **small)
    models.SymAE((2, 40), coherent_dim=2, nuisance_dim=2, networks=spied("symae_signal_networks"))
    models.SymAE(
        (2, 28, 28, 1),
        coherent_dim=2,
        nuisance_dim=2,
        decoder="dense",
        networks=spied("symae_image_networks"),
    )
    assert len(calls) == 7
    for name, given in calls.items():
        path = f"tfdisent.networks.{name}"
        assert set(given_by_caller(path, getattr(networks, name))) == given


def test_an_include_is_found_beside_the_file_whatever_marks_and_line_ends_it_has(tmp_path):
    (tmp_path / "parts").mkdir()
    base = OWN.replace("\n", "\r\n").encode("utf-8-sig")
    (tmp_path / "parts" / "base.gin").write_bytes(base)
    (tmp_path / "parts" / "middle.gin").write_text(
        "\ufefffrom __gin__ import dynamic_registration\ninclude 'base.gin'\n"
    )
    path = tmp_path / "own.gin"
    path.write_bytes(
        b"\xef\xbb\xbffrom __gin__ import dynamic_registration\r\ninclude 'parts/middle.gin'\r\nsize = 3\r\n"
    )
    config.parse([path])
    assert config.configured_value("models.VAE.num_latents") == 3
    assert config.configured_value("training.train.steps") == 4
    (tmp_path / "parts" / "middle.gin").write_text("include 'bsae.gin'\n")
    with pytest.raises(UserError, match="no file bsae.gin to include in .*middle.gin, line 1"):
        config.parse([path])
    (tmp_path / "parts" / "middle.gin").write_text("include '../own.gin'\n")
    with pytest.raises(UserError, match="own.gin includes itself"):
        config.parse([path])
    path.write_bytes(b"\x00\x01\xff")
    with pytest.raises(UserError, match="bytes that are no text in .*own.gin"):
        config.parse([path])


def test_a_binding_keeps_its_file_and_line():
    bindings, _ = read_file(config.find_config("demo.gin"))
    assert bindings[0].full_name == "training.train.model" and "demo.gin, line 14" in bindings[0].where
    assert read_given(["a/models.VAE.beta = 3"])[0].full_name == "a/models.VAE.beta"
    with pytest.raises(UserError, match="A module is named as in Python"):
        Names(["my models"])
