"""Disentanglement score (DS): MIG's gap, with k-nearest-neighbour prediction for mutual information."""

import logging
from collections.abc import Sequence

import numpy as np

from tfdisent.checks import choice, number, shown, whole_number
from tfdisent.errors import UserError
from tfdisent.metrics import utils
from tfdisent.metrics.arguments import (
    MOST_POINTS,
    ArrayLike,
    Scores,
    Seed,
    as_random_state,
    check_codes_and_factors,
    check_protocol,
    column_names,
)

__all__ = ["compute_disentanglement_score", "disentanglement_score", "predict_from_neighbours"]

_LOG = logging.getLogger(__name__)
_NAME = "The disentanglement score"
_KINDS = ("categorical", "continuous", "cyclic")


def compute_disentanglement_score(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    num_points=10000,
    batch_size=256,
    factor_kinds=None,
    normalisation="paper",
    num_neighbours=5,
    train_share=0.8,
):
    """Disentanglement score of a representation on a data set with known factors.

    Args:
        ground_truth_data: object with `sample(num, random_state)`. An enumerable one (`size`,
            `observations(indices)`, `factors(indices)`) gives each of its points at most once, so that no
            evaluation point stands among the training points as well.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`: chooses the points, then the split.
        artifact_dir: unused; part of the signature every score has.
        num_points: N, number of points; None takes all points of an enumerable set, which is how a test split
            is scored. A set that has fewer gives all.
        batch_size: points drawn and encoded at once.
        factor_kinds: as in `disentanglement_score`; None takes `ground_truth_data.factor_kinds`, and
            "continuous" for every factor of an object that does not say.
        normalisation, num_neighbours, train_share: as in `disentanglement_score`.

    Returns:
        The dict of `disentanglement_score`, and "num_points".

    Raises:
        UserError: as `disentanglement_score`; also if `num_points` is None and the points cannot be
            enumerated.

    References: Zietlow 2022, eqs. (3.32)-(3.37).
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    if num_points is not None:
        num_points = whole_number("num_points", num_points, 1, MOST_POINTS)
    if utils.is_enumerable(ground_truth_data):
        size = int(ground_truth_data.size)
        if num_points is None or num_points >= size:
            indices = np.arange(size)
        else:
            indices = random_state.permutation(size)[:num_points]
        codes, factors = utils.enumerate_codes_and_factors(
            ground_truth_data, representation_function, indices, batch_size
        )
    elif num_points is None:
        raise UserError(
            "This data set cannot be enumerated; say how many points to sample. Received: num_points=None"
        )
    else:
        codes, factors = utils.generate_batch_factor_code(
            ground_truth_data, representation_function, num_points, random_state, batch_size
        )
        codes, factors = codes.T, factors.T
    if factor_kinds is None:
        factor_kinds = getattr(ground_truth_data, "factor_kinds", None)
    names = getattr(ground_truth_data, "factor_names", None)
    settings = (normalisation, num_neighbours, train_share)
    scores = _score(codes, factors, random_state, factor_kinds, *settings, names)
    return {**scores, "num_points": len(codes)}


def disentanglement_score(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    factor_kinds: Sequence[str] | str | None = None,
    normalisation: str = "paper",
    num_neighbours: int = 5,
    train_share: float = 0.8,
) -> Scores:
    """Disentanglement score of codes [N, D] and factors [N, F].

    The sensitivity A_ij of latent j to factor i is what the k nearest neighbours in latent j alone predict of
    factor i: std(w_i) - rmse for a regressed factor, the accuracy for a categorical one. The score is the
    mean over the factors of (largest - second largest A_ij over j) / M_i. All std are population standard
    deviations of the evaluation points.

    Normalisation "paper", the printed formula: M_i is the performance of the best constant predictor,
    std(w_i) or the share of the most frequent class. It is not confined to [0, 1]: with three equally
    frequent classes a perfect latent scores up to (1 - 1/3) / (1/3) = 2, and neighbours in a latent that
    knows nothing of w_i predict worse than the mean, A = std(w_i) (1 - sqrt(1 + 1/k)), so that a perfect
    latent beside it scores sqrt(1 + 1/k) = 1.095 at k = 5.

    Normalisation "bounded" keeps what the paper announces, summands in [0, 1]: A is counted from the best
    constant predictor, never below it (a latent that predicts worse knows nothing), and M_i is the A of a
    perfect predictor: std(w_i) or 1 - the share of the most frequent class.

    Cyclic factors are regressed like continuous ones. A factor that is constant on the evaluation points is
    left out of the mean, and a warning says which; another one says when there are fewer latents than factors.

    Args:
        codes: [N, D].
        factors: [N, F], any unit (the score does not change with scale and offset of a regressed factor).
        random_state: seed or `np.random.RandomState` that splits the points.
        factor_kinds: F of "categorical" (classified), "continuous", "cyclic" (regressed), or one for all; None
            takes all as continuous, and a warning says so.
        normalisation: "paper" or "bounded": which of the two stands under "disentanglement_score".
        num_neighbours: k, with scikit-learn's uniform weights; tied distances are resolved as there.
        train_share: share of the points among which neighbours are sought; the others are predicted.

    Returns:
        dict of floats: "disentanglement_score" by `normalisation`, and both, "disentanglement_score_paper"
        and "disentanglement_score_bounded"; "constant_factors", names or numbers of those left out, where there are
        any.

    Raises:
        UserError: for arrays that do not fit or are not finite, fewer than two latents, unknown kinds, too
            few points for k, or factors that are all constant.

    References: Zietlow 2022, eqs. (3.32)-(3.37) and the normaliser printed below them; N_labels is read as
    the number of factors in both places of (3.32).
    """
    names = column_names(factors)
    settings = (normalisation, num_neighbours, train_share)
    return _score(codes, factors, as_random_state(random_state), factor_kinds, *settings, names)


def _score(
    codes, factors, random_state, factor_kinds, normalisation, num_neighbours, train_share, names=None
):
    choice("normalisation", normalisation, ("paper", "bounded"))
    codes, factors, kinds = _check(codes, factors, factor_kinds)
    train, test = _split(len(codes), train_share, num_neighbours, random_state)
    # [D, N_test, F]
    predictions = predict_from_neighbours(codes, factors, kinds, train, test, num_neighbours)
    paper, bounded, left_out = [], [], []
    for i, kind in enumerate(kinds):
        truth, predicted = factors[test, i], predictions[:, :, i]  # [N_test], [D, N_test]
        if len(np.unique(truth)) == 1:
            left_out.append(names[i] if names else i)
            continue
        if kind == "categorical":
            sensitivity = np.mean(predicted == truth, axis=1)  # [D]
            constant = np.unique(truth, return_counts=True)[1].max() / len(truth)
            paper.append(_gap(sensitivity) / constant)
            bounded.append(_gap(np.maximum(sensitivity - constant, 0)) / (1 - constant))
        else:
            constant = np.std(truth)
            sensitivity = constant - np.sqrt(np.mean((predicted - truth) ** 2, axis=1))  # [D]
            paper.append(_gap(sensitivity) / constant)
            bounded.append(_gap(np.maximum(sensitivity, 0)) / constant)
    if not paper:
        raise UserError(
            f"Every factor is constant on the {len(test)} evaluation points, so nothing can be predicted; "
            f"use more points. Received: {len(codes)} points"
        )
    if left_out:
        _LOG.warning(
            "Without different values on the evaluation points, and left out of the score: factor %s.",
            ", ".join(map(str, left_out)),
        )
    if codes.shape[1] < len(paper):
        _LOG.warning(
            "%d latents cannot hold %d factors one by one, so the disentanglement score cannot reach its best; give "
            "the model as many latents as there are factors.",
            codes.shape[1],
            len(paper),
        )
    scores = {
        "disentanglement_score_paper": float(np.mean(paper)),
        "disentanglement_score_bounded": float(np.mean(bounded)),
    }
    note = {"constant_factors": left_out} if left_out else {}
    return {"disentanglement_score": scores[f"disentanglement_score_{normalisation}"], **scores, **note}


def predict_from_neighbours(codes, factors, factor_kinds, train, test, num_neighbours=5):
    """Every factor of the test points predicted from each latent alone: [D, N_test, F].

    Equal to `KNeighborsRegressor` (mean of the neighbours) and `KNeighborsClassifier` (majority, the smallest
    of tied classes) of scikit-learn on one column of codes. The neighbours depend on the latent only and are
    sought once for all factors.

    Args:
        codes: [N, D]; factors: [N, F]; factor_kinds: F names.
        train, test: indices of the points with neighbours and of those to predict.
        num_neighbours: k.
    """
    from sklearn.neighbors import NearestNeighbors

    predictions = np.empty((codes.shape[1], len(test), factors.shape[1]))
    for j, column in enumerate(codes.T):
        search = NearestNeighbors(n_neighbors=num_neighbours, algorithm="kd_tree").fit(column[train, None])
        neighbours = train[search.kneighbors(column[test, None], return_distance=False)]  # [N_test, k]
        for i, kind in enumerate(factor_kinds):
            values = factors[neighbours, i]  # [N_test, k]
            predictions[j, :, i] = _majority(values) if kind == "categorical" else values.mean(axis=1)
    return predictions


def _majority(values):
    """The most frequent value in each row of [N, k], the smallest of tied ones: [N]."""
    values = np.sort(values, axis=1)
    votes = (values[:, :, None] == values[:, None, :]).sum(axis=2)  # [N, k]
    return np.take_along_axis(values, votes.argmax(axis=1)[:, None], axis=1)[:, 0]


def _gap(sensitivity):
    """The largest minus the second largest of [D]."""
    second, first = np.sort(sensitivity)[-2:]
    return first - second


def _check(codes, factors, factor_kinds):
    codes, factors = check_codes_and_factors(codes, factors, _NAME, at_least=2)
    if factor_kinds is None:
        _LOG.warning(
            "Nothing says which factors are categorical (factor_kinds); all are scored as continuous."
        )
        factor_kinds = ["continuous"] * factors.shape[1]
    kinds = check_kinds(factor_kinds, factors.shape[1])
    return codes.astype(np.float64), factors.astype(np.float64), kinds


def check_kinds(factor_kinds, num_factors):
    """The kind of each factor as a list; one for all may be given.

    Raises:
        UserError: for other kinds, or another number of them.
    """
    if isinstance(factor_kinds, str):
        factor_kinds = [factor_kinds] * num_factors
    kinds = list(factor_kinds) if isinstance(factor_kinds, (list, tuple, np.ndarray)) else [factor_kinds]
    if len(kinds) != num_factors or not all(isinstance(kind, str) and kind in _KINDS for kind in kinds):
        raise UserError(
            f"factor_kinds must name one of {_KINDS} for each of the {num_factors} factors. "
            f"Received: {shown(factor_kinds)}"
        )
    return kinds


def _split(num_points, train_share, num_neighbours, random_state):
    num_neighbours = whole_number("num_neighbours", num_neighbours, 1)
    train_share = number("train_share", train_share, above=0, below=1)
    num_train = round(train_share * num_points)
    if num_train < num_neighbours or num_train == num_points:
        raise UserError(
            f"The split needs at least {num_neighbours} points with neighbours and one to predict; use more "
            f"points. Received: {num_points} points, train_share={train_share}"
        )
    order = random_state.permutation(num_points)
    return order[:num_train], order[num_train:]
