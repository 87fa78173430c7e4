"""Whether two latents hold a cyclic factor and another one in Cartesian or in polar coordinates."""

import numpy as np

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["polar_statistics"]

_MOST_CUTS = 64


def polar_statistics(codes, cyclic, other):
    """How far two latents are polar coordinates of a cyclic factor and another factor, and how far Cartesian ones.

    In a polar embedding the angle of the codes around their mean is the cyclic factor and their radius the other one;
    in a Cartesian one a latent is the cyclic factor, cut open somewhere, and the other latent the other factor.

    Args:
        codes: [N, 2], the two latents.
        cyclic: [N], values of the cyclic factor in radians.
        other: [N], values of the other factor, of which only the order counts.

    Returns:
        {"angle": the largest |E exp i(theta - s phi)| over the signs s = 1, -1, with theta the angle of a code and phi
        the cyclic factor: 1 where the angle is the factor, up to where it begins and which way it runs; "radius":
        |rank correlation| of the radius with the other factor; "cut": the largest |rank correlation| of a latent with
        the cyclic factor over all places where the circle may be cut open; "cut_latent": that latent, 0 or 1; "rest":
        |rank correlation| of the other latent with the other factor}. Rank correlations are Spearman's.

    Raises:
        UserError: for other shapes, a factor of one value, and a latent that never changes.

    References: Zietlow's thesis, Sec. 4.3.6, which tells the two embeddings apart by their pictures.
    """
    sizes = {}
    codes = checks.array("codes", codes, "N D", sizes, finite=True, dtype=np.float64)
    cyclic = checks.array("cyclic", cyclic, "N", sizes, finite=True, dtype=np.float64)
    other = checks.array("other", other, "N", sizes, finite=True, dtype=np.float64)
    if codes.shape[1] != 2:
        raise UserError(f"codes must be [N, 2], two latents. Received: shape {codes.shape}.")
    for name, values in (("cyclic", cyclic), ("other", other), ("codes", codes)):
        if (np.ptp(values, axis=0) == 0).any():
            raise UserError(f"{name} must change. Received: one value only.")
    centred = codes - codes.mean(axis=0)
    theta = np.arctan2(centred[:, 1], centred[:, 0])
    phi = np.mod(cyclic, 2 * np.pi)
    cut = np.array(
        [
            [_rank_correlation(latent, np.mod(phi - start, 2 * np.pi)) for start in _cuts(phi)]
            for latent in codes.T
        ]
    )  # [2, cuts]
    latent = int(cut.max(axis=1).argmax())
    return {
        "angle": float(max(abs(np.mean(np.exp(1j * (theta - sign * phi)))) for sign in (1, -1))),
        "radius": _rank_correlation(np.hypot(*centred.T), other),
        "cut": float(cut.max()),
        "cut_latent": latent,
        "rest": _rank_correlation(codes[:, 1 - latent], other),
    }


def _cuts(phi):
    """Angles at which the circle is cut open: between all values, or 64 of them where there are more."""
    values = np.unique(np.round(phi, 9))
    cuts = values - np.diff(values, prepend=values[-1] - 2 * np.pi) / 2
    return cuts[np.linspace(0, len(cuts) - 1, min(len(cuts), _MOST_CUTS)).round().astype(int)]


def _rank_correlation(first, second):
    from scipy.stats import rankdata

    ranks = [rankdata(np.round(each, 12)) for each in (first, second)]
    deviations = [each - each.mean() for each in ranks]
    norm = np.sqrt(np.prod([each @ each for each in deviations]))
    return float(abs(deviations[0] @ deviations[1]) / norm) if norm else 0.0
