"""Loss curves, codes against factors, files written whole, and an import without TensorFlow."""

import os
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tfdisent.errors import UserError
from tfdisent.files import write_whole
from tfdisent.plots import codes_scatter, explained_variance, loss_curves, save_figure


def histories():
    steps = np.arange(1, 101)
    falling = 500.0 * np.exp(-steps / 5.0) + 20.0
    return {
        "β-VAE": {"step": steps, "loss": falling, "kl": 12.0 * (1.0 - np.exp(-steps / 20.0))},
        "autoencoder": {"step": steps, "loss": falling - 10.0},
    }


def test_each_term_has_a_panel_with_the_models_that_have_it():
    figure = loss_curves(histories())
    assert [panel.get_title(loc="left") for panel in figure.axes] == ["loss", "kl"]
    loss, kl = figure.axes
    for line, history in zip(loss.get_lines(), histories().values(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.stack([history["step"], history["loss"]], axis=1))
    assert len(kl.get_lines()) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["β-VAE", "autoencoder"]


def test_an_axis_is_logarithmic_where_a_linear_one_would_hide_most_values():
    loss, kl = loss_curves(histories()).axes
    assert (loss.get_yscale(), kl.get_yscale()) == ("log", "linear")
    negative = {"model": {"loss": [300.0, 2.0, 1.0, -1.0, 0.5]}}
    assert loss_curves(negative).axes[0].get_yscale() == "linear"


def test_a_history_with_a_nan_or_a_single_step_is_still_drawn(tmp_path):
    figure = loss_curves({"diverged $": {"loss": [3.0, np.nan, np.inf]}, "short": {"kl_$x": [1.0]}})
    assert save_figure(figure, tmp_path / "loss.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("history", "named"), [({}, "{}"), ({"m": {"step": [1, 2], "loss": [1.0]}}, "'loss' of 'm'")]
)
def test_a_history_that_does_not_fit_is_named(history, named):
    with pytest.raises(UserError, match=f"Received: .*{named}"):
        loss_curves(history)


def test_explained_variance_of_a_latent_is_one_for_the_factor_it_follows_and_nought_for_the_others():
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(40), indexing="ij"), axis=-1).reshape(-1, 2)
    codes = np.stack([grid[:, 0] ** 2, np.cos(grid[:, 1]), np.full(200, 3.0), grid.sum(axis=1)], axis=1)
    explained = explained_variance(codes, grid)
    np.testing.assert_allclose(explained[:, :3], [[1, 0, 0], [0, 1, 0]], atol=1e-12)
    # The sum of independent factors has variance (5^2 - 1) / 12 + (40^2 - 1) / 12 = 2 + 133.25.
    np.testing.assert_allclose(explained[:, 3], np.array([2.0, 133.25]) / 135.25, rtol=1e-12)


def test_a_factor_of_many_values_is_binned():
    factor = np.random.RandomState(0).uniform(size=(5000, 1))
    explained = explained_variance(np.concatenate([factor, np.sin(200 * factor)], axis=1), factor)
    assert explained[0, 0] == pytest.approx(1.0 - 1.0 / 20**2, abs=1e-3)
    assert explained[0, 1] < 0.05


def test_a_panel_of_the_scatter_shows_a_latent_against_a_factor():
    random_state = np.random.RandomState(0)
    factors = random_state.randint(0, [3, 6], size=(500, 2))
    codes = factors[:, [1, 0]] + 0.01 * random_state.normal(size=(500, 2))
    figure = codes_scatter(codes, factors, ["shape", "scale"])
    panels = np.reshape(figure.axes, (2, 2))
    assert [panel.get_ylabel() for panel in panels[:, 0]] == ["shape", "scale"]
    assert [panel.get_title() for panel in panels[0]] == ["z0", "z1"]
    assert panels[0, 1].texts[0].get_text() == "1.00"
    np.testing.assert_allclose(panels[1, 0].get_lines()[0].get_ydata(), np.arange(6), atol=0.01)
    dots = panels[1, 0].collections[0].get_offsets()
    np.testing.assert_array_equal(np.rint(dots[:, 0]), factors[:, 1])
    np.testing.assert_array_equal(dots[:, 1], codes[:, 0])


def test_codes_and_factors_of_different_length_are_refused():
    with pytest.raises(UserError, match=r"factors must be .* with N = 3\. Received: shape \(4, 2\)"):
        codes_scatter(np.zeros((3, 2)), np.zeros((4, 2)))


@pytest.mark.parametrize("name", ["figure.png", "figure.pdf", "new/folder/figure.svg"])
def test_figures_are_saved_under_the_name_given(tmp_path, name):
    path = save_figure(Figure(), tmp_path / name)
    assert path == tmp_path / name
    assert [file.name for file in path.parent.iterdir() if file.is_file()] == [path.name]


def test_an_image_is_read_back_as_it_was_saved(tmp_path):
    pixels = np.random.RandomState(0).randint(0, 256, size=(9, 7, 3)).astype(np.uint8)
    with Image.open(save_figure(Image.fromarray(pixels), tmp_path / "image.png")) as image:
        np.testing.assert_array_equal(image, pixels)


@pytest.mark.parametrize("picture", [Figure(), Image.new("RGB", (2, 2))])
@pytest.mark.parametrize("name", ["figure", "figure.docx"])
def test_an_unknown_ending_is_refused(tmp_path, picture, name):
    with pytest.raises(UserError, match="saved as one of .*png"):
        save_figure(picture, tmp_path / name)


def test_something_else_is_not_saved(tmp_path):
    with pytest.raises(UserError, match="Received: ndarray"):
        save_figure(np.zeros((2, 2)), tmp_path / "array.png")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = write_whole(tmp_path / "report.html", b"old")

    def no_room(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    with pytest.raises(UserError, match="No space left on device.*Received: .*report.html"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="Received: .*figure.png"):
        save_figure(Figure(), tmp_path / "file" / "figure.png")


def test_importing_the_plots_loads_neither_tensorflow_nor_pyplot():
    program = (
        "import sys, tfdisent.plots; "
        "print([name for name in ('tensorflow', 'keras', 'matplotlib.pyplot') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
