import json
import re

import pytest

from tfdisent.errors import UserError
from tfdisent.studies import tuning
from tfdisent.studies.tuning import tune_beta

CONFIG = ["pca_directions/synth_linear.gin"]


def fake(monkeypatch, edge):
    """Latents that collapse at a known beta; returns the list of betas tried."""
    tried = []

    def measured(configs, bindings, trust, name, beta, output):
        assert name == "models.VAE.beta"
        tried.append(beta)
        variances = [0.01, 0.99 if beta >= edge else 0.3]
        return {
            "beta": beta,
            "largest mean variance": max(variances),
            "active": 2 - (beta >= edge),
            "reconstruction": 1.0,
            "kl": 2.0,
            "source": "points",
            "steps": 10,
            "mean variances": variances,
        }

    monkeypatch.setattr(tuning, "_try", measured)
    return tried


def test_beta_is_raised_until_the_first_latent_collapses(tmp_path, monkeypatch):
    tried = fake(monkeypatch, edge=7e-4)
    found = tune_beta(CONFIG, tmp_path)  # from the configuration's own 1e-4
    assert tried == [1e-4, 2e-4, 4e-4, 8e-4] and found.beta == 8e-4
    assert [row["active"] for row in found.rows] == [2, 2, 2, 1]
    assert json.loads((tmp_path / "tuning.json").read_text())["beta"] == 8e-4
    assert all(path.exists() for path in found.paths)
    assert len(found.table()[1]) == 4


def test_beta_is_lowered_where_a_latent_has_collapsed_at_the_start(tmp_path, monkeypatch):
    tried = fake(monkeypatch, edge=0.03)
    found = tune_beta(CONFIG, tmp_path, factor=10.0, first=1.0)
    assert tried == [1.0, 0.1, 0.01] and found.beta == 0.1
    assert [row["beta"] for row in found.rows] == [0.01, 0.1, 1.0]


