"""What a person gives to a score, checked: arrays of any library, seeds, data sets and representation functions."""

import numbers
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tfdisent.checks import shown
from tfdisent.errors import UserError

__all__ = [
    "MOST_POINTS",
    "ArrayLike",
    "Scores",
    "Seed",
    "as_array",
    "as_random_state",
    "check_codes",
    "check_codes_and_factors",
    "check_matrix",
    "check_protocol",
    "column_names",
]

Seed: TypeAlias = int | np.random.RandomState | np.random.Generator
Scores: TypeAlias = dict[str, Any]

MOST_POINTS = 10**7  # to draw, or groups of points: more would take days
_SMALLEST, _LARGEST = 1e-30, 1e30  # in size, with which the optimisers of the classifiers end
_LARGEST_FLOAT32 = 1e15  # likewise, in float32
_LARGEST_SEED = 2**32 - 1


def as_random_state(random_state):
    """A seed, `np.random.RandomState` or `np.random.Generator` as the RandomState that draws.

    A RandomState is taken as it is and goes on from there; a Generator gives the seed of a new one.

    Raises:
        UserError: for anything else, None too: every score can be repeated.
    """
    if isinstance(random_state, np.random.RandomState):
        if random_state.get_state(legacy=False)["bit_generator"] == "MT19937":
            return random_state
        return np.random.RandomState(random_state.randint(2**32, dtype=np.uint32))
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.integers(2**32, dtype=np.uint32))
    is_whole = isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool)
    if not is_whole or not 0 <= random_state <= _LARGEST_SEED:
        raise UserError(
            f"random_state must be a whole number from 0 to {_LARGEST_SEED:,}, a numpy.random.RandomState or a "
            f"numpy.random.Generator. Received: {shown(random_state)}."
        )
    return np.random.RandomState(int(random_state))


def as_array(name, values):
    """`values` as a NumPy array; tensors are detached, half precision becomes float32.

    Args:
        name: what a sentence calls it.
        values: array, list, data frame, or tensor of any library.

    Raises:
        UserError: for a masked array, and what NumPy cannot make an array of numbers of.
    """
    rows = values if isinstance(values, (list, tuple)) else ()
    if isinstance(values, np.ma.MaskedArray) or any(isinstance(row, np.ma.MaskedArray) for row in rows):
        raise UserError(
            f"{name}: a masked array is refused; leave the masked rows out, or fill them. Received: {shown(values)}."
        )
    try:
        array = np.asarray([_detached(row) for row in rows] if len(rows) else _detached(values))
    except Exception as error:  # whatever another library raises
        raise UserError(
            f"{name} must be an array, or something that NumPy turns into one ({type(error).__name__}). "
            f"Received: {shown(values)}."
        ) from None
    if array.dtype.kind == "O" and all(isinstance(value, numbers.Real) for value in array.flat):
        array = array.astype(np.float64)
    if array.dtype.kind == "V" and "float" in array.dtype.name:  # such as bfloat16
        array = array.astype(np.float32)
    if array.dtype.kind not in "biuf":
        advice = "; number the labels, for example with np.unique" if array.dtype.kind in "OUS" else ""
        raise UserError(f"{name} must hold real numbers{advice}. Received: {_described(values, array)}.")
    if array.dtype == np.float16:
        return array.astype(np.float32)
    return array.astype(np.float64) if array.dtype.kind == "f" and array.dtype.itemsize > 8 else array


def _detached(values):
    """A tensor that records gradients, or lies on a device, as one that NumPy can read; all else as it is."""
    for step in ("detach", "cpu"):
        if hasattr(values, step) and not isinstance(values, np.ndarray):
            values = getattr(values, step)()
    return values


def _described(values, array):
    return f"{type(values).__name__} of shape {array.shape} and dtype {array.dtype}"


