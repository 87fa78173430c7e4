"""What data sets check of their arguments, and observations as floats."""

import numpy as np

from tfdisent.checks import shown, whole_number
from tfdisent.errors import UserError

__all__ = ["as_float", "check_random_state", "check_seed", "finite_numbers", "listed", "texts_for_factors",
           "whole_numbers"]  # fmt: skip


def as_float(observations):
    """Observations as float32: uint8 0..255 become 0..1, anything else keeps its values.

    Raises:
        UserError: for what is no array of numbers.
    """
    if not isinstance(observations, np.ndarray):
        observations = finite_numbers("Observations", observations)
    if observations.dtype.kind not in "biuf" or not observations.ndim:
        raise UserError(f"Observations must be an array of numbers. Received: {shown(observations)}.")
    if observations.dtype == np.uint8:
        return observations.astype(np.float32) / np.float32(255)
    return observations.astype(np.float32, copy=False)


def check_seed(seed):
    """`seed` as an int, or a `UserError` for what NumPy's `RandomState` does not take."""
    return whole_number("seed", seed, 0, 2**32 - 1)


def check_random_state(random_state, needed=True):
    """`random_state`, which draws as NumPy's `RandomState` does; it may be None where it is not `needed`.

    Raises:
        UserError: for anything else, `numpy.random.Generator` too.
    """
    if (needed or random_state is not None) and not hasattr(random_state, "randint"):
        raise UserError(
            "random_state must be a numpy.random.RandomState, such as np.random.RandomState(0). "
            f"Received: {shown(random_state)}."
        )
    return random_state


def finite_numbers(name, values):
    """`values` as an array of finite numbers, or a `UserError`; an empty one may be of any dtype."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if isinstance(values, (dict, set)) or values is None:
        array = np.asarray(None)
    if array.size and (
        array.dtype.kind not in "biuf" or array.dtype.kind == "f" and not np.isfinite(array).all()
    ):
        raise UserError(f"{name} must be an array of finite numbers. Received: {shown(values)}.")
    return array


def whole_numbers(name, values):
    return [whole_number(f"Each of {name}", value, 1) for value in listed(name, values, "whole numbers")]


def texts_for_factors(name, values, num):
    texts = listed(name, values, "texts")
    if len(texts) != num or not all(isinstance(text, str) and text for text in texts):
        raise UserError(f"{name} must be texts, one for each of the {num} factors. Received: {shown(texts)}.")
    return texts


def listed(name, values, what):
    """`values` as a list, or a `UserError`; a text or dict is none."""
    try:
        if isinstance(values, (str, bytes, dict, set, frozenset)):
            raise TypeError
        return list(values)
    except TypeError:
        raise UserError(f"{name} must be a list of {what}. Received: {shown(values)}.") from None
