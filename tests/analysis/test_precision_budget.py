"""What the noise of a posterior costs: closed forms against random search and against other optimisers."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tfdisent.analysis import best_variances, cheapest_rotations, least_stochastic_loss, stochastic_bound
from tfdisent.errors import UserError


def cost(matrix, variances):
    """E ||M eps||^2 = trace(M diag(variances) M^T)."""
    return np.trace(matrix @ np.diag(variances) @ matrix.T)


def test_the_best_variances_keep_the_budget_reach_the_least_cost_and_none_is_better():
    random_state = np.random.RandomState(0)
    for _ in range(5):
        matrix, budget = random_state.standard_normal((6, 3)), random_state.uniform(0, 9)
        variances = best_variances(matrix, budget)
        assert -np.log(variances).sum() == pytest.approx(budget)
        assert cost(matrix, variances) == pytest.approx(least_stochastic_loss(matrix, budget))
        for _ in range(50):
            logs = random_state.standard_normal(3)
            other = np.exp(logs - logs.mean() - budget / 3)
            assert cost(matrix, other) >= cost(matrix, variances) * (1 - 1e-12)


def test_the_best_variances_are_those_that_a_constrained_optimiser_finds():
    matrix = np.random.RandomState(1).standard_normal((4, 3))
    found = minimize(
        lambda v: cost(matrix, v),
        np.ones(3),
        method="SLSQP",
        bounds=[(1e-6, None)] * 3,
        constraints={"type": "eq", "fun": lambda v: -np.log(v).sum() - 2.0},
    )
    np.testing.assert_allclose(best_variances(matrix, 2.0), found.x, rtol=1e-3)


def test_the_bound_is_the_least_cost_of_a_decoder_with_orthogonal_columns():
    jacobians = np.random.RandomState(2).standard_normal((1, 5, 3))
    _, _, Vt = np.linalg.svd(jacobians[0], full_matrices=False)
    aligned = jacobians[0] @ Vt.T
    assert np.exp(stochastic_bound(jacobians, 4.0)) == pytest.approx(least_stochastic_loss(aligned, 4.0))
    assert least_stochastic_loss(jacobians[0], 4.0) > least_stochastic_loss(aligned, 4.0)


def test_a_rotation_of_the_outputs_changes_nothing():
    random_state = np.random.RandomState(3)
    matrix, Q = random_state.standard_normal((4, 2)), np.linalg.qr(random_state.standard_normal((4, 4)))[0]
    assert least_stochastic_loss(Q @ matrix, 1.0) == pytest.approx(least_stochastic_loss(matrix, 1.0))
    assert stochastic_bound((Q @ matrix)[None], 1.0) == pytest.approx(stochastic_bound(matrix[None], 1.0))


@pytest.mark.parametrize(
    "call",
    [
        lambda: best_variances(np.array([[1.0, 0.0], [2.0, 0.0]]), 1.0),
        lambda: stochastic_bound(np.ones((1, 3, 2)), 1.0),
        lambda: cheapest_rotations(np.ones((1, 3, 2)), 1.0, np.random.RandomState(0)),
    ],
)
def test_passive_latents_are_refused_in_one_sentence(call):
    with pytest.raises(UserError, match="leave passive latents out. Received: shape"):
        call()
