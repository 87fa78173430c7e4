import json

import pytest

from tfdisent.errors import UserError
from tfdisent.studies import tuning
from tfdisent.studies.tuning import tune_beta

CONFIG = ["pca_directions/synth_linear.gin"]


def fake(monkeypatch, edge):
    """Latents that collapse at a known beta; returns the list of betas tried."""
    tried = []

    def measured(configs, bindings, name, beta, output):
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
        ({"factor": 1.0}, "factor must be a number above 1. Received: 1.0"),
        ({"most": 0}, "most must be a whole number, 1 or larger. Received: 0"),
        ({"first": -1.0}, "beta above 0; give one with --from. Received: -1.0"),
        (
            {"bindings": ["training.train.model=@models.Autoencoder"]},
            "Only a model with a posterior, such as VAE, has a beta. Received: Autoencoder",
        ),
        (
            {"bindings": ["training.train.model=@models.FactorVAE"]},
            "does not bind models.FactorVAE.beta; add -b models.FactorVAE.beta=1.0",
        ),
    ],
)
def test_what_makes_no_search_ends_in_one_sentence(tmp_path, settings, sentence):
    with pytest.raises(UserError, match=sentence):
        tune_beta(CONFIG, tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


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
