import logging
import types

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from tfdisent import config, metrics
from tfdisent.data import ArrayData, DSpritesDrawn, DummyData, SyntheticLinear, as_float
from tfdisent.errors import UserError
from tfdisent.evaluation import encoding
from tfdisent.evaluation.encoding import CodeTable, Encoder, draws_by_number, fingerprint
from tfdisent.models import VAE, Autoencoder, FullCovarianceVAE

SPRITES = DSpritesDrawn(
    image_size=16, shapes=("square", "heart"), num_scales=2, num_orientations=3, num_positions=4
)
SMALLER = [
    "{}.num_train=60",
    "{}.num_test=40",
    "{}.num_eval=20",
    "{}.batch_size=7",
    "{}.num_variance_estimate=50",
    "{}.num_test_points_per_class=5",
    "{}.num_points=90",
    "{}.num_pairs=30",
    "{}.n_experiment=1",
]
LISTS = ("downstream_task", "reduced_downstream_task", "strong_downstream_task")
METRICS = sorted(path.stem for path in config.find_config("metrics/mig.gin").parent.glob("*.gin"))


def encode(observations):
    """Moments of an image with whole-numbered weights, hence exact in float32 whatever the batch."""
    rows, columns = np.mgrid[:16, :16].astype(np.float32)
    weights = np.stack([np.ones_like(rows), rows, columns, rows * columns, (rows - columns) ** 2], axis=-1)
    return np.tensordot(observations[..., 0], weights, 2).astype(np.float32)


def small_metric(name):
    """A shipped score with few points."""
    found = config.metric_config(name)
    score = found.bindings["evaluation.evaluation_fn"].removeprefix("@")
    bindings = [b.format(score) for b in SMALLER if b.format(score).split("=")[0] in found.bindings]
    if score in LISTS:
        bindings.append(f"{score}.num_train=[20, 60]")
    return config.metric_config(name, bindings).function


class Counting:
    def __init__(self, function=encode):
        self.function, self.count = function, 0

    def __call__(self, observations):
        self.count += len(observations)
        return self.function(observations)


def few_trees(sklearn_era="paper", random_state=0):
    """In place of classifiers whose fitting takes most of the time of a score."""
    return GradientBoostingClassifier(n_estimators=2, random_state=random_state)


@pytest.mark.parametrize("name", METRICS)
def test_a_score_of_looked_up_codes_is_that_of_streamed_ones_bit_for_bit(name, monkeypatch):
    for classifier in ("gradient_boosting_classifier", "logistic_regression_cv"):
        monkeypatch.setitem(metrics.predictors._PREDICTORS, classifier, few_trees)
    function = small_metric(name)
    streamed = function(SPRITES, encode, np.random.RandomState(3))
    table = CodeTable(SPRITES, encode, show=False)
    looked_up = function(table.data, table, np.random.RandomState(3))
    assert list(streamed) == list(looked_up)
    for key, value in streamed.items():
        np.testing.assert_array_equal(looked_up[key], value, err_msg=key)


