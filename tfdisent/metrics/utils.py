"""What the scores share: drawing codes and factors, and splitting them; with the names of disentanglement_lib."""

from typing import NamedTuple

import numpy as np

from tfdisent.checks import number, whole_number
from tfdisent.errors import UserError
from tfdisent.metrics.arguments import (
    MOST_POINTS,
    as_array,
    check_codes_and_factors,
    column_names,
)
from tfdisent.metrics.draws import is_plain_grid, repeated_randints
from tfdisent.metrics.information import discrete_entropy, discrete_mutual_info, histogram_discretize
from tfdisent.metrics.labels import label_factors, label_factors_of
from tfdisent.metrics.predictors import gradient_boosting_classifier, logistic_regression_cv

__all__ = [
    "Points",
    "discrete_entropy",
    "discrete_mutual_info",
    "draw_points",
    "enumerate_codes_and_factors",
    "estimator_seed",
    "fixed_points",
    "generate_batch_factor_code",
    "gradient_boosting_classifier",
    "histogram_discretize",
    "is_enumerable",
    "logistic_regression_cv",
    "normalize_data",
    "obtain_representation",
    "represent",
    "represent_factors",
    "split_points",
    "split_train_test",
]

_ENCODED_AT_ONCE = 1024  # points


def represent(representation_function, observations):
    """Codes [B, D] of observations [B, ...] as an array; `UserError` unless there is one row for each."""
    codes = as_array("codes", representation_function(observations))
    if codes.ndim != 2 or len(codes) != len(observations):
        raise UserError(
            f"The representation function must return one row of codes per observation, shape "
            f"[{len(observations)}, D]. Received: shape {codes.shape}"
        )
    return codes


def generate_batch_factor_code(
    ground_truth_data, representation_function, num_points, random_state, batch_size
):
    """Codes and factors of freshly sampled points, in the orientation and draw order of disentanglement_lib.

    The points are drawn in chunks of `batch_size`, and each chunk draws all its factors before its
    observations; so which points are drawn depends on `batch_size`. On a plain grid, where observing takes
    nothing from `random_state`, all factors are drawn first, and more points are observed and encoded at once.

    Args:
        ground_truth_data: any object with `sample(num, random_state) -> (factors, observations)`.
        representation_function: observations [B, ...] -> codes [B, D].
        num_points: N, the number of points.
        random_state: `np.random.RandomState`, the only source of randomness.
        batch_size: the largest number of points drawn at once.

    Returns:
        codes [D, N] and factors [F, N]: one *row* per latent or factor.

    Raises:
        UserError: if a number is not positive or the representation does not have one row per observation.

    References: Locatello et al. 2019, disentanglement_lib, `evaluation/metrics/utils.py`.
    """
    num_points = whole_number("num_points", num_points, 1, MOST_POINTS)
    batch_size = whole_number("batch_size", batch_size, 1, MOST_POINTS)
    if is_plain_grid(ground_truth_data):
        factors = _grid_factors(ground_truth_data, num_points, batch_size, random_state)
        return represent_factors(ground_truth_data, representation_function, factors).T, factors.T
    codes, factors = [], []
    for start in range(0, num_points, batch_size):
        num = min(batch_size, num_points - start)
        chunk_factors, observations = ground_truth_data.sample(num, random_state)
        factors.append(chunk_factors)
        codes.append(represent(representation_function, observations))
    return np.concatenate(codes).T, np.concatenate(factors).T


def _grid_factors(ground_truth_data, num_points, batch_size, random_state):
    """Factors [N, F] drawn in chunks."""
    chunks, rest = divmod(num_points, batch_size)
    pattern = [(num_values, batch_size) for num_values in ground_truth_data.factors_num_values]
    columns = repeated_randints(pattern, chunks, random_state)  # F of [chunks, batch_size]
    last = ground_truth_data.sample_factors(rest, random_state)
    return np.concatenate([np.stack([column.ravel() for column in columns], axis=1), last])


def represent_factors(ground_truth_data, representation_function, factors):
    """Codes [N, D] of the observations with these factors [N, F] of data that `is_plain_grid`."""
    groups = (factors[i : i + _ENCODED_AT_ONCE] for i in range(0, len(factors), _ENCODED_AT_ONCE))
    observe = ground_truth_data.sample_observations_from_factors
    return np.concatenate([represent(representation_function, observe(group, None)) for group in groups])


class Points(NamedTuple):
    """Codes and factors, checked, one row per latent or factor.

    Attributes:
        parts: codes [D, N] and factors [F', N] as labels, for training and then, where there is one, for the test.
        kept: F' column numbers of the factors that vary.
        note: what the result has to say of the others, see `LabelledFactors`.
    """

    parts: tuple
    kept: list
    note: dict


def draw_points(
    ground_truth_data,
    representation_function,
    sizes,
    random_state,
    batch_size,
    score,
    at_least=1,
    if_real="bin",
):
    """`Points` freshly drawn from a data set: one part for each of `sizes`, in turn.

    Raises:
        UserError: as `check_codes_and_factors` and `label_factors`.
    """
    parts = []
    for size in sizes:
        codes, factors = generate_batch_factor_code(
            ground_truth_data, representation_function, size, random_state, batch_size
        )
        parts.append(check_codes_and_factors(codes.T, factors.T, score, at_least))
    factors = np.concatenate([factors for _, factors in parts])
    labelled = label_factors_of(ground_truth_data, factors, score, if_real)
    ends = np.cumsum([len(codes) for codes, _ in parts])[:-1]
    groups = np.split(labelled.values, ends)
    arrays = [(codes.T, group.T) for (codes, _), group in zip(parts, groups, strict=True)]
    return Points(tuple(array for pair in arrays for array in pair), labelled.kept, labelled.note)


