"""Laws of pairs: which two observations a model that learns from pairs sees together, and with which label.

A law belongs to the stream of batches and not to the data set, which stays a set of single observations: scores, codes
and reports do not know of pairs. `tfdisent.training.train(pairs=law)` draws them.
"""

import zlib

import numpy as np

from tfdisent.checks import number, shown, whole_number
from tfdisent.data.arguments import check_random_state, finite_numbers
from tfdisent.data.arrays import ArrayData
from tfdisent.data.given import as_array
from tfdisent.data.ground_truth import check_data
from tfdisent.errors import UserError

__all__ = [
    "ChangedFactor",
    "ChangedFactors",
    "GivenPairs",
    "LaplaceTransitions",
    "PairLaw",
    "RankedFactors",
    "SharedFactor",
    "check_law",
    "given_pairs",
]


class PairLaw:
    """How the second observation of a pair follows from the first.

    A subclass gives `second_factors`, and `has_labels` and `num_labels` where pairs have a label. The stream chooses
    the first observations, as it chooses those of a model that takes single ones.

    Raises:
        UserError: in `check`, for data that the law cannot draw from.
    """

    has_labels = False

    def settings(self):
        """{name: plain value} of what tells this law from others of its class."""
        return {}

    def size(self, data):
        """The number of first observations, or of pairs, that an epoch goes through."""
        return data.size

    def num_labels(self, data):
        """The number of labels, which count the factors that may change; 0 where pairs have none."""
        return len(self.free_factors(data)) if self.has_labels else 0

    def label_shape(self, data):
        """Shape of the label of one pair: () for a number."""
        return ()

    def check(self, data):
        """Refuses data that the law cannot draw from."""
        name = type(self).__name__
        if not check_data("data", data).enumerable:
            raise UserError(
                f"{name} needs a set whose observations are numbered; `tfdisent data list` names some. "
                f"Received: {data.name}."
            )
        if not getattr(data, "is_complete", True):
            raise UserError(
                f"{name} combines factors freely, which needs a set with every combination of them, such as a whole "
                f"set without split; pairs of one's own are made by data.given_pairs. Received: {data.name}, "
                f"{data.size:,} observations."
            )
        if not len(self.free_factors(data)):
            raise UserError(
                f"{name} needs a factor that may change, with two values or more. Received: {data!r}."
            )

    def free_factors(self, data):
        """Places of the factors that may change."""
        return np.flatnonzero(np.asarray(data.factors_num_values) > 1)

    def draw(self, data, first, random_state):
        """Pairs and their labels.

        Args:
            data: the set.
            first: int64 [B], indices of the first observations, or places of pairs that were given.
            random_state: a `numpy.random.RandomState`.

        Returns:
            (indices int64 [B, 2], labels int64 [B]); None in place of labels where there are none.

        Raises:
            UserError: as `check`, and for indices that are not of the set.
        """
        self.check(data)
        random_state, first = check_random_state(random_state), data.check_indices(first)
        second, labels = self.second_factors(data, data.factors(first), random_state)
        return np.stack([first, data.draw_indices(second, random_state)], axis=1), labels

    def second_factors(self, data, factors, random_state):
        """Factors [B, F] of the second observations, and labels [B] or None."""
        raise UserError(f"{type(self).__name__} must define second_factors(data, factors, random_state).")

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self.settings().items())})"


