"""Rooms drawn on the factor grid of 3D Shapes, without the original's file."""

import functools
import math

import numpy as np

from tfdisent.checks import choice, whole_number
from tfdisent.data.arguments import listed
from tfdisent.data.ground_truth import GroundTruthData
from tfdisent.data.solids import SOLIDS, hit_solid
from tfdisent.errors import UserError

__all__ = ["ROOM_FACTORS", "ROOM_KINDS", "ROOM_SIZES", "Shapes3DDrawn"]

ROOM_FACTORS = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
ROOM_KINDS = ("cyclic", "cyclic", "cyclic", "continuous", "categorical", "continuous")
ROOM_SIZES = (10, 10, 10, 8, 4, 15)

# The unit is the side of the cube at scale 1; the object stands at (0, 0, 0), and z points up.
_ROOM = 3.8  # half side of the square room
_WALL = 1.9  # height of its walls
_CAMERA = (3.4, 1.8)  # distance from the object's axis, and height
_TARGET = 0.9  # height of the point looked at
_VIEW = math.tan(math.radians(27))  # half the picture's side at distance 1
_LAMP = np.array([(0.0,), (-3.0,), (5.0,)])  # behind the camera at orientation 0
_AMBIENT = 0.75  # light that does not come from the lamp
_SHADOW = 0.8  # share of all light that is left in the object's shadow
_SKY = (0.6, 0.9, 1.0)
_ONLY_HUES = (0.3, 0.6, 0.0)  # of floor, wall and object, where they do not vary
_MOST = 10_000
_RAYS = 4  # along each side of a pixel
_FLOOR, _WALLS, _OBJECT, _SKYWARDS = range(4)  # what a ray meets first


class Shapes3DDrawn(GroundTruthData):
    """A coloured object in a coloured room under the sky, seen from different sides, drawn on demand.

    The default is 3D Shapes' own grid, 10 x 10 x 10 x 8 x 4 x 15 images of 64 x 64 x 3: hues 0, 0.1, ..., 0.9 of
    floor, wall and object (at full saturation and value), scales from 0.75 to 1.25, cube, cylinder, sphere
    and capsule, and a camera that walks around the object from -30 to 30 degrees. A factor of one value has the hue
    0.3 of the floor, 0.6 of the wall, 0 of the object, the scale 1, or looks straight on. Room, camera and light are
    ours: the pictures resemble the original's, they are not the original. What is seen depends on scale,
    shape and orientation alone; these 480 views are ray-cast when they are first asked for, 16 rays a pixel,
    and kept (31 MB, and as much for the empty room from each side), and an image is its view times its colours.

    Args:
        image_size: H and W, pixels.
        num_floor_hues, num_wall_hues, num_object_hues, num_scales, num_orientations: sizes of the grid.
        shapes: names out of "cube", "cylinder", "sphere", "capsule", in the order of the factor's values.

    Raises:
        UserError: for an unknown shape or a size too small.

    References: Burgess and Kim 2018, 3D Shapes, https://github.com/google-deepmind/3d-shapes
    """

    def __init__(
        self,
        image_size=64,
        num_floor_hues=10,
        num_wall_hues=10,
        num_object_hues=10,
        num_scales=8,
        shapes=SOLIDS,
        num_orientations=15,
    ):
        image_size = whole_number("image_size", image_size, 8, _MOST)
        hues = {"floor": num_floor_hues, "wall": num_wall_hues, "object": num_object_hues}
        hues = {name: whole_number(f"num_{name}_hues", size, 1, _MOST) for name, size in hues.items()}
        num_scales = whole_number("num_scales", num_scales, 1, _MOST)
        num_orientations = whole_number("num_orientations", num_orientations, 1, _MOST)
        shapes = (shapes,) if isinstance(shapes, str) else tuple(listed("shapes", shapes, "names"))
        for shape in shapes:
            choice("Each of shapes", shape, SOLIDS)
        if not shapes or len(set(shapes)) < len(shapes):
            raise UserError(f"shapes must be different names out of {list(SOLIDS)}. Received: {shapes}.")
        sizes = (*hues.values(), num_scales, len(shapes), num_orientations)
        super().__init__(
            "shapes3d_drawn",
            f"{math.prod(sizes):,} images drawn by tfdisent after 3D Shapes, not the original",
            ROOM_FACTORS,
            ROOM_KINDS,
            sizes,
            (image_size, image_size, 3),
        )
        self.shapes = shapes
        self.scales = np.linspace(0.75, 1.25, num_scales) if num_scales > 1 else np.ones(1)
        turns = np.linspace(-30, 30, num_orientations) if num_orientations > 1 else np.zeros(1)
        self.orientations = np.deg2rad(turns)  # radians
        self._colours = [
            np.float32(255 * _hue_colours(np.arange(size) / size if size > 1 else np.full(1, alone)))
            for size, alone in zip(hues.values(), _ONLY_HUES, strict=True)
        ]
        self._views = {}

    def observations(self, indices):
        """Images uint8 [N, H, W, 3]."""
        factors = self.factors(indices)
        images = np.empty((len(factors), *self.observation_shape), np.uint8)
        palette = np.empty((4, 3), np.float32)
        palette[3] = np.multiply(255, _SKY)
        for image, factor in zip(images, factors, strict=True):
            palette[:3] = [colours[hue] for colours, hue in zip(self._colours, factor[:3], strict=True)]
            pixels = self.view(*factor[3:]) @ palette  # [H * W, 3]
            pixels += 0.5
            image[...] = pixels.reshape(image.shape)
        return images

    def view(self, scale, shape, orientation):
        """Light from floor, wall, object and sky in each pixel, float32 [H * W, 4], by these factors' values."""
        place = (scale, shape, orientation)
        if place not in self._views:
            size, solid = self.observation_shape[0], SOLIDS.index(self.shapes[shape])
            self._views[place] = _cast(self.scales[scale], solid, self.orientations[orientation], size)
        return self._views[place]


