"""Data sets whose factors stand in a table, one row an observation; parts of other sets."""

import functools
import math

import numpy as np

from tfdisent.data.ground_truth import GroundTruthData, as_float, check_data, check_random_state
from tfdisent.errors import UserError

__all__ = ["Subset", "TableData"]


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

    def sample_observations_from_factors(self, factors, random_state):
        """Observations float32 [num, ...], each drawn from those with exactly these `factors` [num, F].

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
        return as_float(self.observations(order[place]))


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
