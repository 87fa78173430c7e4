"""A configuration from a stranger: nothing it names is imported or called before it is known to be harmless."""

import sys

import pytest

from tfdisent import config
from tfdisent.errors import UserError
from tfdisent.training import RunDirectory

HEADER = """from __gin__ import dynamic_registration
import keras
from tfdisent import data
from tfdisent import metrics
from tfdisent import models
from tfdisent import networks
from tfdisent import training

"""
RUN = HEADER + "training.train.model = @models.VAE\ntraining.train.data = @data.SyntheticLinear()\n"
# {what it tries: text}; SENTINEL is a file that must not appear, evil a module beside the file that writes it.
HOSTILE = {
    "import": "import evil\n" + RUN,
    "import after the header": RUN + "import evil\n",
    "import of os": HEADER + "import os\ntraining.train.data = @os.system()\nos.system.command = 'touch SENTINEL'\n",
    "import of a function": HEADER + "from os import system\ntraining.train.data = @system()\n",
    "alias as keras": HEADER.replace("import keras", "import evil as keras") + "keras.x.y = 1\n",
    "alias as a room": HEADER.replace("from tfdisent import data", "import evil as data"),
    "keras as tfdisent": HEADER + "import keras as tfdisent\ntraining.train.data = @tfdisent.utils.get_file()\n",
    "command line": HEADER + "from tfdisent import cli\ntraining.train.data = @cli.entry_point()\n",
    "module of the package": HEADER + "import tfdisent.files\n"
    "tfdisent.files.write_whole.path = 'SENTINEL'\ntfdisent.files.write_whole.content = 'x'\n"
    "training.train.data = @tfdisent.files.write_whole()\n",
    "studies": HEADER + "from tfdisent.studies import engine\ntraining.train.data = @engine.carry_out()\n",
    "attribute of a room": RUN.replace("@data.Syn", "@data.files.os.system() #"),
    "attributes of keras": RUN + "models.VAE.encoder = @keras.src.utils.file_utils.os.system()\n"
    "keras.src.utils.file_utils.os.system.command = 'touch SENTINEL'\n",
    "download by keras": RUN + "models.VAE.encoder = @keras.utils.get_file()\n"
    "keras.utils.get_file.fname = 'SENTINEL'\n",
    "loading by keras": RUN + "models.VAE.encoder = @keras.saving.load_model()\n",
    "object from a dict": RUN + "models.VAE.encoder = @keras.initializers.deserialize()\n"
    "keras.initializers.deserialize.config = {'module': 'evil', 'class_name': 'X', 'config': {}}\n",
    "dict as an activation": RUN + "models.VAE.encoder = @networks.dense_encoder\n"
    "networks.dense_encoder.activation = {'module': 'evil', 'class_name': 'X', 'config': {},"
    " 'registered_name': 'X'}\n",
    "optimizer from a dict": RUN + "training.train.optimizer = @keras.optimizers.get()\n",
    "callback that writes": RUN + "training.train.callbacks = [@keras.callbacks.CSVLogger()]\n"
    "keras.callbacks.CSVLogger.filename = 'SENTINEL'\n",
    "layer that runs code": RUN + "models.VAE.encoder = @keras.layers.Lambda\n",
    "call in a macro": RUN + "import os\nos.system.command = 'touch SENTINEL'\nx = @os.system()\n"
    "training.train.steps = %x\n",
    "call in a list": RUN + "training.train.callbacks = [(1, {'a': [@evil.run()]})]\n",
    "call in a key": RUN + "training.train.callbacks = {@evil.run(): 1}\n",
    "call in a scope": RUN + "training.train.callbacks = [@a/b/evil.run()]\n",
    "singleton": RUN + "training.train.steps = @evil/gin.singleton()\nevil/gin.singleton.constructor = @evil.run\n",
    "macro by its long name": RUN + "x/gin.macro.value = @evil.run()\ntraining.train.steps = %x\n",
    "gin itself": RUN + "import gin\ntraining.train.steps = @gin.config.exec()\n",
    "training as a value": RUN.replace("@data.Syn", "@training.train() #") + "training.train.output = 'SENTINEL'\n",
    "overwriting a folder": RUN + "training.train.output = 'SENTINEL'\ntraining.train.overwrite = True\n",
    "downloading a set": RUN.replace("@data.SyntheticLinear()", "@data.get_named_ground_truth_data()")
    + "data.get_named_ground_truth_data.name = 'mnist'\ndata.get_named_ground_truth_data.download = True\n",
    "artifacts of a score": RUN + "models.VAE.encoder = @metrics.compute_mig()\n"
    "metrics.compute_mig.artifact_dir = 'SENTINEL'\n",
    "private names": RUN + "models.VAE.encoder = @models.VAE.__init__.__globals__()\n",
    "method of a class": RUN.replace("@models.VAE", "@models.VAE.load_own_variables"),
    "block": RUN + "evil.run:\n  x = 1\n",
    "included": RUN + "include 'inner.gin'\n",
    "text that names a call": RUN + "models.VAE.encoder = '@evil.run()'\n",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a module that writes the sentinel when it is imported, and a file that imports it."""
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'SENTINEL')!r}, 'w')\ndef run(x=1): pass\n")
    (tmp_path / "inner.gin").write_text(HEADER + "import evil\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("evil", None)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence_and_runs_nothing(folder, text):
    (folder / "run.gin").write_text(text.replace("SENTINEL", str(folder / "SENTINEL")))
    with pytest.raises(UserError) as error:
        config.parse(["run.gin"])
    assert "\n" not in str(error.value) and str(error.value)[-1] in ".?"
    assert not (folder / "SENTINEL").exists() and "evil" not in sys.modules


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_run_is_refused_when_it_is_opened_and_runs_nothing(folder, text):
    from tfdisent.evaluation.scoring import load_run

    run = RunDirectory(folder / "theirs")
    gin = run.model / "results" / "gin"
    gin.mkdir(parents=True)
    (gin / "train.gin").write_text(text.replace("SENTINEL", str(folder / "SENTINEL")))
    with pytest.raises(UserError) as error:
        load_run(run.path)
    assert "\n" not in str(error.value)
    assert not (folder / "SENTINEL").exists() and "evil" not in sys.modules


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"\xff\xfe\x00",
        "sch\u00f6n".encode("latin-1"),
        b"\x00" * 20,
        b"# nothing\n",
        b"vae.beta = 3\nmodel.model = @vae()\n",
        b"{'json': 1}",
        b"training.train.model = @mod",
        RUN.encode() + b"models.VAE.beta = ",
        RUN.encode() + b"models.VAE.beta = [1, ",
        RUN.encode() + b"models.VAE.beta = " + b"[" * 5000,
        RUN.encode() + b"models.VAE.beta = " + b"9" * 5000,
        RUN.encode() + b"models.VAE.beta = {[1]: 2}",
        RUN.encode() + b"models.VAE.beta = %beta\nbeta = %beta\n",
    ],
)
def test_a_damaged_configuration_of_a_run_ends_in_one_sentence(content):
    with pytest.raises(UserError) as error:
        config.parse_text(content, where="in train.gin")
    assert "\n" not in str(error.value)


def test_the_sentence_says_what_to_add_and_then_the_module_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "my_own_models.py").write_text(
        "from os import system\nfrom tfdisent import models\n\n\nclass MyVAE(models.VAE):\n    pass\n"
    )
    text = (
        RUN.replace("@models.VAE", "@my_own_models.MyVAE")
        + "import my_own_models\nmy_own_models.MyVAE.beta = 2.0\n"
    )
    path = tmp_path / "beside" / "run.gin"
    path.write_text(text)
    try:
        with pytest.raises(UserError, match="add --trust my_own_models"):
            config.parse([path])
        assert "my_own_models" not in sys.modules
        before = list(sys.path)
        config.parse([path], trust=["my_own_models"])
        assert sys.path == before
        assert config.configured_value("training.train.model").__name__ == "MyVAE"
        assert config.trusted_modules() == ("my_own_models",)
        text = config.runs.gin.config_str()
        with pytest.raises(UserError, match="add --trust my_own_models"):
            config.parse_text(text)
        config.parse_text(text, trust=["my_own_models"])
        assert config.configured_value("my_own_models.MyVAE.beta") == 2.0
        path.write_text(RUN + "import my_own_models\ntraining.train.steps = @my_own_models.system()\n")
        with pytest.raises(UserError, match="comes from posix"):
            config.parse([path], trust=["my_own_models"])
        path.write_text(
            RUN + "import my_own_models\ntraining.train.steps = @my_own_models.models.np.save()\n"
        )
        with pytest.raises(UserError):
            config.parse([path], trust=["my_own_models"])
    finally:
        sys.modules.pop("my_own_models", None)


def test_a_module_that_a_binding_of_the_person_names_is_imported_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "named_models.py").write_text(
        "from tfdisent import models\n\n\nclass MyVAE(models.VAE):\n    pass\n"
    )
    bindings = [
        "training.train.model=@named_models.MyVAE",
        "named_models.MyVAE.beta=3.0",
        "named_models.MyVAE.num_latents=2",
    ]
    try:
        config.parse(["demo.gin"], bindings)
        assert config.configured_value("training.train.model")(observation_shape=(16, 16, 1)).beta == 3.0
        with pytest.raises(UserError, match="did you mean num_latents"):
            config.parse(["demo.gin"], [*bindings, "named_models.MyVAE.num_latent=2"])
        with pytest.raises(UserError, match="MyVAE.seed is given by training.train"):
            config.parse(["demo.gin"], [*bindings, "named_models.MyVAE.seed=2"])
        with pytest.raises(UserError, match="There is no module nowhere_models"):
            config.parse(["demo.gin"], bindings, trust="nowhere_models")
        with pytest.raises(UserError, match="There is no module nmed_models"):
            config.parse(["demo.gin"], ["training.train.model=@nmed_models.MyVAE"])
        (tmp_path / "broken_models.py").write_text("1 / 0\n")
        with pytest.raises(UserError, match="broken_models cannot be imported .*ZeroDivisionError"):
            config.parse(["demo.gin"], ["training.train.model=@broken_models.MyVAE"])
    finally:
        sys.modules.pop("named_models", None)


def test_what_keras_has_without_files_may_be_used():
    text = RUN + (
        "training.train.optimizer = @keras.optimizers.Adam\n"
        "keras.optimizers.Adam.learning_rate = @keras.optimizers.schedules.ExponentialDecay()\n"
        "keras.optimizers.schedules.ExponentialDecay.initial_learning_rate = 0.1\n"
        "keras.optimizers.schedules.ExponentialDecay.decay_steps = 10\n"
        "keras.optimizers.schedules.ExponentialDecay.decay_rate = 0.9\n"
        "training.train.callbacks = [@keras.callbacks.EarlyStopping()]\n"
        "keras.callbacks.EarlyStopping.monitor = 'loss'\n"
        "models.VAE.encoder = @networks.dense_encoder\n"
        "networks.dense_encoder.activation = @keras.activations.elu\n"
    )
    config.parse_text(text)
    assert config.configured_value("training.train.optimizer")().learning_rate is not None
