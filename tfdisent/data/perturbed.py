"""Data sets whose images are altered by a little: by a manipulation that was learnt, by its controls, or by noise."""

from pathlib import Path

import numpy as np

from tfdisent.checks import array, choice, number, path_like, shown, whole_number
from tfdisent.data.arguments import as_float, check_seed
from tfdisent.data.files import read_npz
from tfdisent.data.ground_truth import TableData, check_data, sixteen_observations
from tfdisent.data.named import get_named_ground_truth_data
from tfdisent.errors import UserError

__all__ = ["CONTROLS", "NoisyData", "PerturbedData", "reflect"]

CONTROLS = ("shuffled", "mean", "aligned")
_KEYS = ("maps", "places", "epsilon", "factors_num_values")


def reflect(images):
    """Values within 1 of [0, 1], mirrored at its ends: -.1 becomes .1, and 1.1 becomes .9.

    The mirror brings no two values further apart and leaves [0, 1] as it is, so a change of an image in [0, 1] by at
    most epsilon is one by at most epsilon afterwards.

    Args:
        images: float array of any shape in [-1, 2].

    References: Zietlow's thesis, Sec. 4.3.1, whose formula has x where x' is meant.
    """
    return images - 2 * np.maximum(images - 1, 0) + 2 * np.maximum(-images, 0)


class _AlteredData(TableData):
    """The images of another set, each changed by at most epsilon; its factors stay.

    A subclass gives `changes(indices)`, float32 [N, H, W, C] in [-epsilon, epsilon].
    """

    def __init__(self, data, epsilon, name, source):
        self.data = data = _set(data)
        if not data.enumerable or len(data.observation_shape) != 3:
            raise UserError(f"Only numbered images [H, W, C] can be altered. Received: {data!r}")
        self.epsilon = number("epsilon", epsilon, above=0, most=1)
        self._images(sixteen_observations(data))
        super().__init__(
            f"{data.name}_{name}",
            f"{data.source}, {source}",
            data.factor_names,
            data.factor_kinds,
            data.factors_num_values,
            data.observation_shape,
        )

    @property
    def size(self):
        return self.data.size

    @property
    def is_complete(self):
        return getattr(self.data, "is_complete", True)

    def factors(self, indices):
        return self.data.factors(indices)

    def sample_factors(self, num, random_state):
        return self.data.sample_factors(num, random_state)

    def draw_indices(self, factors, random_state):
        return self.data.draw_indices(factors, random_state)

    def observations(self, indices):
        """Images float32 [N, H, W, C] in [0, 1], no pixel further than `epsilon` from the original's."""
        indices = self.check_indices(indices)
        images = self._images(self.data.observations(indices)).astype(np.float64)
        altered = reflect(images + self.changes(indices))
        low, high = np.maximum(images - self.epsilon, 0), np.minimum(images + self.epsilon, 1)
        altered = np.clip(altered, low, high).astype(np.float32)
        rounded_out = np.abs(altered - images) > self.epsilon
        return np.where(rounded_out, np.nextafter(altered, np.float32(images)), altered)

    def _images(self, images):
        images = as_float(images)
        low, high = (float(images.min()), float(images.max())) if images.size else (0, 1)
        if not (low >= 0 and high <= 1):
            raise UserError(
                f"Only images in [0, 1] can be altered. Received: values from {low:g} to {high:g}."
            )
        return images


