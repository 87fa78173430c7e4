import importlib.util
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import objectives
from tfdisent.errors import UserError
from tfdisent.objectives.precision import tensors, weight

_SPEC = importlib.util.spec_from_file_location(
    "wrong_arguments", pathlib.Path(__file__).parents[1] / "wrong_arguments.py"
)
wrong_arguments = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong_arguments)

_RANDOM = np.random.RandomState(0)
Z, LOG_VAR = _RANDOM.randn(2, 8, 3).astype(np.float32)
PIXELS = _RANDOM.rand(8, 5).astype(np.float32)
TRIL = np.tile(np.eye(3, dtype=np.float32), (8, 1, 1))
BLOCKS = _RANDOM.randn(4, 3, 2).astype(np.float32)
POSTERIORS = {"z": Z, "mean": Z, "log_var": LOG_VAR}
ARGUMENTS = {
    "bernoulli": {"targets": PIXELS, "logits": PIXELS},
    "check_rate": {"kind": "dropout", "rate": 0.5},
    "circular_correlation": {"angles": Z},
    "covariance_penalty": {"covariance": np.eye(3), "lambda_od": 1.0, "lambda_d": 1.0},
    "density_ratio_kl": {"logits": Z[:, :2]},
    "density_ratio_loss": {"logits_q": Z[:, :2], "logits_p": Z[:5, :2]},
    "diagonal_kl": {"mean": Z, "log_var": LOG_VAR},
    "dimension_wise_kl": {"z": Z, "log_qz_product": Z[:, 0]},
    "energy_dependence": {"codes": BLOCKS},
    "energy_distance": {"x": Z, "y": Z[:5]},
    "full_kl": {"mean": Z, "scale_tril": TRIL},
    "gaussian_entropy": {"log_var": LOG_VAR},
    "group_sparsity": {"codes": BLOCKS},
    "imq_mmd": {"z": Z, "prior": Z},
    "l1": {"targets": PIXELS, "outputs": PIXELS},
    "laplace_cross_entropy": {"mean_difference": Z, "variance": np.exp(LOG_VAR), "rate": 6.0},
    "mean_squared_error": {"targets": PIXELS, "outputs": PIXELS},
    "minibatch_stratified": {**POSTERIORS, "dataset_size": 100},
    "minibatch_total_correlation": POSTERIORS,
    "minibatch_weighted": {**POSTERIORS, "dataset_size": 100},
    "permute_codes": {"z": Z, "seed": (1, 2)},
    "polar": {"x": Z, "y": Z},
    "polarized_kl": {"mean": Z, "log_var": LOG_VAR, "active": [True, False, True]},
    "posterior_covariance": {"mean": Z, "log_var": LOG_VAR},
    "quantile_loss": {"values": Z, "mean": 1.0, "stddev": 0.1},
    "reparameterise": {"mean": Z, "log_var": LOG_VAR, "noise": Z},
    "reparameterise_cholesky": {"mean": Z, "scale_tril": TRIL, "noise": Z},
    "scale_tril_from_vector": {"vector": _RANDOM.randn(8, 6)},
    "sliced_torus_distance": {"angles": Z, "uniform": Z, "directions": _RANDOM.randn(5, 6)},
    "spring_loss": {"angles": Z},
    "squared_l2": {"targets": PIXELS, "outputs": PIXELS},
    "stochastic_regularisation": {"codes": Z, "noise": Z, "kind": "dropout", "rate": 0.5},
    "total_correlation": {"log_qz": Z[:, 0], "log_qz_product": Z[:, 0]},
}
ACCEPTED = {
    ("check_rate", "rate", "0"),
    ("stochastic_regularisation", "rate", "0"),
    ("covariance_penalty", "lambda_od", "0"),
    ("covariance_penalty", "lambda_od", "1.5"),
    ("covariance_penalty", "lambda_d", "0"),
    ("covariance_penalty", "lambda_d", "1.5"),
    ("posterior_covariance", "log_var", "None"),
    ("laplace_cross_entropy", "rate", "1.5"),
    ("laplace_cross_entropy", "rate", "2**70"),
    ("quantile_loss", "mean", "-1"),
    ("quantile_loss", "mean", "0"),
    ("quantile_loss", "mean", "1.5"),
    ("quantile_loss", "stddev", "1.5"),
    ("covariance_penalty", "lambda_od", "2**70"),
    ("covariance_penalty", "lambda_d", "2**70"),
    ("quantile_loss", "mean", "2**70"),
    ("quantile_loss", "stddev", "2**70"),
}


# These take [..., D].
ANY_AXES = {"gaussian_entropy"}


