"""Observations and the factors that made them: what every data set can do, and the factor arithmetic."""

import inspect
import math

import numpy as np

from tfdisent.checks import nearest, shown, whole_number
from tfdisent.errors import UserError

__all__ = [
    "FACTOR_KINDS",
    "GroundTruthData",
    "as_float",
    "describe",
    "observations_and_factors",
    "sixteen_observations",
]

FACTOR_KINDS = ("categorical", "continuous", "cyclic")
_CHUNK = 4096


class GroundTruthData:
    """A data set whose factors of variation are known; by itself, a complete grid of factor values.

    The first six members are disentanglement_lib's. A grid is indexed row-major, the first factor slowest, so
    that index 0 has all factors 0 and index 1 differs from it in the last factor. A subclass gives
    `observations(indices)`, or, where images cannot be numbered, sets `enumerable = False` and gives
    `sample_observations_from_factors`.

    Args:
        name: what the set is called.
        source: one sentence that says where the observations came from.
        factor_names: F names.
        factor_kinds: F of "categorical" (no order), "continuous" (ordered), "cyclic" (the last meets the
            first).
        factors_num_values: F sizes.
        observation_shape: (H, W, C), or (features,).

    References: Locatello et al. 2019, disentanglement_lib, `ground_truth_data.py`.
    """

    enumerable = True
    _made_by = None  # (class or name of a function, {argument: value}); see `tfdisent.data.recipes`

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        try:
            bound = inspect.signature(cls.__init__).bind(self, *args, **kwargs)
        except TypeError:  # of which `__init__` speaks
            return self
        bound.apply_defaults()
        self._made_by = (cls, dict(list(bound.arguments.items())[1:]))
        return self

    def __init__(self, name, source, factor_names, factor_kinds, factors_num_values, observation_shape):
        for argument, value in {"name": name, "source": source}.items():
            if not isinstance(value, str) or (argument == "name" and not value):
                raise UserError(f"{argument} must be a text. Received: {shown(value)}.")
        self.name, self.source = name, source
        self.factors_num_values = _whole_numbers("factors_num_values", factors_num_values)
        self.observation_shape = tuple(_whole_numbers("observation_shape", observation_shape))
        if not self.observation_shape:
            raise UserError(
                f"observation_shape must be (H, W, C) or (features,). Received: {observation_shape}."
            )
        self.factor_names = _texts("factor_names", factor_names, self.num_factors)
        self.factor_kinds = _texts("factor_kinds", factor_kinds, self.num_factors)
        if twice := [each for each in self.factor_names if self.factor_names.count(each) > 1]:
            raise UserError(f"Names of factors must differ. Received: {twice[0]!r} {len(twice)} times.")
        for kind in self.factor_kinds:
            if kind not in FACTOR_KINDS:
                raise UserError(
                    f"A factor's kind must be 'categorical', 'continuous' or 'cyclic'. Received: "
                    f"{shown(kind)}{nearest(kind, FACTOR_KINDS)}"
                )

    @property
    def num_factors(self):
        """F, the number of factors."""
        return len(self.factors_num_values)

    @property
    def size(self):
        """N, the number of observations; None where they cannot be numbered."""
        return math.prod(self.factors_num_values) if self.enumerable else None

    def sample_factors(self, num, random_state):
        """Factors int64 [num, F], each uniform over its values; one `randint` call a factor, in order."""
        num = self.check_draw(num, random_state)
        factors = np.zeros((num, self.num_factors), np.int64)
        for column, size in enumerate(self.factors_num_values):
            factors[:, column] = random_state.randint(size, size=num)
        return factors

    def sample_observations_from_factors(self, factors, random_state):
        """Observations float32 [num, ...], images in [0, 1], with these `factors` [num, F]."""
        check_random_state(random_state, needed=False)
        return as_float(self.observations(self.indices(factors)))

    def sample(self, num, random_state):
        """Factors [num, F] and their observations float32 [num, ...]; the factors are drawn first."""
        factors = self.sample_factors(num, random_state)
        return factors, self.sample_observations_from_factors(factors, random_state)

    def sample_observations(self, num, random_state):
        """Observations float32 [num, ...] of random factors."""
        return self.sample(num, random_state)[1]

    def factors(self, indices):
        """Factors [N, F] of the observations with these `indices` [N]."""
        indices = self.check_indices(indices)
        columns = np.unravel_index(indices, self.factors_num_values)
        return np.stack(columns, axis=-1).astype(np.int64)

    def indices(self, factors):
        """Indices int64 [N] of the observations with these `factors` [N, F]: the inverse of `factors`."""
        factors = self.check_factors(factors)
        outside = ((factors < 0) | (factors >= self.factors_num_values) | (factors % 1 != 0)).any(axis=1)
        if outside.any():
            raise UserError(
                f"Factors of {self.name} are whole numbers from 0 to below {self.factors_num_values}. "
                f"Received: {factors[outside][0].tolist()}."
            )
        columns = tuple(factors.T.astype(np.int64))
        return np.ravel_multi_index(columns, self.factors_num_values).astype(np.int64)

    def observations(self, indices):
        """Observations [N, ...] with these `indices` [N]: uint8, where 0..255 means 0..1, or float32."""
        raise UserError(
            f"The observations of {self.name} cannot be numbered; draw them with "
            f"`sample(num, random_state)`. Received: indices {indices!r}"
        )

    def to_memory(self, indices=None):
        """All observations [N, ...], or those with these `indices`, as one array; uint8 stays uint8."""
        self._check_enumerable("copied to memory")
        indices = np.arange(self.size) if indices is None else self.check_indices(indices)
        first = self.observations(indices[:1])
        memory = np.empty((len(indices), *first.shape[1:]), first.dtype)
        for start in range(0, len(indices), _CHUNK):
            memory[start : start + _CHUNK] = self.observations(indices[start : start + _CHUNK])
        return memory

    def split(self, fractions=(0.8, 0.1, 0.1), seed=0):
        """A tuple of `Subset`: disjoint parts of these sizes, shuffled by the seed, together the whole set.

        Raises:
            UserError: where the set cannot be numbered, the fractions do not add up to 1, or a part would be
                empty.
        """
        from tfdisent.data.table import Subset

        self._check_enumerable("split")
        fractions = _numbers("fractions", fractions).astype(np.float64)
        seed = check_seed(seed)
        if fractions.ndim != 1 or not (fractions > 0).all() or abs(fractions.sum() - 1.0) > 1e-6:
            raise UserError(
                f"fractions must be positive numbers that add up to 1. Received: {fractions.tolist()}"
            )
        ends = np.rint(np.cumsum(fractions) * self.size).astype(int)
        parts = np.split(np.random.RandomState(seed).permutation(self.size), ends[:-1])
        if min(len(part) for part in parts) == 0:
            raise UserError(
                f"{self.size} observations of {self.name} are too few for parts of {fractions.tolist()}; use "
                f"fewer or larger parts. Received: sizes {[len(part) for part in parts]}"
            )
        return tuple(Subset(self, part) for part in parts)

    def check_draw(self, num, random_state):
        """`num` as an int, or a `UserError` for a number or random state that is none."""
        num = whole_number("num", num, 0, 10**9)
        check_random_state(random_state)
        return num

    def check_factors(self, factors):
        """Finite `factors` as an array [N, F], or a `UserError`."""
        factors = _numbers(f"Factors of {self.name}", factors)
        if factors.ndim != 2 or factors.shape[1] != self.num_factors:
            raise UserError(
                f"Factors of {self.name} must have shape [N, {self.num_factors}]. "
                f"Received: shape {factors.shape}."
            )
        return factors

    def check_indices(self, indices):
        """`indices` as int64 [N] within the set, or a `UserError`."""
        indices = _numbers("Indices", indices)
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            raise UserError(
                "Indices must be whole numbers of shape [N]. "
                f"Received: {indices.dtype} of shape {indices.shape}"
            )
        self._check_enumerable("indexed")
        if indices.size and (indices.min() < 0 or indices.max() >= self.size):
            raise UserError(
                f"Indices of {self.name} run from 0 to {self.size - 1}. "
                f"Received: {indices.min()} to {indices.max()}"
            )
        return indices.astype(np.int64, copy=False)

    def _check_enumerable(self, verb):
        if not self.enumerable:
            raise UserError(
                f"A set without numbered observations cannot be {verb}; `tfdisent data list` names others. "
                f"Received: {self.name}"
            )

    def __repr__(self):
        pairs = zip(self.factor_names, self.factors_num_values, strict=True)
        factors = ", ".join(f"{name} {size}" for name, size in pairs) or "no factors"
        count = f"{self.size:,} observations" if self.enumerable else "drawn at random"
        return f"<{self.name}: {count} of shape {self.observation_shape}; {factors}; {self.source}>"


