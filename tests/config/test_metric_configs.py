"""Configurations in disentanglement_lib's words: every binding arrives at the function it is for."""

import functools
from pathlib import Path

import numpy as np
import pytest

from tfdisent import config, metrics
from tfdisent.data import DSpritesDrawn
from tfdisent.errors import UserError

SHIPPED = sorted((Path(__file__).parents[2] / "gin_configs" / "metrics").glob("*.gin"))
DATA = DSpritesDrawn(image_size=8, shapes=("square",), num_scales=3, num_orientations=1, num_positions=4)
START = 'evaluation.evaluation_fn = @{}\ndataset.name="auto"\nevaluation.random_seed = 0\n'
VALIDATION = (
    'validation.validation_fn = @{}\ndataset.name="auto"\nvalidation.random_seed = 3\n'
    "validation.num_labelled_samples = 60\nlabeller.labeller_fn = @perfect_labeller\n"
)


def codes(observations):
    """Four numbers an image: not disentangled, and not random."""
    flat = np.asarray(observations, np.float64).reshape(len(observations), -1)
    return flat @ np.random.RandomState(0).standard_normal((flat.shape[1], 4))


@pytest.fixture
def written(tmp_path):
    def write(text, name="score.gin"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_score_shipped_is_found_by_its_name(path):
    assert path.read_text().startswith("# ")
    found = config.metric_config(path.stem)
    assert found.name == path.stem and found.data == "auto" and callable(found.function)


@pytest.mark.parametrize(
    ("score", "lines", "function", "settings"),
    [
        (
            "beta_vae_sklearn",
            "beta_vae_sklearn.batch_size=64\nbeta_vae_sklearn.num_train=100\nbeta_vae_sklearn.num_eval=50",
            metrics.compute_beta_vae_sklearn,
            {"batch_size": 64, "num_train": 100, "num_eval": 50},
        ),
        (
            "factor_vae_score",
            "factor_vae_score.num_variance_estimate=90\nfactor_vae_score.num_train=80\n"
            "factor_vae_score.num_eval=70\nfactor_vae_score.batch_size=6\nprune_dims.threshold = 0.06",
            metrics.compute_factor_vae,
            {
                "num_variance_estimate": 90,
                "num_train": 80,
                "num_eval": 70,
                "batch_size": 6,
                "prune_dims_threshold": 0.06,
            },
        ),
        (
            "mig",
            "mig.num_train=100\ndiscretizer.discretizer_fn = @histogram_discretizer\ndiscretizer.num_bins = 7",
            metrics.compute_mig,
            {"num_train": 100, "num_bins": 7},
        ),
        (
            "dci",
            "dci.num_train=100\ndci.num_test=50",
            metrics.compute_dci,
            {"num_train": 100, "num_test": 50},
        ),
        (
            "sap_score",
            "sap_score.num_train=100\nsap_score.num_test=50\nsap_score.continuous_factors=True",
            metrics.compute_sap,
            {"num_train": 100, "num_test": 50, "continuous_factors": True},
        ),
        (
            "modularity_explicitness",
            "modularity_explicitness.num_train=9\nmodularity_explicitness.num_test=8\ndiscretizer.num_bins=4",
            metrics.compute_modularity_explicitness,
            {"num_train": 9, "num_test": 8, "num_bins": 4},
        ),
        (
            "irs",
            "irs.num_train=9\nirs.batch_size=3\nirs.diff_quantile=0.5\ndiscretizer.num_bins=4",
            metrics.compute_irs,
            {"num_train": 9, "batch_size": 3, "diff_quantile": 0.5, "num_bins": 4},
        ),
        (
            "unsupervised_metrics",
            "unsupervised_metrics.num_train=9\ndiscretizer.num_bins = 4",
            metrics.unsupervised_metrics,
            {"num_train": 9, "num_bins": 4},
        ),
        (
            "downstream_task",
            "downstream_task.num_train=[10, 100]\ndownstream_task.num_test=5\n"
            "predictor.predictor_fn = @logistic_regression_cv",
            metrics.compute_downstream_task,
            {"num_train": [10, 100], "num_test": 5, "predictor_fn": "logistic_regression_cv"},
        ),
        (
            "reduced_downstream_task",
            "reduced_downstream_task.num_factors_to_remove=2\npredictor.predictor_fn = @gradient_boosting_classifier\n"
            "reduced_representation.correlation_measure=@factorwise_dci",
            metrics.compute_reduced_downstream_task,
            {"num_factors_to_remove": 2, "predictor_fn": "gradient_boosting_classifier"},
        ),
        (
            "strong_downstream_task",
            "strong_downstream_task.n_experiment = 3",
            metrics.compute_strong_downstream_task,
            {"n_experiment": 3},
        ),
        (
            "fairness",
            "fairness.num_train=9\nfairness.num_test_points_per_class=8",
            metrics.compute_fairness,
            {"num_train": 9, "num_test_points_per_class": 8},
        ),
        (
            "unified_scores",
            "unified_scores.matrix_fns = [@mutual_information_matrix, @accuracy_svm_matrix]\n",
            metrics.compute_unified_scores,
            {"matrix_fns": ["mutual_information_matrix", "accuracy_svm_matrix"]},
        ),
        ("mcc", "mcc.num_train = 9", metrics.compute_mcc, {"num_train": 9}),
        ("infomec", "n = 9\ninfomec.num_train = %n", metrics.compute_infomec, {"num_train": 9}),
        (
            "disentanglement_score",
            "disentanglement_score:\n  num_points = 9\n  num_neighbours = 3\n",
            metrics.compute_disentanglement_score,
            {"num_points": 9, "num_neighbours": 3},
        ),
    ],
)
def test_each_binding_arrives_at_its_argument(written, score, lines, function, settings):
    found = config.metric_config(written(START.format(score) + lines))
    assert isinstance(found.function, functools.partial) and found.function.func is function
    assert found.function.keywords == settings
    assert found.bindings["evaluation.evaluation_fn"] == f"@{score}"


def test_the_value_is_that_of_the_function_called_with_the_settings(written):
    found = config.metric_config(
        written(START.format("mig") + "mig.num_train=300\ndiscretizer.num_bins = 5"), ["mig.num_train = 200"]
    )
    expected = metrics.compute_mig(DATA, codes, np.random.RandomState(1), num_train=200, num_bins=5)
    np.testing.assert_equal(found.function(DATA, codes, np.random.RandomState(1), None), expected)


def test_the_validation_scores_draw_their_labelled_sample(written):
    text = VALIDATION.format("dci_validation") + "dci_validation.train_percentage = 0.8"
    found = config.metric_config(written(text))
    factors, observations = DATA.sample(60, np.random.RandomState(5))
    expected = metrics.compute_dci_on_fixed_data(observations, factors.T, codes, train_percentage=0.8)
    np.testing.assert_equal(found.function(DATA, codes, np.random.RandomState(5)), expected)
    assert found.random_seed == 3


def test_udr_takes_many_models_and_no_folder(written):
    def with_divergence(observations):
        return codes(observations), np.ones(4)

    text = START.format("udr_sklearn") + "udr_sklearn.batch_size=10\nudr_sklearn.num_data_points=50\n"
    found = config.metric_config(written(text + 'udr_sklearn.correlation_matrix="spearman"'))
    scores = found.function(DATA, [with_divergence] * 2, np.random.RandomState(0), "folder")
    assert len(scores["model_scores"]) == 2
    assert found.bindings["udr_sklearn.correlation_matrix"] == "'spearman'"


def test_bindings_are_all_that_is_in_force_as_gin_text(written):
    found = config.metric_config(written(START.format("downstream_task"), "down.gin"))
    assert found.name == "down"
    assert found.bindings == {
        "evaluation.evaluation_fn": "@downstream_task",
        "evaluation.random_seed": "0",
        "dataset.name": "'auto'",
        "downstream_task.num_train": "(10, 100, 1000, 10000)",
        "downstream_task.num_test": "5000",
        "downstream_task.batch_size": "16",
        "downstream_task.sklearn_era": "'paper'",
        "predictor.predictor_fn": "@gradient_boosting_classifier",
    }
    again = "\n".join(f"{name} = {value}" for name, value in found.bindings.items())
    assert config.metric_config(written(again)).bindings == found.bindings


def test_without_a_threshold_no_dimension_is_pruned_as_in_disentanglement_lib(written):
    found = config.metric_config(written(START.format("factor_vae_score")))
    assert found.function.keywords == {"prune_dims_threshold": 0.0}


def test_imports_of_gin_are_passed_over_and_files_included(written):
    written("dci.num_test = 4", "shared.gin")
    text = f'import gin.tf.external_configurables\ninclude "shared.gin"\n{START.format("dci")}'
    assert config.metric_config(written(text)).function.keywords == {"num_test": 4}


@pytest.mark.parametrize(
    ("text", "bindings", "sentence"),
    [
        (START.format("migg"), (), "no score @migg; did you mean mig"),
        (START.format("vae"), (), "no score @vae"),
        (
            START.format("mig"),
            ["mig.num_trian = 3"],
            "mig.num_trian means nothing here; did you mean mig.num_train",
        ),
        (
            START.format("dci"),
            ["mig.num_train = 3"],
            "mig.num_train is not used by @dci; did you mean dci.num_train",
        ),
        (START.format("dci") + "prune_dims.threshold = 0.1", (), "prune_dims.threshold is not used by @dci"),
        (
            START.format("mig") + "num = 3\nmig.num_train = %nun",
            (),
            "%nun is used and has no value; did you mean num",
        ),
        (START.format("mig") + "num = 3\n", (), "num is used nowhere in .*score.gin"),
        (START.format("mig"), ["num_train"], "NAME=VALUE"),
        (START.format("mig"), ["mig.num_train = ten"], "'ten'.*text needs quotes"),
        (START.format("mig"), ["mig.num_train = %n"], "%n is used and has no value"),
        (START.format("mig"), ["discretizer.discretizer_fn = @quantiles"], "only be @histogram_discretizer"),
        (START.format("mig"), ["evaluation.random_seed = 'one'"], "random_seed must be a whole number"),
        (START.format("mig"), ["evaluation.evaluation_fn = @mig()"], "must be a function, such as @mig"),
        ("mig.num_train = 3", (), "does not bind evaluation.evaluation_fn"),
        ("evaluation.evaluation_fn = @mig", (), "does not bind evaluation.random_seed"),
        (VALIDATION.format("dci_validation"), (), "does not bind dci_validation.train_percentage"),
        (VALIDATION.format("mig_validation"), ["labeller.labeller_fn = @bin_labeller"], "@perfect_labeller"),
        ("mig.num_train = = 3", (), "score.gin, line 1"),
        ('include "score.gin"', (), "includes itself"),
    ],
)
def test_what_means_nothing_is_named_in_one_sentence(written, text, bindings, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        config.metric_config(written(text), bindings)
    assert "\n" not in str(error.value)


def test_an_unknown_name_lists_those_shipped():
    with pytest.raises(UserError, match=r"no configuration migg; .*modularity_explicitness"):
        config.metric_config("migg")


def test_representations(written):
    text = 'postprocess.postprocess_fn = @{}\ndataset.name="auto"\npostprocess.random_seed = 7\n'
    for name, kind in (("mean_representation", "mean"), ("sampled_representation", "sampled")):
        found = config.postprocess_config(written(text.format(name), f"{kind}.gin"))
        assert (found.name, found.representation, found.random_seed) == (kind, kind, 7)
        assert found.bindings["postprocess.postprocess_fn"] == f"@{name}"
    with pytest.raises(UserError, match="must be @mean_representation or @sampled_representation"):
        config.postprocess_config(written(text.format("median_representation")))
    with pytest.raises(UserError, match="postprocess.seed means nothing here"):
        config.postprocess_config(written(text.format("mean_representation") + "postprocess.seed = 1"))
