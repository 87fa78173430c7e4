import importlib.util
import pathlib

import numpy as np
import pytest
from matplotlib.figure import Figure

from tfdisent import plots
from tfdisent.errors import UserError

_SPEC = importlib.util.spec_from_file_location(
    "wrong_arguments", pathlib.Path(__file__).parents[1] / "wrong_arguments.py"
)
wrong_arguments = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong_arguments)

_RANDOM = np.random.RandomState(0)
CODES, FACTORS = _RANDOM.randn(12, 2), _RANDOM.randint(0, 3, (12, 1))
IMAGES, LINES = _RANDOM.rand(2, 3, 4, 4, 1), _RANDOM.rand(2, 2, 5)
CURVE = plots.Curve([1, 2], [3, 4])
ROWS = [{"step": 1, "delta_kl": 0.5, "num_active": 2}]


def arguments(folder):
    return {
        "Cell": {"value": 0.5, "note": "", "best": False},
        "Curve": {"x": [1, 2], "y": [3, None], "spread": [0.1, 0.2], "labels": ["a", "b"]},
        "Facts": {"facts": {"seed": 0}},
        "Heading": {"text": "Scores", "level": 2},
        "Paragraph": {"text": "Higher is better."},
        "Picture": {"image": Figure(), "caption": "", "alt": ""},
        "Preformatted": {"summary": "Configuration", "text": "a = 1"},
        "Table": {
            "headers": ["model", "mig"],
            "rows": [["VAE", 0.5], ["AE", None]],
            "caption": "",
            "best": {"mig": "higher"},
            "decimals": 3,
            "stacked": False,
            "sortable": True,
            "together": 0,
        },
        "class_scatter": {"panels": {"a": CODES.T}, "classes": FACTORS[:, 0], "limits": (-3, 3)},
        "code_planes": {
            "planes": {"codes": (CODES, FACTORS[:, 0])},
            "labels": {0: "one", 1: "two"},
            "texts": {"codes": ["x"] * 12},
            "curves": False,
        },
        "codes_scatter": {
            "codes": CODES,
            "factors": FACTORS,
            "factor_names": ["shape"],
            "latent_labels": ["z0", "z1"],
        },
        "coloured_curves": {"curves": CODES, "values": np.arange(12), "title": "", "label": ""},
        "comparison_curves": {
            "panels": {"a": {"VAE": CURVE}},
            "x_labels": {"a": "x"},
            "y_labels": {"a": "y"},
            "log_x": ("a",),
        },
        "contour_maps": {
            "maps": {"a": _RANDOM.randn(3, 2)},
            "x": [0, 1],
            "y": [0, 1, 2],
            "labels": ("x", "y"),
            "limit": 1.0,
        },
        "explained_variance": {"codes": CODES, "factors": FACTORS},
        "heat_maps": {
            "maps": {"VAE": {"mig": [[0.1, None]]}},
            "vertical": {"VAE": [1]},
            "horizontal": {"VAE": [1, 2]},
            "labels": ("y", "x"),
            "lower_is_better": ("mig",),
        },
        "image_grid": {"images": IMAGES[0], "columns": 2, "labels": ["a", "b", "c"], "scale": 2},
        "loss_curves": {"histories": {"VAE": {"step": [1, 2], "loss": [3.0, 2.0]}}},
        "polarized_regime": {"histories": {"VAE": ROWS}, "threshold": 0.03},
        "reconstructions": {"originals": IMAGES[0], "reconstructions": {"VAE": IMAGES[1]}, "scale": 2},
        "save_figure": {"figure": Figure(figsize=(1, 1)), "path": folder / "figure.png"},
        "signal_grid": {
            "lines": {"truth": LINES},
            "row_labels": ["a", "b"],
            "column_labels": ["c", "d"],
            "title": "",
        },
        "springs": {"panels": {"a": [0.0, 1.0]}},
        "table_picture": {"headers": ["a"], "rows": [["b"]], "title": ""},
        "traversal_gif": {
            "images": IMAGES,
            "path": folder / "moving.gif",
            "labels": ["a", "b"],
            "fps": 10,
            "scale": 2,
        },
        "traversal_grid": {"images": IMAGES, "labels": ["a", "b"], "values": [-1.0, 0.0, 1.0], "scale": 2},
        "violins": {"samples": {"VAE": {"mig": {1.0: [0.1, 0.2, 0.3]}}}, "label": "beta"},
        "with_footnote": {"picture": Figure(), "text": "After 20 steps."},
        "write_report": {"path": folder / "report.html", "title": "Scores", "blocks": [plots.Heading("a")]},
    }


