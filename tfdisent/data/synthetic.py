"""Points of a plane embedded in a higher dimension: the synthetic sets of Zietlow's thesis."""

import numpy as np

from tfdisent.checks import number, whole_number
from tfdisent.data.arguments import check_random_state, check_seed
from tfdisent.data.arrays import ArrayData
from tfdisent.data.ground_truth import TableData

__all__ = ["SyntheticLinear", "SyntheticNonlinear", "curved_sheet", "rotation_matrix"]

_AXIS = (1.0, -1.0, 1.0)
_ANGLE = np.pi / 4
_HIDDEN, _OUTPUTS = 10, 6


def rotation_matrix(axis, angle):
    """The matrix [3, 3] that rotates column vectors by `angle` radians about `axis` [3], right-handed.

    References: Rodrigues' formula, R = I + sin(angle) K + (1 - cos(angle)) K^2 with K v = axis x v.
    """
    x, y, z = np.asarray(axis, np.float64) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


class _SquareData(TableData):
    """Points w uniform in the unit square, which are the two continuous factors, under a map `embed`."""

    def __init__(self, name, source, points, num_features):
        self.points = points
        num_values = [len(np.unique(column)) for column in points.T]
        super().__init__(name, source, ("w_1", "w_2"), ("continuous",) * 2, num_values, (num_features,))

    @property
    def size(self):
        return len(self.points)

    def factors(self, indices):
        """The points w float64 [N, 2] with these `indices` [N]."""
        return self.points[self.check_indices(indices)]

    def observations(self, indices):
        """Vectors float32 [N, features], not scaled to [0, 1]."""
        return self.embed(self.factors(indices)).astype(np.float32)

    def sample_observations_from_factors(self, factors, random_state):
        """Vectors float32 [num, features] of any `factors` [num, 2], not only those of the set."""
        check_random_state(random_state, needed=False)
        return self.embed(self.check_factors(factors)).astype(np.float32)


class SyntheticLinear(_SquareData):
    """The unit square [0, 1]^2, stretched along its first axis and rotated by 45 degrees in R^3.

    The thesis names the line of the axis, (1, -1, 1), but not the sense of the rotation: right-handed here.
    The square is not centred.

    Args:
        stretch: factor of the first axis; the ratio of Table 3.4.
        num_points: N.
        seed: of the points.

    Attributes:
        matrix: [3, 2], of the map w -> matrix w.
        points: w, float64 [N, 2].

    References: Zietlow 2022, Sec. 3.3.1 "Synthetic datasets"; the ratios in Table 3.4.
    """

    def __init__(self, stretch=2.0, num_points=50_000, seed=0):
        self.stretch, self.seed = number("stretch", stretch, above=0), check_seed(seed)
        self.matrix = rotation_matrix(_AXIS, _ANGLE)[:, :2] * (self.stretch, 1.0)
        points = _points(num_points, np.random.RandomState(seed))
        source = f"{num_points:,} points computed by tfdisent, stretch {stretch}, seed {seed}"
        super().__init__("synth_linear", source, points, 3)

    def embed(self, factors):
        """Vectors float64 [N, 3] of points `factors` [N, 2]."""
        return factors @ self.matrix.T


class SyntheticNonlinear(_SquareData):
    """The unit square [0, 1]^2 under a random network 2 -> 10 tanh -> 6.

    The thesis is silent on the output layer and the initialisation: linear, and standard normal weights and
    biases.

    Args:
        num_points: N.
        seed: of the network and the points, drawn in this order.

    Attributes:
        weights: (kernel [2, 10], bias [10], kernel [10, 6], bias [6]).
        points: w, float64 [N, 2].

    References: Zietlow 2022, Sec. 3.3.1 "Synthetic datasets".
    """

    def __init__(self, num_points=50_000, seed=0):
        random_state = np.random.RandomState(check_seed(seed))
        shapes = ((2, _HIDDEN), (_HIDDEN,), (_HIDDEN, _OUTPUTS), (_OUTPUTS,))
        self.weights = tuple(random_state.standard_normal(shape) for shape in shapes)
        self.seed = seed
        points = _points(num_points, random_state)
        source = f"{num_points:,} points computed by tfdisent, seed {seed}"
        super().__init__("synth_nonlinear", source, points, _OUTPUTS)

    def embed(self, factors):
        """Vectors float64 [N, 6] of points `factors` [N, 2]."""
        kernel, bias, output_kernel, output_bias = self.weights
        return np.tanh(factors @ kernel + bias) @ output_kernel + output_bias


def curved_sheet(num_points=2_000, seed=0):
    """Points on a curved sheet in R^3: a Gaussian of two different widths, bent along the wider one, with some noise.

    It takes the place of the point cloud of Figs. 2.1 to 2.3, which the thesis does not give.

    Args:
        num_points: N.
        seed: of the points.

    Returns:
        `ArrayData` of vectors float32 [N, 3], whose factors are the two coordinates on the sheet.
    """
    random_state = np.random.RandomState(check_seed(seed))
    shape = (2, whole_number("num_points", num_points, 1, 10**8))
    wide, narrow = random_state.standard_normal(shape) * [[1.0], [0.5]]
    bent = 0.3 * (wide**2 - 1.0) + 0.05 * random_state.standard_normal(num_points)
    turn = rotation_matrix((0.3, 0.2, 1.0), np.pi / 6)
    points = (np.stack([wide, narrow, bent], axis=1) @ turn.T).astype(np.float32)
    source = f"{num_points:,} points on a curved sheet, computed by tfdisent, seed {seed}"
    return ArrayData(points, {"w_1": wide, "w_2": narrow}, name="curved_sheet", source=source)


def _points(num_points, random_state):
    return random_state.random_sample((whole_number("num_points", num_points, 1, 10**8), 2))
