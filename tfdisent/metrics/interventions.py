"""Points of a given table that share a factor: what interventions become where nothing new can be drawn."""

import numpy as np

__all__ = ["SamePoints"]


class SamePoints:
    """Draws points that share the value of one factor with given points of factors [N, F]."""

    def __init__(self, factors):
        self._groups = []
        for factor in factors.T:
            _, group, counts = np.unique(factor, return_inverse=True, return_counts=True)
            starts = np.cumsum(counts) - counts
            self._groups.append((group, counts, starts, np.argsort(group, kind="stable")))

    def draw(self, factor, indices, random_state):
        """For each of `indices` [B] a point with the same value of `factor`, with replacement: [B]."""
        group, counts, starts, order = self._groups[factor]
        group = group[indices]
        place = (random_state.random_sample(len(indices)) * counts[group]).astype(np.int64)
        return order[starts[group] + place]
