import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tfdisent import cli, papers
from tfdisent.errors import UserError
from tfdisent.papers import item as packages
from tfdisent.papers.item import Item, Scale
from tfdisent.studies.kept import read_kept, write_kept


def test_the_list_has_every_item_of_every_paper():
    items = papers.list_items()
    seeds = {item.split("/")[0] for item in items}
    others = {"symae", "atomic_autoencoder", "toroidal_autoencoder", "pca_directions", "demystifying_biases"}
    assert seeds == {"tcwae", *others}
    tables = {f"table_{name}" for name in ("1a", "1b", "2", "3", "4", "5")}
    figures = {f"figure_{number}" for number in range(1, 15)}
    assert {item.split("/")[1] for item in items if item.startswith("tcwae/")} == tables | figures
    assert all(text for text in items.values())


def test_listing_imports_nothing_heavy():
    program = (
        "import sys; from tfdisent import papers; papers.list_items(); "
        "papers.check_request('tcwae/table_1a', 2, 'reduced'); "
        "print([name for name in ('tensorflow', 'keras', 'gin', 'sklearn', 'matplotlib') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["demystifying_biases/mechanism"], "at the scales tiny, quick"),
        (["tcwae/tabel_1a"], "did you mean tcwae/table_1a"),
        (["tcwae/table_1a", "--seeds", "0"], "seeds must be a whole number"),
        (["pca_directions/table_3_3_synth_linear", "--scale", "reduced"], "at the scales paper, quick"),
        (["pca_directions/figure_2_4", "--seeds", "2"], "pca_directions/figure_2_4 trains nothing"),
        (["symae/figure_8", "--seeds", "2", "--scale", "quick"], "symae/figure_8 has no restarts"),
    ],
)
def test_what_cannot_be_made_ends_in_one_sentence(capsys, arguments, sentence):
    assert cli.main(["reproduce", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and sentence in captured.err and captured.err.count("\n") == 1


def test_every_item_knows_the_scales_it_is_made_at():
    papers.check_request("tcwae/figure_1", None, "reduced")
    with pytest.raises(UserError, match="Received: 'huge'"):
        papers.check_request("tcwae/figure_1", None, "huge")


@pytest.mark.parametrize("item", [3, None, ["tcwae/table_1a"], b"tcwae/table_1a", ""])
def test_what_is_no_name_of_an_item_is_refused(item):
    with pytest.raises(UserError):
        papers.check_request(item, None, "paper")


DRAWINGS = [name for name, item in packages.all_items().items() if not item.scales]


def test_items_that_train_nothing_are_made_at_every_scale():
    assert {"pca_directions/figure_2_4", "symae/figure_1", "tcwae/table_2"} <= set(DRAWINGS)
    for item in DRAWINGS:
        for scale in ("paper", "reduced", "quick"):
            papers.check_request(item, None, scale)


def test_a_drawing_is_the_same_at_every_scale(tmp_path, capsys):
    folder = tmp_path / "figure"
    command = ["reproduce", "pca_directions/section_3_2_4", "--output", str(folder)]
    assert cli.main(command) == 0
    first = (folder / "report.html").read_bytes()
    assert cli.main([*command, "--scale", "quick"]) == 0
    assert (folder / "report.html").read_bytes() == first


def test_another_item_or_scale_is_refused_the_folder_and_the_report_there_is_kept(tmp_path, capsys):
    folder = tmp_path / "figure"
    assert cli.main(["reproduce", "pca_directions/section_3_2_4", "--output", str(folder)]) == 0
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert cli.main(["reproduce", "pca_directions/figure_2_4", "--output", str(folder)]) == 2
    assert "holds another item: item was 'pca_directions/section_3_2_4' there" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


def test_a_quick_result_does_not_replace_one_of_the_papers_scale(tmp_path, monkeypatch):
    made = []
    scales = {name: Scale(name, name) for name in ("paper", "quick")}
    item = Item(
        "symae/figure_8", "", lambda request: made.append(request.scale.name) or [], scales, False, {}
    )
    monkeypatch.setitem(packages._ITEMS, "symae/figure_8", item)
    papers.reproduce("symae/figure_8", tmp_path / "a")
    with pytest.raises(UserError, match="scale was 'paper' there and is 'quick' now"):
        papers.reproduce("symae/figure_8", tmp_path / "a", scale="quick")
    papers.reproduce("symae/figure_8", tmp_path / "a")
    assert made == ["paper", "paper"]


def test_an_output_that_is_no_folder_for_an_item_ends_in_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "item.json").write_bytes(b"\xff\x00")
    outputs = ["file", "file/below", "full", "damaged"]
    if os.getuid():  # nothing is unwritable to root
        (tmp_path / "closed").mkdir(mode=0o500)
        outputs.append("closed")
    for output in outputs:
        assert cli.main(["reproduce", "pca_directions/figure_2_4", "--output", str(tmp_path / output)]) == 2
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1 and output.split("/")[0] in captured.err and not captured.out
    assert (tmp_path / "full" / "thesis.tex").read_text() == "mine"


def test_kept_numbers_come_back_as_they_were_written(tmp_path):
    value = {"a": np.arange(3), "b": [1.5, None, float("inf")], "c": {"d": np.float32(0.1)}}
    written = write_kept(tmp_path / "measured.json", 17, value)
    assert written == read_kept(tmp_path / "measured.json", 17) == {
        "a": [0, 1, 2], "b": [1.5, None, float("inf")], "c": {"d": float(np.float32(0.1))}
    }  # fmt: skip
    assert (
        read_kept(tmp_path / "measured.json", 18) is None and read_kept(tmp_path / "absent.json", 1) is None
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\x00\x13", b"null", b"3", b"[]", b'"text"', b"{}", b'{"mark": 17}', b"[" * 100_000,
     b'{"mark": 17, "checksum": 1, "value": {"steps": "many"}}', b'{"mark": {}, "checksum": [], "value": 1}'],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_damaged_numbers_are_made_again(tmp_path, content):
    (tmp_path / "measured.json").write_bytes(content)
    assert read_kept(tmp_path / "measured.json", 17) is None


def test_every_change_of_a_kept_file_is_seen(tmp_path):
    path = tmp_path / "measured.json"
    write_kept(path, 17, {"steps": 3000, "error": [0.25, 0.5]})
    content = json.loads(path.read_text())
    for wrong in (None, 3001, "3000", [3000], {}):
        path.write_text(json.dumps({**content, "value": {**content["value"], "steps": wrong}}))
        assert read_kept(path, 17) is None
