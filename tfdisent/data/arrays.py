"""A person's own arrays as a data set."""

import numpy as np

from tfdisent.data.given import factor_columns, observations_array
from tfdisent.data.ground_truth import TableData

__all__ = ["ArrayData"]


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
