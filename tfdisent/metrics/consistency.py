"""Consistency and restrictiveness: does a code follow its factor, and nothing else?"""

import numpy as np

from tfdisent.checks import whole_number
from tfdisent.errors import UserError
from tfdisent.metrics import utils
from tfdisent.metrics.arguments import MOST_POINTS, check_codes, check_protocol
from tfdisent.metrics.interventions import check_can_be_held

__all__ = ["compute_consistency"]

_NAME = "Consistency"


def compute_consistency(
    ground_truth_data, representation_function, random_state, artifact_dir=None, num_pairs=10000
):
    """Consistency and restrictiveness of codes on freshly drawn pairs.

    Consistency of factor i and code j is 1 - E (z_j - z'_j)^2 / E_iid (z_j - z'_j)^2, where the pair (x, x') shares
    factor i and has all others drawn afresh, and pairs of the second mean share nothing: 1 where the code does not
    change while the factor is held. Restrictiveness is 1 - E |z_-j - z'_-j|^2 / E_iid |z_-j - z'_-j|^2 over all codes
    but j, where only factor i is drawn afresh: 1 where no other code changes with the factor.

    Args:
        ground_truth_data: object with `num_factors`, `sample_factors(num, random_state)` and
            `sample_observations_from_factors(factors, random_state)`.
        representation_function: observations [B, ...] -> codes [B, D], D at least the number of factors that vary.
        random_state: `np.random.RandomState`.
        artifact_dir: unused; part of the signature every score has.
        num_pairs: pairs drawn for each factor and for each mean.

    Returns:
        dict: "consistency" and "restrictiveness", means over the factors that vary, of code i for the i-th of these, as
        the weakly supervised GAN learns them; "consistency_per_factor" and "restrictiveness_per_factor";
        "assigned_consistency" and "assigned_restrictiveness", the same with the codes assigned one to one to factors so
        that consistency is largest, for models whose codes have no order, and "assignment", the code of each factor;
        "constant_factors", names of the others, where there are any. A code that never changes has consistency 0.

    Raises:
        UserError: for fewer codes than factors, codes that are not finite, a data set of which no factor varies, and
            real-valued factors.

    References: Shu et al. 2020, "Weakly supervised disentanglement with guarantees", Sec. 3 and appendix (whose code
        prints the negative ratio).
    """
    from scipy.optimize import linear_sum_assignment

    del artifact_dir
    random_state = check_protocol(ground_truth_data, representation_function, random_state, _NAME)
    check_can_be_held(ground_truth_data, _NAME)
    num_pairs = whole_number("num_pairs", num_pairs, 2, MOST_POINTS)
    sizes = np.asarray(ground_truth_data.factors_num_values)
    varying = np.flatnonzero(sizes > 1)

    def codes_of(factors):
        observations = ground_truth_data.sample_observations_from_factors(factors, random_state)
        return check_codes(utils.represent(representation_function, observations), _NAME, at_least=1)

    def drawn():
        return np.asarray(ground_truth_data.sample_factors(num_pairs, random_state))

    def squares(factors, others):
        return np.mean(np.square(codes_of(factors) - codes_of(others)), axis=0)  # [D]

    independent = squares(drawn(), drawn())
    if len(independent) < len(varying):
        raise UserError(
            f"{_NAME} needs a code for each of the {len(varying)} factors that vary. Received: {len(independent)}."
        )
    shared, changed = (np.empty((len(varying), len(independent))) for _ in range(2))
    for row, factor in enumerate(varying):
        first, second = drawn(), drawn()
        second[:, factor] = first[:, factor]
        shared[row] = squares(first, second)
        second = first.copy()
        second[:, factor] = drawn()[:, factor]
        changed[row] = squares(first, second)
    consistency = np.where(independent > 0, 1 - shared / np.where(independent > 0, independent, 1), 0.0)
    others = independent.sum() - independent  # [D], of all codes but one
    moved = changed.sum(axis=1, keepdims=True) - changed
    restrictiveness = 1 - moved / np.where(others > 0, others, 1)
    rows = np.arange(len(varying))
    assignment = linear_sum_assignment(consistency, maximize=True)[1]
    scores = {
        "consistency": float(consistency[rows, rows].mean()),
        "restrictiveness": float(restrictiveness[rows, rows].mean()),
        "consistency_per_factor": consistency[rows, rows].tolist(),
        "restrictiveness_per_factor": restrictiveness[rows, rows].tolist(),
        "assigned_consistency": float(consistency[rows, assignment].mean()),
        "assigned_restrictiveness": float(restrictiveness[rows, assignment].mean()),
        "assignment": assignment.tolist(),
    }
    if len(varying) < len(sizes):
        names = getattr(ground_truth_data, "factor_names", None) or [f"factor_{i}" for i in range(len(sizes))]
        scores["constant_factors"] = [names[i] for i in np.flatnonzero(sizes < 2)]
    return scores
