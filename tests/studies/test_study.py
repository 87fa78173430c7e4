import functools
import itertools
import json
import math

import pytest

from tfdisent import config, studies
from tfdisent.config.statements import Reference
from tfdisent.errors import UserError
from tfdisent.studies import PlannedRun, Study, ThisProcess, find_study, grids, run_study
from tfdisent.studies import unsupervised_study_v1 as published

DIGITS = """
from __gin__ import dynamic_registration
import keras
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.model = @models.VAE
training.train.data = "digits"
training.train.optimizer = @keras.optimizers.Adam
training.train.steps = 20
training.train.batch_size = 16
models.VAE.num_latents = 2
models.VAE.beta = 0.5
models.VAE.encoder = @networks.dense_encoder
models.VAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (8,)
networks.dense_decoder.hidden_units = (8,)
"""
BETA, LATENTS, STEPS = "models.VAE.beta", "models.VAE.num_latents", "training.train.steps"


@pytest.fixture
def digits(tmp_path):
    (tmp_path / "digits.gin").write_text(DIGITS)
    return str(tmp_path / "digits.gin")


def study_file(folder, *lines, configs='["digits.gin"]'):
    path = folder / "study.gin"
    own = [f"studies.Study.configs = {configs}"] if configs else []
    path.write_text("\n".join(["from tfdisent import studies", *own, *lines]) + "\n")
    return str(path)


def names(study):
    return [run.name for run in study.runs()]


def settings(study):
    return [dict(run.values) for run in study.runs()]


# What a grid stands for


@pytest.mark.parametrize("sizes", [(1,), (3,), (2, 3), (2, 3, 4)])
def test_a_grid_is_the_product_of_its_axes_with_the_last_one_fastest(digits, sizes):
    axes = [BETA, LATENTS, STEPS][: len(sizes)]
    grid = {axis: list(range(1, size + 1)) for axis, size in zip(axes, sizes, strict=True)}
    study = Study(digits, grid, seeds=2)
    assert len(study.runs()) == 2 * math.prod(sizes)
    expected = [dict(zip(axes, values, strict=True)) for values in itertools.product(*grid.values())]
    assert settings(study)[::2] == expected
    assert [run.seed for run in study.runs()] == [0, 1] * math.prod(sizes)


def test_bindings_of_one_axis_change_together(digits):
    study = Study(digits, {(BETA, STEPS): [(1.0, 100), (4.0, 200)], LATENTS: [2, 3]})
    assert [tuple(each.values()) for each in settings(study)] == [
        (1.0, 100, 2),
        (1.0, 100, 3),
        (4.0, 200, 2),
        (4.0, 200, 3),
    ]


def test_a_list_of_grids_is_their_union_in_which_each_run_is_once(digits):
    first, second = {BETA: [1.0, 2.0]}, {BETA: [2.0, 4.0], LATENTS: [2, 3]}
    both = Study(digits, [first, second])
    # Two latents are what the file has, but a binding that is given is one more: its fingerprint is the file's.
    assert set(names(both)) == set(names(Study(digits, first))) | set(names(Study(digits, second)))
    assert len(names(both)) == len(set(names(both))) == 2 + 4 - 1


def test_no_grid_is_the_configuration_itself(digits):
    (run,) = Study(digits).runs()
    assert (run.values, run.bindings, run.name) == ((), (), PlannedRun((digits,)).name)


def test_seeds_are_a_number_or_a_list(digits):
    assert Study(digits, seeds=3).seeds == Study(digits, seeds=range(3)).seeds == (0, 1, 2)
    assert [run.seed for run in Study(digits, seeds=[7, 3]).runs()] == [7, 3]


def test_values_become_gin_text(digits):
    grid = {
        "training.train.model": ["@models.VAE", "@models.Autoencoder"],
        "training.train.data": ["digits"],
        "networks.dense_encoder.hidden_units": [(8, 8)],
    }
    first = Study(digits, grid).runs()[0]
    assert first.bindings == (
        "training.train.model = @models.VAE",
        "training.train.data = 'digits'",
        "networks.dense_encoder.hidden_units = (8, 8)",
    )
    assert dict(first.values)["training.train.model"] == "@models.VAE"
    assert grids.read_grids({"a.b": ["@c.d()"]})[0][("a.b",)] == [(Reference("c.d", called=True),)]


def test_titles_say_what_tells_runs_apart(digits):
    study = Study(digits, {(BETA, STEPS): [(1.0, 100), (4.0, 200)], LATENTS: [2]}, seeds=1)
    assert [run.title for run in study.runs()] == ["beta=1, seed 0", "beta=4, seed 0"]


