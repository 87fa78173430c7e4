"""Which factors a score can take as labels: real-valued ones are cut into bins or refused, constant ones left out.

Factors of a grid are whole numbers and always labels. A data set says by `factor_kinds` which of its floats are
real-valued; of plain arrays, those are that are not whole and have hardly a point for each value.
"""

from typing import NamedTuple

import numpy as np

from tfdisent.errors import UserError
from tfdisent.metrics.draws import is_plain_grid
from tfdisent.metrics.information import histogram_discretize

__all__ = ["HELD_FIXED", "NUM_FACTOR_BINS", "LabelledFactors", "label_factors", "label_factors_of"]

NUM_FACTOR_BINS = 20  # as many as disentanglement_lib takes for codes
_FEW = NUM_FACTOR_BINS  # values that need no bins
_POINTS_A_VALUE = 5  # different ones, from which on floats that are not whole count as labels
HELD_FIXED = "it holds one at a value, so bin the real-valued ones first, or use the disentanglement score"


class LabelledFactors(NamedTuple):
    """Factors as labels.

    Attributes:
        values: [N, F'], those that vary; whole or real numbers to be told apart, not measured.
        kept: F' column numbers of these among all factors.
        note: what a result has to say: "constant_factors", names or numbers of those left out; "binned_factors" of
            those that were cut into "num_factor_bins" equal-width bins. Empty where nothing was done.
    """

    values: np.ndarray
    kept: list
    note: dict


def label_factors(factors, score, names=None, kinds=None, size=None, if_real="bin"):
    """Factors as labels, constant ones left out.

    Args:
        factors: [N, F], int64 or floats.
        score: what a sentence calls the score.
        names: F names for the note; None for column numbers.
        kinds: F of "categorical", "continuous", "cyclic", or None where nobody says.
        size: of how many different points these were drawn; None for as many as there are combinations.
        if_real: "bin" cuts real-valued factors into bins, "keep" takes them as they are; any other text refuses
            them and says what to do.

    Returns:
        `LabelledFactors`.

    Raises:
        UserError: if no factor varies, for real-valued factors if they are refused, and for whole numbers that
            are hardly ever the same twice, such as an index.
    """
    varying = np.flatnonzero(np.ptp(factors, axis=0) > 0).tolist()
    names = list(range(factors.shape[1])) if names is None else list(names)
    constant = [names[j] for j in range(factors.shape[1]) if j not in varying]
    if not varying:
        raise UserError(
            f"{score} needs a factor that varies. "
            f"Received: factors of shape {factors.shape}, each of one value."
        )
    note = {"constant_factors": constant} if constant else {}
    values = factors if not constant else factors[:, varying]
    kinds = [None] * factors.shape[1] if kinds is None else kinds
    real = [] if if_real == "keep" else _real_valued(factors, varying, names, kinds, size, score)
    if real and if_real != "bin":
        number = len(np.unique(factors[:, real[0]]))
        raise UserError(
            f"{score} needs factors with finitely many values; {if_real}. "
            f"Received: factor {names[real[0]]} with {number} values in {len(factors)} points."
        )
    if real:
        values = values.copy()
        places = [varying.index(j) for j in real]
        values[:, places] = histogram_discretize(values[:, places].T, NUM_FACTOR_BINS).T
        note |= {"binned_factors": [names[j] for j in real], "num_factor_bins": NUM_FACTOR_BINS}
    return LabelledFactors(values, varying, note)


def label_factors_of(ground_truth_data, factors, score, if_real="bin"):
    """`label_factors` of factors [N, F] drawn from a data set, with its names and kinds."""
    data = ground_truth_data
    names, kinds = (
        _of_each_factor(data, member, factors.shape[1]) for member in ("factor_names", "factor_kinds")
    )
    is_grid = is_plain_grid(data) or getattr(data, "is_complete", False) or factors.shape[1] == 1
    size = data.size if getattr(data, "enumerable", False) and not is_grid else None
    return label_factors(factors, score, names, kinds, size, if_real)


def _of_each_factor(data, member, num_factors):
    found = getattr(data, member, None)
    return list(found) if found is not None and len(found) == num_factors else None


def _real_valued(factors, varying, names, kinds, size, score):
    """Column numbers of the factors that are measured rather than told apart."""
    counts = {j: len(np.unique(factors[:, j])) for j in varying}
    many = [j for j in varying if counts[j] > _FEW]
    whole = {j: np.array_equal(factors[:, j], np.round(factors[:, j])) for j in many}
    is_float = factors.dtype.kind == "f"
    unclear = [j for j in many if is_float and not (kinds[j] == "continuous" and not whole[j])]
    combinations = len(np.unique(factors, axis=0)) if unclear else np.inf
    real = []
    for j in many:
        is_crowded = _POINTS_A_VALUE * counts[j] > combinations
        if is_float and not whole[j] and (kinds[j] == "continuous" or is_crowded):
            real.append(j)
        elif is_float and whole[j] and kinds[j] == "continuous" and is_crowded:
            real.append(j)
        elif size is not None and 2 * counts[j] > size:
            raise UserError(
                f"{score} needs factors that have each value several times; leave an index out, and give measurements "
                f"as real numbers of kind 'continuous'. "
                f"Received: factor {names[j]} with {counts[j]} whole values in {size} points."
            )
    return real