def as_float(observations):
    """Observations as float32: uint8 0..255 become 0..1, anything else keeps its values.

    Raises:
        UserError: for what is no array of numbers.
    """
    if not isinstance(observations, np.ndarray):
        observations = _numbers("Observations", observations)
    if observations.dtype.kind not in "biuf" or not observations.ndim:
        raise UserError(f"Observations must be an array of numbers. Received: {shown(observations)}.")
    if observations.dtype == np.uint8:
        return observations.astype(np.float32) / np.float32(255)
    return observations.astype(np.float32, copy=False)


def sixteen_observations(data):
    """Observations that tell apart sets of one name that were made with other settings: evenly spaced, or drawn."""
    check_data("data", data)
    if data.size:
        return data.observations(np.linspace(0, data.size - 1, 16).astype(np.int64))
    return data.sample_observations(16, np.random.RandomState(0))


def describe(data):
    """A data set in one dict: name, source, size, observation_shape, and a dict for each factor."""
    check_data("data", data)
    columns = zip(data.factor_names, data.factor_kinds, data.factors_num_values, strict=True)
    return {
        "name": data.name,
        "source": data.source,
        "size": data.size,
        "observation_shape": data.observation_shape,
        "factors": [{"name": name, "kind": kind, "num_values": size} for name, kind, size in columns],
    }


def check_data(name, data):
    """`data`, which is a `GroundTruthData`.

    Raises:
        UserError: for anything else.
    """
    if not isinstance(data, GroundTruthData):
        raise UserError(
            f"{name} must be a data set; make one with tfdisent.data.as_ground_truth_data. Received: {shown(data)}."
        )
    return data


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


def _numbers(name, values):
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


def _whole_numbers(name, values):
    return [whole_number(f"Each of {name}", value, 1) for value in listed(name, values, "whole numbers")]


def _texts(name, values, num):
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


def observations_and_factors(data, num, random_state):
    """Up to `num` observations and their factors: random ones, each at most once where the set has numbers."""
    if not data.enumerable:
        factors, observations = data.sample(num, random_state)
        return observations, factors
    indices = random_state.permutation(data.size)[:num]
    return data.observations(indices), data.factors(indices)
