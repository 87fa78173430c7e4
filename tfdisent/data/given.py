"""What a person gives as observations and factors, as arrays that a data set can hold, or a sentence on why not."""

import collections
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tfdisent.checks import shown
from tfdisent.errors import UserError

__all__ = ["as_array", "factor_columns", "is_path", "no_path", "observations_array"]

_CHANNELS = (1, 3, 4)
_TIMES = {"Timestamp", "Timedelta", "Period", "Interval", "date", "datetime", "time", "timedelta"}


def as_array(name, values):
    """`values` as a NumPy array; a memory-mapped one stays so, a tensor with gradients is detached.

    Args:
        name: what a sentence calls it.
        values: an array, a list, or a tensor of TensorFlow, PyTorch or JAX.

    Raises:
        UserError: for masked and sparse arrays, ragged lists, data pipelines, generators and all that is no array.
    """
    kind = type(values).__name__
    if isinstance(values, np.ma.MaskedArray):
        raise UserError(
            f"{name} must have no mask; fill what is masked with .filled(value), or leave these rows out. "
            f"Received: {shown(values)}."
        )
    if (
        hasattr(values, "toarray")
        or hasattr(values, "todense")
        or hasattr(values, "to_dense")
        and _sparse(values)
    ):
        raise UserError(
            f"{name} must be a dense array; convert it, for example with .toarray(). Received: {kind}, which is sparse."
        )
    if hasattr(values, "element_spec"):
        raise UserError(
            f"{name} must be an array; a tf.data.Dataset of single examples becomes one with "
            f"np.stack(list(dataset.as_numpy_iterator())). Received: {kind}."
        )
    if hasattr(values, "__next__"):
        raise UserError(
            f"{name} must be an array; what a generator yields becomes one with np.stack(list(generator)). "
            f"Received: {kind}."
        )
    try:
        if hasattr(values, "detach") and hasattr(values, "cpu"):  # PyTorch
            return values.detach().cpu().numpy()
        if not hasattr(values, "__array__") and not isinstance(values, (list, tuple)):
            raise TypeError
        array = np.asarray(values)
    except (TypeError, ValueError, NotImplementedError, RuntimeError, AttributeError):
        ragged = " that has rows of one length" if isinstance(values, (list, tuple)) else ""
        raise UserError(f"{name} must be an array, or a list{ragged}. Received: {shown(values)}.") from None
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    return array


def observations_array(observations):
    """Observations as an array [N, H, W, C] or [N, features] that can be shown to a model, and what was taken for what.

    Returns:
        (array, text): uint8, truth values or numbers, not copied where they are used as they are; and "" or what was
        done to them.

    Raises:
        UserError: for other shapes, dtypes or ranges, and NaN.
    """
    images = as_array("Observations", observations)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim not in (2, 4) or 0 in images.shape:
        raise UserError(
            "Observations must be images [N, H, W, C] or [N, H, W], or vectors [N, features], at least one. "
            f"Received: shape {images.shape}."
        )
    kind, is_image = images.dtype.kind, images.ndim == 4
    if kind not in "biuf":
        raise UserError(
            "Images must be uint8 (0..255), truth values, or real numbers in [0, 1], and vectors numbers; "
            f"convert them, for example with .astype('uint8'). Received: dtype {images.dtype}."
        )
    if is_image:
        _check_channels_last(images)
    if kind == "b":
        return images, ""
    if images.dtype == np.uint8:
        if is_image:
            _check_bytes_are_used(images)
        return images, ""
    low, high = images.min().item(), images.max().item()
    if not np.isfinite([float(low), float(high)]).all():
        raise UserError(f"Observations must be finite numbers. Received: values from {low} to {high}.")
    if not is_image:
        return images, ""
    if kind in "iu" and 0 <= low and 1 < high <= 255:
        return images.astype(np.uint8), f", {images.dtype} taken for bytes, 255 for 1"
    if kind in "iu" or np.float32(low) < 0 or np.float32(high) > 1:
        raise UserError(
            "Images must be uint8, where 255 means 1, truth values, or real numbers in [0, 1]; "
            f"{_remedy(kind, low, high)}. Received: {images.dtype} from {low:g} to {high:g}."
        )
    return images, ""


def factor_columns(factors, num):
    """The columns of the factors.

    Args:
        factors: None, array [N, F] or [N], a dict {name: column [N]}, or a data frame.
        num: N, the number of observations.

    Returns:
        {name: array [N]} of numbers, truth values or strings.

    Raises:
        UserError: for columns of another length or type, missing values, and names that are none or there twice.
    """
    return {name: _column(name, column, num) for name, column in _named_columns(factors).items()}


def no_path(path):
    """A `UserError` for a path that was given in place of data: how its content becomes an array."""
    path = Path(path)
    if path.is_dir():
        how = (
            "read its pictures: `from PIL import Image; paths = sorted(Path(folder).glob('*.png')); "
            "x = np.stack([Image.open(p).convert('RGB').resize((64, 64)) for p in paths])`"
        )
    elif path.suffix in (".npy", ".npz"):
        how = "read it: `x = np.load(path)`, and of an npz file the array by its name"
    else:
        how = "read the file into an array first"
    there = "" if path.exists() else " (nothing is there)"
    return UserError(f"Data is an array, not a path; {how}. Received: {_end(str(path))!r}{there}.")


