import numpy as np
import pytest

from tfdisent import plots
from tfdisent.data import Shapes3DDrawn
from tfdisent.evaluation.data_pictures import draw_data


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """The images [factors, values, H, W, C] of a picture of rooms, and the labels of its rows."""
    seen = []

    def keep(images, labels):
        seen.append((images, labels))
        return plots.image_grid(images[0])

    monkeypatch.setattr(plots, "traversal_grid", keep)
    draw_data(Shapes3DDrawn(16), tmp_path / "rooms.png")
    return seen[0]


def test_each_value_of_a_factor_is_shown_once_and_white_follows(drawn):
    images, labels = drawn
    assert images.shape[:2] == (6, 12)
    for row, label, num in zip(images, labels, (10, 10, 10, 8, 4, 12), strict=True):
        assert len(np.unique(row[:num].reshape(num, -1), axis=0)) == num, label
        assert (row[num:] == 255).all()


def test_floor_wall_and_object_that_stay_have_different_hues(drawn):
    room = drawn[0][3, 4].astype(int)  # the row of scales
    floor, wall, thing = room[15, 0], room[6, 1], room[10, 8]
    for one, other in ((floor, wall), (floor, thing), (wall, thing)):
        assert np.abs(one - other).max() > 100
