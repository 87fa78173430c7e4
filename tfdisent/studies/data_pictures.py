"""A few observations of a data set, and a picture of it; needs no TensorFlow."""

import numpy as np

from tfdisent import plots
from tfdisent.errors import UserError

__all__ = ["draw_data", "observations_and_factors"]

_NUM_VALUES = 12


def observations_and_factors(data, num, random_state):
    """Up to `num` observations and their factors: random ones, each at most once where the set has numbers."""
    if not data.enumerable:
        factors, observations = data.sample(num, random_state)
        return observations, factors
    indices = random_state.permutation(data.size)[:num]
    return data.observations(indices), data.factors(indices)


def draw_data(data, path, seed=0):
    """Writes a picture of a data set and returns its path.

    One row a factor that moves while the others stay in the middle, where every combination of factors exists; random
    images otherwise.

    Raises:
        UserError: when the observations are no images.
    """
    if len(data.observation_shape) != 3:
        raise UserError(
            f"Only images can be drawn. Received: observations of shape {data.observation_shape}."
        )
    sizes = np.array(data.factors_num_values, int)
    varying = np.flatnonzero(sizes > 1)
    if len(varying) < 2 or data.size != np.prod(sizes):
        observations, _ = observations_and_factors(data, 64, np.random.RandomState(seed))
        return plots.save_figure(plots.image_grid(observations, columns=16), path)
    factors = np.tile(sizes // 2, (len(varying), _NUM_VALUES, 1))  # [factors, S, F]
    for row, factor in enumerate(varying):
        factors[row, :, factor] = np.linspace(0, sizes[factor] - 1, _NUM_VALUES).round()
    observations = data.observations(data.indices(factors.reshape(-1, len(sizes))))
    images = observations.reshape(*factors.shape[:2], *observations.shape[1:])
    return plots.save_figure(plots.traversal_grid(images, [data.factor_names[i] for i in varying]), path)
