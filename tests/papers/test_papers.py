import subprocess
import sys

import pytest

from tfdisent import cli, papers
from tfdisent.errors import UserError


def test_the_list_has_every_item_of_every_paper_and_says_which_are_not_built():
    items = papers.list_items()
    seeds = {item.split("/")[0] for item in items}
    assert seeds >= {"symae", "atomic_autoencoder", "tcwae", "toroidal_autoencoder", "pca_directions"}
    tables = {f"table_{name}" for name in ("1a", "1b", "2", "3", "4", "5")}
    figures = {f"figure_{number}" for number in range(1, 15)}
    assert {item.split("/")[1] for item in items if item.startswith("tcwae/")} == tables | figures
    assert not any("not built" in text for item, text in items.items() if item.startswith("tcwae/"))
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
        (["demystifying_biases/table_4_2"], "demystifying_biases/table_4_2 is not built yet"),
        (["tcwae/tabel_1a"], "did you mean tcwae/table_1a"),
        (["tcwae/table_1a", "--seeds", "0"], "seeds must be a whole number"),
        (["pca_directions/table_3_3_synth_linear", "--scale", "reduced"], "at the scales paper, quick"),
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
