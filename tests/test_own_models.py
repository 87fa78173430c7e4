"""A person's own model in a module of the person's own, from the gin file to the scores, and who has to trust it."""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tfdisent import cli, config, evaluation, training
from tfdisent.errors import UserError
from tfdisent.modules import import_trusted
from tfdisent.studies import LocalProcesses, Study, ThisProcess, run_study, work_study
from tfdisent.studies.processes import Call, Processes
from tfdisent.studies.tuning import tune_beta

MODULE = """
import keras
import numpy as np
import tensorflow as tf

from tfdisent import data, models


class MyVAE(models.VAE):
    terms = ("loss", "reconstruction", "kl", "norm")

    def __init__(self, observation_shape, *args, pull=0.1, **kwargs):
        super().__init__(observation_shape, *args, **kwargs)
        self.pull = pull

    def losses(self, observations, training=False):
        terms = super().losses(observations, training)
        norm = tf.reduce_mean(self.encode(observations)[0] ** 2)
        return {**terms, "loss": terms["loss"] + self.pull * norm, "norm": norm}

    def get_config(self):
        return {**super().get_config(), "pull": self.pull}


class Doubled(keras.layers.Layer):
    def call(self, codes):
        return 2 * codes


def decoder(num_latents, observation_shape, seed=0, dtype=None):
    codes = keras.Input((num_latents,))
    size = observation_shape[0] * observation_shape[1]
    dense = keras.layers.Dense(size, kernel_initializer=keras.initializers.GlorotUniform(seed), dtype=dtype)
    reshape = keras.layers.Reshape(observation_shape, dtype=dtype)
    return keras.Model(codes, reshape(dense(Doubled()(codes))))


class Squares(data.GroundTruthData):
    def __init__(self, size=4):
        kinds = ["continuous"] * 2
        super().__init__("squares", "drawn here", ["row", "column"], kinds, [size, size], (size, size, 1))

    def observations(self, indices):
        size = self.observation_shape[0]
        return np.eye(size * size, dtype="float32")[indices].reshape(-1, size, size, 1)


def largest(trained):
    return {"pull": trained.model.pull}
"""
GIN = """
from __gin__ import dynamic_registration
import NAME
from tfdisent import networks
from tfdisent import training

training.train.model = @NAME.MyVAE
training.train.data = @NAME.Squares()
NAME.Squares.size = 5
training.train.steps = 4
training.train.batch_size = 8
NAME.MyVAE.encoder = @networks.dense_encoder
NAME.MyVAE.decoder = @NAME.decoder
NAME.MyVAE.num_latents = 2
NAME.MyVAE.beta = 2.0
NAME.MyVAE.pull = 0.2
networks.dense_encoder.hidden_units = (8,)
"""
NAME = "my_own_models"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with `my_own_models.py` and `my.gin`, which is the current one."""
    (tmp_path / "own").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "own" / f"{NAME}.py").write_text(MODULE)
    (tmp_path / "own" / "my.gin").write_text(GIN.replace("NAME", NAME))
    monkeypatch.chdir(tmp_path / "own")
    yield tmp_path / "own"
    forget()


def forget():
    """As in a new process."""
    for name in (NAME, "my_light_module"):
        sys.modules.pop(name, None)


def command(capsys, *arguments):
    """The exit code of a command and all that it printed; a new process."""
    forget()
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_a_model_of_ones_own_is_trained_scored_reported_and_compared(folder, capsys, monkeypatch):
    train, scores = ("train", "my.gin", "--output", "runs/a"), ("--metrics", "mig")
    advice = f"If you trust {folder / NAME}.py, add --trust {NAME} "
    code, said = command(capsys, *train)
    assert code == 2 and advice in said and NAME not in sys.modules
    code, said = command(capsys, *train, "--trust", NAME)
    assert code == 0 and "norm" in said, said
    code, said = command(capsys, *train, "--trust", NAME, "-b", "training.train.steps=6")
    assert code == 0 and "Continuing at step 4 of 6" in said

    for arguments in (("evaluate", "runs/a", *scores), ("report", "runs/a")):
        code, said = command(capsys, *arguments)
        assert code == 2 and f"'{NAME}.MyVAE'. {advice}" in said and NAME not in sys.modules
        code, said = command(capsys, *arguments, "--trust", NAME)
        assert code == 0
    code, said = command(capsys, "compare", "runs")
    assert code == 0 and "MyVAE beta=2, pull=0.2" in said and NAME not in sys.modules

    monkeypatch.chdir(folder.parent / "elsewhere")
    run, places = (
        folder / "runs" / "a",
        f"it is neither in {folder.parent / 'elsewhere'} nor where Python finds modules",
    )
    code, said = command(capsys, "evaluate", run, *scores)
    assert code == 2 and f"add its file, --trust FOLDER/{NAME}.py: {places}" in said
    code, said = command(capsys, "evaluate", run, *scores, "--trust", NAME)
    assert code == 2 and f"{places}; give its file, --trust FOLDER/{NAME}.py" in said
    code, said = command(capsys, "evaluate", run, *scores, "--trust", f"../own/{NAME}.py")
    assert code == 0 and "there already" in said
    assert (
        config.json_config((run / "model/results/gin/train.gin").read_text())[f"{NAME}.MyVAE.pull"] == "0.2"
    )


def test_a_binding_of_the_person_names_the_module_and_each_of_several_seeds_is_a_run(
    folder, capsys, monkeypatch
):
    monkeypatch.chdir(folder.parent / "elsewhere")
    binding = ("-b", f"{NAME}.MyVAE.beta=3", "-b", "training.train.seed=(0, 1)")
    config.parse([folder / "my.gin"], [each for each in binding if each != "-b"])
    runs = config.train_configured("runs", progress=False)
    weights = [run.model.get_weights() for run in runs]
    for seed in (0, 1):
        forget()
        trained = evaluation.load_run(f"runs/seed_{seed}", trust=folder / f"{NAME}.py")
        assert (type(trained.model).__module__, trained.model.beta) == (NAME, 3.0)
        for weight, same in zip(weights[seed], trained.model.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, same)


def test_beta_is_searched_for_a_model_of_ones_own(folder):
    tuning = tune_beta(["my.gin"], "search", most=2, trust=NAME)
    assert [row["beta"] for row in tuning.rows] in ([2.0, 4.0], [1.0, 2.0])
    for row in tuning.rows:
        asked = json.loads((folder / "search" / f"beta_{row['beta']:g}" / "model" / "run.json").read_text())
        assert (asked["model"]["beta"], asked["model"]["pull"]) == (row["beta"], 0.2)


def test_a_pool_s_children_find_a_module_that_lies_beside_the_configuration(folder, monkeypatch):
    monkeypatch.chdir(folder.parent / "elsewhere")
    (folder / "my_light_module.py").write_text("class Light:\n    pass\n")
    import_trusted(["my_light_module"], [folder])
    with Processes() as pool:
        pool.start("a class", Call("a class", str, (sys.modules["my_light_module"].Light,)))
        assert pool.wait(60)[1].value == "<class 'my_light_module.Light'>"


@pytest.mark.parametrize("processes", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_a_study_sweeps_a_model_of_ones_own_and_a_worker_has_to_trust_it(folder, monkeypatch, processes):
    monkeypatch.chdir(folder.parent / "elsewhere")
    grid, measures = {f"{NAME}.MyVAE.pull": [0.5, 1.5]}, [f"{NAME}.largest"]
    study = Study(
        [folder / "my.gin"], grid, seeds=1, scores=["mig"], measures=measures, trust=f"../own/{NAME}.py"
    )
    carried = run_study(study, "study", LocalProcesses(processes) if processes else ThisProcess())
    assert [len(carried.done), carried.failed] == [2, {}]
    results = [json.loads(path.read_text()) for path in Path("study/runs").glob("*/seed_0/study/*.json")]
    assert sorted(each["value"]["measures"]["pull"] for each in results) == [0.5, 1.5]
    monkeypatch.chdir(folder)
    with pytest.raises(
        UserError, match=f"uses the module {NAME}. If you trust {folder / NAME}.py, add --trust {NAME}"
    ):
        work_study("../elsewhere/study")
    assert len(work_study("../elsewhere/study", NAME).done) == 2


def test_a_model_of_a_program_is_loaded_where_it_is_imported_and_not_because_it_lies_in_the_run(folder):
    import_trusted([NAME])
    mine = sys.modules[NAME]
    training.train(mine.MyVAE, "digits", "runs/python", steps=2, batch_size=8, progress=False)
    assert type(evaluation.load_run("runs/python").model) is mine.MyVAE
    forget()
    (folder / f"{NAME}.py").rename(folder / "runs" / "python" / f"{NAME}.py")
    with pytest.raises(UserError, match=f"add its file, --trust FOLDER/{NAME}.py"):
        evaluation.load_run("runs/python")
    with pytest.raises(UserError, match=f"There is no module {NAME}"):
        evaluation.load_run("runs/python", trust=NAME)
    assert NAME not in sys.modules
    path = folder / "runs" / "python" / f"{NAME}.py"
    path.write_text(MODULE.replace("class MyVAE", "class Renamed"))
    with pytest.raises(UserError, match=f"{path} defines no MyVAE; was it renamed"):
        evaluation.load_run("runs/python", trust=[path])


def test_a_module_that_is_named_by_its_file_is_that_file_and_no_other_is_run(folder, monkeypatch):
    here = folder.parent / "elsewhere"
    (here / f"{NAME}.py").write_text("raise SystemError")
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(str(here))
    with pytest.raises(UserError, match=f"{here / NAME}.py is found before {folder / NAME}.py; rename one"):
        import_trusted(folder / f"{NAME}.py")
    (here / f"{NAME}.py").unlink()
    assert import_trusted(folder / f"{NAME}.py") == [NAME]
    assert sys.modules[NAME].__file__ == str(folder / f"{NAME}.py")


def test_code_of_a_script_says_that_no_other_process_finds_it(folder):
    import_trusted([NAME])
    training.train(sys.modules[NAME].MyVAE, "digits", "run", steps=1, batch_size=8, progress=False)
    path = folder / "run" / "model" / "model.keras"
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["config.json"] = parts["config.json"].replace(f'"module": "{NAME}"'.encode(), b'"module": null')
    with zipfile.ZipFile(path, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)
    with pytest.raises(UserError, match="'MyVAE'. It was defined in a script or notebook") as error:
        evaluation.load_run("run")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("trust", "sentence"),
    [
        (3, "Modules to trust are names or files of modules. Received: 3"),
        (["my-models"], "named as in Python, such as my_models. Received: 'my-models'"),
        ("", "named as in Python"),
        ("nowhere.py", "There is no file .*nowhere.py among the modules to trust"),
        ("broken", "broken cannot be imported among the modules to trust: ZeroDivisionError"),
        ("ends", "ends cannot be imported among the modules to trust: SystemExit"),
        ("needs", "needs cannot be imported among the modules to trust: No module named 'my_missing'"),
        ("./code.py", "code.py is found before .*own/code.py; rename one of the two"),
        ("data", "A module of your own cannot be called data.*rename it, to my_data.py"),
    ],
)
def test_what_cannot_be_trusted_ends_in_one_sentence(folder, trust, sentence):
    for name, text in {
        "broken": "1 / 0",
        "ends": "exit(0)",
        "needs": "import my_missing",
        "code": "",
        "data": "",
    }.items():
        (folder / f"{name}.py").write_text(text)
    before = list(sys.path)
    try:
        with pytest.raises(UserError, match=sentence) as error:
            config.parse(["my.gin"], trust=trust)
    finally:
        sys.modules.pop("data", None)
    assert "\n" not in str(error.value) and sys.path == before


@pytest.mark.parametrize(
    ("imports", "binding", "trust", "sentence"),
    [
        (f"import {NAME} as mine", f"{NAME}.MyVAE.beta=3", (), None),
        (f"import {NAME} as mine", "mine.MyVAE.beta=3", NAME, None),
        (f"from {NAME} import MyVAE", "MyVAE.beta=3", NAME, None),
        (f"import {NAME} as mine", "mine.MyVAE.beta=3", (), f"add --trust {NAME}"),
        (
            f"import {NAME}",
            f"{NAME}.MyVEA.beta=3",
            (),
            rf"{NAME}.py\) has no attribute MyVEA .*did you mean MyVAE",
        ),
        (
            f"import {NAME}",
            "my_own_model.MyVAE.beta=3",
            NAME,
            f"no module my_own_model .*did you mean {NAME}",
        ),
        ("import models", "models.MyVAE.beta=3", (), "cannot be called models, as a room of tfdisent is"),
        ("import code", "models.VAE.beta=3", (), "code is a module of Python itself.*rename it"),
    ],
)
def test_a_binding_names_the_model_as_the_file_does_or_in_full(folder, imports, binding, trust, sentence):
    symbol = imports.rpartition(" ")[2]
    model = symbol if symbol == "MyVAE" else f"{symbol}.MyVAE"
    text = GIN.partition("training.train.model")[0].replace("import NAME", imports)
    (folder / "my.gin").write_text(
        text + f"training.train.model = @{model}\ntraining.train.data = 'digits'\n"
    )
    if sentence is None:
        config.parse(["my.gin"], [binding], trust)
        assert config.configured_name("training.train.model") == f"{NAME}.MyVAE"
        assert config.configured_value(f"{NAME}.MyVAE.beta") == 3
        return
    with pytest.raises(UserError, match=sentence) as error:
        config.parse(["my.gin"], [binding], trust)
    assert "\n" not in str(error.value)