class PerturbedData(_AlteredData):
    """Images x' = x + epsilon m(w), reflected into [0, 1], with a manipulation m that was learnt from the factors w.

    m depends on w through one number, so it is kept as a table: `maps` at equal distances of that number, between
    which is interpolated, and the `place` of each image among them. Interpolation keeps the bound epsilon.

    Args:
        data: the original, a `GroundTruthData` of images that can be enumerated, or the name of one.
        manipulation: what `tfdisent.models.Manipulation.table` gives, or the path of the npz that
            `Manipulation.save_table` wrote.
        control: None for the manipulation itself, or what tells its effect from that of other changes: "shuffled"
            gives each image the m of another one, "mean" gives all images the mean of m, "aligned" makes m depend on
            one factor alone, over whose values it runs from one end of the table to the other.
        factor: name of that factor.
        seed: of the order of "shuffled".

    Raises:
        UserError: for a manipulation that was learnt on another grid or image shape, and a file that holds none.

    References: Zietlow's thesis, Sec. 4.2.4 and 4.3.1; the controls are tfdisent's.
    """

    def __init__(self, data, manipulation, control=None, factor=None, seed=0):
        table, data = _checked(manipulation), _set(data)
        if control is not None:
            choice("control", control, CONTROLS)
        if (factor is not None) != (control == "aligned"):
            raise UserError(
                "factor is the name of a factor for control='aligned', and for no other. "
                f"Received: control={shown(control)}, factor={shown(factor)}."
            )
        self._made_by = (
            PerturbedData,
            {"data": data, "manipulation": table, "control": control, "factor": factor, "seed": seed},
        )
        epsilon = float(table["epsilon"])
        altered = f"each pixel changed by up to {epsilon:g}"
        name, source = {
            None: ("modified", f"manipulated, {altered}"),
            "shuffled": ("shuffled", f"with the manipulations of other images, {altered}"),
            "mean": ("mean", f"with the mean manipulation, {altered}"),
            "aligned": (f"aligned_{factor}", f"manipulated along {factor}, {altered}"),
        }[control]
        super().__init__(data, epsilon, name, source)
        grid = [int(size) for size in table["factors_num_values"]]
        if grid != list(data.factors_num_values) or len(table["places"]) != data.size:
            raise UserError(
                f"The manipulation was learnt on the grid {grid}, and {data.name} has {list(data.factors_num_values)}; "
                f"learn one on this set. Received: {len(table['places']):,} places for {data.size:,} images."
            )
        if table["maps"].shape[1:] != data.observation_shape:
            raise UserError(
                f"The manipulation was learnt on images of shape {table['maps'].shape[1:]}; learn one on this set. "
                f"Received: {data.name} with images of shape {data.observation_shape}."
            )
        self._maps, self._places = table["maps"], table["places"]
        if control == "shuffled":
            self._places = self._places[np.random.RandomState(check_seed(seed)).permutation(data.size)]
        elif control == "mean":
            self._maps = self._mean_map()[np.newaxis]
            self._places = np.zeros_like(self._places)
        elif control == "aligned":
            choice("factor", factor, data.factor_names)
            column = data.factor_names.index(factor)
            last = data.factors_num_values[column] - 1
            if last < 1:
                raise UserError(f"factor must have two values or more. Received: {factor!r}, which has one.")
            values = data.factors(np.arange(data.size))[:, column]
            self._places = (values * ((len(self._maps) - 1) / last)).astype(np.float32)

    def changes(self, indices):
        """epsilon m, float32 [N, H, W, C], of the images with these `indices` [N], before the reflection."""
        place = self._places[self.check_indices(indices)]
        below = np.minimum(place.astype(np.int64), max(len(self._maps) - 2, 0))
        above = np.minimum(below + 1, len(self._maps) - 1)
        share = (place - below).astype(np.float32)[:, np.newaxis, np.newaxis, np.newaxis]
        changes = (1 - share) * self._maps[below] + share * self._maps[above]
        return np.clip(changes, -np.float32(self.epsilon), np.float32(self.epsilon))

    def _mean_map(self):
        """The mean of `changes` over all images, [H, W, C]."""
        below = np.minimum(self._places.astype(np.int64), max(len(self._maps) - 2, 0))
        share = self._places - below
        weights = np.bincount(below, 1 - share, len(self._maps))
        weights += np.bincount(np.minimum(below + 1, len(self._maps) - 1), share, len(self._maps))
        return np.tensordot(weights / self.data.size, self._maps, 1).astype(np.float32)


class NoisyData(_AlteredData):
    """Another set's images with uniform noise in [-epsilon, epsilon] on every pixel, reflected into [0, 1].

    The noise of an image is always the same: a function of the seed and its index.

    Args:
        data: a `GroundTruthData` of images that can be enumerated, or the name of one.
        epsilon: the largest change of a pixel, above 0 and at most 1.
        seed: of the noise.

    References: Zietlow's thesis, Sec. 4.3.3.
    """

    def __init__(self, data, epsilon, seed=0):
        self._seed = whole_number("seed", seed, least=0, most=2**32 - 1)
        super().__init__(data, epsilon, "noise", f"with uniform noise of up to {epsilon} on each pixel")

    def changes(self, indices):
        """Noise float32 [N, H, W, C] of the images with these `indices` [N], before the reflection."""
        shape = self.data.observation_shape
        uniform = np.empty((len(indices), *shape), np.float32)
        for row, index in enumerate(self.check_indices(indices)):
            # a counter of its own for each image, 2^128 apart from the next
            bits = np.random.Philox(key=self._seed, counter=[0, 0, int(index), 0])
            np.random.Generator(bits).random(out=uniform[row], dtype=np.float32)
        return (2 * uniform - 1) * np.float32(self.epsilon)


def _set(data):
    """The data set, found by its name where that is given."""
    return get_named_ground_truth_data(data) if isinstance(data, str) else check_data("data", data)


def _checked(manipulation):
    """{key: array} of a manipulation, or of the file that holds one."""
    if not isinstance(manipulation, dict):
        path = Path(path_like("manipulation", manipulation))
        arrays = read_npz(path, _KEYS, "a manipulation", "the run that learnt it")
        manipulation = dict(zip(_KEYS, arrays, strict=True))
    if missing := [key for key in _KEYS if key not in manipulation]:
        raise UserError(
            f"A manipulation holds {', '.join(_KEYS)}; take what models.Manipulation.table gives. "
            f"Received: one without {', '.join(missing)}."
        )
    maps = array("maps of a manipulation", manipulation["maps"], "T H W C", finite=True, dtype=np.float32)
    places = array("places of a manipulation", manipulation["places"], "N", finite=True, dtype=np.float32)
    epsilon = number("epsilon of a manipulation", float(np.asarray(manipulation["epsilon"])), above=0, most=1)
    if np.abs(maps).max() > epsilon * (1 + 1e-6) or places.min() < 0 or places.max() > len(maps) - 1:
        raise UserError(
            f"maps of a manipulation must lie within [-{epsilon:g}, {epsilon:g}], and places among its {len(maps)} "
            f"maps. Received: maps up to {np.abs(maps).max():g}, places {places.min():g} to {places.max():g}."
        )
    sizes = np.asarray(manipulation["factors_num_values"]).astype(np.int64)
    return {"maps": maps, "places": places, "epsilon": np.float64(epsilon), "factors_num_values": sizes}