class LaplaceTransitions(PairLaw):
    """Neighbouring frames: each factor moves by a truncated Laplace law around its first value; one at least moves.

    A factor of n values goes from i to k with a probability proportional to exp(-|k - i| rate / log n). Categorical
    factors stay. A pair in which nothing moved is drawn again.

    Args:
        rate: of the law, above 0; 1 in the authors' experiments.

    References: Klindt et al. 2021, "Towards nonlinear disentanglement in natural data with temporal sparse coding",
        appendix, the LAP transitions of their KITTI and dSprites experiments.
    """

    def __init__(self, rate=1.0):
        self.rate = number("rate", rate, above=0)

    def settings(self):
        return {"rate": self.rate}

    def free_factors(self, data):
        free = super().free_factors(data)
        return np.array([place for place in free if data.factor_kinds[place] != "categorical"], np.int64)

    def second_factors(self, data, factors, random_state):
        second = factors.copy()
        laws = {place: self._cumulative(data.factors_num_values[place]) for place in self.free_factors(data)}
        still = np.arange(len(factors))
        while len(still):
            for place, cumulative in laws.items():
                drawn = random_state.random_sample(len(still))
                second[still, place] = (cumulative[factors[still, place]] <= drawn[:, np.newaxis]).sum(axis=1)
            still = still[(second[still] == factors[still]).all(axis=1)]
        return second, None

    def _cumulative(self, size):
        """[n, n - 1]: probability of a second value up to k, from each first value."""
        values = np.arange(size)
        weights = np.exp(-np.abs(values - values[:, np.newaxis]) * self.rate / np.log(size))
        return np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)[:, :-1]


class ChangedFactors(PairLaw):
    """A number of factors, chosen at random, take another value; the others stay.

    Args:
        k: how many change, 1 or more; -1 for a number drawn for each pair, from 1 to one below the factors that may
            change (1 where there is one).

    References: Locatello et al. 2020, "Weakly-supervised disentanglement without compromises", Sec. 5.
    """

    def __init__(self, k=1):
        if k != -1 or isinstance(k, bool):
            whole_number("k (-1 for a random number)", k, least=1)
        self.k = int(k)

    def settings(self):
        return {"k": self.k}

    def check(self, data):
        super().check(data)
        most = len(self.free_factors(data))
        if self.k > most:
            raise UserError(
                f"k must be at most {most}, the factors of {data.name} that may change. Received: {self.k}."
            )

    def second_factors(self, data, factors, random_state):
        free = self.free_factors(data)
        order = np.argsort(random_state.random_sample((len(factors), len(free))), axis=1)
        if self.k == -1:
            number_changed = random_state.randint(1, max(len(free), 2), size=len(factors))
        else:
            number_changed = np.full(len(factors), self.k)
        changes = np.zeros(factors.shape, bool)
        changes[:, free] = order < number_changed[:, np.newaxis]
        return _with_other_values(data, factors, changes, random_state), None


class SharedFactor(PairLaw):
    """One factor, chosen at random, is the same; all others are drawn afresh. The label says which is shared, as its
    place among the factors of two values or more.

    With each factor as likely this is the "full sharing" of the thesis.

    References: Shu et al. 2020, "Weakly supervised disentanglement with guarantees", share labelling.
    """

    has_labels = True

    def second_factors(self, data, factors, random_state):
        free = self.free_factors(data)
        labels = random_state.randint(len(free), size=len(factors))
        second = np.asarray(data.sample_factors(len(factors), random_state)).copy()
        rows, shared = np.arange(len(factors)), free[labels]
        second[rows, shared] = factors[rows, shared]
        return second, labels.astype(np.int64)


class ChangedFactor(PairLaw):
    """One factor, chosen at random, takes another value; all others are the same. The label says which changed, as
    its place among the factors of two values or more.

    References: Shu et al. 2020, change labelling.
    """

    has_labels = True

    def second_factors(self, data, factors, random_state):
        free = self.free_factors(data)
        labels = random_state.randint(len(free), size=len(factors))
        changes = np.zeros(factors.shape, bool)
        changes[np.arange(len(factors)), free[labels]] = True
        return _with_other_values(data, factors, changes, random_state), labels.astype(np.int64)


class RankedFactors(PairLaw):
    """Both observations are drawn independently. The labels [B, F'] say of which factors the first value is larger.

    F' counts the factors of two values or more.

    References: Shu et al. 2020, rank labelling.
    """

    has_labels = True

    def label_shape(self, data):
        return (len(self.free_factors(data)),)

    def second_factors(self, data, factors, random_state):
        second = np.asarray(data.sample_factors(len(factors), random_state))
        free = self.free_factors(data)
        return second, (factors[:, free] > second[:, free]).astype(np.int64)