# Names


def test_a_comment_and_the_order_of_lines_change_no_name(digits, tmp_path):
    grid = {BETA: [1.0, 4.0], LATENTS: [2, 3]}
    lines = DIGITS.strip().splitlines()
    other = tmp_path / "other.gin"
    other.write_text("\n".join(["# a comment", *lines[:5], *reversed(lines[5:])]))
    turned = Study(str(other), dict(reversed(grid.items())))
    assert set(names(Study(digits, grid))) == set(names(turned))
    assert names(Study(digits, {BETA: [4]})) == names(Study(digits, {f"tfdisent.{BETA}": [4.0]}))


def test_what_is_computed_from_a_run_does_not_change_its_name(digits):
    run, scored = Study(digits).runs()[0], Study(digits, scores=["mig"]).runs()[0]
    assert run.name == scored.name and run.results_name != scored.results_name


def test_a_study_comes_back_from_json(digits):
    grid = [
        {(BETA, STEPS): [(1.0, 100), (4.0, 200)]},
        {"networks.dense_encoder.hidden_units": [(8,), (4, 4)]},
    ]
    study = Study(
        digits, grid, 2, ["mig"], ["json.dumps"], ["models.VAE.num_latents=3"], ["json"], 0.5, 2, True
    )
    plain = json.loads(json.dumps(study.as_plain()))
    assert Study.from_plain(plain) == study and names(Study.from_plain(plain)) == names(study)
    assert Study.from_plain(json.loads(json.dumps(Study(digits).as_plain()))) == Study(digits)


# Gin files


def test_a_gin_file_says_what_python_says(digits, tmp_path):
    file = study_file(
        tmp_path,
        "betas = [1., 4.]",
        f'studies.Study.grid = {{"{BETA}": %betas, ("{LATENTS}", "{STEPS}"): [(2, 10), (3, 20)]}}',
        "studies.Study.seeds = 3",
        'studies.Study.scores = ["mig"]',
    )
    told = Study(digits, {BETA: [1.0, 4.0], (LATENTS, STEPS): [(2, 10), (3, 20)]}, 3, ["mig"])
    assert names(find_study(file)) == names(told)
    assert [r.results_name for r in find_study(file).runs()] == [r.results_name for r in told.runs()]


def test_bindings_of_a_command_replace_those_of_the_file(tmp_path, digits):
    file = study_file(
        tmp_path, f'studies.Study.bindings = ["{STEPS} = 10", "{LATENTS} = 3"]', "studies.Study.seeds = 5"
    )
    study = find_study(file, [f"{STEPS}=30", "studies.Study.seeds=[4]", f"{BETA}=2"])
    assert study.seeds == (4,)
    assert study.bindings == (f"{LATENTS} = 3", f"{STEPS}=30", f"{BETA}=2")
    grid = find_study(file, [f"studies.Study.grid={{'{BETA}': [1, 2]}}"]).grid
    assert grid == Study(digits, {BETA: [1, 2]}).grid


def test_the_shipped_study_is_found_by_its_name():
    assert len(find_study("studies/beta").runs()) == len(find_study("beta").runs()) == 12
    assert find_study("studies/beta").configs == ("demo.gin",)  # a name, which every installation has
    assert {"studies/beta", published.NAME} == set(studies.list_studies())