@pytest.mark.parametrize(
    "data",
    [
        SPRITES.split((0.5, 0.25, 0.25))[0],
        ArrayData(np.arange(60, dtype=np.float32).reshape(30, 2), np.arange(30) // 2 % 5),
        ArrayData(np.arange(60, dtype=np.uint8).reshape(30, 2)),
        ArrayData(np.arange(60, dtype=np.float32).reshape(30, 2), np.linspace(0, 1, 30) ** 2),
    ],
    ids=["part of a grid", "repeated factors", "no factors", "real factors"],
)
def test_any_numbered_set_draws_the_same_points_as_numbers(data):
    assert draws_by_number(data)
    table = CodeTable(data, lambda observations: observations.reshape(len(observations), -1), show=False)
    ours, theirs = np.random.RandomState(1), np.random.RandomState(1)
    for _ in range(3):
        factors, numbers = table.data.sample(20, ours)
        expected_factors, expected = data.sample(20, theirs)
        np.testing.assert_array_equal(factors, expected_factors)
        np.testing.assert_array_equal(table(numbers), expected.reshape(20, -1))
        numbers = table.data.sample_observations_from_factors(factors, ours)
        expected = data.sample_observations_from_factors(factors, theirs)
        np.testing.assert_array_equal(table(numbers), expected.reshape(20, -1))


def test_numbers_survive_as_float32_in_sets_larger_than_its_whole_numbers():
    indices = np.array([0, 1, 2**20, 2**24 + 1, 10**12 + 7])
    huge = types.SimpleNamespace(check_indices=lambda indices: indices)
    numbers = as_float(encoding._numbered(huge).observations(indices))
    np.testing.assert_array_equal(encoding._indices(numbers), indices)


def test_observations_with_noise_or_of_any_factors_are_not_looked_up():
    class Noisy(DSpritesDrawn):
        def sample_observations_from_factors(self, factors, random_state):
            clean = super().sample_observations_from_factors(factors, random_state)
            return np.minimum(clean + random_state.random_sample(clean.shape).astype(np.float32), 1)

    assert draws_by_number(SPRITES)
    assert not draws_by_number(Noisy(image_size=16, num_scales=2, num_orientations=1, num_positions=4))
    assert not draws_by_number(DummyData()) and not draws_by_number(SyntheticLinear(num_points=50))


def test_each_observation_is_encoded_once_and_only_when_asked_for():
    counting = Counting()
    data = DSpritesDrawn(image_size=16, num_scales=6, num_orientations=10, num_positions=16)
    table = CodeTable(data, counting, show=False)
    asked = set()
    for seed in range(10):
        indices = np.random.RandomState(seed).randint(data.size, size=100)
        asked |= set(indices)
        np.testing.assert_array_equal(
            table(table.data.observations(indices)), encode(as_float(data.observations(indices)))
        )
    assert counting.count == len(asked) == table.num_known


def test_from_a_quarter_on_the_rest_is_encoded_at_once():
    counting = Counting()
    table = CodeTable(SPRITES, counting, show=False)
    table(table.data.observations(np.arange(SPRITES.size // 4)))
    assert table.num_known == SPRITES.size // 4
    table(table.data.observations(np.arange(SPRITES.size // 4 + 3)))
    assert table.num_known < SPRITES.size
    table(table.data.observations(np.arange(SPRITES.size // 4 + 5)))
    assert counting.count == table.num_known == SPRITES.size


@pytest.mark.parametrize("batches", [(1, 2, 93), (96,), (48, 1, 47), (7,) * 13 + (5,)])
def test_codes_of_a_network_do_not_depend_on_what_was_asked_for_together(batches):
    model = VAE((16, 16, 1), num_latents=3)
    indices = np.random.RandomState(0).permutation(SPRITES.size)[:96]
    table = CodeTable(SPRITES, model.represent, show=False)
    for part in np.split(indices, np.cumsum(batches)[:-1]):
        table(table.data.observations(part))
    expected = model.represent(as_float(SPRITES.observations(indices)))
    np.testing.assert_array_equal(table(table.data.observations(indices)), expected)


def test_codes_are_kept_for_the_same_model_and_data_only(tmp_path, caplog):
    model, path = VAE((16, 16, 1), num_latents=3), tmp_path / "codes.npz"
    mark = fingerprint(model, SPRITES)
    first = CodeTable(SPRITES, model.represent, show=False)
    numbers = first.data.observations(np.arange(40))
    codes = first(numbers)
    first.save(path, mark)

    def never(observations):
        raise AssertionError("encoded again")

    again = CodeTable(SPRITES, never, show=False)
    again.load(path, mark)
    np.testing.assert_array_equal(again(numbers), codes)

    model.encoder.trainable_variables[0].assign_add(np.full(model.encoder.trainable_variables[0].shape, 1e-6))
    others = (fingerprint(model, SPRITES), fingerprint(model, SPRITES.split()[0]))
    assert len({mark, *others}) == 3
    for other in others:
        table = CodeTable(SPRITES, never, show=False)
        table.load(path, other)
        assert table.num_known == 0

    path.write_bytes(path.read_bytes()[:-200])
    with caplog.at_level(logging.WARNING, "tfdisent"):
        table.load(path, mark)
    assert table.num_known == 0 and "damaged" in caplog.text


def test_a_set_too_large_for_a_table_is_streamed(monkeypatch):
    model = VAE((16, 16, 1), num_latents=3)
    assert Encoder(model, SPRITES, show=False).table is not None
    monkeypatch.setattr(encoding, "_MOST_OBSERVATIONS", SPRITES.size - 1)
    streamed = Encoder(model, SPRITES, show=False)
    assert streamed.table is None and streamed.data is SPRITES


def gaussian_model(second):
    """A stand-in whose posterior does not depend on the observations."""
    mean = np.array([1.0, -2.0], np.float32)
    model = types.SimpleNamespace(num_latents=2, encode=None, posterior=None, get_weights=lambda: [])
    model.in_batches = lambda _, x: (
        np.tile(mean, (len(x), 1)),
        np.tile(second, (len(x),) + (1,) * second.ndim),
    )
    return model, mean


@pytest.mark.parametrize(
    ("second", "covariance"),
    [
        (np.log(np.array([0.25, 4.0])), np.diag([0.25, 4.0])),
        (np.array([[0.5, 0.0], [-1.0, 2.0]]), np.array([[0.25, -0.5], [-0.5, 5.0]])),
    ],
    ids=["variances", "Cholesky factor"],
)
def test_samples_have_the_moments_of_the_posterior(second, covariance):
    model, mean = gaussian_model(second.astype(np.float32))
    encoder = Encoder(model, SPRITES, "sampled", show=False)
    observations = encoder.data.observations(np.zeros(40_000, np.int64))
    codes = encoder.representation_function(0, 0)(observations)
    assert codes.dtype == np.float32
    np.testing.assert_allclose(codes.mean(axis=0), mean, atol=0.04)
    np.testing.assert_allclose(np.cov(codes.T), covariance, atol=0.12)


def test_samples_are_a_function_of_the_seeds_and_the_place_and_new_at_every_place():
    encoder = Encoder(FullCovarianceVAE((16, 16, 1), num_latents=3), SPRITES, "sampled", show=False)
    numbers = encoder.data.observations(np.zeros(30, np.int64))
    first, same, other = (encoder.representation_function(*s) for s in ((0, 5), (0, 5), (1, 5)))
    codes = first(numbers)
    np.testing.assert_array_equal(np.concatenate([same(numbers[:13]), same(numbers[13:])]), codes)
    assert len(np.unique(codes[:, 0])) == 30
    assert not np.array_equal(other(numbers), codes)


def test_sampling_draws_the_same_points_as_the_mean():
    model = VAE((16, 16, 1), num_latents=3)
    factors = []
    for representation in ("mean", "sampled"):
        encoder = Encoder(model, SPRITES, representation, show=False)
        function = encoder.representation_function(0, 0)
        factors.append(
            metrics.generate_batch_factor_code(encoder.data, function, 50, np.random.RandomState(0), 16)[1]
        )
    np.testing.assert_array_equal(*factors)


def test_a_model_without_a_posterior_is_not_sampled_from():
    with pytest.raises(UserError, match="Autoencoder has no posterior to sample from; score its mean"):
        Encoder(Autoencoder((16, 16, 1)), SPRITES, "sampled")
    with pytest.raises(UserError, match="representation must be 'mean' or 'sampled'. Received: 'median'"):
        Encoder(Autoencoder((16, 16, 1)), SPRITES, "median")
