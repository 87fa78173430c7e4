"""Every setting of a configuration, bound to wrong values on the command line: one sentence, or a valid training."""

import collections

import pytest

from tfdisent import config
from tfdisent.errors import UserError

FILE = """
from __gin__ import dynamic_registration
import keras
from tfdisent import data
from tfdisent import models
from tfdisent import networks
from tfdisent import training

training.train.model = @models.VAE
training.train.data = @data.DSpritesDrawn()
training.train.optimizer = @keras.optimizers.Adam
training.train.steps = 2
training.train.epochs = None
training.train.batch_size = 8
training.train.seed = 0
training.train.sampling = "epochs"
training.train.split = None
training.train.validation_data = None
training.train.strategy = "default"
training.train.dtype = "float32"
training.train.log_every = 2
training.train.checkpoint_every = 2
training.train.steps_per_execution = 1
training.train.jit_compile = False
training.train.callbacks = [@training.watch_polarized_regime]
training.watch_polarized_regime.every = 2
training.watch_polarized_regime.num_points = 10
keras.optimizers.Adam.learning_rate = 1e-3
data.DSpritesDrawn.image_size = 8
data.DSpritesDrawn.shapes = ("heart",)
data.DSpritesDrawn.num_scales = 2
data.DSpritesDrawn.num_orientations = 1
data.DSpritesDrawn.num_positions = 4
num_latents = 2
models.VAE.num_latents = %num_latents
models.VAE.beta = 4.0
models.VAE.reconstruction = "bernoulli"
models.VAE.output = "sigmoid"
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (4,)
networks.dense_encoder.activation = "relu"
networks.dense_decoder.hidden_units = (4,)
networks.dense_decoder.activation = "tanh"
"""
SETTINGS = [line.partition(" = ")[0] for line in FILE.splitlines() if " = " in line]
VALUES = [
    "None", "'a'", "-1", "0", "1.5", "1e400", "True", "[]", "{}", "()", "''", "10**3", "(1, 'a')", "{'a': 1}",
    "%nothing", "@models.VAE", "@models.VAE()", "@networks.conv_encoder", "@data.DSpritesDrawn",
    "@keras.optimizers.SGD()", "a", "1 2", "@os.system", "'digits'",
]  # fmt: skip
# What is a training all the same: {setting: values}; "*" stands for every setting that is not named.
VALID = {
    "training.train.model": {"@models.VAE"},
    "training.train.data": {"'digits'"},
    "training.train.optimizer": {"@keras.optimizers.SGD()"},
    "training.train.epochs": {"None"},
    "training.train.seed": {"0"},
    "training.train.split": {"None"},
    "training.train.validation_data": {"None", "'digits'"},
    "training.train.jit_compile": {"True"},
    "training.train.callbacks": {"None", "[]", "()"},
    "keras.optimizers.Adam.learning_rate": {"1.5"},
    "models.VAE.beta": {"0", "1.5"},
    "models.VAE.encoder": {"@networks.conv_encoder"},
    "networks.dense_encoder.hidden_units": {"[]", "()"},
    "networks.dense_decoder.hidden_units": {"[]", "()"},
    "networks.dense_encoder.activation": {"None"},
    "networks.dense_decoder.activation": {"None"},
}
MISSPELT = [
    *(f"{name[:-1]}=1" for name in SETTINGS),
    *(f"{name}x=1" for name in SETTINGS),
    *(f"scope/{name}=1" for name in SETTINGS if "." in name),
    "num_latent=20", "training.train.output='x'", "training.train.overwrite=True", "models.Autoencoder.num_latents=3",
    "networks.conv_encoder.filters=(8,)", "models.VAE.seed=3", "models.VAE.dtype='float32'", "train.steps=3",
    "VAE.beta=3", "steps=3", "=3", "models.VAE.beta", "models.VAE.beta==3", "models.VAE.beta=3;import os",
    "models.VAE.beta=3\nx=4",
    "include 'demo.gin'", "import os", "models.VAE.=3", ".beta=3", "models..VAE.beta=3", "models.VAE.beta=@", "%a=3",
]  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("config") / "mine.gin"
    file.write_text(FILE)
    return file


def outcome(path, binding, folder):
    """How `train` with this binding ends: "clear", "accepted", or what went wrong."""
    try:
        config.parse([path], [binding])
        config.train_configured(folder, progress=False)
    except UserError as error:
        said = str(error)
        return "clear" if "\n" not in said and len(said) <= 400 else f"unclear: {binding}: {said}"
    except Exception as error:  # whatever is raised is what is tested
        return f"traceback: {binding}: {type(error).__name__}: {error}"[:300]
    return "accepted"


def test_the_file_itself_trains(path, tmp_path):
    assert outcome(path, "training.train.steps=2", tmp_path / "run") == "accepted"


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_wrong_value_of_a_setting_ends_in_one_sentence(setting, path, tmp_path):
    found = collections.Counter()
    wrong = []
    for number, value in enumerate(VALUES):
        folder = tmp_path / str(number)
        ended = outcome(path, f"{setting}={value}", folder)
        is_valid = value in VALID.get(setting, ())
        found[ended if ended in ("clear", "accepted") else ended.partition(":")[0]] += 1
        if ended != ("accepted" if is_valid else "clear"):
            wrong.append(ended if ended != "accepted" else f"accepted: {setting}={value}")
        assert is_valid or not (folder / "model" / "model.keras").exists() or wrong
    assert not wrong, "\n".join([str(dict(found)), *wrong])


def test_a_misspelt_setting_ends_in_one_sentence(path, tmp_path):
    ends = {binding: outcome(path, binding, tmp_path / "run") for binding in MISSPELT}
    wrong = [f"{binding}: {end}" for binding, end in ends.items() if end != "clear"]
    assert not wrong, "\n".join(wrong)
    assert not (tmp_path / "run").exists()
