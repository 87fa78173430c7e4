import numpy as np
import pytest

from tfdisent import plots
from tfdisent.errors import UserError


def rows(*errors):
    return [{"step": 500 * (i + 1), "delta_kl": e, "num_active": i} for i, e in enumerate(errors)]


def test_the_errors_are_drawn_over_the_steps_with_the_threshold_and_the_active_latents_beside():
    figure = plots.polarized_regime({"a": rows(1.0, 0.1, 0.0), "b": rows(0.5, 0.2)}, threshold=0.05)
    error, active = figure.axes
    drawn = [line.get_xydata() for line in error.lines]
    np.testing.assert_allclose(drawn[0], [[500, 1.0], [1000, 0.1], [1500, 1e-4]])
    assert error.lines[2].get_ydata()[0] == 0.05
    np.testing.assert_allclose(active.lines[1].get_ydata(), [0, 1])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


@pytest.mark.parametrize("histories", [{}, {"a": []}])
def test_nothing_recorded_is_said(histories):
    with pytest.raises(UserError, match="needs at least one row"):
        plots.polarized_regime(histories)
