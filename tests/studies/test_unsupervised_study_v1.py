import pytest

from tfdisent import cli, config
from tfdisent.config.disentanglement_lib import translate
from tfdisent.errors import UserError
from tfdisent.studies import unsupervised_study_v1 as study

# Number, data set, method, hyperparameter, seed: from disentanglement_lib's own sweep, all of which was compared once.
RECORDED = [
    (0, "dsprites_full", "beta_vae", 1.0, 0),
    (123, "dsprites_full", "beta_vae", 4.0, 23),
    (299, "dsprites_full", "beta_vae", 16.0, 49),
    (300, "dsprites_full", "factor_vae", 10.0, 0),
    (1050, "dsprites_full", "dip_vae_ii", 10.0, 0),
    (1799, "dsprites_full", "annealed_vae", 100.0, 49),
    (1800, "color_dsprites", "beta_vae", 1.0, 0),
    (6042, "scream_dsprites", "dip_vae_i", 1.0, 42),
    (8617, "smallnorb", "beta_tc_vae", 8.0, 17),
    (10799, "cars3d", "annealed_vae", 100.0, 49),
    (12599, "shapes3d", "annealed_vae", 100.0, 49),
]


def run(capsys, *arguments):
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(("number", "data", "method", "hyperparameter", "seed"), RECORDED)
def test_a_number_is_the_model_it_is_in_disentanglement_lib(number, data, method, hyperparameter, seed):
    assert study.study_model(number) == study.StudyModel(number, data, method, hyperparameter, seed)
    (found,) = study.find_models(method, hyperparameter, data, seed)
    assert found.number == number


def test_the_bindings_of_a_model_are_the_sweeps():
    assert study.study_bindings(6042) == {
        "model.model_num": "6042",
        "dataset.name": "'scream_dsprites'",
        "encoder.encoder_fn": "@conv_encoder",
        "decoder.decoder_fn": "@deconv_decoder",
        "model.name": "'dip_vae_i'",
        "model.model": "@dip_vae()",
        "dip_vae.lambda_od": "1.0",
        "dip_vae.lambda_d_factor": "10.0",
        "dip_vae.dip_type": "'i'",
        "model.random_seed": "42",
    }


def test_numbers_and_models_are_one_to_one():
    models = study.find_models()
    assert [model.number for model in models] == list(range(12_600))
    assert len({(m.data, m.method, m.hyperparameter, m.seed) for m in models}) == 12_600


@pytest.mark.parametrize("method", study.METHODS)
def test_what_is_printed_is_a_configuration_that_trains_that_model(tmp_path, capsys, method):
    model = study.find_models(method=method, data="cars3d", seed=7)[-1]
    code, out, _ = run(capsys, "study", "show", study.NAME, "--model", str(model.number))
    assert code == 0
    file = tmp_path / "model.gin"
    file.write_text(out)
    config.parse([file])
    assert config.runs.gin.query_parameter("training.train.seed") == 7
    assert config.runs.gin.query_parameter("training.train.steps") == 300_000
    configs, bindings = study.configs_and_bindings([study.NAME], model.number)
    paths = [config.find_config(name) for name in configs]
    by_number, _ = translate(config.read_bindings(paths, bindings))
    printed, _ = translate(config.read_bindings([file]))
    assert set(map(str, by_number)) == set(map(str, printed))
    values = {line.theirs: line.value for line in printed}
    assert values[study.METHODS[method].swept] == model.hyperparameter


def test_looking_up_numbers(capsys):
    look_up = ("study", "show", study.NAME, "--method", "beta_vae", "--hyperparameter", "4")
    assert run(capsys, *look_up, "--data", "dsprites_full", "--seed", "3")[:2] == (0, "103\n")
    assert run(capsys, *look_up, "--data", "dsprites_full")[:2] == (0, "100-149\n")
    assert run(capsys, *look_up)[1].splitlines()[:2] == ["100-149", "1900-1949"]
    code, out, _ = run(capsys, "study", "show", study.NAME)
    assert code == 0 and "shapes3d         10800-12599" in out and "c_max = 5, 10, 25, 50, 75, 100" in out
    assert "12,600 models" in run(capsys, "study", "list")[1]


def test_a_model_is_trained_by_its_number(tmp_path, capsys):
    bindings = [
        "dataset.name='digits'",
        "model.training_steps=2",
        "encoder.encoder_fn=@test_encoder",
        "decoder.decoder_fn=@test_decoder",
    ]
    options = [part for binding in bindings for part in ("-b", binding)]
    arguments = ["train", study.NAME, "--model", "12599", *options, "--output", str(tmp_path / "run")]
    code, out, err = run(capsys, *arguments)
    assert code == 0, err
    assert "Trained 2 steps" in out and "capacity" in out
    recorded = (tmp_path / "run" / "model" / "results" / "json" / "train_config.json").read_text()
    assert '"model.model_num": "12599"' in recorded and '"annealed_vae.c_max": "100.0"' in recorded


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", study.NAME, "--model", "12600"), "the models 0 to 12,599. Received: 12600"),
        (("show", study.NAME, "--model", "-1"), "Received: -1"),
        (("show", "unsupervised_study"), "or one of unsupervised_study_v1, studies/beta; did you mean"),
        (("show", study.NAME, "--model", "1", "--seed", "2"), "not both"),
        (("show", study.NAME, "--method", "vae"), "method must be one of beta_vae, factor_vae"),
        (("show", study.NAME, "--data", "dsprites"), "data must be one of dsprites_full"),
        (("show", study.NAME, "--seed", "50"), "seed must be one of 0 to 49"),
        (
            ("show", study.NAME, "--method", "dip_vae_i", "--hyperparameter", "4"),
            "hyperparameter of dip_vae_i must be one of 1, 2, 5, 10, 20, 50",
        ),
    ],
)
def test_what_the_study_does_not_have_is_named_with_what_it_has(capsys, arguments, sentence):
    code, out, err = run(capsys, "study", *arguments)
    assert code == 2 and out == ""
    assert err.startswith("tfdisent: ") and sentence in err and err.count("\n") == 1


def test_a_study_is_trained_with_a_number_and_a_number_needs_a_study():
    with pytest.raises(UserError, match="choose one of its models with --model, 0 to 12,599"):
        study.configs_and_bindings([study.NAME], None)


def test_a_number_without_a_study_is_told(capsys, tmp_path):
    code, _, err = run(capsys, "train", "demo.gin", "--model", "3", "--output", str(tmp_path / "run"))
    assert code == 2 and "tfdisent train unsupervised_study_v1 --model 3" in err
    assert not (tmp_path / "run").exists()
