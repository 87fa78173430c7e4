"""Whatever a person gives as a data set: a name, arrays, or an object written for disentanglement_lib."""

import os
from collections.abc import Mapping

import numpy as np

from tfdisent.checks import nearest, shown
from tfdisent.data.arrays import ArrayData
from tfdisent.data.given import no_path
from tfdisent.data.ground_truth import GroundTruthData
from tfdisent.data.named import get_named_ground_truth_data
from tfdisent.errors import UserError

__all__ = ["as_ground_truth_data"]

_MEMBERS = (
    "num_factors",
    "factors_num_values",
    "observation_shape",
    "sample_factors",
    "sample_observations_from_factors",
)


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
