"""What the scores share: drawing codes and factors, discretising, mutual information, checks of arrays."""

import numpy as np

from tfdisent.errors import UserError
from tfdisent.metrics.draws import is_plain_grid, repeated_randints
from tfdisent.metrics.predictors import gradient_boosting_classifier, logistic_regression_cv

__all__ = [
    "check_codes_and_factors",
    "check_has_factors",
    "check_labels",
    "check_matrix",
    "check_positive",
    "discrete_entropy",
    "discrete_mutual_info",
    "draw_codes_and_labels",
    "enumerate_codes_and_factors",
    "estimator_seed",
    "fixed_codes_and_labels",
    "generate_batch_factor_code",
    "gradient_boosting_classifier",
    "histogram_discretize",
    "is_enumerable",
    "logistic_regression_cv",
    "normalize_data",
    "obtain_representation",
    "represent",
    "represent_factors",
    "split_codes_and_labels",
    "split_train_test",
]

_LARGEST_TABLE = 1_000_000  # cells; larger contingency tables are counted by sorting
_ENCODED_AT_ONCE = 1024  # points


def check_positive(name, value):
    """Return `value` as an int, or raise `UserError` if it is not a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise UserError(f"{name} must be a whole number of at least 1. Received: {name}={value!r}")
    return int(value)


def check_matrix(name, values, letters="[N, D]"):
    """Return `values` as an array with two dimensions, at least one row and column, and finite numbers only.

    Raises:
        UserError: for anything else; `name` and `letters` (the shape in the project's letters) stand in the
            sentence.
    """
    values = np.asarray(values)
    if values.ndim != 2 or 0 in values.shape:
        raise UserError(
            f"{name} must be a non-empty array of shape {letters}. Received: shape {values.shape}"
        )
    if values.dtype.kind not in "biuf":
        raise UserError(f"{name} must hold real numbers. Received: dtype {values.dtype}")
    if not np.isfinite(values).all():
        columns = np.flatnonzero(~np.isfinite(values).all(axis=0)).tolist()
        raise UserError(
            f"{name} must be finite; look for a diverged model. "
            f"Received: NaN or infinity in columns {columns}"
        )
    return values


def check_codes_and_factors(codes, factors, score, at_least=2):
    """Return codes [N, D >= at_least] and factors [N, F] as arrays; `score` names what compares two latents.

    Raises:
        UserError: as `check_matrix`; also for different N or, if `at_least` is 2, a single latent.
    """
    codes = check_matrix("codes", codes)
    factors = check_matrix("factors", factors, "[N, F]")
    if len(codes) != len(factors):
        raise UserError(
            f"codes and factors must have one row per point each. "
            f"Received: {len(codes)} and {len(factors)} rows"
        )
    if codes.shape[1] < at_least:
        raise UserError(
            f"{score} compares two latents, so codes need at least two columns. Received: shape {codes.shape}"
        )
    return codes, factors


def check_labels(factors, score):
    """Raise `UserError` if a column of factors [N, F] is real-valued rather than one of a few values."""
    for j, factor in enumerate(factors.T):
        if factor.dtype.kind != "f" or np.array_equal(factor, np.round(factor)):
            continue
        num_values = len(np.unique(factor))
        if 2 * num_values > len(factor):
            raise UserError(
                f"{score} needs factors with finitely many values; use the disentanglement score for "
                f"real-valued ones, or bin them. "
                f"Received: factor {j} with {num_values} values in {len(factor)} points"
            )


def check_has_factors(ground_truth_data, score):
    """Raise `UserError` if the data set says that it has no factors; `score` names what was asked for."""
    if getattr(ground_truth_data, "num_factors", None) == 0:
        name = getattr(ground_truth_data, "name", type(ground_truth_data).__name__)
        raise UserError(
            f"{score} needs a data set whose factors are known; the distance to orthogonality needs none. "
            f"Received: {name} with num_factors=0"
        )


def represent(representation_function, observations):
    """Codes [B, D] of observations [B, ...] as an array; `UserError` unless there is one row for each."""
    codes = np.asarray(representation_function(observations))
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
    num_points = check_positive("num_points", num_points)
    batch_size = check_positive("batch_size", batch_size)
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


def draw_codes_and_labels(
    ground_truth_data, representation_function, num_points, random_state, batch_size, score, at_least=1
):
    """`generate_batch_factor_code`, checked: finite codes [D >= at_least, N] and factors [F, N] as labels.

    Raises:
        UserError: as `check_codes_and_factors`, `check_labels` and `check_has_factors`.
    """
    check_has_factors(ground_truth_data, score)
    codes, factors = generate_batch_factor_code(
        ground_truth_data, representation_function, num_points, random_state, batch_size
    )
    check_codes_and_factors(codes.T, factors.T, score, at_least)
    check_labels(factors.T, score)
    return codes, factors


def split_codes_and_labels(codes, factors, train_share, random_state, score, at_least=1):
    """Codes [N, D] and factors [N, F], checked and split at random, one row per latent or factor.

    Returns:
        training codes [D, N_train] and factors [F, N_train], then those of the other points.

    Raises:
        UserError: as `check_codes_and_factors` and `check_labels`; also if a part would be empty.
    """
    codes, factors = check_codes_and_factors(codes, factors, score, at_least)
    check_labels(factors, score)
    num_train = round(train_share * len(codes)) if 0 < train_share < 1 else 0
    if not 0 < num_train < len(codes):
        raise UserError(
            f"train_share must lie between 0 and 1 and leave points on both sides. "
            f"Received: train_share={train_share!r} of {len(codes)} points"
        )
    order = random_state.permutation(len(codes))
    train, test = order[:num_train], order[num_train:]
    return codes[train].T, factors[train].T, codes[test].T, factors[test].T


def obtain_representation(observations, representation_function, batch_size):
    """Codes [D, N] of observations [N, ...], encoded `batch_size` at once."""
    batch_size = check_positive("batch_size", batch_size)
    starts = range(0, len(observations), batch_size)
    codes = [represent(representation_function, observations[i : i + batch_size]) for i in starts]
    return np.concatenate(codes).T


def split_train_test(observations, train_percentage):
    """The first ceil(train_percentage * N) columns of [., N], and the others."""
    if not 0 < train_percentage <= 1:
        raise UserError(
            f"train_percentage must lie between 0 and 1. Received: train_percentage={train_percentage!r}"
        )
    num_train = int(np.ceil(observations.shape[1] * train_percentage))
    return observations[:, :num_train], observations[:, num_train:]


def fixed_codes_and_labels(
    observations, labels, representation_function, batch_size, score, train_percentage=None, at_least=1
):
    """Codes [D, N] of given observations [N, ...], and their labels [F, N], checked.

    With `train_percentage`, codes and labels of the first part, then those of the rest.

    Raises:
        UserError: as `check_codes_and_factors` and `check_labels`; also if nothing is left to test on.
    """
    codes = obtain_representation(observations, representation_function, batch_size)
    labels = np.asarray(labels)
    check_codes_and_factors(codes.T, labels.T, score, at_least)
    check_labels(labels.T, score)
    if train_percentage is None:
        return codes, labels
    train_codes, test_codes = split_train_test(codes, train_percentage)
    train_labels, test_labels = split_train_test(labels, train_percentage)
    if test_codes.shape[1] == 0:
        raise UserError(
            f"{score} needs points to test on; give more points or a smaller train_percentage. "
            f"Received: {len(observations)} points, train_percentage={train_percentage!r}"
        )
    return train_codes, train_labels, test_codes, test_labels


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
    batch_size = check_positive("batch_size", batch_size)
    codes = []
    for start in range(0, len(indices), batch_size):
        observations = np.asarray(ground_truth_data.observations(indices[start : start + batch_size]))
        if observations.dtype == np.uint8:
            observations = observations.astype(np.float32) / np.float32(255)
        codes.append(represent(representation_function, observations))
    return np.concatenate(codes), np.asarray(ground_truth_data.factors(indices))


def histogram_discretize(target, num_bins=20):
    """The bin, 1..num_bins, of every value in equal-width bins over the range of its row.

    The edges are computed in the dtype of `target`; the row's maximum falls into the last bin, and a constant
    row into one bin.

    Args:
        target: codes [D, N].
        num_bins: number of bins per row.

    Returns:
        [D, N] in the dtype of `target`.

    References: Locatello et al. 2019, disentanglement_lib, `histogram_discretizer`.
    """
    num_bins = check_positive("num_bins", num_bins)
    target = np.asarray(target)
    bins = np.zeros_like(target)
    for row, values in enumerate(target):
        edges = np.histogram_bin_edges(values, num_bins)
        row_bins = np.ones(len(values), np.min_scalar_type(num_bins))
        for edge in edges[1:-1]:  # faster than a search for as few bins as there are
            row_bins += values >= edge
        bins[row] = row_bins
    return bins


_histogram_discretize = histogram_discretize  # its name in disentanglement_lib


def _labels(values):
    """The values of one row as whole numbers 0..n-1, not all of which need to occur, and n."""
    whole = values.dtype.kind in "iu" or (values.dtype.kind == "f" and (values == np.floor(values)).all())
    if whole and float(values.max()) - float(values.min()) < len(values):
        labels = (values - values.min()).astype(np.int64)
        return labels, int(labels.max()) + 1
    distinct, labels = np.unique(values, return_inverse=True)
    return labels, len(distinct)


def _entropy_of_counts(counts):
    """Entropy (nats) of the distribution proportional to `counts`; exactly 0 for a single value."""
    counts = counts[counts > 0]
    if len(counts) == 1:
        return 0.0
    total = counts.sum()
    return np.log(total) - np.sum(counts * np.log(counts)) / total


def discrete_entropy(ys):
    """Entropy (nats) of every row of `ys` [F, N], values taken as labels: [F].

    References: Chen et al. 2018, Sec. 4.1; equal to scikit-learn's `mutual_info_score(y, y)`.
    """
    return np.array([_entropy_of_counts(np.bincount(_labels(row)[0])) for row in np.asarray(ys)])


def discrete_mutual_info(mus, ys):
    """Mutual information (nats) of every row of `mus` [D, N] with every row of `ys` [F, N], as labels: [D,
    F].

    I(x; y) = H(x) + H(y) - H(x, y), each from counts; equal to scikit-learn's `mutual_info_score` to
    rounding.

    References: Chen et al. 2018, Sec. 4.1.
    """
    codes = [_labels(row) for row in np.asarray(mus)]
    factors = [_labels(row) for row in np.asarray(ys)]
    code_entropies, factor_entropies = (
        [_entropy_of_counts(np.bincount(labels)) for labels, _ in rows] for rows in (codes, factors)
    )
    information = np.zeros((len(codes), len(factors)))
    for i, (x, num_x) in enumerate(codes):
        for j, (y, num_y) in enumerate(factors):
            cell = x * num_y + y  # [N], place in the contingency table
            if num_x * num_y <= _LARGEST_TABLE:
                counts = np.bincount(cell)
            else:
                counts = np.unique(cell, return_counts=True)[1]
            information[i, j] = code_entropies[i] + factor_entropies[j] - _entropy_of_counts(counts)
    return np.maximum(information, 0.0)
