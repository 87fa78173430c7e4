"""dSprites with a hidden shape, a random colour, noise, or a painting behind the sprite."""

import numpy as np

from tfdisent.checks import shown
from tfdisent.data.arguments import check_random_state
from tfdisent.data.dsprites import dsprites_full
from tfdisent.data.files import data_root, not_found, reading
from tfdisent.data.given import as_array
from tfdisent.data.grid import HiddenFactorData
from tfdisent.data.ground_truth import GroundTruthData, check_data
from tfdisent.data.sprites import DSpritesDrawn
from tfdisent.errors import UserError

__all__ = [
    "ColorDSprites",
    "NoisyDSprites",
    "ScreamDSprites",
    "color_dsprites",
    "color_dsprites_drawn",
    "dsprites_noshape",
    "noisy_dsprites",
    "noisy_dsprites_drawn",
    "scream_dsprites",
]

_SCREAM_URL = "https://upload.wikimedia.org/wikipedia/commons/f/f4/The_Scream.jpg"


class _PaintedSprites(GroundTruthData):
    """White sprites on black, painted in colours that are drawn anew for every image."""

    enumerable = False
    _text = ""

    def __init__(self, sprites, name):
        height, width, channels = (*check_data("sprites", sprites).observation_shape, 0, 0)[:3]
        if channels != 1:
            raise UserError(f"sprites must be white images [H, W, 1] on black. Received: {sprites.name}.")
        super().__init__(
            name,
            f"{sprites.source}, {self._text}",
            sprites.factor_names,
            sprites.factor_kinds,
            sprites.factors_num_values,
            (height, width, 3),
        )
        self.sprites = sprites

    def sample_factors(self, num, random_state):
        return self.sprites.sample_factors(num, random_state)

    def sample_observations_from_factors(self, factors, random_state):
        """Images float32 [num, H, W, 3] in [0, 1], with these `factors` [num, F]."""
        check_random_state(random_state)
        white = self.sprites.sample_observations_from_factors(factors, random_state)
        return self._paint(white, random_state).astype(np.float32)


class ColorDSprites(_PaintedSprites):
    """Sprites in a random colour on black: red, green and blue are uniform in [0.5, 1].

    Args:
        sprites: a `GroundTruthData` of white sprites on black.
        name: what the set is called.

    References: Locatello et al. 2019, disentanglement_lib, `ColorDSprites`.
    """

    _text = "each sprite in a random colour"

    def _paint(self, white, random_state):
        return white * random_state.uniform(0.5, 1, (len(white), 1, 1, 3))


class NoisyDSprites(_PaintedSprites):
    """White sprites on coloured noise: each channel of each pixel is uniform in [0, 1].

    Args:
        sprites: a `GroundTruthData` of white sprites on black.
        name: what the set is called.

    References: Locatello et al. 2019, disentanglement_lib, `NoisyDSprites`.
    """

    _text = "on noise"

    def _paint(self, white, random_state):
        return np.minimum(white + random_state.uniform(0, 1, (*white.shape[:3], 3)), 1)


class ScreamDSprites(_PaintedSprites):
    """A random part of a painting in a random tint, with the colours inverted inside the sprite.

    Args:
        sprites: a `GroundTruthData` of white sprites on black.
        name: what the set is called.
        painting: [rows, columns, 3] in [0, 1], larger than the sprites' images.

    References: Locatello et al. 2019, disentanglement_lib, `ScreamDSprites`.
    """

    _text = "on parts of a painting"

    def __init__(self, sprites, name, painting):
        super().__init__(sprites, name)
        painting = as_array("painting", painting)
        if (
            painting.dtype.kind not in "bf"
            or painting.size
            and not 0 <= painting.min() <= painting.max() <= 1
        ):
            raise UserError(f"painting must be real numbers in [0, 1]. Received: {shown(painting)}.")
        if painting.ndim != 3 or any(
            np.less_equal(painting.shape, self.observation_shape) != (False, False, True)
        ):
            raise UserError(
                f"The painting must be in colour and larger than the images {self.observation_shape}. "
                f"Received: shape {painting.shape}"
            )
        self.painting = painting

    def _paint(self, white, random_state):
        height, width, _ = self.observation_shape
        images = np.empty((len(white), height, width, 3))
        for image, inside in zip(images, white[..., 0] == 1, strict=True):
            top = random_state.randint(self.painting.shape[0] - height)
            left = random_state.randint(self.painting.shape[1] - width)
            tint = random_state.uniform(0, 1, 3)
            image[...] = (self.painting[top : top + height, left : left + width] + tint) / 2
            image[inside] = 1 - image[inside]
        return images


def dsprites_noshape(data_dir=None, download=False):
    """The original dSprites with the shape left to chance; arguments as of `dsprites_full`."""
    return HiddenFactorData("dsprites_noshape", dsprites_full(data_dir, download), ["shape"])


def color_dsprites(data_dir=None, download=False):
    """The original dSprites, coloured; arguments as of `dsprites_full`."""
    return ColorDSprites(dsprites_full(data_dir, download), "color_dsprites")


def color_dsprites_drawn():
    """Sprites drawn by tfdisent, coloured."""
    return ColorDSprites(DSpritesDrawn(), "color_dsprites_drawn")


def noisy_dsprites(data_dir=None, download=False):
    """The original dSprites on noise; arguments as of `dsprites_full`."""
    return NoisyDSprites(dsprites_full(data_dir, download), "noisy_dsprites")


def noisy_dsprites_drawn():
    """Sprites drawn by tfdisent, on noise."""
    return NoisyDSprites(DSpritesDrawn(), "noisy_dsprites_drawn")


def scream_dsprites(data_dir=None, download=False):
    """The original dSprites on Munch's "The Scream"; arguments as of `dsprites_full`.

    The picture is `scream/scream.jpg` under the root of the files; it is made to fit into 350x274 pixels.
    """
    from PIL import Image

    path = data_root(data_dir) / "scream" / "scream.jpg"
    if not path.is_file():
        command = f"curl -L --create-dirs -o '{path}' '{_SCREAM_URL}'"
        raise not_found("The painting of scream_dsprites", path, _SCREAM_URL, command, tfds=False)
    with reading(path, "a picture", _SCREAM_URL), Image.open(path) as picture:
        picture = picture.convert("RGB") if picture.mode != "RGB" else picture
        picture.thumbnail((350, 274))
        painting = np.asarray(picture) / 255
    return ScreamDSprites(dsprites_full(data_dir, download), "scream_dsprites", painting)
