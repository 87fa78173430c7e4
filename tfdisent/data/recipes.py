"""How a data set is made again: a class or function of `tfdisent.data` with its arguments, as JSON and arrays.

Making a set from a stored recipe calls nothing but what `tfdisent.data` exports, reads no pickle and fetches nothing.

data.json    {"make": name, "arguments": {name: value}}, or {"not_stored": sentence}
data.npz     the arrays among the arguments
"""

import io
import math
import numbers
import os
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np

from tfdisent.checks import path_like
from tfdisent.data.bags import mnist_bags
from tfdisent.data.ground_truth import GroundTruthData, check_data, sixteen_observations
from tfdisent.data.mra import mra
from tfdisent.data.named import get_named_ground_truth_data
from tfdisent.errors import UserError
from tfdisent.files import read_json, write_json, write_whole

__all__ = [
    "DataNotStoredError",
    "checksum_of_16_observations",
    "from_recipe",
    "load_data",
    "recipe",
    "store_data",
]

_MOST_BYTES = 256 * 2**20  # of arrays that are stored
_LONG = 100  # entries from which on a list is stored as an array
_KINDS = "biufUS"  # of arrays: truth values, numbers, text


class DataNotStoredError(UserError):
    """A data set that no recipe makes was not stored; what it was made by may be known elsewhere."""


class _NoRecipeError(Exception):
    """Why a set cannot be made again, in words that follow "because"."""


def recipe(data):
    """How `data` is made again.

    Args:
        data: a `GroundTruthData`.

    Returns:
        (recipe, arrays): a dict of plain values with the name of a class or function of `tfdisent.data`, "make", and
        its "arguments"; and {key: array} of the arrays among these. (None, None) for a set of another class, or with
        arguments that are no plain values, arrays or data sets.
    """
    arrays = {}
    check_data("data", data)
    try:
        return _recipe(data, arrays), arrays
    except _NoRecipeError:
        return None, None


def from_recipe(stored, arrays=None):
    """The data set of a recipe.

    Args:
        stored: a dict as `recipe` returns it; it may come from a stranger.
        arrays: {key: array}.

    Raises:
        UserError: for a dict that is no recipe, and for files that are missing.
    """
    try:
        return _make(stored, arrays or {})
    except UserError:
        raise
    except (Exception, MemoryError) as error:  # whatever a stranger's arguments make a class say
        raise UserError(
            f"The recipe of a data set cannot be followed ({type(error).__name__}); give the data itself. "
            f"Received: make={str(stored.get('make'))[:40]!r}."
        ) from error


def store_data(data, folder):
    """Writes `data.json` and, where there are arrays, `data.npz` into a folder, from which `load_data` makes the set.

    Arrays of more than 256 MB are not stored, nor are sets of other classes; `data.json` then says why.
    """
    check_data("data", data)
    folder, arrays = Path(path_like("folder", folder)), {}
    try:
        content = _recipe(data, arrays)
    except _NoRecipeError as reason:
        content, arrays = {"not_stored": str(reason)}, {}
    if (num_bytes := sum(array.nbytes for array in arrays.values())) > _MOST_BYTES:
        reason = f"its arrays take {num_bytes / 2**20:,.0f} MB and {_MOST_BYTES // 2**20} MB are the most"
        content, arrays = {"not_stored": reason}, {}
    if (folder / "data.json").exists() and read_json(folder / "data.json") == content:
        return
    if arrays:
        file = io.BytesIO()
        np.savez(file, **arrays)
        write_whole(folder / "data.npz", file.getbuffer())
    write_json(folder / "data.json", content)


