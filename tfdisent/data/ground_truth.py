"""Observations and the factors that made them: what every data set can do, and the factor arithmetic."""

import math

import numpy as np

from tfdisent.errors import UserError

__all__ = ["FACTOR_KINDS", "GroundTruthData", "as_float", "describe", "sixteen_observations"]

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

    def __init__(self, name, source, factor_names, factor_kinds, factors_num_values, observation_shape):
        self.name, self.source = name, source
        self.factor_names, self.factor_kinds = list(factor_names), list(factor_kinds)
        self.factors_num_values = [int(size) for size in factors_num_values]
        self.observation_shape = tuple(int(size) for size in observation_shape)
        for members in (self.factor_names, self.factor_kinds):
            if len(members) != self.num_factors:
                raise UserError(
                    f"A set of {self.num_factors} factors needs as many names and kinds. Received: {members}"
                )
        if unknown := set(self.factor_kinds) - set(FACTOR_KINDS):
            raise UserError(f"A factor's kind must be one of {FACTOR_KINDS}. Received: {sorted(unknown)}")

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
        factors = np.zeros((num, self.num_factors), np.int64)
        for column, size in enumerate(self.factors_num_values):
            factors[:, column] = random_state.randint(size, size=num)
        return factors

    def sample_observations_from_factors(self, factors, random_state):
        """Observations float32 [num, ...], images in [0, 1], with these `factors` [num, F]."""
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
        outside = ((factors < 0) | (factors >= self.factors_num_values)).any(axis=1)
        if outside.any():
            raise UserError(
                f"Factors of {self.name} run from 0 to below {self.factors_num_values}. "
                f"Received: {factors[outside][0].tolist()}"
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
        fractions = np.asarray(fractions, np.float64)
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

    def check_factors(self, factors):
        """`factors` as an array [N, F], or a `UserError`."""
        factors = np.asarray(factors)
        if factors.ndim != 2 or factors.shape[1] != self.num_factors:
            raise UserError(
                f"Factors of {self.name} must have shape [N, {self.num_factors}]. "
                f"Received: shape {factors.shape}"
            )
        return factors

    def check_indices(self, indices):
        """`indices` as int64 [N] within the set, or a `UserError`."""
        indices = np.asarray(indices)
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            raise UserError(
                "Indices must be whole numbers of shape [N]. "
                f"Received: {indices.dtype} of shape {indices.shape}"
            )
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
    """Observations as float32: uint8 0..255 become 0..1, anything else keeps its values."""
    if observations.dtype == np.uint8:
        return observations.astype(np.float32) / np.float32(255)
    return observations.astype(np.float32, copy=False)


def sixteen_observations(data):
    """Observations that tell apart sets of one name that were made with other settings: evenly spaced, or drawn."""
    if data.size:
        return data.observations(np.linspace(0, data.size - 1, 16).astype(np.int64))
    return data.sample_observations(16, np.random.RandomState(0))


def describe(data):
    """A data set in one dict: name, source, size, observation_shape, and a dict for each factor."""
    columns = zip(data.factor_names, data.factor_kinds, data.factors_num_values, strict=True)
    return {
        "name": data.name,
        "source": data.source,
        "size": data.size,
        "observation_shape": data.observation_shape,
        "factors": [{"name": name, "kind": kind, "num_values": size} for name, kind, size in columns],
    }
