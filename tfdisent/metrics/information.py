"""Values as labels: bins, entropy and mutual information."""

import numpy as np

from tfdisent.checks import whole_number

__all__ = ["discrete_entropy", "discrete_mutual_info", "histogram_discretize"]

_LARGEST_TABLE = 1_000_000  # cells; larger contingency tables are counted by sorting
_MOST_BINS = 100_000


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
    num_bins = whole_number("num_bins", num_bins, 1, _MOST_BINS)
    target = np.asarray(target)
    bins = np.zeros_like(target)
    for row, values in enumerate(target):
        edges = np.histogram_bin_edges(values, num_bins)
        row_bins = np.ones(len(values), np.min_scalar_type(num_bins))
        for edge in edges[1:-1]:  # faster than a search for as few bins as there are
            row_bins += values >= edge
        bins[row] = row_bins
    return bins


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
