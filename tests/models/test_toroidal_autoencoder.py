import functools

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import networks, objectives, training
from tfdisent.errors import UserError
from tfdisent.models import ToroidalAutoencoder
from tfdisent.testing import run_model_test

SMALL = {
    "encoder": functools.partial(networks.pooling_encoder, filters=(4,), dense_units=(16,)),
    "decoder": functools.partial(networks.upsampling_decoder, filters=(4, 4)),
    "seed": 5,
}
IMAGES = (np.random.RandomState(0).rand(40, 8, 8, 1) > 0.7).astype(np.float32)
LABELS = np.arange(40) % 4
EVERYTHING = {
    "angles": 2,
    "num_classes": 4,
    "classifier_units": (8, 8),
    "correlation_weight": 2.0,
    "sliced_weight": 3.0,
    "num_gaussians": 1,
    "squared_radius": False,
    "radius_stddev": 0.2,
}


def test_model():
    run_model_test(ToroidalAutoencoder, {**SMALL, "angles": 2, "spring_weight": 2.0}, IMAGES)


def test_model_with_all_options():
    run_model_test(ToroidalAutoencoder, {**SMALL, **EVERYTHING}, IMAGES, LABELS)


def losses(model, labels=None):
    return {name: float(value) for name, value in model.losses(tf.constant(IMAGES), labels).items()}


def test_the_loss_is_the_weighted_sum_of_its_terms():
    weights = {"spring_weight": 2.0, "quantile_weight": 3.0, "classifier_weight": 5.0}
    model = ToroidalAutoencoder((8, 8, 1), **{**SMALL, **EVERYTHING, **weights})
    found = losses(model, LABELS)
    by_term = {"spring": 2, "quantile": 3, "gaussian": 3, "classifier": 5, "correlation": 2, "sliced": 3}
    expected = found["reconstruction"] + sum(weight * found[term] for term, weight in by_term.items())
    assert set(found) == set(model.terms) and found["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_regularisers_are_those_of_the_angles_and_squared_radii_of_the_code():
    model = ToroidalAutoencoder((8, 8, 1), **SMALL)
    codes = model.represent(IMAGES)
    assert codes.shape == (40, 6)
    z = codes[:, :3] + 1j * codes[:, 3:]
    radius_squared, angles = model.angles_of(IMAGES)
    np.testing.assert_allclose(radius_squared, np.abs(z) ** 2, rtol=1e-5)
    np.testing.assert_allclose(angles, np.angle(z), rtol=1e-5, atol=1e-6)
    found = losses(model)
    assert found["spring"] == pytest.approx(float(objectives.spring_loss(np.angle(z))), rel=1e-5)
    assert found["quantile"] == pytest.approx(float(objectives.quantile_loss(np.abs(z) ** 2)), rel=1e-4)


def test_the_classifier_learns_the_factor_that_comes_with_the_data():
    images = np.zeros((64, 8, 8, 1), np.float32)
    digits = np.arange(64) % 4
    for digit in range(4):
        images[digits == digit, 2 * digit : 2 * digit + 2] = 1.0
    run = training.train(
        functools.partial(ToroidalAutoencoder, **SMALL, num_classes=4, classifier_weight=100.0),
        {"observations": images, "factors": digits},
        steps=300,
        batch_size=32,
        progress=False,
        log_every=100,
        steps_per_execution=50,
    )
    _, angles = run.model.angles_of(images)
    assert (np.argmax(run.model.classifier(angles)["logits"], axis=-1) == digits).mean() > 0.9


def test_several_seeds_together_learn_the_labels_as_one_alone():
    networks_alone = {name: SMALL[name] for name in ("encoder", "decoder")}
    make = functools.partial(ToroidalAutoencoder, **networks_alone, num_classes=4)
    data = {"observations": IMAGES, "factors": LABELS}
    settings = {"steps": 6, "batch_size": 20, "log_every": 3, "progress": False}
    together = training.train(make, data, seed=(3, 5), **settings)
    alone = training.train(make, data, seed=5, **settings)
    for row, same in zip(together[1].history, alone.history, strict=True):
        assert row == pytest.approx(same, rel=1e-3)


@pytest.mark.parametrize(
    ("kwargs", "sentence"),
    [
        ({"angles": 0}, "angles must be a whole number, 1 or larger"),
        ({"angles": 2.5}, "angles must be a whole number"),
        ({"num_latents": 7}, "has a code of 6"),
        ({"radius_stddev": 0.0}, "radius_stddev must be a number, above 0"),
        ({"num_classes": 1}, "num_classes must be 0, for no classifier, or 2"),
        ({"spring_weight": -1.0}, "spring_weight must be a number"),
        ({"num_gaussians": -1}, "num_gaussians must be"),
        ({"encoder": networks.dense_encoder((8, 8, 1), {"mean": 6})}, "the heads {'x': 3, 'y': 3}"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(kwargs, sentence):
    with pytest.raises(UserError, match=sentence):
        ToroidalAutoencoder((8, 8, 1), **{**SMALL, **kwargs})


@pytest.mark.parametrize(
    ("settings", "data", "sentence"),
    [
        ({"batch_size": 1}, IMAGES, "take batch_size=2 or more"),
        ({"model": {"num_classes": 4}}, IMAGES, "needs labels; give the data as a dict"),
        ({"model": {"num_classes": 3}}, {"observations": IMAGES, "factors": LABELS}, "at least the 4 values"),
    ],
)
def test_data_that_do_not_serve_end_in_a_sentence(settings, data, sentence):
    make = functools.partial(ToroidalAutoencoder, **SMALL, **settings.pop("model", {}))
    with pytest.raises(UserError, match=sentence):
        training.train(make, data, steps=1, progress=False, **{"batch_size": 8, **settings})


def test_fit_without_labels_says_so():
    model = ToroidalAutoencoder((8, 8, 1), **SMALL, num_classes=4)
    model.compile(run_eagerly=True)
    with pytest.raises(UserError, match="needs labels beside the observations"):
        model.fit(IMAGES, verbose=0)
