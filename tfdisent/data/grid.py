"""Images of every combination of factor values, in memory; and grids of which a factor is left to chance."""

import math

import numpy as np

from tfdisent.checks import choice, shown
from tfdisent.data.arguments import check_random_state, listed
from tfdisent.data.arrays import ArrayData
from tfdisent.data.given import as_array
from tfdisent.data.ground_truth import GroundTruthData, check_data
from tfdisent.errors import UserError

__all__ = ["GridData", "HiddenFactorData", "grid_or_table"]


class GridData(GroundTruthData):
    """One image for each combination of factor values.

    Args:
        name, source, factor_names, factor_kinds, factors_num_values: as in `GroundTruthData`.
        images: uint8 [N, H, W, C] or [N, H, W], kept as they are.
        factors: int [N, F] of the images; None where they lie in the grid's order.

    Raises:
        UserError: if an image is missing or there twice, or the images are not bytes.
    """

    def __init__(self, name, source, factor_names, factor_kinds, factors_num_values, images, factors=None):
        images = as_array("images", images)
        if images.ndim not in (3, 4):
            raise UserError(f"images must have shape [N, H, W, C] or [N, H, W]. Received: {shown(images)}.")
        shape = images.shape[1:] if images.ndim == 4 else (*images.shape[1:], 1)
        super().__init__(name, source, factor_names, factor_kinds, factors_num_values, shape)
        if len(images) != self.size or images.dtype != np.uint8 or images.ndim not in (3, 4):
            raise UserError(
                f"{name} has {self.size:,} images [N, H, W, C] of uint8; fetch the original files. "
                f"Received: {images.dtype} of shape {images.shape} from {source}"
            )
        self._images = images
        self._places = None if factors is None else self._find_places(factors)

    def observations(self, indices):
        """Images uint8 [N, H, W, C]."""
        indices = self.check_indices(indices)
        images = self._images[indices if self._places is None else self._places[indices]]
        return images if images.ndim == 4 else images[..., np.newaxis]

    def _find_places(self, factors):
        """Where the image of each index lies, int64 [N]; None where it lies at its index."""
        factors = self.check_factors(factors).astype(np.int64)
        if len(factors) == self.size and ((factors >= 0) & (factors < self.factors_num_values)).all():
            indices = np.ravel_multi_index(tuple(factors.T), self.factors_num_values)
            places = np.full(self.size, -1)
            places[indices] = np.arange(self.size)
            if (places >= 0).all():
                return None if np.array_equal(indices, np.arange(self.size)) else places
        raise UserError(
            f"{self.name} has each combination of its factors once, {self.factors_num_values} values; fetch "
            f"the original files. Received: {len(factors):,} combinations, some twice or outside, from {self.source}"
        )


class HiddenFactorData(GroundTruthData):
    """A grid of which some factors are not shown: with given factors, they are drawn at random.

    It can be numbered as its grid can, and holds as many images; several of them have the same factors.

    Args:
        name: what the set is called.
        grid: a `GroundTruthData` that is a complete grid.
        hidden: names of the factors that are not shown. They are drawn with one `randint` call each, in the
            grid's order, as disentanglement_lib does.

    References: Locatello et al. 2019, disentanglement_lib, `SplitDiscreteStateSpace`.
    """

    def __init__(self, name, grid, hidden):
        self.grid = grid
        check_data("grid", grid)
        hidden = listed("hidden", hidden, "names of factors")
        for factor in hidden:
            choice("Each of hidden", factor, grid.factor_names)
        if not hidden or len(set(hidden)) < len(hidden) or not grid.enumerable:
            raise UserError(
                f"hidden must be different names of factors of a grid that can be numbered. Received: {shown(hidden)}."
            )
        self._hidden = sorted(grid.factor_names.index(factor) for factor in hidden)
        self._shown = [place for place in range(grid.num_factors) if place not in self._hidden]
        names, kinds, sizes = (
            [column[place] for place in self._shown]
            for column in (grid.factor_names, grid.factor_kinds, grid.factors_num_values)
        )
        super().__init__(name, grid.source, names, kinds, sizes, grid.observation_shape)

    @property
    def size(self):
        return self.grid.size

    def factors(self, indices):
        return self.grid.factors(indices)[:, self._shown]

    def observations(self, indices):
        return self.grid.observations(indices)

    def indices(self, factors):
        """Raises a `UserError`: several observations have the same factors."""
        hidden = [self.grid.factor_names[place] for place in self._hidden]
        raise UserError(
            f"{self.name} has several observations for the same factors, which differ in {hidden}; draw one with "
            f"`sample_observations_from_factors`, or use `.grid`. Received: factors of shape {np.shape(factors)}"
        )

    def draw_indices(self, factors, random_state):
        """Indices int64 [N] of observations with these `factors` [N, F] and random values of the hidden ones."""
        check_random_state(random_state)
        factors = self.check_factors(factors)
        everything = np.zeros((len(factors), self.grid.num_factors), np.int64)
        everything[:, self._shown] = factors
        for place in self._hidden:
            everything[:, place] = random_state.randint(
                self.grid.factors_num_values[place], size=len(factors)
            )
        return self.grid.indices(everything)


def grid_or_table(name, source, factor_names, factor_kinds, factors_num_values, images, factors):
    """A `GridData`, or, of a part of the set (N is not the grid's size), an `ArrayData`."""
    if len(images) == math.prod(factors_num_values):
        return GridData(name, source, factor_names, factor_kinds, factors_num_values, images, factors)
    return ArrayData(images, factors, factor_names, factor_kinds, name, source)
