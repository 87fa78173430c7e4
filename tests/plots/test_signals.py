import numpy as np
import pytest
from matplotlib.colors import to_rgb

from tfdisent import plots
from tfdisent.errors import UserError


def test_the_grid_has_the_papers_colours_and_a_panel_for_each_state_and_shift():
    lines = {
        name: np.random.RandomState(0).rand(2, 3, 20) for name in ("truth", "reconstruction", "redatuming")
    }
    figure = plots.signal_grid(lines, ["1", "2"], ["10", "20", "30"])
    assert len(figure.axes) == 6
    drawn = figure.axes[4].get_lines()
    for line, name in zip(drawn, lines, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), lines[name][1, 1])
    green, yellow, blue = (to_rgb(line.get_color()) for line in drawn)
    assert green[1] == max(green) and min(yellow[:2]) > yellow[2] and blue[2] == max(blue)
    with pytest.raises(UserError, match="with R = 2, C = 2"):
        plots.signal_grid(lines, ["1", "2"], ["10", "20"])


def test_codes_are_drawn_by_state_and_curves_close():
    points, states = np.random.RandomState(0).rand(8, 2), np.repeat([0, 1], 4)
    figure = plots.code_planes(
        {"codes": (points, states)}, {0: "one", 1: "two"}, {"codes": ["a"] * 8}, curves=True
    )
    curves = [line for line in figure.axes[0].get_lines() if line.get_linewidth() > 0]
    np.testing.assert_array_equal(curves[0].get_xydata(), points[[0, 1, 2, 3, 0]])
    assert len(figure.axes[0].texts) == 8
    with pytest.raises(UserError, match="The points of 'codes' must be .* with N = 3"):
        plots.code_planes({"codes": (points, states[:3])}, {0: "one"})


def test_curves_run_from_blue_to_red():
    figure = plots.coloured_curves(np.random.RandomState(0).rand(5, 20), [4, 3, 2, 1, 0], "title", "shift")
    lines = figure.axes[0].get_lines()
    first, last = to_rgb(lines[0].get_color()), to_rgb(lines[-1].get_color())
    assert first[0] > first[2] and last[2] > last[0]


def test_contours_are_symmetric_about_zero_and_take_gaps():
    values = np.linspace(-0.5, 1, 12).reshape(3, 4)
    values[0, 0] = np.nan
    figure = plots.contour_maps({"α": values}, np.arange(4), np.arange(3), ("α0", "β0"))
    low, high = figure.axes[0].collections[0].get_clim()
    assert low == -high
    with pytest.raises(UserError, match="with Y = 3, X = 3"):
        plots.contour_maps({"α": values}, np.arange(3), np.arange(3), ("α0", "β0"))