def check_matrix(name, values, letters="[N, D]"):
    """`values` as an array of two dimensions, at least one row and column, and finite numbers only.

    Truth values and whole numbers become int64, numbers too large for squares in float32 float64.

    Raises:
        UserError: for anything else; `name` and `letters` (the shape in the project's letters) stand in the
            sentence.
    """
    values = as_array(name, values)
    if values.ndim != 2 or 0 in values.shape:
        advice = f"; give a single column as {name}[:, None]" if values.ndim == 1 and values.size else ""
        raise UserError(
            f"{name} must be a non-empty array of shape {letters}{advice}. Received: shape {values.shape}."
        )
    if values.dtype.kind != "f":
        return values.astype(np.float64 if values.dtype == np.uint64 else np.int64)
    if not np.isfinite(values).all():
        columns = np.flatnonzero(~np.isfinite(values).all(axis=0)).tolist()
        raise UserError(
            f"{name} must be finite; look for a diverged model. Received: NaN or infinity in columns {columns}."
        )
    largest = float(max(values.max(), -values.min()))
    if largest > _LARGEST or 0 < largest < _SMALLEST:
        raise UserError(
            f"{name} must be of a size between {_SMALLEST:g} and {_LARGEST:g}; look for a diverged model. "
            f"Received: {largest:g} at most."
        )
    return values.astype(np.float64) if largest > _LARGEST_FLOAT32 else values


def check_codes(codes, score, at_least=1):
    """Codes [N, D >= at_least] as an array of floats; `score` names what compares two latents.

    Raises:
        UserError: as `check_matrix`; also, if `at_least` is 2, for a single latent.
    """
    codes = check_matrix("codes", codes)
    if codes.shape[1] < at_least:
        raise UserError(
            f"{score} compares two latents, so codes need at least two columns. Received: shape {codes.shape}."
        )
    return codes if codes.dtype.kind == "f" else codes.astype(np.float64)


def check_codes_and_factors(codes, factors, score, at_least=1):
    """Codes [N, D >= at_least] as floats and factors [N, F] as int64 or floats.

    Raises:
        UserError: as `check_codes`; also for different N.
    """
    codes = check_codes(codes, score, at_least)
    factors = check_matrix("factors", factors, "[N, F]")
    if len(codes) != len(factors):
        lying = codes.shape[1] == factors.shape[1]
        advice = "; transpose both if a row is a latent or factor" if lying else ""
        raise UserError(
            f"codes and factors must have one row per point each{advice}. "
            f"Received: {len(codes)} and {len(factors)} rows."
        )
    return codes, factors


def column_names(factors):
    """The names of a data frame's columns, or None for other arrays."""
    columns = getattr(factors, "columns", None)
    return None if columns is None else [name if isinstance(name, int) else str(name) for name in columns]


def check_protocol(ground_truth_data, representation_function, random_state, score, needs_factors=True):
    """The RandomState of a score that draws its own points, once it is certain that it can.

    Raises:
        UserError: for arrays in place of a data set, a model in place of its function, a data set that says that
            it has no factors, or as `as_random_state`.
    """
    members = ("sample", "sample_factors", "sample_observations", "observations", "num_factors")
    is_array = hasattr(ground_truth_data, "__array__")
    if is_array or not any(hasattr(ground_truth_data, member) for member in members):
        raise UserError(
            f"{score} draws points here, from a data set, and encodes them by a function; for arrays call the "
            "function without compute_ in its name, as in metrics.mig(codes, factors). "
            f"Received: {shown(ground_truth_data)}."
        )
    if needs_factors and getattr(ground_truth_data, "num_factors", None) == 0:
        name = getattr(ground_truth_data, "name", type(ground_truth_data).__name__)
        raise UserError(
            f"{score} needs a data set whose factors are known; the distance to orthogonality needs none. "
            f"Received: {name} with num_factors=0."
        )
    functions = representation_function
    for function in functions if isinstance(functions, (list, tuple)) else [functions]:
        if not callable(function) or hasattr(function, "represent"):
            raise UserError(
                "representation_function must be a function from observations to codes, such as model.represent. "
                f"Received: {shown(function)}."
            )
    return as_random_state(random_state)
