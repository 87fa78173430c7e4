"""FactorVAE score: which latent varies least while a factor is held fixed, by majority vote."""

import numpy as np

from tfdisent.checks import number, whole_number
from tfdisent.errors import UserError
from tfdisent.metrics import utils
from tfdisent.metrics.arguments import (
    MOST_POINTS,
    ArrayLike,
    Scores,
    Seed,
    as_random_state,
    check_codes_and_factors,
    check_matrix,
    check_protocol,
    column_names,
)
from tfdisent.metrics.interventions import SamePoints, check_can_be_held, draw_batches, represent_batches
from tfdisent.metrics.labels import HELD_FIXED, label_factors

__all__ = ["compute_factor_vae", "factor_vae", "prune_dims"]

_NAME = "The FactorVAE score"


def compute_factor_vae(
    ground_truth_data,
    representation_function,
    random_state,
    artifact_dir=None,
    batch_size=64,
    num_train=10000,
    num_eval=5000,
    num_variance_estimate=10000,
    prune_dims_threshold=0.05,
):
    """FactorVAE score by disentanglement_lib's protocol and with its value.

    Args:
        ground_truth_data: object with `num_factors`, `sample_factors(num, random_state)`,
            `sample_observations_from_factors(factors, random_state)` and `sample_observations(num,
            random_state)`.
        representation_function: observations [B, ...] -> codes [B, D].
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        batch_size: points per vote, among which one factor is fixed.
        num_train, num_eval: votes to decide by and to evaluate.
        num_variance_estimate: points for the global variance of each latent.
        prune_dims_threshold: smallest std of a latent that may be voted for: 0.05 in their studies (theirs
            `prune_dims.threshold`, whose default is 0).

    Returns:
        The dict of `factor_vae`.

    Raises:
        UserError: for codes that are not finite, a data set without factors, or numbers that are too small.

    References: Kim & Mnih 2018, Sec. 4; Locatello et al. 2019, disentanglement_lib, `factor_vae_score`.
    """
    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    check_can_be_held(ground_truth_data, _NAME)
    num_variance_estimate = whole_number("num_variance_estimate", num_variance_estimate, 2, MOST_POINTS)
    observations = ground_truth_data.sample_observations(num_variance_estimate, random_state)
    codes = utils.obtain_representation(observations, representation_function, 64).T

    def draw(num_votes, batch_size):
        for fixed, (factors,) in draw_batches(ground_truth_data, num_votes, batch_size, 1, random_state):
            votes = np.arange(len(fixed))
            factors[votes, :, fixed] = factors[votes, 0, fixed][:, np.newaxis]
            yield fixed, represent_batches(ground_truth_data, representation_function, factors, random_state)

    sizes = (batch_size, num_train, num_eval)
    return _score(codes, ground_truth_data.num_factors, draw, sizes, prune_dims_threshold)


def factor_vae(
    codes: ArrayLike,
    factors: ArrayLike,
    random_state: Seed = 0,
    batch_size: int = 64,
    num_train: int = 10000,
    num_eval: int = 5000,
    prune_dims_threshold: float = 0.05,
) -> Scores:
    """FactorVAE score of codes [N, D] and factors [N, F]: the batches are drawn among these points.

    A batch holds points that share the value of one factor, drawn with replacement.

    Args:
        codes: [N, D]; factors: [N, F], each with finitely many values. One with a single value counts, as in
            disentanglement_lib.
        random_state: seed or `np.random.RandomState`.
        batch_size, num_train, num_eval, prune_dims_threshold: as in `compute_factor_vae`.

    Returns:
        dict: "train_accuracy", "eval_accuracy", both 0 if no latent reaches the threshold;
        "num_active_dims", which (as in disentanglement_lib) is D unless there is none; and
        "num_active_codes", the number of latents that do.

    Raises:
        UserError: as `compute_factor_vae`; also for arrays that do not fit, factors of which none varies, or
            real-valued ones.

    References: Kim & Mnih 2018, Sec. 4.
    """
    random_state = as_random_state(random_state)
    names = column_names(factors)
    codes, factors = check_codes_and_factors(codes, factors, _NAME)
    label_factors(factors, _NAME, names, None, len(factors), HELD_FIXED)
    points = SamePoints(factors)

    def draw(num_votes, batch_size):
        for _ in range(num_votes):
            fixed = random_state.randint(factors.shape[1], size=1)
            first = random_state.randint(len(codes))
            yield fixed, codes[points.draw(fixed[0], np.full(batch_size, first), random_state)][np.newaxis]

    sizes = (batch_size, num_train, num_eval)
    return _score(codes, factors.shape[1], draw, sizes, prune_dims_threshold)


def prune_dims(variances, threshold=0.0):
    """Whether the std of each latent reaches the threshold: bool [D]."""
    return np.sqrt(variances) >= threshold


def _score(codes, num_factors, draw, sizes, threshold):
    """The dict of `factor_vae`; `draw(num_votes, batch_size)` yields fixed factors [V] and codes [V, B, D]."""
    bounds = {"batch_size": 2, "num_train": 1, "num_eval": 1}  # a variance needs two points
    batch_size, num_train, num_eval = (
        whole_number(name, size, least, MOST_POINTS)
        for (name, least), size in zip(bounds.items(), sizes, strict=True)
    )
    threshold = number("prune_dims_threshold", threshold)
    if len(codes) < 2:
        raise UserError(f"A variance needs at least 2 points. Received: {len(codes)}")
    variances = np.var(check_matrix("codes", codes), axis=0, ddof=1)
    active = prune_dims(variances, threshold)
    if not active.any():
        return {"train_accuracy": 0.0, "eval_accuracy": 0.0, "num_active_dims": 0, "num_active_codes": 0}

    def votes(num_votes):
        counts = np.zeros((num_factors, len(variances)), dtype=np.int64)
        for fixed, batches in draw(num_votes, batch_size):
            with np.errstate(invalid="ignore", divide="ignore"):
                ratios = np.var(batches, axis=1, ddof=1)[:, active] / variances[active]  # [V, D active]
            np.add.at(counts, (fixed, np.argmin(ratios, axis=1)), 1)
        return counts

    training = votes(num_train)  # [F, D]
    classifier, latents = np.argmax(training, axis=0), np.arange(len(variances))
    evaluation = votes(num_eval)
    return {
        "train_accuracy": float(training[classifier, latents].sum() / training.sum()),
        "eval_accuracy": float(evaluation[classifier, latents].sum() / evaluation.sum()),
        "num_active_dims": len(variances),
        "num_active_codes": int(active.sum()),
    }
