"""The moving picture goes through all values, there and back, at once for all latents, and stays small."""

import numpy as np
import pytest
from PIL import Image

from tfdisent.errors import UserError
from tfdisent.plots import traversal_gif
from tfdisent.plots.sheet import Sheet, to_pixels

TOLERANCE = 8  # grey levels lost to a palette of 64


def frames_of(path):
    with Image.open(path) as gif:
        for number in range(gif.n_frames):
            gif.seek(number)
            yield np.asarray(gif.convert("RGB"))


def moving_squares(num_latents=3, num_steps=6, size=16):
    images = np.zeros((num_latents, num_steps, size, size, 1), np.float32)
    for latent in range(num_latents):
        for step in range(num_steps):
            images[latent, step, 2 * step : 2 * step + 4, latent : latent + 5] = 0.3 + 0.1 * latent
    return images


def test_frames_go_there_and_back(tmp_path):
    images = moving_squares()
    path = traversal_gif(images, tmp_path / "z.gif", scale=2)
    sheet = Sheet([3], (16, 16), tile_labels=[["z0", "z1", "z2"]], scale=2)
    frames = list(frames_of(path))
    assert len(frames) == 10
    for frame, step in zip(frames, [0, 1, 2, 3, 4, 5, 4, 3, 2, 1], strict=True):
        for latent in range(3):
            x, y = sheet.corner(0, latent)
            shown = frame[y : y + 32 : 2, x : x + 32 : 2].astype(int)
            assert np.abs(shown - to_pixels(images[latent, step])).max() <= TOLERANCE


def test_frames_of_latents_that_do_nothing_are_all_there(tmp_path):
    path = traversal_gif(np.zeros((2, 7, 8, 8, 1)), tmp_path / "still.gif")
    assert len(list(frames_of(path))) == 12


def test_models_stand_below_each_other_whatever_their_number_of_latents_and_dtype(tmp_path):
    images = moving_squares(12, 4)
    models = {"β-VAE": images, "autoencoder": to_pixels(images[:3])[..., :1]}
    path = traversal_gif(models, tmp_path / "two.gif", labels={"autoencoder": ["a", "b", "c"]}, scale=1)
    labels = [[f"z{number}" for number in range(10)], ["z10", "z11"], ["a", "b", "c"]]
    sheet = Sheet([10, 2, 3], (16, 16), ["β-VAE", "", "autoencoder"], labels, scale=1)
    first = next(frames_of(path)).astype(int)
    for row, column, image in [(0, 9, images[9, 0]), (1, 1, images[11, 0]), (2, 2, images[2, 0])]:
        x, y = sheet.corner(row, column)
        assert np.abs(first[y : y + 16, x : x + 16] - to_pixels(image)).max() <= TOLERANCE


def test_colours_are_kept(tmp_path):
    images = np.zeros((2, 3, 8, 8, 3))
    images[0, ..., 0], images[1, ..., 2] = 1.0, 0.5
    frame = next(frames_of(traversal_gif(images, tmp_path / "colour.gif", scale=1)))
    sheet = Sheet([2], (8, 8), tile_labels=[["z0", "z1"]], scale=1)
    for column, colour in enumerate([(255, 0, 0), (0, 0, 128)]):
        x, y = sheet.corner(0, column)
        assert np.abs(frame[y : y + 8, x : x + 8].astype(int) - colour).max() <= TOLERANCE
    assert (frame[0, 0] == 255).all()


def test_speed_and_endless_repetition_are_in_the_file(tmp_path):
    with Image.open(traversal_gif(moving_squares(), tmp_path / "z.gif", fps=20)) as gif:
        assert gif.info["duration"] == 50
        assert gif.info["loop"] == 0


def test_two_models_of_ten_latents_fit_into_400_kilobytes(tmp_path):
    rows, columns = np.mgrid[:64, :64] / 63.0
    values = np.linspace(0.2, 0.8, 15)[None, :, None, None]
    place = np.linspace(0.3, 0.7, 10)[:, None, None, None]
    blobs = np.exp(-60.0 * ((columns - values) ** 2 + (rows - place) ** 2))[..., None]
    models = {"β-VAE": blobs, "autoencoder": blobs.swapaxes(2, 3)}
    assert traversal_gif(models, tmp_path / "two.gif", scale=1).stat().st_size < 400_000


@pytest.mark.parametrize(
    ("images", "settings", "named"),
    [
        (np.zeros((3, 5, 3)), {}, r"\(3, 5, 3\)"),
        ({}, {}, r"\{\}"),
        ({"a": np.zeros((2, 5, 4, 4, 1)), "b": np.zeros((2, 6, 4, 4, 1))}, {}, r"\(2, 6, 4, 4, 1\)"),
        (np.zeros((2, 1, 4, 4, 1)), {}, "S=1"),
        (np.zeros((2, 5, 4, 4, 1)), {"fps": 0}, "0"),
        (np.zeros((2, 5, 4, 4, 1)), {"labels": ["only one"]}, "1 labels"),
    ],
)
def test_arrays_that_cannot_move_are_named_and_nothing_is_written(tmp_path, images, settings, named):
    with pytest.raises(UserError, match=f"Received: .*{named}"):
        traversal_gif(images, tmp_path / "z.gif", **settings)
    assert not list(tmp_path.iterdir())