# What is wrong


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"grid": {}}, "The grid is empty; leave it out for one configuration. Received: {}."),
        ({"grid": []}, "The grid is empty"),
        ({"grid": [{BETA: [1]}, {}]}, "The grid is empty"),
        ({"grid": {BETA: []}}, "models.VAE.beta has no values; give it at least one."),
        ({"grid": {BETA: 4.0}}, "The values of models.VAE.beta must be a list. Received: 4.0."),
        ({"grid": {BETA: "4"}}, "The values of models.VAE.beta must be a list."),
        ({"grid": [BETA]}, "grid must be a dict such as"),
        ({"grid": {4: [1]}}, "An axis of the grid is a binding"),
        ({"grid": {"models.VAE.beta = 3": [1]}}, "models.VAE.beta = 3"),
        ({"grid": {"": [1]}}, "An axis of the grid is a binding"),
        ({"grid": {(BETA, STEPS): [1.0]}}, "must be a tuple of 2 values. Received: 1.0."),
        ({"grid": {(BETA, STEPS): [(1.0, 2, 3)]}}, "must be a tuple of 2 values"),
        ({"grid": {BETA: [1.0, 2.0, 1]}}, "models.VAE.beta has a value twice."),
        ({"grid": {BETA: [math.nan]}}, "A value of models.VAE.beta must be a number"),
        (
            {"grid": {"training.train.model": [dict]}},
            "write a class or function as text, such as '@models.dict'",
        ),
        ({"grid": {"training.train.model": ["@"]}}, "in the binding"),
        ({"grid": {BETA: [1], f"tfdisent.{BETA}": [2]}}, "models.VAE.beta is given twice in the grid"),
        ({"grid": {(BETA, BETA): [(1, 2)]}}, "models.VAE.beta is given twice in the grid"),
        (
            {"grid": {BETA: [1]}, "bindings": [f"{BETA}=2"]},
            "is given in the bindings and in the grid; remove one",
        ),
        ({"bindings": [f"{BETA}=2", f"{BETA}=3"]}, "models.VAE.beta is given twice in the bindings"),
        ({"bindings": ["models.VAE.beta"]}, "A binding is written NAME=VALUE"),
        ({"grid": {"training.train.seed": [1, 2]}}, "The seeds of a study are given as its seeds."),
        ({"bindings": ["model.random_seed=3"]}, "The seeds of a study are given as its seeds."),
        ({"seeds": 0}, "seeds must be a whole number from 1 to 1,000,000. Received: 0."),
        ({"seeds": []}, "seeds must be a number, or a list of different ones. Received: []."),
        ({"seeds": [1, 1]}, "a list of different ones"),
        ({"seeds": [1.5]}, "Each of the seeds must be a whole number"),
        ({"seeds": [2**32]}, "Each of the seeds must be a whole number from 0 to 4,294,967,295"),
        ({"seeds": "3"}, "seeds must be a whole number"),
        ({"seeds": True}, "seeds must be a whole number"),
        ({"grid": {BETA: list(range(1001))}, "seeds": 1000}, "A study has at most 1,000,000 runs."),
        ({"gpus": -1}, "gpus must be a number"),
        ({"cpus": 0}, "cpus must be a whole number"),
        ({"together": 1}, "together must be True or False"),
        ({"scores": 3}, "scores must be a list"),
        ({"trust": [3]}, "A module is named as in Python"),
        (
            {"measures": [lambda trained: {}]},
            "A measure must be a function that stands at the top of a module",
        ),
        (
            {"measures": ["area"]},
            "or its name such as 'my_module.area'. Received: 'area'.",
        ),
        ({"measures": [functools.partial(json.dumps, indent=2)]}, "Received: functools.partial("),
        ({"configs": []}, "A study needs at least one configuration"),
        ({"configs": ["missing.gin"]}, "There is no configuration missing.gin"),
    ],
)
def test_what_is_wrong_in_the_arguments_is_one_sentence(digits, arguments, sentence):
    with pytest.raises(UserError) as error:
        Study(**{"configs": digits} | arguments)
    assert sentence in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["studies.Study.seed = 3"], "studies.Study doesn't have a parameter named 'seed' in"),
        (["studies.Study.seed = 3"], "did you mean seeds?"),
        (["studies.Study.seeds = 3", "studies.Study.seeds = 4"], "is bound twice, again in"),
        (["models.VAE.beta = 3"], "put the others into studies.Study.bindings"),
        (['studies.Study.trust = ["os"]'], "What you trust is given with --trust MODULE, and not in"),
        (["unused = 3"], "The macro unused is used nowhere"),
        (["studies.Study.seeds = %many"], "The macro %many is used and has no value"),
        (["studies.Study.grid = {"], "in"),
        (
            ['studies.Study.grid = {"os.path.x": [1]}'],
            "uses the module os, which you have not named",
        ),
        (['studies.Study.grid = {"training.train.data": ["@shutil.rmtree()"]}'], "uses the module shutil"),
        (['studies.Study.measures = ["shutil.rmtree"]'], "uses the module shutil"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_sentence(digits, tmp_path, lines, sentence):
    with pytest.raises(UserError) as error:
        find_study(study_file(tmp_path, *lines))
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_files_that_describe_no_study_say_so(digits, tmp_path):
    for text, sentence in (
        (DIGITS, "put the others into studies.Study.bindings"),
        ("from tfdisent import studies\n", "describes no study"),
        ("from tfdisent import studies\nstudies.Study.seeds = 3\n", "does not bind studies.Study.configs"),
        ("studies.Study.seeds = 3\n", "add the line 'from tfdisent import studies'"),
    ):
        (tmp_path / "other.gin").write_text(text)
        with pytest.raises(UserError, match=sentence):
            find_study(str(tmp_path / "other.gin"))
    with pytest.raises(UserError, match="There is no study betta; give .*did you mean beta"):
        find_study("betta")
    with pytest.raises(UserError, match="--method choose models of unsupervised_study_v1"):
        find_study("studies/beta", method="beta_vae")
    with pytest.raises(UserError, match="doesn't have a parameter named 'seed' in the binding"):
        find_study("studies/beta", ["studies.Study.seed=3"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"grid": {"models.VAE.betta": [1, 2]}}, "doesn't have a parameter named 'betta'"),
        ({"grid": {"models.VEA.beta": [1, 2]}}, "VEA"),
        (
            {"grid": {BETA: [1], "models.FactorVAE.gamma": [1]}},
            "Nothing that is trained uses models.FactorVAE",
        ),
        # The second value of the second axis is wrong, which the first run would not have noticed.
        ({"grid": {BETA: [1], "training.train.model": ["@models.VAE", "@models.Nothing"]}}, "Nothing"),
        (
            {"grid": {BETA: [1], "training.train.model": ["@models.VAE", "@models.Autoencoder"]}},
            "models.VAE.beta",
        ),
        ({"bindings": ["training.train.step=3"]}, "doesn't have a parameter named 'step'"),
        ({"scores": ["migg"]}, "There is no score 'migg'; did you mean"),
        ({"measures": ["json.dump_s"]}, "json has no function dump_s; did you mean"),
        ({"measures": ["no_such_module.area"]}, "no_such_module"),
    ],
)
def test_what_a_run_would_stumble_over_is_found_before_the_first_one_starts(
    digits, tmp_path, arguments, sentence
):
    with pytest.raises(UserError) as error:
        run_study(Study(digits, **arguments), tmp_path / "study", ThisProcess())
    assert sentence in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "study").exists()


