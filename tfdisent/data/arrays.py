"""A person's own arrays, or objects written for disentanglement_lib, as a data set."""

import os
from collections.abc import Mapping

import numpy as np

from tfdisent.checks import nearest, shown
from tfdisent.data.given import factor_columns, no_path, observations_array
from tfdisent.data.ground_truth import GroundTruthData
from tfdisent.data.table import TableData
from tfdisent.errors import UserError

__all__ = ["ArrayData", "as_ground_truth_data"]

_MEMBERS = (
    "num_factors",
    "factors_num_values",
    "observation_shape",
    "sample_factors",
    "sample_observations_from_factors",
)


class ArrayData(TableData):
    """Arrays as a data set, with or without factors; not every combination of factors need occur.

    Whole numbers, truth values, strings, and numbers whose kind is not "continuous" become ranks 0..n-1 of
    their sorted distinct values, which `factor_values` keeps; real numbers of kind "continuous" stay as they
    are, and then all factors are float64.

    Args:
        observations: images [N, H, W, C] or [N, H, W] of any size, or vectors [N, features]. uint8 (0..255
            for 0..1) is kept as uint8 and not copied; truth values are black and white; float images must lie
            in [0, 1]; whole numbers 0..255 of another type become uint8, which `source` then says.
        factors: array [N, F] or [N], or a dict {name: column [N]} or data frame whose columns may differ in type.
            None for a set without known factors.
        factor_names: F names; default the dict's, or "factor_0", ...
        factor_kinds: F of "categorical", "continuous", "cyclic"; default "continuous" for real numbers and
            "categorical" for all else.
        name: what to call the set.
        source: one sentence that says where the observations came from.

    Raises:
        UserError: for other shapes, dtypes or ranges, NaN, or factors that do not have one row per
            observation.
    """

    def __init__(
        self, observations, factors=None, factor_names=None, factor_kinds=None, name="arrays", source=None
    ):
        self._images, taken = observations_array(observations)
        columns = factor_columns(factors, len(self._images))
        by_type = ["continuous" if column.dtype.kind == "f" else "categorical" for column in columns.values()]
        self._made_by = (
            ArrayData,
            {
                "observations": self._images, "factors": columns, "factor_names": factor_names,
                "factor_kinds": factor_kinds, "name": name, "source": source,
            },
        )  # fmt: skip
        names, columns = list(columns), list(columns.values())
        super().__init__(
            name,
            f"{len(self._images):,} observations from arrays given{taken}" if source is None else source,
            names if factor_names is None else factor_names,
            by_type if factor_kinds is None else factor_kinds,
            [len(np.unique(column)) for column in columns],
            self._images.shape[1:],
        )
        self.factor_values = []
        ranks = []
        for column, kind in zip(columns, self.factor_kinds, strict=True):
            real = column.dtype.kind == "f" and kind == "continuous"
            values, rank = (None, column + 0.0) if real else np.unique(column, return_inverse=True)
            self.factor_values.append(values)
            ranks.append(rank)
        any_real = any(values is None for values in self.factor_values)
        self._table = np.empty((len(self._images), len(ranks)), np.float64 if any_real else np.int64)
        for column, rank in enumerate(ranks):
            self._table[:, column] = rank

    @property
    def size(self):
        return len(self._images)

    def factors(self, indices):
        return self._table[self.check_indices(indices)]

    def observations(self, indices):
        images = self._images[self.check_indices(indices)]
        if images.dtype == bool:
            return images * np.uint8(255)
        return images if images.dtype == np.uint8 else images.astype(np.float32, copy=False)


class _AdaptedData(GroundTruthData):
    """Another library's object with disentanglement_lib's members, given the members it lacks."""

    enumerable = False

    def __init__(self, data):
        name = getattr(data, "name", type(data).__name__)
        names = getattr(data, "factor_names", None) or [f"factor_{i}" for i in range(data.num_factors)]
        kinds = getattr(data, "factor_kinds", None) or ["categorical"] * data.num_factors
        source = getattr(data, "source", f"an object of {type(data).__module__}.{type(data).__name__}")
        shape = np.atleast_1d(data.observation_shape)
        super().__init__(name, source, names, kinds, data.factors_num_values, shape)
        self._made_by = None
        self.data = data

    def sample_factors(self, num, random_state):
        return self.data.sample_factors(self.check_draw(num, random_state), random_state)

    def sample_observations_from_factors(self, factors, random_state):
        observations = self.data.sample_observations_from_factors(factors, random_state)
        return np.asarray(observations, np.float32)


def as_ground_truth_data(data):
    """`data` as a `GroundTruthData`.

    Args:
        data: a `GroundTruthData` (returned as it is), the name of one, a dict of `ArrayData`'s arguments, an array of
            observations without factors, or an object with disentanglement_lib's members.

    Raises:
        UserError: for anything else; says how the pictures in a folder become an array.
    """
    from tfdisent.data.named import get_named_ground_truth_data

    if isinstance(data, GroundTruthData):
        return data
    if isinstance(data, str):
        return get_named_ground_truth_data(data)
    if isinstance(data, os.PathLike):
        raise no_path(data)
    if isinstance(data, Mapping):
        return _of_mapping(data)
    if isinstance(data, type):
        raise UserError(
            f"A data set must be made first: call the class, {data.__name__}(...). Received: the class."
        )
    if all(hasattr(data, member) for member in _MEMBERS):
        return _adapted(data)
    if isinstance(data, tuple) and len(data) == 2 and all(hasattr(part, "shape") for part in data):
        raise UserError(
            "Observations and factors are given as a dict, {'observations': x, 'factors': y}. Received: a tuple of "
            f"{shown(data[0])} and {shown(data[1])}."
        )
    if data is None or isinstance(data, (bool, int, float, complex, bytes, set, frozenset)):
        raise _no_data(data)
    if callable(data) and not hasattr(data, "__array__"):
        raise _no_data(data)
    if type(data) is object:
        raise _no_data(data)
    return ArrayData(data)


def _no_data(data):
    return UserError(
        "A data set must be a GroundTruthData, the name of one, an array, a dict with 'observations', or an object "
        f"with disentanglement_lib's members. Received: {type(data).__name__} {shown(data, 60)}."
    )


def _of_mapping(data):
    known = ("observations", "factors", "factor_names", "factor_kinds", "name", "source")
    if unknown := [key for key in data if key not in known]:
        raise UserError(
            f"A dict of arrays has 'observations' and may have {', '.join(known[1:])}. Received: {shown(unknown[0])}"
            f"{nearest(unknown[0], known)}"
        )
    if "observations" not in data:
        raise UserError(f"A dict of arrays needs the key 'observations'. Received: {shown(list(data))}.")
    return ArrayData(**data)


def _adapted(data):
    try:
        return _AdaptedData(data)
    except UserError:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{type(data).__name__} must have disentanglement_lib's members: num_factors a number, factors_num_values "
            f"and observation_shape lists of numbers. Received: {shown(error)}."
        ) from error
