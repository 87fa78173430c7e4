"""A report needs nothing from outside, says all it was given, and believes none of it to be HTML."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tfdisent.errors import UserError
from tfdisent.plots import (
    Cell,
    Facts,
    Heading,
    Paragraph,
    Picture,
    Preformatted,
    Table,
    save_figure,
    write_report,
)

HOSTILE = "<script>alert('1 & 2')</script>\"><img src=x onerror=y>"


class Page(HTMLParser):
    """Tags with their attributes, and the text of each kind of element."""

    VOID = ("meta", "img", "wbr")

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.tags, self.texts, self.open = [], {}, []
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data

    def attributes(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def picture():
    return Image.fromarray(np.random.RandomState(0).randint(0, 256, size=(12, 10, 3)).astype(np.uint8))


def report(tmp_path, *blocks, title="A report"):
    return Page(write_report(tmp_path / "report.html", title, blocks))


def test_every_text_is_escaped(tmp_path, picture):
    page = report(
        tmp_path,
        Heading(HOSTILE),
        Paragraph(HOSTILE),
        Facts({HOSTILE: HOSTILE}),
        Table([HOSTILE, "b"], [[HOSTILE, 1.0], ["c", 2.0]], caption=HOSTILE, best={HOSTILE: "higher"}),
        Picture(picture, caption=HOSTILE, alt=HOSTILE),
        Preformatted(HOSTILE, HOSTILE),
        title=HOSTILE,
    )
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags
    assert [image["alt"] for image in page.attributes("img")] == [HOSTILE]
    assert not any("onerror" in attributes for _, attributes in page.tags)
    for tag in ("title", "h1", "h2", "p", "dt", "dd", "summary", "pre"):
        assert page.texts[tag] == [HOSTILE]
    assert page.texts["figcaption"] == [HOSTILE, HOSTILE]
    assert page.texts["th"][0].startswith(HOSTILE)
    assert page.open == []


def test_nothing_comes_from_outside(tmp_path, picture):
    figure = Figure()
    figure.subplots().plot([1, 2])
    page = report(tmp_path, Paragraph("text"), Picture(picture), Picture(figure))
    assert "://" not in page.source
    assert "url(" not in page.source and "@import" not in page.source
    for _, attributes in page.tags:
        assert not {"href", "srcset", "data", "action"} & set(attributes)
        assert attributes.get("src", "data:image/").startswith("data:image/")
    policies = [meta["content"] for meta in page.attributes("meta") if "http-equiv" in meta]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_every_cell_of_a_table_is_there(tmp_path):
    headers = ["model", "MIG", "active", "note", "DtO"]
    rows = [["β-VAE", 0.34126, 6, "a < b", None], ["autoencoder", -0.5, 12_000, "", 1e-7]]
    page = report(tmp_path, Table(headers, rows, caption="The scores."))
    minus = "\N{MINUS SIGN}"
    assert page.texts["th"] == [*headers, "β-VAE", "autoencoder"]
    cells = ["0.341", "6", "a < b", "\N{EN DASH}", f"{minus}0.500", "12,000", "", f"1.0e{minus}07"]
    assert page.texts["td"] == cells
    assert page.texts["figcaption"] == ["The scores."]
    numeric = [attributes.get("class") == "number" for attributes in page.attributes("th")[:5]]
    assert numeric == [False, True, True, False, True]


def test_the_best_value_of_a_column_is_emphasised_in_its_direction(tmp_path):
    rows = [["a", 0.3, 0.9], ["b", 0.7, float("nan")], ["c", 0.7, 0.2], ["d", None, 0.5]]
    page = report(tmp_path, Table(["model", "MIG", "DtO"], rows, best={"MIG": "higher", "DtO": "lower"}))
    best = ["best" in cell.get("class", "") for cell in page.attributes("td")]
    assert best == [False, False, True, False, True, True, False, False]
    assert page.texts["span"] == ["\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"]


def test_a_single_row_has_no_best_value(tmp_path):
    assert (
        '"number best"' not in report(tmp_path, Table(["a", "b"], [["x", 1.0]], best={"b": "higher"})).source
    )


def test_a_table_without_rows_keeps_its_headers(tmp_path):
    assert report(tmp_path, Table(["model", "MIG"], [])).texts["th"] == ["model", "MIG"]


def test_bytes_of_a_file_round_trip(tmp_path, picture):
    png = save_figure(picture, tmp_path / "a.png")
    gif = tmp_path / "b.gif"
    picture.save(gif, save_all=True, append_images=[picture.rotate(180)])
    page = report(tmp_path, Picture(png), Picture(str(gif)))
    for image, path, kind in zip(page.attributes("img"), [png, gif], ["png", "gif"], strict=True):
        prefix, data = image["src"].split(",")
        assert prefix == f"data:image/{kind};base64"
        assert base64.b64decode(data) == path.read_bytes()
        assert (image["width"], image["height"]) == ("10", "12")


def test_pixels_of_an_image_round_trip(tmp_path, picture):
    (image,) = report(tmp_path, Picture(picture)).attributes("img")
    (tmp_path / "back.png").write_bytes(base64.b64decode(image["src"].split(",")[1]))
    with Image.open(tmp_path / "back.png") as back:
        np.testing.assert_array_equal(back, picture)


def test_a_figure_has_its_size_in_inches_on_the_page(tmp_path):
    (image,) = report(tmp_path, Picture(Figure(figsize=(5, 2.5)))).attributes("img")
    assert (image["width"], image["height"]) == ("480", "240")


def test_the_page_is_made_for_phones_and_for_the_dark(tmp_path):
    page = report(tmp_path)
    assert any(meta.get("name") == "viewport" for meta in page.attributes("meta"))
    (style,) = page.texts["style"]
    assert "prefers-color-scheme: dark" in style and "max-width: 40rem" in style
    assert style.count("{") == style.count("}")
    assert set(re.findall(r"var\((--\w+)\)", style)) <= set(re.findall(r"(--\w+):", style)) | {"--natural"}


@pytest.mark.parametrize("content", [b"", b"not a picture", b"<svg onload='x'></svg>"])
def test_a_file_that_is_no_picture_is_refused_and_the_old_report_stays(tmp_path, content):
    report(tmp_path, Paragraph("old"))
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(UserError, match="Received: .*x.png"):
        report(tmp_path, Picture(tmp_path / "x.png"))
    with pytest.raises(UserError, match="Received: .*missing.png"):
        report(tmp_path, Picture(tmp_path / "missing.png"))
    assert "old" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_table_that_does_not_fit_is_named():
    with pytest.raises(UserError, match=r"2 cells. Received: \['x'\]"):
        Table(["a", "b"], [["x"]])
    with pytest.raises(UserError, match="'c': 'higher'"):
        Table(["a"], [["x"]], best={"c": "higher"})
    with pytest.raises(UserError, match="'a': 'up'"):
        Table(["a"], [["x"]], best={"a": "up"})


def test_a_page_with_a_sortable_table_lets_its_own_script_run_and_no_other(tmp_path):
    page = report(tmp_path, Table([HOSTILE, "b"], [[HOSTILE, 1.0], ["c", 2.0]], sortable=True))
    (script,) = page.texts["script"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [meta["content"] for meta in page.attributes("meta") if "http-equiv" in meta]
    assert policy.endswith(f"; script-src 'sha256-{digest}'") and "unsafe-inline'; script" in policy
    assert page.texts["th"][0] == page.texts["button"][0] == HOSTILE
    assert [cell["data-label"] for cell in page.attributes("td")] == ["b", "b"]


def test_a_cell_is_sorted_by_its_number_and_shows_its_spread_in_small_letters(tmp_path):
    rows = [
        ["a", Cell(0.25, "\N{PLUS-MINUS SIGN} 0.1 (3)", best=True)],
        ["b", None],
        ["c", Cell(None, "(0)")],
    ]
    page = report(tmp_path, Table(["model", "MIG"], rows, best={"MIG": "higher"}, sortable=True))
    assert [cell.get("data-value") for cell in page.attributes("td")] == ["0.25", None, None]
    assert [cell["class"] for cell in page.attributes("td")] == ["number best", "number none", "number"]
    assert page.texts["small"] == ["\N{PLUS-MINUS SIGN} 0.1 (3)", "(0)"]
    assert [button["data-first"] for button in page.attributes("button")] == ["ascending", "descending"]


def test_rows_of_a_sortable_table_move_together_where_they_belong_together(tmp_path):
    rows = [["a", "x", 1], ["a", "x", 2], ["a", "y", 3], ["b", "y", 4]]
    headers = ["model", "data", "n"]
    assert len(report(tmp_path, Table(headers, rows, sortable=True)).texts["tbody"]) == 4
    assert len(report(tmp_path, Table(headers, rows, sortable=True, together=2)).texts["tbody"]) == 3
    assert len(report(tmp_path, Table(headers, rows)).texts["tbody"]) == 1
