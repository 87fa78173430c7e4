"""Batches in which a factor is held fixed: newly drawn ones, and, where nothing can be drawn, those of a table."""

import numpy as np

from tfdisent.errors import UserError
from tfdisent.metrics import utils
from tfdisent.metrics.draws import is_plain_grid, repeated_randints
from tfdisent.metrics.labels import HELD_FIXED, label_factors_of

__all__ = ["SamePoints", "check_can_be_held", "draw_batches", "represent_batches"]

_POINTS_AT_ONCE = 4096
_LOOKED_AT = 1000  # points, drawn apart, that tell labels from real numbers


def check_can_be_held(ground_truth_data, score):
    """Raise `UserError` unless a factor of the data set varies, and none of them is real-valued."""
    values = getattr(ground_truth_data, "factors_num_values", None)
    if values is not None and max(values, default=0) < 2:
        raise UserError(
            f"{score} needs a factor that varies. Received: a data set with {list(values)} values of its factors."
        )
    if not is_plain_grid(ground_truth_data):
        factors = np.asarray(ground_truth_data.sample_factors(_LOOKED_AT, np.random.RandomState(0)))
        label_factors_of(ground_truth_data, factors, score, HELD_FIXED)


def draw_batches(ground_truth_data, num_votes, batch_size, num_batches, random_state):
    """Which factor to hold fixed, and batches of factors, for every vote, in disentanglement_lib's order of draws.

    Yields:
        factor [V], and `num_batches` arrays of factors [V, B, F]: many votes at once on a plain grid, else one, so
        that its observations can be drawn before the next.
    """
    num_factors = ground_truth_data.num_factors
    if not is_plain_grid(ground_truth_data):
        for _ in range(num_votes):
            factor = random_state.randint(num_factors)
            batches = [ground_truth_data.sample_factors(batch_size, random_state) for _ in range(num_batches)]
            yield np.array([factor]), [batch[np.newaxis] for batch in batches]
        return
    pattern = [(num_factors, 1)]
    pattern += num_batches * [(num_values, batch_size) for num_values in ground_truth_data.factors_num_values]
    step = max(1, _POINTS_AT_ONCE // batch_size)
    for start in range(0, num_votes, step):
        factor, *columns = repeated_randints(pattern, min(step, num_votes - start), random_state)
        batches = [columns[i : i + num_factors] for i in range(0, len(columns), num_factors)]
        yield factor[:, 0], [np.stack(batch, axis=2) for batch in batches]


def represent_batches(ground_truth_data, representation_function, factors, random_state):
    """Codes [V, B, D] of batches of factors [V, B, F] as `draw_batches` yields them."""
    flat = factors.reshape(-1, factors.shape[2])
    if is_plain_grid(ground_truth_data):
        codes = utils.represent_factors(ground_truth_data, representation_function, flat)
    else:
        observations = ground_truth_data.sample_observations_from_factors(flat, random_state)
        codes = utils.represent(representation_function, observations)
    return codes.reshape(*factors.shape[:2], -1)


class SamePoints:
    """Draws points that share the value of one factor with given points of factors [N, F]."""

    def __init__(self, factors):
        self._groups = []
        for factor in factors.T:
            _, group, counts = np.unique(factor, return_inverse=True, return_counts=True)
            starts = np.cumsum(counts) - counts
            self._groups.append((group, counts, starts, np.argsort(group, kind="stable")))

    def draw(self, factor, indices, random_state):
        """For each of `indices` [B] a point with the same value of `factor`, with replacement: [B]."""
        group, counts, starts, order = self._groups[factor]
        group = group[indices]
        place = (random_state.random_sample(len(indices)) * counts[group]).astype(np.int64)
        return order[starts[group] + place]