def split_points(codes, factors, train_share, random_state, score, at_least=1, if_real="bin"):
    """`Points` of codes [N, D] and factors [N, F], split at random into training and test.

    Raises:
        UserError: as `check_codes_and_factors` and `label_factors`; also if a part would be empty.
    """
    names = column_names(factors)
    codes, factors = check_codes_and_factors(codes, factors, score, at_least)
    train_share = number("train_share", train_share, above=0, below=1)
    num_train = round(train_share * len(codes))
    if not 0 < num_train < len(codes):
        raise UserError(
            f"{score} needs points to train on and points to test on. "
            f"Received: train_share={train_share} of {len(codes)} points."
        )
    labelled = label_factors(factors, score, names, None, len(factors), if_real)
    order = random_state.permutation(len(codes))
    train, test = order[:num_train], order[num_train:]
    values = labelled.values
    return Points(
        (codes[train].T, values[train].T, codes[test].T, values[test].T), labelled.kept, labelled.note
    )


def obtain_representation(observations, representation_function, batch_size):
    """Codes [D, N] of observations [N, ...], encoded `batch_size` at once."""
    batch_size = whole_number("batch_size", batch_size, 1, MOST_POINTS)
    starts = range(0, len(observations), batch_size)
    codes = [represent(representation_function, observations[i : i + batch_size]) for i in starts]
    return np.concatenate(codes).T


def split_train_test(observations, train_percentage):
    """The first ceil(train_percentage * N) columns of [., N], and the others."""
    train_percentage = number("train_percentage", train_percentage, most=1, above=0)
    num_train = int(np.ceil(observations.shape[1] * train_percentage))
    return observations[:, :num_train], observations[:, num_train:]


def fixed_points(
    observations,
    labels,
    representation_function,
    batch_size,
    score,
    train_percentage=None,
    at_least=1,
    if_real="bin",
):
    """`Points` of given observations [N, ...] and labels [F, N]; with `train_percentage` in two parts.

    Raises:
        UserError: as `check_codes_and_factors` and `label_factors`; also if nothing is left to test on.
    """
    codes = obtain_representation(observations, representation_function, batch_size)
    codes, factors = check_codes_and_factors(codes.T, as_array("labels", labels).T, score, at_least)
    values, kept, note = label_factors(factors, score, None, None, len(factors), if_real)
    if train_percentage is None:
        return Points((codes.T, values.T), kept, note)
    train_codes, test_codes = split_train_test(codes.T, train_percentage)
    train_labels, test_labels = split_train_test(values.T, train_percentage)
    if test_codes.shape[1] == 0:
        raise UserError(
            f"{score} needs points to test on; give more points or a smaller train_percentage. "
            f"Received: {len(observations)} points, train_percentage={train_percentage!r}."
        )
    return Points((train_codes, train_labels, test_codes, test_labels), kept, note)


def estimator_seed(random_state):
    """A seed that follows from the state of `random_state` and leaves that state as it was.

    disentanglement_lib leaves its estimators unseeded; with this seed they are reproducible, while the points
    are drawn as there.
    """
    copy = np.random.RandomState(0)
    copy.set_state(random_state.get_state())
    return int(copy.randint(2**31 - 1))


def normalize_data(data, mean=None, stddev=None):
    """Rows of [D, N] minus their mean, over their population std (or those given); a std of 0 counts as 1.

    Returns:
        the rows, mean [D], stddev [D].
    """
    mean = np.mean(data, axis=1) if mean is None else mean
    stddev = np.std(data, axis=1) if stddev is None else stddev
    stddev = np.where(stddev == 0, np.ones_like(stddev), stddev)
    return (data - mean[:, np.newaxis]) / stddev[:, np.newaxis], mean, stddev


def is_enumerable(ground_truth_data):
    """Whether points come by index: `enumerable`, or the members `size`, `observations` and `factors`."""
    members = all(hasattr(ground_truth_data, name) for name in ("size", "observations", "factors"))
    return bool(getattr(ground_truth_data, "enumerable", members))


def enumerate_codes_and_factors(ground_truth_data, representation_function, indices, batch_size):
    """Codes [N, D] and factors [N, F] of the points with these `indices` [N] of an enumerable data set.

    Observations kept as uint8 (0..255) reach the representation function as float32 in [0, 1].
    """
    batch_size = whole_number("batch_size", batch_size, 1, MOST_POINTS)
    codes = []
    for start in range(0, len(indices), batch_size):
        observations = np.asarray(ground_truth_data.observations(indices[start : start + batch_size]))
        if observations.dtype == np.uint8:
            observations = observations.astype(np.float32) / np.float32(255)
        codes.append(represent(representation_function, observations))
    return np.concatenate(codes), np.asarray(ground_truth_data.factors(indices))


_histogram_discretize = histogram_discretize  # its name in disentanglement_lib
