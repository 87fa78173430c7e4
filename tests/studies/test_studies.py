import base64
import dataclasses
import functools

import numpy as np
import pytest

from tfdisent import networks, training
from tfdisent.data import ArrayData, DSpritesDrawn, SyntheticLinear
from tfdisent.errors import UserError
from tfdisent.evaluation.data_pictures import draw_data, observations_and_factors
from tfdisent.evaluation.reporting import further_rows, score_rows, write_run_report
from tfdisent.evaluation.scores import DEFAULT
from tfdisent.evaluation.scoring import TrainedModel, evaluate
from tfdisent.metrics import compute_dto
from tfdisent.models import VAE, Autoencoder

SPRITES = DSpritesDrawn(image_size=8, shapes=("square",), num_scales=2, num_orientations=1, num_positions=8)
SMALL = {
    "num_latents": 3,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(8,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=(8,)),
}


def trained(model_class):
    make = functools.partial(model_class, **SMALL)
    run = training.train(make, SPRITES, steps=4, batch_size=16, log_every=2, progress=False)
    return TrainedModel(run.model, SPRITES, SPRITES, run.history, run.results)


@pytest.fixture(scope="module")
def models():
    found = {"beta-VAE": trained(VAE), "<autoencoder>": trained(Autoencoder)}
    for model in found.values():
        evaluate(model)
    return found


def test_scores_that_do_not_apply_are_left_out(models):
    assert set(models["beta-VAE"].scores) == set(DEFAULT)
    assert set(models["<autoencoder>"].scores) == set(DEFAULT) - {"polarized_regime"}
    linear = functools.partial(VAE, **SMALL, reconstruction="squared_l2", output="linear")
    points = SyntheticLinear(num_points=64)
    run = training.train(linear, points, steps=2, batch_size=16, progress=False)
    assert set(evaluate(TrainedModel(run.model, points, points, [], {}))) == set(DEFAULT)
    digits = ArrayData(SPRITES.to_memory(), np.arange(SPRITES.size) % 10)
    one_label = TrainedModel(models["beta-VAE"].model, digits, digits, [], {})
    assert set(evaluate(one_label)) == set(DEFAULT) - {"mig", "disentanglement_score"}


def test_the_jacobian_scored_is_that_of_the_mean_output_after_the_sigmoid(models):
    # By finite differences of the images themselves.
    model = models["beta-VAE"].model
    observations, _ = observations_and_factors(SPRITES, 1000, np.random.RandomState(0))
    codes, step = model.represent(observations), 1e-2
    columns = [
        (model.decode(codes + step * unit).numpy() - model.decode(codes - step * unit).numpy()) / (2 * step)
        for unit in np.eye(3, dtype=np.float32)
    ]
    jacobians = np.stack(columns, -1).reshape(len(codes), -1, 3)
    expected = compute_dto(jacobians)["dto"]
    assert models["beta-VAE"].scores["distance_to_orthogonality"]["dto"] == pytest.approx(expected, abs=2e-2)


def test_the_table_shows_mig_over_the_factors_that_vary(models):
    headers, rows = score_rows(models)
    mig = rows[0][headers.index("MIG")]
    assert mig == models["beta-VAE"].scores["mig"]["discrete_mig"] and np.isfinite(mig)
    assert rows[1][headers.index("kl")] is None


def test_scores_beyond_the_table_stand_in_one_of_their_own(models):
    scored = {name: dataclasses.replace(model, scores=dict(model.scores)) for name, model in models.items()}
    scored["beta-VAE"].scores["sampled/sap_score"] = {"SAP_score": 0.25, "score_matrix": [[1.0]]}
    headers, rows = further_rows(scored)
    assert headers == ["score", "value", "beta-VAE", "<autoencoder>"]
    assert ["sampled/sap_score", "SAP_score", 0.25, None] in rows
    assert {row[0] for row in rows} == {"polarized_regime", "sampled/sap_score"}


def test_the_report_is_whole_and_escaped(models, tmp_path):
    path = write_run_report(tmp_path / "report.html", "A & B", models, {"data": "<drawn>"})
    page = path.read_text()
    for text in (
        "A &amp; B",
        "&lt;drawn&gt;",
        "&lt;autoencoder&gt;",
        "Latent traversals",
        "Which latent follows",
    ):
        assert text in page
    assert "<autoencoder>" not in page and "https:" not in page
    gif = base64.b64encode((tmp_path / "traversals.gif").read_bytes()).decode()
    assert gif in page
    assert page.count("data:image/gif;base64,") == 1 and page.count("data:image/png;base64,") >= 6


def test_a_picture_of_a_grid_has_one_row_a_varying_factor(tmp_path):
    from PIL import Image

    path = draw_data(SPRITES, tmp_path / "sprites.png")
    assert Image.open(path).width > Image.open(path).height
    with pytest.raises(UserError, match="Only images"):
        draw_data(SyntheticLinear(num_points=8), tmp_path / "points.png")
