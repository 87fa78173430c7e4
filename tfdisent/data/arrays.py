"""A person's own arrays, or objects written for disentanglement_lib, as a data set."""

from collections.abc import Mapping

import numpy as np

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
            in [0, 1].
        factors: array [N, F] or [N], or a dict {name: column [N]} whose columns may differ in type. None for
            a set without known factors.
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
        self._images = _check_observations(observations)
        columns, names = _columns(factors, len(self._images))
        by_type = ["continuous" if column.dtype.kind == "f" else "categorical" for column in columns]
        super().__init__(
            name,
            source or f"{len(self._images):,} observations from arrays given",
            factor_names or names,
            factor_kinds or by_type,
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
        self.data = data

    def sample_factors(self, num, random_state):
        return self.data.sample_factors(num, random_state)

    def sample_observations_from_factors(self, factors, random_state):
        observations = self.data.sample_observations_from_factors(factors, random_state)
        return np.asarray(observations, np.float32)


def as_ground_truth_data(data):
    """`data` as a `GroundTruthData`.

    Args:
        data: a `GroundTruthData` (returned as it is), a dict of `ArrayData`'s arguments, an array of
            observations without factors, or an object with disentanglement_lib's members.

    Raises:
        UserError: for anything else.
    """
    if isinstance(data, GroundTruthData):
        return data
    if isinstance(data, Mapping):
        known = ("observations", "factors", "factor_names", "factor_kinds", "name", "source")
        if "observations" not in data or set(data) - set(known):
            raise UserError(
                f"A dict of arrays needs 'observations' and may have {known[1:]}. Received: {list(data)}"
            )
        return ArrayData(**data)
    if all(hasattr(data, member) for member in _MEMBERS):
        return _AdaptedData(data)
    if hasattr(data, "__array__") or isinstance(data, (list, tuple)):
        return ArrayData(data)
    raise UserError(
        "A data set must be a GroundTruthData, an array, a dict with 'observations', or an object with the "
        f"members {', '.join(_MEMBERS)}. Received: {type(data).__name__}"
    )


def _check_observations(observations):
    """`observations` as an array [N, H, W, C] or [N, features] that can be shown to a model."""
    observations = np.asarray(observations)
    if observations.ndim == 3:
        observations = observations[..., np.newaxis]
    if observations.ndim not in (2, 4) or 0 in observations.shape:
        raise UserError(
            "Observations must be images [N, H, W, C] or [N, H, W], or vectors [N, features], at least one. "
            f"Received: shape {observations.shape}"
        )
    kind, is_image = observations.dtype.kind, observations.ndim == 4
    if observations.dtype == np.uint8 or kind == "b":
        return observations
    if kind == "f" or (kind in "iu" and not is_image):
        low, high = float(observations.min()), float(observations.max())
        if not np.isfinite([low, high]).all():
            raise UserError(f"Observations must be finite numbers. Received: values from {low} to {high}")
        if is_image and (low < 0 or high > 1):
            raise UserError(
                "Images of real numbers must lie in [0, 1]; rescale them, or give uint8 where 255 means 1. "
                f"Received: values from {low:g} to {high:g}"
            )
        return observations
    raise UserError(
        "Images must be uint8 (0..255), truth values, or real numbers in [0, 1], and vectors numbers; "
        f"convert them, for example with `.astype('uint8')`. Received: dtype {observations.dtype}"
    )


def _columns(factors, num):
    """The columns [N] of the factors, and their names."""
    if factors is None:
        factors = {}
    if not isinstance(factors, Mapping):
        factors = np.asarray(factors)
        factors = factors[:, np.newaxis] if factors.ndim == 1 else factors
        if factors.ndim != 2:
            raise UserError(f"Factors must have shape [N, F] or [N]. Received: shape {factors.shape}")
        factors = {f"factor_{i}": column for i, column in enumerate(factors.T)}
    columns = [np.asarray(column) for column in factors.values()]
    for name, column in zip(factors, columns, strict=True):
        if column.shape != (num,):
            raise UserError(
                f"Factors need one row for each of the {num} observations. "
                f"Received: {name!r} of shape {column.shape}"
            )
        if column.dtype.kind not in "biufUS":
            raise UserError(
                "Factors must be numbers or strings; give columns of several types as a dict {name: column}. "
                f"Received: {name!r} of dtype {column.dtype}"
            )
        if column.dtype.kind == "f" and not np.isfinite(column).all():
            raise UserError(f"Factors must be finite numbers. Received: NaN or infinity in {name!r}")
    return columns, list(factors)
