"""A picture of a data set; needs no TensorFlow."""

import numpy as np

from tfdisent import plots
from tfdisent.data import as_float, observations_and_factors
from tfdisent.errors import UserError

__all__ = ["draw_data"]

_NUM_VALUES = 12
_GOLDEN = (np.sqrt(5) - 1) / 2


def draw_data(data, path, seed=0):
    """Writes a picture of a data set and returns its path.

    One row a factor that moves while the others stay, where every combination of factors exists; random images
    otherwise. Those that stay do so in the middle if they are continuous; else at places that differ, so that two
    colours of one picture are not the same.

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
    staying = [
        size // 2 if kind == "continuous" else int(size * ((place + 1) * _GOLDEN % 1))
        for place, (size, kind) in enumerate(zip(sizes, data.factor_kinds, strict=True))
    ]
    columns = min(max(sizes), _NUM_VALUES)
    shape = data.observation_shape
    images = np.full((len(varying), columns, *shape), 255, np.uint8)  # white after a factor's last value
    for row, factor in enumerate(varying):
        values = np.unique(np.linspace(0, sizes[factor] - 1, columns).round().astype(int))
        factors = np.tile(staying, (len(values), 1))
        factors[:, factor] = values
        observations = data.observations(data.indices(factors))
        images[row, : len(values)] = np.rint(as_float(observations) * 255)
    return plots.save_figure(plots.traversal_grid(images, [data.factor_names[i] for i in varying]), path)