class GivenPairs(PairLaw):
    """A person's own pairs of observations of a set.

    Args:
        indices: int [N, 2], indices in the set.
        labels: int [N] from 0, or None.

    Raises:
        UserError: for other shapes, and labels of another length.
    """

    def __init__(self, indices, labels=None):
        indices = as_array("indices of pairs", indices)
        if indices.ndim != 2 or indices.shape[1] != 2 or not len(indices) or indices.dtype.kind not in "iu":
            raise UserError(
                f"indices of pairs must be whole numbers [N, 2]. Received: {indices.dtype} of shape {indices.shape}."
            )
        self.indices = indices.astype(np.int64)
        self.labels = None
        if labels is not None:
            labels = as_array("labels", labels)
            if labels.shape != (len(indices),) or labels.dtype.kind not in "iu" or labels.min() < 0:
                raise UserError(
                    f"labels must be whole numbers from 0, one for each of the {len(indices):,} pairs. "
                    f"Received: {labels.dtype} of shape {labels.shape}."
                )
            self.labels = labels.astype(np.int64)
        self.has_labels = labels is not None

    def settings(self):
        checksum = zlib.crc32(self.indices.tobytes())
        if self.labels is not None:
            checksum = zlib.crc32(self.labels.tobytes(), checksum)
        return {"pairs": len(self.indices), "checksum": checksum}

    def size(self, data):
        return len(self.indices)

    def num_labels(self, data):
        return int(self.labels.max()) + 1 if self.has_labels else 0

    def check(self, data):
        check_data("data", data).check_indices(self.indices.ravel())

    def draw(self, data, first, random_state):
        check_data("data", data)
        check_random_state(random_state)
        first = finite_numbers("Places of pairs", first)
        count = len(self.indices)
        if first.ndim != 1 or (first.size and first.dtype.kind not in "iu"):
            raise UserError(
                f"Places of pairs must be whole numbers of shape [B]. Received: {first.dtype} of shape {first.shape}."
            )
        first = first.astype(np.int64)
        if first.size and (first.min() < 0 or first.max() >= count):
            raise UserError(
                f"Places of pairs run from 0 to {count - 1}. Received: {first.min()} to {first.max()}."
            )
        return self.indices[first], self.labels[first] if self.has_labels else None


def given_pairs(observations, labels=None, **arguments):
    """A data set of single observations and the law of a person's own pairs of them.

    Args:
        observations: array [N, 2, ...] of N pairs of images or vectors.
        labels: int [N] from 0, or None.
        **arguments: further arguments of `ArrayData`, such as `name`; `factors` are those of the 2 N observations, the
            first pair's two first.

    Returns:
        (data, law), for `training.train(model, data, pairs=law)`.

    Raises:
        UserError: for arrays of another shape.
    """
    observations = as_array("Pairs", observations)
    if observations.ndim not in (3, 4, 5) or observations.shape[1] != 2:
        raise UserError(
            "Pairs must be an array [N, 2, H, W, C], [N, 2, H, W] or [N, 2, features]. "
            f"Received: shape {observations.shape}."
        )
    single = observations.reshape(-1, *observations.shape[2:])
    return ArrayData(single, **arguments), GivenPairs(np.arange(len(single)).reshape(-1, 2), labels)


def check_law(pairs):
    """`pairs`, a `PairLaw`, or a `UserError`."""
    if not isinstance(pairs, PairLaw):
        raise UserError(
            "pairs must be a law such as data.LaplaceTransitions(), or None; data.given_pairs makes one of an array "
            f"[N, 2, ...]. Received: {shown(pairs)}."
        )
    return pairs


def _with_other_values(data, factors, changes, random_state):
    """Factors [B, F], those in `changes` [B, F] replaced by one of their other values, each as likely."""
    second = factors.copy()
    for place in np.flatnonzero(changes.any(axis=0)):
        rows = np.flatnonzero(changes[:, place])
        steps = random_state.randint(1, data.factors_num_values[place], size=len(rows))
        second[rows, place] = (factors[rows, place] + steps) % data.factors_num_values[place]
    return second
