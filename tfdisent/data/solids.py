"""Where rays meet a cube, a cylinder, a sphere or a capsule that stands on the floor."""

import numpy as np

__all__ = ["HIDDEN", "SOLIDS", "hit_solid"]

HIDDEN = 1e9  # distance of what a ray does not meet
_NEAR = 1e-6

SOLIDS = ("cube", "cylinder", "sphere", "capsule")
_RADII = (0.5, 0.5, 0.6, 0.4)  # at scale 1; of the cube: half its side
_HEIGHTS = (1.0, 1.0, 1.2, 1.4)


def hit_solid(shape, scale, origins, rays):
    """How far along `rays` a solid is met first, and its surface there.

    Args:
        shape: place in `SOLIDS`.
        scale: factor of all lengths; the solid stands on z = 0, its axis at x = y = 0.
        origins: points outside the solid [3, N], or one point [3, 1].
        rays: directions [3, N], of any length.

    Returns:
        Distances [N] in lengths of the rays, `HIDDEN` where nothing is met, and unit normals [3, N].
    """
    radius, height = scale * _RADII[shape], scale * _HEIGHTS[shape]
    reach = np.hypot(height / 2, radius * (np.sqrt(2) if shape == 0 else 1))  # of a ball around the solid
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(~np.isnan(_first_root(origins - [[0], [0], [height / 2]], rays, reach)))
    distances, normals = np.full(rays.shape[1], HIDDEN), np.zeros(rays.shape)
    origins = origins if origins.shape[1] == 1 else origins[:, near]
    distances[near], normals[:, near] = _hit(shape, radius, height, origins, rays[:, near])
    return distances, normals


def _hit(shape, radius, height, origins, rays):
    with np.errstate(divide="ignore", invalid="ignore"):
        if shape == 0:
            return _box(origins, rays, radius, height)
        if shape == 1:
            return _nearest(_tube(origins, rays, radius, 0, height), _disc(origins, rays, radius, height))
        if shape == 2:
            return _ball(origins, rays, radius, radius)
        top = height - radius
        ends = _nearest(_ball(origins, rays, radius, radius), _ball(origins, rays, radius, top))
        return _nearest(_tube(origins, rays, radius, radius, top), ends)


def _nearest(first, second):
    """The nearer of two hits, each of distances [N] and normals [3, N]."""
    return np.minimum(first[0], second[0]), np.where(first[0] <= second[0], first[1], second[1])


def _box(origins, rays, radius, height):
    low, high = np.array([(-radius,), (-radius,), (0,)]), np.array([(radius,), (radius,), (height,)])
    crossings = (low - origins) / rays, (high - origins) / rays  # each [3, N]
    enter, leave = np.minimum(*crossings), np.maximum(*crossings)
    distance = enter.max(axis=0)
    normal = np.where(enter == distance, -np.sign(rays), 0.0)
    return _if(distance <= leave.min(axis=0), distance), normal


def _disc(origins, rays, radius, height):
    distance = (height - origins[2]) / rays[2]
    x, y = origins[:2] + distance * rays[:2]
    normal = np.zeros_like(rays, float)
    normal[2] = 1
    return _if(x**2 + y**2 <= radius**2, distance), normal


def _tube(origins, rays, radius, bottom, top):
    distance = _first_root(origins[:2], rays[:2], radius)
    points = origins + distance * rays
    normal = points / radius
    normal[2] = 0
    return _if((points[2] >= bottom) & (points[2] <= top), distance), normal


def _ball(origins, rays, radius, height):
    from_centre = origins - np.array([(0,), (0,), (height,)])
    distance = _first_root(from_centre, rays, radius)
    return _if(True, distance), (from_centre + distance * rays) / radius


def _first_root(origins, rays, radius):
    """The smaller t with |origins + t rays| = radius, NaN where there is none."""
    square, half, rest = (
        sum(a * b for a, b in zip(*pair, strict=True))
        for pair in ((rays, rays), (origins, rays), (origins, origins))
    )
    return (-half - np.sqrt(half**2 - square * (rest - radius**2))) / square


def _if(met, distance):
    """`distance` where a surface is met in front of the origin, else `HIDDEN`."""
    return np.where(met & (distance > _NEAR), distance, HIDDEN)
