"""Observations and the factors that made them: on a grid, in the rows of a table, and parts of a data set."""

import functools
import inspect
import math

import numpy as np

from tfdisent.checks import nearest, shown, whole_number
from tfdisent.data.arguments import (
    as_float,
    check_random_state,
    check_seed,
    finite_numbers,
    texts_for_factors,
    whole_numbers,
)
from tfdisent.errors import UserError

__all__ = [
    "FACTOR_KINDS",
    "GroundTruthData",
    "Subset",
    "TableData",
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
        self.factors_num_values = whole_numbers("factors_num_values", factors_num_values)
        self.observation_shape = tuple(whole_numbers("observation_shape", observation_shape))
        if not self.observation_shape:
            raise UserError(
                f"observation_shape must be (H, W, C) or (features,). Received: {observation_shape}."
            )
        self.factor_names = texts_for_factors("factor_names", factor_names, self.num_factors)
        self.factor_kinds = texts_for_factors("factor_kinds", factor_kinds, self.num_factors)
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
        return as_float(self.observations(self.draw_indices(factors, random_state)))

    def draw_indices(self, factors, random_state):
        """Indices int64 [N] of observations with these `factors` [N, F], drawn where several have the same."""
        check_random_state(random_state, needed=False)
        return self.indices(factors)

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
        self._check_enumerable("split")
        fractions = finite_numbers("fractions", fractions).astype(np.float64)
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
        factors = finite_numbers(f"Factors of {self.name}", factors)
        if factors.ndim != 2 or factors.shape[1] != self.num_factors:
            raise UserError(
                f"Factors of {self.name} must have shape [N, {self.num_factors}]. "
                f"Received: shape {factors.shape}."
            )
        return factors

    def check_indices(self, indices):
        """`indices` as int64 [N] within the set, or a `UserError`."""
        indices = finite_numbers("Indices", indices)
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


class TableData(GroundTruthData):
    """N observations with a row of factors each. Combinations may be missing, repeated, or real numbers.

    Where every combination of factor values occurs, factors are drawn as on a grid; else whole rows are
    drawn. An observation with given factors is drawn from those that have exactly these.

    Subclasses give `size`, `factors(indices)` and `observations(indices)`.
    """

    @functools.cached_property
    def is_complete(self):
        """Whether the factors are whole numbers and every combination of their values occurs."""
        whole = self.factors(np.arange(1)).dtype.kind == "i"
        cells = math.prod(self.factors_num_values)
        return whole and cells <= self.size and len(self._groups[0]) == cells

    @functools.cached_property
    def _groups(self):
        """{row of factors: its group}, indices [N] sorted by group, the groups' first places and counts."""
        groups = {}
        rows = np.ascontiguousarray(self.factors(np.arange(self.size)))
        group = np.array([groups.setdefault(row.tobytes(), len(groups)) for row in rows])
        counts = np.bincount(group)
        return groups, np.argsort(group, kind="stable"), np.cumsum(counts) - counts, counts

    def sample_factors(self, num, random_state):
        """Factors [num, F]: on a grid where every combination occurs, else rows of the table."""
        if self.is_complete:
            return super().sample_factors(num, random_state)
        num = self.check_draw(num, random_state)
        return self.factors(random_state.randint(self.size, size=num))

    def sample(self, num, random_state):
        """Factors [num, F] and observations float32 [num, ...]; random rows of an incomplete table."""
        if self.is_complete:
            return super().sample(num, random_state)
        num = self.check_draw(num, random_state)
        indices = random_state.randint(self.size, size=num)
        return self.factors(indices), as_float(self.observations(indices))

    def draw_indices(self, factors, random_state):
        """Indices int64 [N] of observations with exactly these `factors` [N, F], drawn where several have the same.

        Raises:
            UserError: if no observation has them.
        """
        groups, order, first, counts = self._groups
        check_random_state(random_state, needed=counts.max() > 1)
        factors = self.check_factors(factors)
        rows = np.ascontiguousarray(factors, self.factors(np.arange(1)).dtype)
        group = np.array([groups.get(row.tobytes(), -1) for row in rows], np.int64)
        if (group < 0).any():
            raise UserError(
                f"No observation of {self.name} has every factor as asked; scores that combine factors "
                "freely need a complete grid, such as the whole set. "
                f"Received: {dict(zip(self.factor_names, factors[group < 0][0].tolist(), strict=True))}"
            )
        place = first[group]
        if counts.max() > 1:
            place = place + random_state.randint(counts[group])
        return order[place]


class Subset(TableData):
    """The observations of another set with these indices, in this order.

    Args:
        data: a `GroundTruthData` that can be enumerated.
        indices: int [N], distinct places in `data`.
    """

    def __init__(self, data, indices):
        self.data = check_data("data", data)
        self.base_indices = data.check_indices(indices)
        if not len(self.base_indices):
            raise UserError(f"A part of {data.name} needs at least one observation. Received: no indices.")
        super().__init__(
            data.name,
            f"{len(self.base_indices):,} of {data.size:,} observations; {data.source}",
            data.factor_names,
            data.factor_kinds,
            data.factors_num_values,
            data.observation_shape,
        )

    @property
    def size(self):
        return len(self.base_indices)

    def factors(self, indices):
        return self.data.factors(self.base_indices[self.check_indices(indices)])

    def observations(self, indices):
        return self.data.observations(self.base_indices[self.check_indices(indices)])


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


def observations_and_factors(data, num, random_state):
    """Up to `num` observations and their factors: random ones, each at most once where the set has numbers."""
    num = check_data("data", data).check_draw(num, random_state)
    if not data.enumerable:
        factors, observations = data.sample(num, random_state)
        return observations, factors
    indices = random_state.permutation(data.size)[:num]
    return data.observations(indices), data.factors(indices)
