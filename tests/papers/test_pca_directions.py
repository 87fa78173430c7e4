import csv
import json

import numpy as np
import pytest

from tfdisent import papers
from tfdisent.errors import UserError
from tfdisent.papers import pca_directions


def test_every_item_has_a_description_and_a_function():
    assert "pca_directions/table_3_3_synth_linear" in papers.list_items()
    assert all(text for text in papers.list_items().values())


@pytest.mark.parametrize("seeds", [0, -1, 2.5])
def test_seeds_that_are_none_are_refused(tmp_path, seeds):
    with pytest.raises(UserError, match="seeds must be a whole number"):
        papers.reproduce("pca_directions/table_3_3_synth_linear", tmp_path, seeds=seeds)


def test_random_decoders_have_the_mean_distance_of_their_law():
    # A Glorot-uniform 3 x 2 decoder, drawn here by itself.
    limit = np.sqrt(6 / 5)
    drawn = np.random.RandomState(0).uniform(-limit, limit, (20_000, 3, 2))
    V = np.linalg.svd(drawn, full_matrices=False)[2]
    near = np.maximum(np.abs(V[:, 0, 0]) + np.abs(V[:, 1, 1]), np.abs(V[:, 0, 1]) + np.abs(V[:, 1, 0]))
    expected = np.sqrt(4 - 2 * near)  # ||V - P||^2 = 2 + 2 - 2 <V, P>
    config = "pca_directions/synth_linear.gin"
    ours = [pca_directions._random_decoder_dto(config, (3,), seed) for seed in range(100)]
    assert np.mean(ours) == pytest.approx(expected.mean(), abs=4 * expected.std() / 10)


def test_the_table_has_ours_and_the_printed_numbers_each_in_its_column(tmp_path):
    scores = {"DS": 1.05, "DS bounded": 0.97, "DtO": 0.02, "PCA angle": 1.0}
    table = pca_directions._LINEAR
    measured = {name: [scores, {**scores, "DtO": 0.04}] for name in table.columns}
    measured["random decoder"] = [{"DtO": 0.5}, {"DtO": 0.7}]
    paths = pca_directions._write(tmp_path, table, measured, 2, "paper")
    assert [path.name for path in paths] == ["table.csv", "table.json", "report.html"]
    with open(paths[0]) as file:
        rows = {(row["model"], row["score"]): row for row in csv.DictReader(file)}
    dto = rows["beta-VAE", "DtO"]
    assert float(dto["ours mean"]) == pytest.approx(0.03) and float(dto["ours std"]) == pytest.approx(0.01)
    assert float(dto["printed mean"]) == 0.0 and float(dto["ours worst"]) == 0.04
    assert float(rows["random decoder", "DtO"]["printed mean"]) == 0.79
    assert rows["autoencoder", "DS bounded"]["printed mean"] == ""
    assert json.loads(paths[1].read_text())["facts"]["seeds"] == 2
    page = paths[2].read_text()
    assert "0.030\u00a0\u00b1\u00a00.010" in page and "0.79\u00a0\u00b1\u00a00.21" in page


@pytest.mark.slow
def test_quick_scale_runs_and_says_so(tmp_path):
    paths = papers.reproduce("pca_directions/table_3_3_synth_linear", tmp_path, seeds=1, scale="quick")
    assert "QUICK" in paths[-1].read_text()
    assert all(
        (tmp_path / cls / "seed_0" / "model" / "model.keras").exists() for cls in ("VAE", "Autoencoder")
    )
