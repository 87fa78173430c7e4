"""Pairs in the stream of batches: functions of seed and step, shared by replicas, known to the run's claim."""

import functools

import numpy as np
import pytest

from tfdisent import config, data, evaluation, models, networks
from tfdisent.errors import UserError
from tfdisent.training import train
from tfdisent.training.stream import BatchStream

SPRITES = data.DSpritesDrawn(
    image_size=8, num_scales=2, num_orientations=1, num_positions=4, shapes="ellipse"
)
SLOW = functools.partial(
    models.SlowVAE,
    num_latents=3,
    encoder=functools.partial(networks.dense_encoder, hidden_units=(16,)),
    decoder=functools.partial(networks.dense_decoder, hidden_units=(16,)),
)
SETTINGS = {"batch_size": 8, "progress": False, "log_every": 2}


@pytest.mark.parametrize("sampling", ["epochs", "replacement"])
def test_pairs_are_a_function_of_seed_and_step_and_parts_make_up_the_batch(sampling):
    law = data.SharedFactor()
    stream, again = (BatchStream(SPRITES, 8, 3, sampling, True, law) for _ in range(2))
    again.draw(0)  # another history
    for step in (7, 2):
        indices, labels = stream.draw(step)
        np.testing.assert_array_equal(again.draw(step)[0], indices)
        pairs, given = stream.batch(step)
        np.testing.assert_array_equal(given, labels)
        np.testing.assert_array_equal(pairs[:, 1], SPRITES.observations(indices[:, 1]))
        halves = [stream.batch(step, part, 2) for part in (0, 1)]
        np.testing.assert_array_equal(np.concatenate([half[0] for half in halves]), pairs)
        np.testing.assert_array_equal(np.concatenate([half[1] for half in halves]), given)
    other = BatchStream(SPRITES, 8, 4, sampling, True, law)
    assert not np.array_equal(other.draw(2)[0], stream.draw(2)[0])


def test_the_first_observations_are_those_of_a_stream_without_pairs():
    with_pairs = BatchStream(SPRITES, 8, 3, pairs=data.ChangedFactors(1))
    without = BatchStream(SPRITES, 8, 3)
    for step in range(5):
        np.testing.assert_array_equal(with_pairs.indices(step)[:, 0], without.indices(step))


def test_another_law_is_another_run(tmp_path):
    train(SLOW, SPRITES, tmp_path, steps=2, pairs=data.LaplaceTransitions(1.0), **SETTINGS)
    train(SLOW, SPRITES, tmp_path, steps=2, pairs=data.LaplaceTransitions(1.0), **SETTINGS)
    for law in (data.LaplaceTransitions(2.0), data.ChangedFactors(1)):
        with pytest.raises(UserError, match="pairs.* was .* there and is"):
            train(SLOW, SPRITES, tmp_path, steps=2, pairs=law, **SETTINGS)


def test_several_seeds_together_see_the_pairs_that_each_sees_alone():
    """A law of pairs that are all one pair, so that only batches tell runs apart; without noise they end equally."""

    class Quiet(models.SlowVAE):
        def sample(self, mean, log_var):
            return mean

    quiet = functools.partial(Quiet, **SLOW.keywords)
    law = data.LaplaceTransitions(2.0)
    together = train(quiet, SPRITES, steps=6, seed=(0, 1), pairs=law, **SETTINGS)
    for seed, run in enumerate(together):
        alone = train(quiet, SPRITES, steps=6, seed=seed, pairs=law, **SETTINGS)
        for weight, same in zip(run.model.weights, alone.model.weights, strict=True):
            np.testing.assert_allclose(weight, same, atol=1e-5)


def test_a_run_of_pairs_is_scored_and_reported_as_any_other(tmp_path):
    run = train(SLOW, SPRITES, tmp_path / "run", steps=2, pairs=data.LaplaceTransitions(), **SETTINGS)
    scores = run.evaluate(["mig"], progress=False)
    assert 0 <= scores["mig"]["discrete_mig"] <= 1
    loaded = evaluation.load_run(tmp_path / "run")
    images = SPRITES.observations(np.arange(8))
    np.testing.assert_array_equal(loaded.model.represent(images), run.model.represent(images))
    assert run.report().exists()


def test_a_model_without_decoder_is_reported(tmp_path):
    make = functools.partial(models.PCL, num_latents=3, encoder=SLOW.keywords["encoder"])
    run = train(make, SPRITES, tmp_path / "run", steps=2, pairs=data.LaplaceTransitions(), **SETTINGS)
    assert "No decoder, so no reconstructions and traversals: PCL." in run.report().read_text()


def test_a_persons_own_pairs_are_trained_on():
    images = np.random.default_rng(0).integers(0, 256, (16, 2, 8, 8, 1)).astype(np.uint8)
    frames, law = data.given_pairs(images)
    run = train(SLOW, frames, steps=2, pairs=law, **SETTINGS)
    assert set(run.history[0]) == {"step", *models.SlowVAE.terms}


GIN = """
from __gin__ import dynamic_registration
from tfdisent import data
from tfdisent import models
from tfdisent import networks
from tfdisent import training
training.train.model = @models.SlowVAE
training.train.data = @data.DSpritesDrawn()
training.train.pairs = @data.LaplaceTransitions()
training.train.steps = 2
training.train.batch_size = 8
data.LaplaceTransitions.rate = 2.0
data.DSpritesDrawn.image_size = 8
data.DSpritesDrawn.num_scales = 1
data.DSpritesDrawn.num_orientations = 1
data.DSpritesDrawn.num_positions = 4
models.SlowVAE.num_latents = 2
models.SlowVAE.encoder = @networks.dense_encoder
models.SlowVAE.decoder = @networks.dense_decoder
networks.dense_encoder.hidden_units = (8,)
networks.dense_decoder.hidden_units = (8,)
"""


def test_a_law_is_bound_by_gin_and_its_misspelt_setting_refused(tmp_path):
    path = tmp_path / "slow.gin"
    path.write_text(GIN)
    config.parse([str(path)])
    config.train_configured(tmp_path / "run", progress=False)
    assert evaluation.load_run(tmp_path / "run").run.asked()["pairs"] == {
        "law": "LaplaceTransitions",
        "rate": 2.0,
    }
    with pytest.raises(UserError, match="rat"):
        config.parse([str(path)], ["data.LaplaceTransitions.rat = 1.0"])
    with pytest.raises(UserError, match="SharedFactor"):
        config.parse([str(path)], ["data.SharedFactor.k = 1"])
