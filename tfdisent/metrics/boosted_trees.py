"""Gradient boosted trees whose splits are searched exactly: scikit-learn's classifier, several times faster."""

import numpy as np

__all__ = ["BoostedTrees"]

_NUM_ROUNDS, _LEARNING_RATE, _DEPTH = 100, 0.1, 3
_SAME_VALUE = np.float32(1e-7)  # codes no farther apart are not split


class BoostedTrees:
    """Classification by gradient boosting with the settings that scikit-learn's classifier has by default.

    scikit-learn sorts every code at every node of every tree; here each code is sorted once, and the nodes
    inherit the order. Splits, leaf values and importances are the same sums. Among splits that are equally
    good (common where a node holds a handful of points of a class) both choose by chance, so that values
    differ from scikit-learn's as much as those differ from seed to seed.

    Args:
        random_state: int, seed of the choice among splits that are equally good.

    References: Friedman 2001, Algorithms 1 and 6.
    """

    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, codes, labels):
        """Fits to codes [N, D] and labels [N], whole numbers 0..K-1 that all occur, K at least 2."""
        columns = np.ascontiguousarray(np.asarray(codes, np.float32).T)  # [D, N]
        grower = _Grower(columns, np.random.RandomState(self.random_state))
        shares = np.bincount(labels) / len(labels)  # [K]
        num_classes = len(shares)
        if num_classes == 2:
            targets = (labels == 1)[np.newaxis].astype(np.float64)  # [1, N]
            self._start = np.log(shares[1:] / shares[:1])
        else:
            targets = (labels == np.arange(num_classes)[:, np.newaxis]).astype(np.float64)  # [K, N]
            self._start = np.log(shares) - np.log(shares).mean()
        scores = np.repeat(self._start[:, np.newaxis], len(labels), axis=1)
        shrinkage = _LEARNING_RATE * (1.0 if num_classes == 2 else (num_classes - 1) / num_classes)
        self._trees, importances = [], []
        for _ in range(_NUM_ROUNDS):
            probabilities = _probabilities(scores)
            gradients, curvatures = targets - probabilities, probabilities * (1 - probabilities)
            trees = []
            for score, gradient, curvature in zip(scores, gradients, curvatures, strict=True):
                splits, leaves, importance = grower.grow(gradient)
                slope, bend = (np.bincount(leaves, weights, 2**_DEPTH) for weights in (gradient, curvature))
                steps = shrinkage * np.divide(slope, bend, out=np.zeros_like(slope), where=bend > 1e-150)
                score += steps[leaves]
                trees.append((*splits, steps))
                if importance.any():
                    importances.append(importance)
            self._trees.append(trees)
        total = np.mean(importances, axis=0) if importances else np.zeros(len(columns))
        self.feature_importances_ = total / max(total.sum(), np.finfo(np.float64).tiny)
        return self

    def predict(self, codes):
        """The most probable label [N] of codes [N, D]."""
        columns = np.ascontiguousarray(np.asarray(codes, np.float32).T)  # [D, N]
        scores = np.repeat(self._start[:, np.newaxis], columns.shape[1], axis=1)
        for trees in self._trees:
            for score, (features, thresholds, steps) in zip(scores, trees, strict=True):
                score += steps[_leaves(columns, features, thresholds)]
        return (scores[0] >= 0).astype(np.int64) if len(scores) == 1 else scores.argmax(axis=0)


def _probabilities(scores):
    """Of each class [K, N]; of the second alone where there are two."""
    if len(scores) == 1:
        from scipy.special import expit

        return expit(scores)
    probabilities = np.exp(scores - scores.max(axis=0))
    probabilities /= probabilities.sum(axis=0)
    return probabilities