def test_every_wrong_argument_of_every_objective_ends_in_a_sentence():
    functions = {name for name in objectives.__all__ if callable(getattr(objectives, name))}
    assert functions == set(ARGUMENTS)
    cases = {name: (getattr(objectives, name), arguments) for name, arguments in ARGUMENTS.items()}
    for values in (wrong_arguments.WRONG, wrong_arguments.MORE_WRONG):
        rows = wrong_arguments.try_wrong_arguments(cases, ACCEPTED, values)
        assert not wrong_arguments.complaints(rows), wrong_arguments.table(rows)


@pytest.mark.parametrize("name", sorted(set(ARGUMENTS) - {"check_rate"}))
def test_an_array_with_an_axis_too_many_or_nothing_in_it_ends_in_a_sentence(name):
    function, valid = getattr(objectives, name), ARGUMENTS[name]
    for argument, value in valid.items():
        if np.ndim(value) == 0:
            continue
        value = np.asarray(value)
        for wrong in (
            value[None] if name not in ANY_AXES else value[0, 0],
            value[:0],
            value.astype(np.complex64),
            np.ma.masked_equal(value, value.flat[0]),
        ):
            with pytest.raises(UserError, match="must be a tensor"):
                function(**{**valid, argument: wrong})


def test_the_sentence_names_the_argument_its_letters_and_the_sizes_that_are_fixed():
    with pytest.raises(
        UserError, match=r"^log_var must be a tensor \[B, D\] with B = 8, D = 3\. Received: shape \(8, 4\)\.$"
    ):
        objectives.diagonal_kl(Z, np.zeros((8, 4)))
    with pytest.raises(
        UserError, match=r"^mean must be a tensor \[B, D\] of real numbers\. Received: True\.$"
    ):
        objectives.diagonal_kl(True, Z)


def test_sizes_that_a_graph_does_not_know_pass_and_known_ones_are_checked_when_it_is_built():
    def signature(*shapes):
        return [tf.TensorSpec(shape, tf.float32) for shape in shapes]

    for shape in ([None, None], [None, 3], None):
        compiled = tf.function(objectives.diagonal_kl, signature(shape, shape))
        np.testing.assert_allclose(compiled(Z, LOG_VAR), objectives.diagonal_kl(Z, LOG_VAR), rtol=1e-6)
    for shape in ([None, None], None):
        compiled = tf.function(objectives.squared_l2, signature(shape, shape))
        np.testing.assert_allclose(compiled(Z, LOG_VAR), objectives.squared_l2(Z, LOG_VAR), rtol=1e-6)
    with pytest.raises(UserError, match="log_var must be"):
        tf.function(
            objectives.diagonal_kl, signature([None, 3], [None, 4]), autograph=False
        ).get_concrete_function()
    with pytest.raises(UserError, match="D known before it runs"):
        tf.function(
            objectives.imq_mmd, signature([None, None], [None, None]), autograph=False
        ).get_concrete_function()


def test_checks_add_no_operation_to_a_graph():
    def plain(mean, log_var):
        return 0.5 * tf.reduce_sum(tf.square(mean) + tf.math.expm1(log_var) - log_var, axis=-1)

    spec = tf.TensorSpec([None, 3], tf.float32)
    counts = [
        len(tf.function(each, [spec, spec]).get_concrete_function().graph.get_operations())
        for each in (plain, objectives.diagonal_kl)
    ]
    assert counts[0] == counts[1]


def test_numbers_that_are_not_finite_pass():
    assert np.isnan(objectives.diagonal_kl(np.full((2, 3), np.nan), np.zeros((2, 3)))).all()


def test_real_tensors_get_one_dtype_and_the_others_keep_theirs():
    half, seed, kept = tensors(
        half=(tf.zeros([2], tf.bfloat16), "D"), seed=([1, 2], "2", "whole"), kept=([1.0, 0.0], "D", "truth")
    )
    assert (half.dtype, seed.dtype, kept.dtype) == (tf.float32, tf.int32, tf.bool)
    assert tensors(a=(tf.zeros([2], tf.float64), "D"), b=([1, 2], "D"))[1].dtype == tf.float64


def test_a_weight_may_change_within_a_graph():
    annealed = tf.Variable(1.0)
    penalty = tf.function(
        lambda: objectives.covariance_penalty(2 * np.eye(2, dtype=np.float32), 0.0, 3 * annealed)
    )
    assert float(penalty()) == 6.0
    annealed.assign(2.0)
    assert float(penalty()) == 12.0
    assert weight("beta", annealed) is annealed
    for wrong in (tf.zeros([2]), tf.constant("a"), tf.constant(True)):
        with pytest.raises(UserError, match="beta must be a number or a scalar tensor"):
            weight("beta", wrong)
