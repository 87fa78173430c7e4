"""Whether angles are uniform, each by itself and together."""

import itertools
import math

import numpy as np

from tfdisent import checks

__all__ = ["angle_dependence", "kuiper_statistic"]

_MOST_BINS = 4096


def kuiper_statistic(angles):
    """Kuiper's distance of each angle's distribution from the uniform one: D+ plus D-.

    It does not depend on where the circle is cut. For N independent uniform angles sqrt(N) times it exceeds 1.75 once
    in twenty times; 0 is perfectly uniform, 1 is one point.

    Args:
        angles: [N, d], radians, modulo 2 pi.

    Returns:
        float64 [d], without unit.

    Raises:
        UserError: for an array of another shape.

    References: Kuiper 1960, "Tests concerning random points on a circle".
    """
    ordered = np.sort(_checked(angles), axis=0) / (2 * math.pi)  # [N, d] in [0, 1)
    places = np.arange(len(ordered) + 1)[:, None] / len(ordered)
    return (places[1:] - ordered).max(axis=0) + (ordered - places[:-1]).max(axis=0)


def angle_dependence(angles, bins=12):
    """How much two angles tell of each other, for every pair.

    Args:
        angles: [N, d], radians, modulo 2 pi; a few thousand.
        bins: equal arcs that each circle is cut into.

    Returns:
        dict from (i, j) to a dict with
            mutual_information: nats, from the histogram, less its bias of (bins - 1)^2 / (2 N) for independent angles;
            circular_covariance: |E[u_i u_j^T] - E[u_i] E[u_j]^T| with u = (cos, sin): 0.71 for equal uniform angles;
            empty_share: of the bins x bins cells that hold no point at all.

    Raises:
        UserError: for an array of another shape.

    References: Mikulski & Duda, Toroidal AutoEncoder, Sec. 5 and Fig. 5 (which shows this and measures nothing).
    """
    angles = _checked(angles)
    bins = checks.whole_number("bins", bins, 1, _MOST_BINS)
    arcs = np.minimum((angles / (2 * math.pi) * bins).astype(int), bins - 1)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=-1)  # [N, d, 2]
    points = points - points.mean(axis=0)
    found = {}
    for i, j in itertools.combinations(range(angles.shape[1]), 2):
        counts = np.bincount(arcs[:, i] * bins + arcs[:, j], minlength=bins**2).reshape(bins, bins)
        joint = counts / len(angles)
        product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        held = joint > 0
        information = float((joint[held] * np.log(joint[held] / product[held])).sum())
        found[i, j] = {
            "mutual_information": information - (bins - 1) ** 2 / (2 * len(angles)),
            "circular_covariance": float(np.linalg.norm(points[:, i].T @ points[:, j] / len(angles))),
            "empty_share": float((counts == 0).mean()),
        }
    return found


def _checked(angles):
    return np.mod(checks.array("angles", angles, "N d", dtype=np.float64), 2 * math.pi)