def is_path(text):
    """Whether a text that names no data set is meant as a path."""
    return os.sep in text or Path(text).suffix != "" or text.startswith("~") or os.path.exists(text)


def _end(text, most=60):
    return text if len(text) <= most else f"...{text[-most:]}"


def _sparse(values):
    return bool(getattr(values, "is_sparse", False))


def _check_channels_last(images):
    _, first, rows, last = images.shape
    if first in _CHANNELS and last not in _CHANNELS and rows == last and rows > 4:
        raise UserError(
            "Images must have their channels last, [N, H, W, C]; move them with np.moveaxis(images, 1, -1). "
            f"Received: shape {images.shape}."
        )


def _check_bytes_are_used(images):
    """Refuses 0 and 1 as bytes, which would be images that are black to the eye and to a model."""
    some = images[np.linspace(0, len(images) - 1, min(16, len(images))).astype(int)]
    if some.max() <= 1 and images.max() == 1:
        raise UserError(
            "Images of uint8 mean 0..255, so these are black; for black and white give images.astype(bool). "
            "Received: values 0 and 1."
        )


def _remedy(kind, low, high):
    if low < 0:
        return "shift and scale them"
    if high <= 1:
        return "give images.astype(bool) for black and white"
    if high <= 255:
        return "give images / 255, or images.astype('uint8')"
    return "give images / 65535" if kind in "iu" and high <= 65535 else "divide them by their largest value"


def _named_columns(factors):
    if factors is None:
        return {}
    if hasattr(factors, "columns") and hasattr(factors, "__getitem__") and not isinstance(factors, Mapping):
        names = [name if isinstance(name, str) else f"factor_{name}" for name in factors.columns]
        _check_names(names)
        return {name: factors[key] for name, key in zip(names, factors.columns, strict=True)}
    if isinstance(factors, Mapping):
        _check_names(list(factors))
        return dict(factors)
    name = getattr(factors, "name", None)  # of a column of a data frame
    array = as_array("Factors", factors)
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim == 1:
        return {name if isinstance(name, str) else "factor_0": array}
    if array.ndim != 2:
        raise UserError(f"Factors must have shape [N, F] or [N]. Received: shape {array.shape}.")
    return {f"factor_{i}": column for i, column in enumerate(array.T)}


def _check_names(names):
    if wrong := [name for name in names if not isinstance(name, str) or not name]:
        raise UserError(f"Names of factors must be texts. Received: {shown(wrong[0])}.")
    if twice := [name for name, count in collections.Counter(names).items() if count > 1]:
        raise UserError(f"Names of factors must differ. Received: {twice[0]!r} more than once.")


def _column(name, values, num):
    column = as_array(f"The factor {name!r}", values)
    if column.shape != (num,):
        raise UserError(
            f"Factors need one row for each of the {num} observations. "
            f"Received: {name!r} of shape {column.shape}."
        )
    kind = column.dtype.kind
    if kind in "mM":
        raise _no_time(name, column.dtype)
    if kind == "O":
        return _plain_objects(name, column)
    if kind == "T":  # NumPy's text of any length
        return column.astype(str)
    if kind not in "biufUS":
        raise UserError(f"Factors must be numbers or strings. Received: {name!r} of dtype {column.dtype}.")
    if kind == "f" and not np.isfinite(column).all():
        row = int(np.flatnonzero(~np.isfinite(column))[0])
        raise _missing(name, row, column[row])
    return column


def _plain_objects(name, column):
    """A column of Python objects as numbers, truth values or text, if all are of one of these kinds."""
    for row, value in enumerate(column):
        if value is None or type(value).__name__ in ("NAType", "NaTType") or _is_nan(value):
            raise _missing(name, row, value)
    for types in (
        (str,),
        (bytes,),
        (bool, np.bool_),
        (int, np.integer),
        (int, float, np.integer, np.floating),
    ):
        if all(isinstance(value, types) for value in column):
            plain = np.array(list(column))
            if plain.dtype.kind in "biufUS":
                return plain
    kinds = sorted({type(value).__name__ for value in column})
    if set(kinds) <= _TIMES:
        raise _no_time(name, kinds[0])
    raise UserError(
        "A factor must be all numbers or all strings; give columns of several types as a dict {name: column}. "
        f"Received: {name!r} with {', '.join(kinds[:4])}."
    )


def _no_time(name, kind):
    return UserError(
        "A time is no factor; make it a number, such as the hour or the day of the year. "
        f"Received: {name!r} of {kind}."
    )


def _is_nan(value):
    return isinstance(value, (float, np.floating)) and not np.isfinite(value)


def _missing(name, row, value):
    return UserError(
        f"Factors must be finite and none may be missing; leave out such rows or fill them. Received: {value!s} (NaN, "
        f"infinity or missing) in {name!r}, row {row}."
    )