def _hue_colours(hues):
    """Colours [N, 3] in [0, 1] of `hues` [N] in [0, 1), at full saturation and value."""
    return np.clip(np.abs((hues[:, np.newaxis] * 6 + (0, 4, 2)) % 6 - 3) - 1, 0, 1)


def _cast(scale, shape, orientation, size):
    """One view float32 [size * size, 4]: the mean over a pixel's rays of the light they meet."""
    eye, rays, distance, surface, light = _empty_room(orientation, size * _RAYS)
    surface, light = surface.copy(), light.copy()
    to_object, normal = hit_solid(shape, scale, eye, rays)
    seen = np.flatnonzero(to_object < distance)
    surface[seen] = _OBJECT
    light[seen] = _lamplight(eye + to_object[seen] * rays[:, seen], normal[:, seen])
    floor = np.flatnonzero(surface == _FLOOR)
    points = eye + distance[floor] * rays[:, floor]
    in_shadow = hit_solid(shape, scale, points, _LAMP - points)[0] < 1
    light[floor[in_shadow]] *= _SHADOW
    view = np.empty((size, size, 4), np.float32)
    for kind in range(4):
        pixels = np.where(surface == kind, light, 0).reshape(size, _RAYS, size, _RAYS)
        view[..., kind] = pixels.mean(axis=(1, 3))
    return view.reshape(-1, 4)


@functools.lru_cache(maxsize=ROOM_SIZES[-1])
def _empty_room(orientation, size):
    """The eye [3, 1], the rays [3, R], and what each ray meets: distance, surface and light, each [R]."""
    eye, rays = _camera(orientation, size)
    walls = (np.sign(rays[:2]) * _ROOM - eye[:2]) / rays[:2]  # distances along the ray, [2, R]
    distance = walls.min(axis=0)
    height = eye[2] + distance * rays[2]
    surface = np.select([height < 0, height < _WALL], [_FLOOR, _WALLS], _SKYWARDS).astype(np.int8)
    normal = np.zeros_like(rays)
    normal[:2] = np.where((walls == distance) & (surface == _WALLS), -np.sign(rays[:2]), 0)
    normal[2] = surface == _FLOOR
    distance = np.where(surface == _FLOOR, -eye[2] / rays[2], distance)
    light = np.where(surface == _SKYWARDS, 1, _lamplight(eye + distance * rays, normal))
    return eye, rays, distance, surface, light.astype(np.float32)


def _lamplight(points, normals):
    """Light [N] that surfaces with these `normals` [3, N] throw back from `points` [3, N]."""
    to_lamp = _LAMP - points
    cosine = np.einsum("kn,kn->n", to_lamp, normals) / np.sqrt(np.einsum("kn,kn->n", to_lamp, to_lamp))
    return _AMBIENT + (1 - _AMBIENT) * np.maximum(cosine, 0)


def _camera(orientation, size):
    """The eye [3, 1] and a ray through the middle of each pixel [3, size * size], from the top left."""
    distance, height = _CAMERA
    eye = np.array((distance * np.sin(orientation), -distance * np.cos(orientation), height))
    forwards = np.array((0, 0, _TARGET)) - eye
    forwards /= np.linalg.norm(forwards)
    right = np.array((np.cos(orientation), np.sin(orientation), 0))
    up = np.cross(right, forwards)
    across = ((np.arange(size) + 0.5) * (2 / size) - 1) * _VIEW
    rays = (
        forwards + across[:, np.newaxis] * right - across[:, np.newaxis, np.newaxis] * up
    )  # [rows, columns, 3]
    return eye[:, np.newaxis], np.ascontiguousarray(rays.reshape(-1, 3).T)