def load_data(folder):
    """The data set that `store_data` wrote into a folder, or None where it wrote nothing.

    Raises:
        DataNotStoredError: where the set was not stored.
        UserError: where its files are damaged, or what it is made of is not found.
    """
    path = Path(path_like("folder", folder)) / "data.json"
    if not path.exists():
        return None
    try:
        stored = read_json(path)
    except RecursionError:
        stored = None
    if not isinstance(stored, dict) or not ("make" in stored or "not_stored" in stored):
        raise UserError(
            f"{path} does not describe a data set; give the data itself. Received: {_short(stored)}."
        )
    if "not_stored" in stored:
        raise DataNotStoredError(
            f"The data of this run is not stored with it, because {str(stored['not_stored'])[:120]}; give it in "
            "Python: tfdisent.evaluation.load_run(path, data=...)."
        )
    return from_recipe(stored, _read_arrays(path.with_suffix(".npz")))


def checksum_of_16_observations(data):
    """A number that tells apart sets of one name that were made with other settings."""
    return zlib.crc32(np.ascontiguousarray(sixteen_observations(data)).tobytes())


def _read_arrays(path):
    if not path.exists():
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            num_bytes = sum(entry.file_size for entry in archive.infolist())
        if num_bytes > 1.1 * _MOST_BYTES:
            raise ValueError(f"{num_bytes:,} bytes")
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise UserError(
            f"{path} is damaged ({type(error).__name__}); give the data in Python: "
            "tfdisent.evaluation.load_run(path, data=...)."
        ) from error


def _makers():
    """{name: class or function of tfdisent.data} that a recipe may name."""
    return {
        each.__name__: each
        for each in (get_named_ground_truth_data, mnist_bags, mra, *_public(GroundTruthData))
    }


def _public(parent):
    """A class and those derived from it that stand under a public name in a module of tfdisent.data."""
    name, module = parent.__name__, parent.__module__
    is_ours = module.startswith("tfdisent.data.") and vars(sys.modules[module]).get(name) is parent
    if is_ours and not name.startswith("_"):
        yield parent
    for each in parent.__subclasses__():
        yield from _public(each)


def _recipe(data, arrays):
    if data._made_by is None:
        raise _NoRecipeError(f"{type(data).__name__} does not say how it was made")
    make, arguments = data._made_by
    name = make if isinstance(make, str) else make.__name__
    if not isinstance(make, str) and _makers().get(name) is not make:
        raise _NoRecipeError(f"{name} is no class of tfdisent.data")
    return {"make": name, "arguments": {key: _plain(value, arrays) for key, value in arguments.items()}}


def _plain(value, arrays):
    """A value as JSON; arrays, sets and dicts are marked as such by a dict with one key."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        value = value.item()
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, GroundTruthData):
        return {"data": _recipe(value, arrays)}
    if isinstance(value, (list, tuple)) and len(value) > _LONG:
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in _KINDS:
        key = f"array_{len(arrays)}"
        arrays[key] = np.asarray(value)
        return {"array": key}
    if isinstance(value, (list, tuple)):
        return [_plain(each, arrays) for each in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _plain(each, arrays) for key, each in value.items()}}
    raise _NoRecipeError(f"an argument of it is of the class {type(value).__name__}")


def _make(stored, arrays):
    makers = _makers()
    name = stored.get("make") if isinstance(stored, dict) else None
    if not isinstance(name, str) or name not in makers or not isinstance(stored.get("arguments"), dict):
        raise UserError(
            "The recipe of a data set names a class or function of tfdisent.data and its arguments; give the data "
            f"itself. Received: {_short(name)}."
        )
    arguments = {key: _value(each, arrays) for key, each in stored["arguments"].items() if key != "download"}
    return makers[name](**arguments)


def _value(stored, arrays):
    """The inverse of `_plain`."""
    if isinstance(stored, list):
        return [_value(each, arrays) for each in stored]
    if not isinstance(stored, dict):
        return stored
    ((kind, content),) = stored.items()
    if kind == "data":
        return _make(content, arrays)
    if kind == "dict":
        return {key: _value(each, arrays) for key, each in content.items()}
    if kind == "array":
        return arrays[content]
    raise KeyError(kind)


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
