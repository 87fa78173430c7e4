"""Heat maps, curves, violins, tables as pictures, and footnotes."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tfdisent.errors import UserError
from tfdisent.plots import (
    Curve,
    comparison_curves,
    heat_maps,
    save_figure,
    table_picture,
    violins,
    with_footnote,
)


def maps(seed=0):
    random_state = np.random.RandomState(seed)
    return {m: {"Rec": random_state.rand(2, 3), "MIG": random_state.rand(2, 3)} for m in ("MWS", "GAN")}


AXES = {"MWS": (1, 5), "GAN": (1, 5)}, {"MWS": (1, 10, 50), "GAN": (1, 10, 50)}


def test_a_heat_map_shows_each_value_at_its_settings_and_one_colour_scale_a_score():
    values = maps()
    figure = heat_maps(values, *AXES, ("β", "γ"), lower_is_better=("Rec",))
    panels = [panel for panel in figure.axes if panel.images]
    drawn = [(panel.images[0].get_array(), panel.images[0].get_clim()) for panel in panels]
    for (array, _), (method, score) in zip(
        drawn, [(m, s) for m in ("MWS", "GAN") for s in ("Rec", "MIG")], strict=True
    ):
        np.testing.assert_array_equal(array, values[method][score])
    assert drawn[0][1] == drawn[2][1] == (
        min(values[m]["Rec"].min() for m in values), max(values[m]["Rec"].max() for m in values)
    )  # fmt: skip
    assert panels[0].images[0].cmap.name == "viridis_r" and panels[1].images[0].cmap.name == "viridis"
    assert [text.get_text() for text in panels[0].get_xticklabels()] == ["1", "10", "50"]
    texts = {text.get_position(): text.get_text() for text in panels[1].texts}
    assert texts[2, 0] == f"{values['MWS']['MIG'][0, 2]:.3f}".lstrip("0")


def test_a_value_that_does_not_exist_is_a_dash(tmp_path):
    values = maps()
    values["MWS"]["MIG"][1, 1] = np.nan
    figure = heat_maps(values, *AXES)
    assert [t.get_text() for t in figure.axes[1].texts if t.get_position() == (1, 1)] == ["\N{EN DASH}"]
    everything = {"MWS": {"MIG": np.full((2, 3), np.nan)}}
    assert save_figure(heat_maps(everything, *AXES), tmp_path / "empty.png").stat().st_size > 0


def test_a_map_that_does_not_fit_its_values_is_named():
    with pytest.raises(UserError, match="'Rec' of 'MWS' must be an array .* with Y = 2, X = 3"):
        heat_maps({"MWS": {"Rec": np.zeros((3, 3))}}, *AXES)


def test_a_method_has_one_colour_in_all_panels_and_each_point_its_label():
    curves = {"MWS": Curve([1, 2], [3, 4], labels=["β1", "β2"]), "GAN": Curve([1, 2], [4, 5], [0.1, 0.2])}
    figure = comparison_curves(
        {"a": curves, "b": {"GAN": curves["GAN"]}}, {"a": "λ", "b": "λ"}, {"a": "y", "b": "y"}, log_x=("b",)
    )
    first, second = figure.axes
    np.testing.assert_array_equal(first.get_lines()[0].get_xydata(), [[1, 3], [2, 4]])
    assert first.get_lines()[1].get_color() == second.get_lines()[0].get_color()
    assert [text.get_text() for text in first.texts] == ["β1", "β2"]
    assert (first.get_xscale(), second.get_xscale()) == ("linear", "log")


def test_a_curve_whose_lists_differ_in_length_is_named():
    with pytest.raises(UserError, match=r"y of a curve must be an array .* with n = 1\."):
        comparison_curves({"a": {"GAN": Curve([1], [2, 3])}}, {"a": ""}, {"a": ""})


def test_every_restart_is_a_dot_and_three_make_a_violin():
    samples = {"MWS": {"MIG": {1: [0.1, 0.2, 0.4], 50: [0.3], 100: [], 150: [np.nan, 0.5]}}}
    panel = violins(samples, "β").axes[0]
    dots = [line.get_xydata().tolist() for line in panel.get_lines() if len(line.get_xdata())]
    assert dots == [[[0, 0.1], [0, 0.2], [0, 0.4]], [[1, 0.3]], [[3, 0.5]]]
    assert len(panel.collections) == 1
    assert [text.get_text() for text in panel.get_xticklabels()] == ["1", "50", "100", "150"]


def test_a_table_picture_holds_every_cell():
    figure = table_picture(["method", "MIG"], [["WAE $", 0.0261], ["MWS", None]], "Table 1a")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["Table 1a", "method", "MIG", "WAE $", "0.026", "MWS", "\N{EN DASH}"]
    with pytest.raises(UserError, match="must have 2 cells"):
        table_picture(["method", "MIG"], [["WAE"]])


def test_a_footnote_leaves_the_pixels_above_it_as_they_were():
    pixels = np.random.RandomState(0).randint(0, 255, (40, 300, 3)).astype(np.uint8)
    page = np.asarray(
        with_footnote(Image.fromarray(pixels), "QUICK: 20 steps of 16, no number means anything")
    )
    np.testing.assert_array_equal(page[:40], pixels)
    assert page.shape[0] > 40 and (page[40:] != 255).any()


@pytest.mark.parametrize("figure", [table_picture(["a"], [["b"]]), Figure(layout="constrained")])
def test_a_figure_grows_by_its_footnote(figure, tmp_path):
    panel = figure.axes[0] if figure.axes else figure.subplots()
    width, height = figure.get_size_inches()
    inches = panel.get_position().height * height
    with_footnote(figure, "REDUCED: 20,000 steps " * 10)
    assert figure.get_figheight() > height and figure.get_figwidth() == width
    if figure.get_layout_engine() is None:
        assert panel.get_position().height * figure.get_figheight() == pytest.approx(inches)
    assert save_figure(figure, tmp_path / "figure.png").exists()