def _leaves(columns, features, thresholds, node=0):
    """The leaf [N], counted from the left, that each of the points [D, N] falls into."""
    right = columns[features[node]] > thresholds[node]
    if 2 * node + 1 >= len(features):
        return right.astype(np.int64)
    children = (_leaves(columns, features, thresholds, child) for child in (2 * node + 2, 2 * node + 1))
    half = (len(features) + 1) >> (node + 1).bit_length()
    return np.where(right, *children) + half * right


class _Grower:
    """Grows regression trees on codes [D, N]: nodes in the order of a heap, a leaf above the last level all left."""

    def __init__(self, columns, random_state):
        self.columns, self.random_state = columns, random_state
        self.order = np.argsort(columns, axis=1, kind="stable").astype(np.int32)  # [D, N]
        self.counts = np.arange(1.0, columns.shape[1] + 1)
        self.sums = np.empty(columns.size)
        self.is_left = np.zeros(columns.shape[1], bool)

    def grow(self, targets):
        """The tree of least squares for targets [N].

        Returns:
            (features, thresholds) of the nodes, the leaf of each point [N], and by how much each code lowered
            the mean square [D].
        """
        features, thresholds = np.zeros(2**_DEPTH - 1, np.int64), np.full(2**_DEPTH - 1, np.inf)
        leaves, gains = np.zeros(len(targets), np.int64), np.zeros(len(self.columns))
        nodes = [(0, 0, self.order)]  # depth, place in its level, points in the order of each code [D, n]
        while nodes:
            depth, place, order = nodes.pop()
            split = self._search(targets, order)
            if split is None:
                leaves[order[0]] = place << (_DEPTH - depth)
                continue
            feature, num_left, gain = split
            gains[feature] += gain
            left, right = order[feature, :num_left], order[feature, num_left:]
            values = self.columns[feature, [left[-1], right[0]]].astype(np.float64)
            node = 2**depth - 1 + place
            features[node], thresholds[node] = feature, values[0] / 2 + values[1] / 2
            if depth + 1 == _DEPTH:
                leaves[left], leaves[right] = 2 * place, 2 * place + 1
            else:
                parts = self._partition(order, left)
                nodes += [(depth + 1, 2 * place + side, part) for side, part in enumerate(parts)]
        return (features, thresholds), leaves, gains / len(targets)

    def _search(self, targets, order):
        """(feature, number of points left, gain in the sum of squares) of the best split; None if there is none."""
        num = order.shape[1]
        mean = targets.take(order[0]).mean()
        centred = targets - mean
        if num < 2 or np.square(centred.take(order[0])).mean() <= np.finfo(np.float64).eps:
            return None
        sums = self.sums[: order.size].reshape(order.shape)
        centred.take(order, out=sums, mode="clip")
        np.cumsum(sums, axis=1, out=sums)
        gains, counts = sums[:, :-1], self.counts[: num - 1]  # of every split, [D, n - 1]
        np.square(gains, out=gains)
        gains *= num / (counts * (num - counts))
        feature, place = self._best(gains)
        values = self.columns[feature, order[feature, place : place + 2]]
        if values[1] <= values[0] + _SAME_VALUE:
            values = np.take_along_axis(self.columns, order, axis=1)
            gains[values[:, 1:] <= values[:, :-1] + _SAME_VALUE] = -np.inf
            feature, place = self._best(gains)
            if gains[feature, place] == -np.inf:
                return None
        return feature, place + 1, gains[feature, place]

    def _best(self, gains):
        """Feature and place of the largest of the gains [D, n - 1]; the first of a feature, any of the features."""
        places = gains.argmax(axis=1)
        drawn = self.random_state.permutation(len(gains))
        feature = drawn[gains[drawn, places[drawn]].argmax()]
        return feature, places[feature]

    def _partition(self, order, left):
        """The points `left` [m], and the others, in the order of each code: [D, m], [D, n - m]."""
        self.is_left[left] = True
        chosen = self.is_left.take(order)
        self.is_left[left] = False
        return [
            order.ravel().take(np.flatnonzero(mask)).reshape(len(order), -1) for mask in (chosen, ~chosen)
        ]