def test_a_study_needs_a_model_and_data(tmp_path):
    (tmp_path / "half.gin").write_text(DIGITS.replace('training.train.data = "digits"', ""))
    with pytest.raises(UserError, match="does not bind training.train.data"):
        Study(str(tmp_path / "half.gin")).check()


@pytest.mark.parametrize(
    "line",
    [
        '"training.train.data": ["@keras.utils.get_file()"]',
        '"keras.utils.get_file.origin": ["http://example.org"]',
        '"data.DSpritesDrawn.download": [True]',
        '"training.train.optimizer": [{"class_name": "x", "module": "os"}]',
    ],
)
def test_a_file_says_no_more_in_a_grid_than_a_configuration_may(digits, tmp_path, line):
    study = find_study(study_file(tmp_path, f"studies.Study.grid = {{{line}}}"))
    with pytest.raises(UserError, match="may not be configured|is given by you|describes a Keras object"):
        study.check()


def test_each_value_is_read_once_and_not_each_run(digits, monkeypatch):
    read = []
    monkeypatch.setattr(config, "parse", lambda configs, bindings, trust: read.append(bindings))
    monkeypatch.setattr(config, "configured_value", lambda name: None)
    Study(digits, {BETA: [1, 2, 3, 4], LATENTS: [2, 3, 4], STEPS: [10, 20]}, seeds=9).check()
    assert len(read) == 1 + 3 + 2 + 1
    assert {line for lines in read for line in lines} == {
        *(f"{BETA} = {value}" for value in (1, 2, 3, 4)),
        *(f"{LATENTS} = {value}" for value in (2, 3, 4)),
        *(f"{STEPS} = {value}" for value in (10, 20)),
    }


# disentanglement_lib's study


def test_the_published_study_has_its_models_in_its_order():
    study = find_study(published.NAME)
    runs = study.runs()
    assert len(runs) == published.NUM_MODELS and study.scores == ("study",)
    for number in (0, 123, 300, 6042, 8617, 12_599):
        model, run = published.study_model(number), runs[number]
        values = dict(run.values)
        assert (values["dataset.name"], values["model.name"], run.seed) == (
            model.data,
            model.method,
            model.seed,
        )
        bindings = published.study_bindings(number)
        del bindings["model.model_num"], bindings["model.random_seed"]
        same = PlannedRun(run.configs, tuple(f"{k} = {v}" for k, v in bindings.items()), model.seed)
        assert run.name == same.name


def test_some_models_of_the_published_study():
    study = find_study(published.NAME, method="beta_vae", data="cars3d", hyperparameter=4.0)
    assert study.seeds == tuple(range(50)) and len(study.runs()) == 50
    assert len(find_study(published.NAME, seed=3).runs()) == 252
    assert (
        find_study(published.NAME, ["model.training_steps=10"], seed=3).bindings[-1]
        == "model.training_steps=10"
    )
    with pytest.raises(UserError, match="method must be one of beta_vae"):
        find_study(published.NAME, method="vae")
