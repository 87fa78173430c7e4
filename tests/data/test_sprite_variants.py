import numpy as np
import pytest
from PIL import Image

from tfdisent.data import (
    ColorDSprites,
    DSpritesDrawn,
    HiddenFactorData,
    NoisyDSprites,
    ScreamDSprites,
    get_named_ground_truth_data,
    sprite_variants,
)
from tfdisent.errors import UserError

SPRITES = DSpritesDrawn()
PAINTING = np.random.RandomState(1).uniform(size=(90, 120, 3))


@pytest.fixture(autouse=True)
def drawn_in_place_of_the_original(monkeypatch):
    monkeypatch.setattr(sprite_variants, "dsprites_full", lambda data_dir, download: SPRITES)


def draws(seed):
    """A random state after the draws that come first: five factors of 20 sprites, and their white images."""
    random_state = np.random.RandomState(seed)
    factors = np.stack([random_state.randint(size, size=20) for size in (3, 6, 40, 32, 32)], axis=1)
    white = SPRITES.observations(SPRITES.indices(factors)) == 255
    return random_state, factors, white


def test_a_colour_is_drawn_for_each_sprite_after_the_factors():
    random_state, factors, white = draws(3)
    colours = random_state.uniform(0.5, 1, [20, 1, 1, 3])
    seen, images = get_named_ground_truth_data("color_dsprites").sample(20, np.random.RandomState(3))
    np.testing.assert_array_equal(seen, factors)
    np.testing.assert_array_equal(images, (white * colours).astype(np.float32))


def test_noise_is_drawn_for_each_channel_and_the_sprite_stays_white():
    random_state, _, white = draws(4)
    noise = random_state.uniform(0, 1, [20, 64, 64, 3])
    images = get_named_ground_truth_data("noisy_dsprites").sample(20, np.random.RandomState(4))[1]
    np.testing.assert_array_equal(images, np.where(white, 1, noise).astype(np.float32))


def test_each_part_of_the_painting_is_two_whole_numbers_and_a_tint():
    random_state, factors, white = draws(5)
    images = ScreamDSprites(SPRITES, "scream", PAINTING).sample(20, np.random.RandomState(5))[1]
    for image, inside in zip(images, white[..., 0], strict=True):
        top, left = random_state.randint(0, 90 - 64), random_state.randint(0, 120 - 64)
        behind = (PAINTING[top : top + 64, left : left + 64] + random_state.uniform(0, 1, size=3)) / 2
        np.testing.assert_allclose(image[~inside], behind[~inside], rtol=1e-6)
        np.testing.assert_allclose(image[inside], 1 - behind[inside], rtol=1e-6)


def test_the_painting_is_read_and_made_to_fit(tmp_path):
    path = tmp_path / "scream" / "scream.jpg"
    path.parent.mkdir()
    Image.linear_gradient("L").resize((700, 900)).convert("RGB").save(path, quality=95)
    data = get_named_ground_truth_data("scream_dsprites", data_dir=tmp_path)
    assert data.painting.shape == (274, 213, 3)
    np.testing.assert_allclose(data.painting[:, 100, 0], np.linspace(0, 1, 274), atol=0.02)
    path.write_bytes(b"<html>moved</html>")
    with pytest.raises(UserError, match="fetch it again from https://upload.wikimedia.org"):
        get_named_ground_truth_data("scream_dsprites", data_dir=tmp_path)


def test_the_shape_is_drawn_after_the_other_factors():
    random_state = np.random.RandomState(6)
    rest = [random_state.randint(size, size=20) for size in (6, 40, 32, 32)]
    shape = random_state.randint(3, size=20)
    data = get_named_ground_truth_data("dsprites_noshape")
    factors, images = data.sample(20, np.random.RandomState(6))
    assert isinstance(data, HiddenFactorData) and data.size == 737_280
    assert data.factor_names == ["scale", "orientation", "position_x", "position_y"]
    np.testing.assert_array_equal(factors.T, rest)
    expected = SPRITES.observations(SPRITES.indices(np.stack([shape, *rest], axis=1)))
    np.testing.assert_array_equal(images, expected / np.float32(255))


@pytest.mark.parametrize("make", [ColorDSprites, NoisyDSprites])
def test_variants_say_what_they_are_made_of(make):
    data = make(SPRITES, "variant")
    assert data.source.startswith(SPRITES.source) and data.source != SPRITES.source
    assert (data.size, data.enumerable, data.observation_shape) == (None, False, (64, 64, 3))
    images = data.sample_observations(5, np.random.RandomState(0))
    assert images.dtype == np.float32 and 0 <= images.min() and images.max() <= 1


@pytest.mark.parametrize("shape", [(90, 120), (64, 120, 3), (90, 64, 3), (90, 120, 4)])
def test_a_painting_that_does_not_fit_is_one_sentence(shape):
    with pytest.raises(UserError, match="larger than the images.*Received"):
        ScreamDSprites(SPRITES, "scream", np.zeros(shape))
