"""Geodesics on the torus between two codes: per angle the direct way, or the one around the other side."""

import itertools
import math

import numpy as np

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["morphings", "shortest_path", "torus_paths"]

_MOST_ANGLES = 16
_MOST_STEPS = 10_000


def torus_paths(first, second, num_steps=12, num_angles=None):
    """All 2^d paths from one code to another: R(t) = (1 - t) R + t R', Phi(t) = (1 - t) Phi + t (Phi' + 2 pi k).

    In each dimension k is 0, which is the direct segment within [-pi, pi], or the one of +-1 that leads through the
    cut: -1 where the second angle is the larger one. Path 0 is direct in all dimensions; the last angle changes
    fastest. Further coordinates, such as Gaussian latents, go straight.

    Args:
        first, second: Cartesian codes [2d + g]: x_1 ... x_d, y_1 ... y_d, and g further coordinates.
        num_steps: T, the codes of a path, both ends included.
        num_angles: d; half the length of the codes unless given.

    Returns:
        (paths float64 [2^d, T, 2d + g], k int64 [2^d, d]).

    Raises:
        UserError: for codes that are no such vectors, among them those of odd length without num_angles; for fewer than
            two steps; for more than 16 angles.

    References: Mikulski & Duda, Toroidal AutoEncoder, eq. (6).
    """
    first, second, num_angles = _checked(first, second, num_angles)
    num_steps = checks.whole_number("num_steps", num_steps, 2, _MOST_STEPS)
    if num_angles > _MOST_ANGLES:
        raise UserError(
            f"2^d paths can be drawn for up to d = {_MOST_ANGLES} angles. Received: {num_angles} angles."
        )
    radii, angles = zip(*(_polar(code, num_angles) for code in (first, second)), strict=True)
    around = np.where(angles[1] > angles[0], -1, 1)
    turns = np.array(list(itertools.product((0, 1), repeat=num_angles))) * around  # [2^d, d]
    t = np.linspace(0.0, 1.0, num_steps)[:, None]  # [T, 1]
    radius = (1 - t) * radii[0] + t * radii[1]  # [T, d]
    ends = angles[1] + 2 * math.pi * turns[:, None]  # [2^d, 1, d]
    angle = (1 - t) * angles[0] + t * ends  # [2^d, T, d]
    rest = (1 - t) * first[2 * num_angles :] + t * second[2 * num_angles :]  # [T, g]
    rest = np.broadcast_to(rest, (*angle.shape[:2], rest.shape[-1]))
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle), rest], axis=-1), turns


def shortest_path(first, second, num_angles=None):
    """The place, among `torus_paths`, of the path with the shortest way |Phi' - Phi + 2 pi k| over all whole k.

    Longer ways around than once are never shorter, so that the 2^d paths suffice. Arguments and errors are those of
    `torus_paths`.

    Returns:
        (place int, length in radians).

    References: Mikulski & Duda, Toroidal AutoEncoder, Sec. 4.
    """
    first, second, num_angles = _checked(first, second, num_angles)
    ways = _polar(second, num_angles)[1] - _polar(first, num_angles)[1]
    goes_around = np.abs(ways) > math.pi
    length = np.linalg.norm(np.where(goes_around, 2 * math.pi - np.abs(ways), ways))
    return int(goes_around @ 2 ** np.arange(num_angles)[::-1]), float(length)


def morphings(decode, first, second, num_steps=12, num_angles=None):
    """Observations decoded along all paths from one code to another.

    Args:
        decode: function from float32 codes [B, 2d + g] to observations [B, ...].
        Others: as `torus_paths`.

    Returns:
        float32 [2^d, T, ...].

    Raises:
        UserError: as `torus_paths`, and for a `decode` that returns another number of observations.
    """
    checks.function("decode", decode)
    paths, _ = torus_paths(first, second, num_steps, num_angles)
    flat = paths.reshape(-1, paths.shape[-1]).astype(np.float32)
    name = "What decode returns, one observation a code,"
    decoded = checks.array(name, decode(flat), "B ...", {"B": len(flat)}, finite=False, dtype=np.float32)
    return decoded.reshape(*paths.shape[:2], *decoded.shape[1:])


def _polar(code, num_angles):
    x, y = code[:num_angles], code[num_angles : 2 * num_angles]
    return np.hypot(x, y), np.arctan2(y, x)


def _checked(first, second, num_angles):
    sizes = {}
    first = checks.array("first", first, "C", sizes, dtype=np.float64)
    second = checks.array("second", second, "C", sizes, dtype=np.float64)
    if num_angles is None and len(first) % 2:
        raise UserError(
            "A code on a torus has two coordinates an angle, so an even number; give num_angles where others follow. "
            f"Received: {len(first)} coordinates."
        )
    if num_angles is None:
        return first, second, len(first) // 2
    return first, second, checks.whole_number("num_angles", num_angles, 1, len(first) // 2)