TEXTS = ("'a'", "''")  # of captions and titles
ACCEPTED = {
    *(
        (name, argument, value)
        for name in ("Heading", "Paragraph", "Preformatted")
        for argument in ("text", "summary")
        for value in TEXTS
    ),
    *(
        (name, argument, value)
        for name in ("Cell", "Picture", "Table")
        for argument in ("note", "caption", "alt")
        for value in TEXTS
    ),
    *(
        (name, argument, value)
        for name in (
            "coloured_curves",
            "signal_grid",
            "table_picture",
            "violins",
            "with_footnote",
            "write_report",
        )
        for argument in ("title", "label", "text")
        for value in TEXTS
    ),
    *(("Cell", "value", value) for value in ("None", "-1", "0", "1.5", "nan", "2**70", "-inf")),
    ("Cell", "best", "True"),
    ("Curve", "spread", "None"),
    ("Curve", "labels", "None"),
    ("Facts", "facts", "{}"),
    ("Facts", "facts", "{'a': 1}"),
    ("Picture", "image", "'a'"),  # a file that is looked for when the page is written
    ("Picture", "image", "b'a'"),
    ("Table", "best", "{}"),
    ("Table", "decimals", "0"),
    ("Table", "rows", "[]"),
    ("Table", "sortable", "True"),
    ("Table", "stacked", "True"),
    ("Table", "together", "0"),
    ("class_scatter", "limits", "None"),
    ("code_planes", "curves", "True"),
    ("code_planes", "texts", "None"),
    ("code_planes", "texts", "{}"),
    ("codes_scatter", "factor_names", "None"),
    ("codes_scatter", "latent_labels", "None"),
    ("codes_scatter", "latent_labels", "['a', 'b']"),
    ("codes_scatter", "latent_labels", "(1, 'a')"),
    *(("comparison_curves", "log_x", value) for value in ("[]", "['a', 'b']", "(1, 'a')")),
    *(("Curve", "labels", value) for value in ("['a', 'b']", "(1, 'a')")),
    *((name, "path", "'a'") for name in ("traversal_gif", "write_report")),
    ("contour_maps", "labels", "['a', 'b']"),
    ("contour_maps", "labels", "(1, 'a')"),
    *(("contour_maps", "limit", value) for value in ("None", "1.5", "2**70")),
    ("heat_maps", "labels", "['a', 'b']"),
    ("heat_maps", "labels", "(1, 'a')"),
    *(("heat_maps", "lower_is_better", value) for value in ("[]", "['a', 'b']", "(1, 'a')")),
    ("image_grid", "columns", "None"),
    ("image_grid", "columns", "2**70"),
    ("image_grid", "labels", "None"),
    ("image_grid", "scale", "None"),
    ("polarized_regime", "threshold", "1.5"),
    ("polarized_regime", "threshold", "2**70"),
    ("reconstructions", "reconstructions", "{}"),
    ("reconstructions", "scale", "None"),
    ("signal_grid", "row_labels", "['a', 'b']"),
    ("signal_grid", "row_labels", "(1, 'a')"),
    ("signal_grid", "column_labels", "['a', 'b']"),
    ("signal_grid", "column_labels", "(1, 'a')"),
    ("table_picture", "rows", "[]"),
    *(("traversal_gif", "labels", value) for value in ("None", "{}", "{'a': 1}", "['a', 'b']", "(1, 'a')")),
    ("traversal_gif", "fps", "1.5"),
    ("traversal_gif", "scale", "None"),
    *(("traversal_grid", "labels", value) for value in ("None", "['a', 'b']", "(1, 'a')")),
    ("traversal_grid", "scale", "None"),
    ("traversal_grid", "values", "None"),
    ("write_report", "blocks", "[]"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("values", ["WRONG", "MORE_WRONG"])
def test_every_wrong_argument_of_every_plot_ends_in_a_sentence(tmp_path, monkeypatch, values):
    monkeypatch.chdir(tmp_path)
    valid = arguments(tmp_path)
    assert set(valid) == set(plots.__all__)
    cases = {name: (getattr(plots, name), each) for name, each in valid.items()}
    rows = wrong_arguments.try_wrong_arguments(cases, ACCEPTED, getattr(wrong_arguments, values))
    assert not wrong_arguments.complaints(rows), wrong_arguments.table(rows)


@pytest.mark.parametrize(
    "draw",
    [
        lambda wrong: plots.class_scatter({"a": wrong}, [0, 1]),
        lambda wrong: plots.code_planes({"a": wrong}, {0: "one"}),
        lambda wrong: plots.comparison_curves({"a": wrong}, {"a": ""}, {"a": ""}),
        lambda wrong: plots.comparison_curves({"a": {"VAE": wrong}}, {"a": ""}, {"a": ""}),
        lambda wrong: plots.contour_maps({"a": wrong}, [0, 1], [0, 1], ("x", "y")),
        lambda wrong: plots.heat_maps({"VAE": wrong}, {"VAE": [1]}, {"VAE": [1]}),
        lambda wrong: plots.heat_maps({"VAE": {"mig": wrong}}, {"VAE": [1]}, {"VAE": [1]}),
        lambda wrong: plots.loss_curves({"VAE": wrong}),
        lambda wrong: plots.loss_curves({"VAE": {"loss": wrong}}),
        lambda wrong: plots.polarized_regime({"VAE": wrong}),
        lambda wrong: plots.polarized_regime({"VAE": [wrong]}),
        lambda wrong: plots.reconstructions(IMAGES[0], {"VAE": wrong}),
        lambda wrong: plots.signal_grid({"truth": wrong}, ["a"], ["b"]),
        lambda wrong: plots.springs({"a": wrong}),
        lambda wrong: plots.table_picture(["a"], [wrong]),
        lambda wrong: plots.Table(["a"], [wrong]),
        lambda wrong: plots.traversal_gif({"VAE": wrong}, "moving.gif"),
        lambda wrong: plots.violins({"VAE": wrong}),
        lambda wrong: plots.violins({"VAE": {"mig": wrong}}),
        lambda wrong: plots.write_report("report.html", "a", [wrong]),
    ],
)
def test_what_stands_inside_a_dict_or_list_is_checked_as_well(draw, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for wrong in (None, "a", -1, 1.5, True, object(), {"b": 1}, [[1], [2, 3]]):
        with pytest.raises(UserError, match="Received: "):
            draw(wrong)


def test_factors_that_are_texts_are_taken_by_their_order():
    words = np.array([["a"], ["b"], ["c"]])[FACTORS[:, 0]]
    np.testing.assert_allclose(
        plots.explained_variance(CODES, words), plots.explained_variance(CODES, FACTORS)
    )
