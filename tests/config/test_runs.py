from pathlib import Path

import pytest

from tfdisent import config
from tfdisent.config import runs
from tfdisent.errors import UserError

GIN_FILES = sorted(
    p
    for p in (Path(__file__).parents[2] / "gin_configs").rglob("*.gin")
    if not {"metrics", "studies"} & set(p.parts)
)
TINY = [
    "training.train.data=@data.SyntheticLinear()",
    "data.SyntheticLinear.num_points=200",
    "training.train.epochs=None",
    "training.train.steps=4",
    "training.train.log_every=2",
]


@pytest.mark.parametrize("path", GIN_FILES, ids=lambda path: path.name)
def test_every_configuration_shipped_is_read_and_says_what_it_reproduces(path):
    config.parse([path])
    text = path.read_text()
    assert text.startswith("# ")
    trains = "It is no model that `tfdisent train` takes" not in text
    assert [bool(runs._bound(f"training.train.{name}")) for name in ("model", "data")] == [trains, trains]


def test_a_binding_wins_and_may_name_what_the_file_does_not_import():
    config.parse(
        ["pca_directions/synth_linear.gin"],
        ["models.VAE.beta=7.", "training.train.optimizer=@keras.optimizers.SGD"],
    )
    text = runs.gin.config_str()
    assert "models.VAE.beta = 7.0" in text and "training.train.optimizer = @keras.optimizers.SGD" in text


def test_the_operative_configuration_trains_the_same_model_again(tmp_path):
    config.parse(["pca_directions/synth_linear.gin"], TINY)
    first = config.train_configured(tmp_path / "first", progress=False)
    text = (tmp_path / "first" / "model" / "results" / "gin" / "train.gin").read_text()
    config.parse_text(text)
    again = config.train_configured(tmp_path / "again", progress=False)
    assert first.history == again.history
    assert first.directory.asked() == again.directory.asked()


def test_results_stand_in_disentanglement_libs_places_with_gin_values_as_text(tmp_path):
    config.parse(["pca_directions/synth_linear.gin"], TINY)
    run = config.train_configured(tmp_path, progress=False)
    aggregate = config_json(tmp_path / "model" / "results" / "aggregate" / "train.json")
    assert aggregate["train_config.training.train.model"] == "@models.VAE"
    assert aggregate["train_config.models.VAE.reconstruction"] == "%reconstruction"
    assert aggregate["train_results.global_step"] == 4
    assert aggregate["train_results.loss"] == run.results["loss"]


def config_json(path):
    import json

    return json.loads(path.read_text())


def test_json_config_joins_lines_that_gin_wraps():
    text = "# a comment = 3\nf.x = \\\n    'a long value'\ng.y = 2\nimport keras\n"
    assert config.json_config(text) == {"f.x": "'a long value'", "g.y": "2"}


@pytest.mark.parametrize(
    ("binding", "sentence"),
    [
        ("models.VAE.bta=3", "doesn't have a parameter named 'bta'"),
        ("VAE.beta=3", "write names as the file does"),
        ("models.AutoVAE.beta=3", "no attribute AutoVAE"),
        ("training.train.steps=four", "text needs quotes"),
        ("training.train.steps", "NAME=VALUE"),
    ],
)
def test_a_binding_that_means_nothing_is_named_with_the_reason(binding, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        config.parse(["pca_directions/synth_linear.gin"], [binding])
    assert "\n" not in str(error.value) and binding in str(error.value)


@pytest.mark.parametrize(
    ("binding", "sentence"),
    [
        ("models.VAE.beta='four'", "beta must be a number, 0 or larger. Received: 'four'"),
        ("training.train.data='dsprite_drawn'", "dsprites_drawn"),
        ("training.train.batch_size=0", "batch_size must be"),
        ("keras.optimizers.Adam.learning_rat=1.", "learning_rat"),
        ("models.VAE.encoder=@networks.conv_encoder", "H, W, C"),
    ],
)
def test_a_value_that_makes_no_run_ends_in_one_sentence_and_no_files(tmp_path, binding, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        config.parse(["pca_directions/synth_linear.gin"], [*TINY, binding])
        config.train_configured(tmp_path / "run", progress=False)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_a_configuration_that_is_not_there_is_named_with_the_folder_of_those_shipped():
    with pytest.raises(UserError, match="There is no configuration nothing.gin.*gin_configs"):
        config.parse(["nothing.gin"])


def test_a_configured_value_is_what_a_binding_holds_with_macros_followed():
    config.parse(["pca_directions/mnist.gin"], ["num_latents=3"])
    assert config.configured_value("models.VAE.num_latents") == 3
    assert config.configured_value("training.train.epochs") == 400
    model = config.configured_value("training.train.model")
    assert model.__name__ == "VAE"
    assert model(observation_shape=(4,)).num_latents == 3
    assert config.configured_value("models.VAE.encoder").__name__ == "dense_encoder"
    with pytest.raises(UserError, match="does not bind training.train.steps"):
        config.configured_value("training.train.steps")