@pytest.mark.parametrize("edge", [1e9, 1e-9])
def test_a_search_that_ends_before_the_edge_says_so(tmp_path, monkeypatch, edge):
    tried = fake(monkeypatch, edge)
    found = tune_beta(CONFIG, tmp_path, most=3)
    assert len(tried) == 3 and found.beta is None
    assert "no beta tried lies at the edge" in found.paths[-1].read_text()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        *(
            ({"factor": factor}, f"factor must be a number, above 1. Received: {factor!r}.")
            for factor in (1.0, 0.5, -2.0, float("nan"), float("inf"), True, "2", None)
        ),
        ({"factor": 1 + 1e-9}, "factor must change the first six digits of beta"),
        *(
            ({"most": most}, f"most must be a whole number, 1 or larger. Received: {most!r}.")
            for most in (0, -1, 2.0, True, None)
        ),
        *(
            ({"first": first}, f"must be a number, above 0. Received: {first!r}.")
            for first in (-1.0, 0.0, float("nan"), float("inf"), True, "1")
        ),
        ({"bindings": ["models.VAE.beta=0.0"]}, "(--from) must be a number, above 0. Received: 0.0"),
        (
            {"bindings": ["training.train.model=@models.Autoencoder"]},
            "Only a model with a posterior and a beta can be searched",
        ),
        ({"bindings": ["training.train.model=@models.FactorVAE"], "first": 1.0}, "Received: FactorVAE"),
        (
            {"bindings": ["training.train.model=@models.BetaTCVAE"]},
            "models.BetaTCVAE.beta has no value to start with; give one with --from",
        ),
        ({"bindings": ["training.train.seed=(0, 1)"]}, "A search trains one seed"),
    ],
)
def test_what_makes_no_search_ends_in_one_sentence(tmp_path, settings, sentence):
    with pytest.raises(UserError, match=re.escape(sentence)):
        tune_beta(CONFIG, tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


OWN = """
from __gin__ import dynamic_registration
from tfdisent import data
from tfdisent import models
from tfdisent import training
training.train.model = @models.VAE
training.train.data = @data.SyntheticLinear()
training.train.steps = 10
"""


def test_a_beta_that_nothing_binds_starts_at_the_first_given_or_the_models_default(tmp_path, monkeypatch):
    tried = fake(monkeypatch, edge=7.0)
    (tmp_path / "own.gin").write_text(OWN)
    assert tune_beta([tmp_path / "own.gin"], tmp_path / "default").beta == 8.0
    assert tried == [1.0, 2.0, 4.0, 8.0]
    assert tune_beta([tmp_path / "own.gin"], tmp_path / "given", first=5.0).beta == 10.0


@pytest.mark.parametrize(
    ("configs", "settings", "key"),
    [
        (["pca_directions/synth_nonlinear.gin"], {}, "networks"),
        (CONFIG, {"factor": 3.0}, "factor was 2.0 there and is 3.0 now"),
        (CONFIG, {"first": 1.0}, "first beta was 0.0001 there and is 1.0 now"),
        (CONFIG, {"bindings": ["num_latents=3"]}, "num_latents was '2' there and is '3' now"),
    ],
)
def test_another_search_is_refused_the_folder_before_anything_is_trained(
    tmp_path, monkeypatch, configs, settings, key
):
    tried = fake(monkeypatch, edge=7e-4)
    tune_beta(CONFIG, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    del tried[:]
    with pytest.raises(UserError, match="holds another search") as refused:
        tune_beta(configs, tmp_path, **settings)
    assert key in str(refused.value) or key == "networks"
    assert not tried and before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_the_same_search_is_continued_with_more_values(tmp_path, monkeypatch):
    fake(monkeypatch, edge=7e-4)
    assert tune_beta(CONFIG, tmp_path, most=2).beta is None
    same = ["models.VAE.beta=1e-4", "num_latents=2"]
    assert tune_beta(CONFIG, tmp_path, bindings=same, first=0.0001).beta == 8e-4
    assert tune_beta(CONFIG, tmp_path, bindings=same[::-1], most=20).beta == 8e-4


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"", b"[1, 2]", b"null", b'{"factor": [1]}', b'"text"'], ids=repr
)
def test_a_damaged_record_of_the_search_ends_in_one_sentence(tmp_path, monkeypatch, content):
    fake(monkeypatch, edge=7e-4)
    (tmp_path / "search.json").write_bytes(content)
    with pytest.raises(UserError):
        tune_beta(CONFIG, tmp_path)


def test_an_output_that_is_no_folder_for_a_search_is_refused(tmp_path, monkeypatch):
    tried = fake(monkeypatch, edge=7e-4)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    for output, sentence in {"file": "is a file", "full": "holds other files", "file/below": "file"}.items():
        with pytest.raises(UserError, match=sentence):
            tune_beta(CONFIG, tmp_path / output)
    for output in ("", None, 3, "a\0b"):
        with pytest.raises(UserError, match="output must be a path"):
            tune_beta(CONFIG, output)
    assert not tried


def test_a_search_ends_where_numbers_do(tmp_path, monkeypatch):
    tried = fake(monkeypatch, edge=float("inf"))
    assert tune_beta(CONFIG, tmp_path, first=1e200, factor=1e100).beta is None
    assert tried == [1e200, 1e300]


def test_a_strong_beta_collapses_the_latents_of_the_linear_set_and_the_same_call_reuses_its_runs(tmp_path):
    bindings = [
        "data.SyntheticLinear.num_points=2000",
        "training.train.epochs=None",
        "training.train.steps=1200",
        "training.train.log_every=300",
        "keras.optimizers.Adam.learning_rate=0.02",
    ]
    search = {"bindings": bindings, "factor": 100.0, "first": 1e-3, "most": 2}
    found = tune_beta(CONFIG, tmp_path, **search)
    assert found.beta == 0.1
    first, last = found.rows
    assert first["active"] == 2 and first["largest mean variance"] < 0.5
    assert last["active"] < 2 and last["kl"] < first["kl"]
    before = (tmp_path / "beta_0.1" / "model" / "history.csv").stat().st_mtime_ns
    again = tune_beta(CONFIG, tmp_path, **search)
    assert again.rows[0]["mean variances"] == first["mean variances"]
    assert (tmp_path / "beta_0.1" / "model" / "history.csv").stat().st_mtime_ns == before
