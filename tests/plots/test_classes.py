import numpy as np
import pytest

from tfdisent.errors import UserError
from tfdisent.plots import class_scatter, springs


def test_each_class_has_its_own_points_in_every_panel():
    rng = np.random.RandomState(0)
    points, classes = rng.normal(size=(2, 60)), np.arange(60) % 3
    figure = class_scatter({"a": points, "b": points[::-1]}, classes, (-3, 3))
    panels = [panel for panel in figure.axes if panel.get_visible()]
    assert [panel.get_title() for panel in panels] == ["a", "b"]
    drawn = panels[1].collections[2].get_offsets()
    np.testing.assert_allclose(drawn, points[::-1].T[classes == 2])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0", "1", "2"]


def test_there_is_a_spring_between_neighbours_and_one_across_the_cut():
    (panel,) = springs({"three": [3.0, -3.0, 0.0]}).axes
    ends = {tuple(np.round(line.get_xydata()[[0, -1]].ravel(), 3)) for line in panel.lines[1:]}
    angles = np.sort(np.mod([3.0, -3.0, 0.0], 2 * np.pi))
    pairs = zip(angles, np.roll(angles, -1), strict=True)
    expected = {tuple(np.round([np.cos(a), np.sin(a), np.cos(b), np.sin(b)], 3)) for a, b in pairs}
    assert np.allclose(sorted(ends), sorted(expected), atol=2e-3)


def test_what_cannot_be_drawn_ends_in_a_sentence():
    with pytest.raises(UserError, match="one class each"):
        class_scatter({"a": (np.zeros(30), np.zeros(30))}, np.arange(30))
    with pytest.raises(UserError, match="The panel 'a' must be an array .* with N = 30"):
        class_scatter({"a": (np.zeros(20), np.zeros(20))}, np.zeros(30, int))
    with pytest.raises(UserError, match="two angles or more"):
        springs({"one": [1.0]})
