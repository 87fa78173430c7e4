import numpy as np
import pytest

from tfdisent.data import ArrayData, DummyData, IdentityObservationsData
from tfdisent.errors import UserError
from tfdisent.training import BatchStream

DATA = ArrayData(np.arange(103, dtype=np.float32)[:, None])


def test_an_epoch_shows_no_observation_twice_and_the_next_one_has_another_order():
    stream = BatchStream(DATA, 10, seed=3)
    first = np.concatenate([stream.indices(step) for step in range(10)])
    second = np.concatenate([stream.indices(step) for step in range(10, 20)])
    assert len(set(first)) == len(set(second)) == 100
    assert np.abs(np.corrcoef(first, second)[0, 1]) < 0.3


def test_every_observation_is_shown_equally_often_in_the_long_run():
    stream = BatchStream(DATA, 10, seed=0)
    counts = np.bincount(np.concatenate([stream.indices(step) for step in range(1000)]), minlength=103)
    assert counts.sum() == 10_000
    assert counts.min() > 100 * (100 / 103) - 10 and counts.max() <= 100


@pytest.mark.parametrize("sampling", ["epochs", "replacement"])
def test_a_batch_depends_on_seed_and_step_only(sampling):
    one, same, other = (BatchStream(DATA, 10, seed, sampling) for seed in (1, 1, 2))
    same.indices(3)
    np.testing.assert_array_equal(one.indices(57), same.indices(57))
    assert (one.indices(57) != other.indices(57)).any() and (one.indices(57) != one.indices(58)).any()


def test_replacement_draws_uniformly():
    stream = BatchStream(DATA, 50, sampling="replacement")
    counts = np.bincount(np.concatenate([stream.indices(step) for step in range(2000)]), minlength=103)
    chi_squared = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    assert chi_squared < 151  # the 0.999 quantile with 102 degrees of freedom


@pytest.mark.parametrize("data", [DATA, DummyData()])
def test_the_slices_of_the_replicas_make_up_the_global_batch(data):
    stream = BatchStream(data, 12, seed=5)
    parts = [stream.batch(7, part, 3) for part in range(3)]
    np.testing.assert_array_equal(np.concatenate(parts), stream.batch(7))


@pytest.mark.parametrize("first", [0, 4, 23])
def test_the_dataset_gives_the_batches_of_its_steps_wherever_it_starts(first):
    stream = BatchStream(DATA, 10, seed=2)
    batches = list(stream.dataset(first, 30).as_numpy_iterator())
    np.testing.assert_array_equal(batches, [stream.batch(step) for step in range(first, 30)])


def test_two_workers_with_two_replicas_each_feed_four_slices_in_order():
    stream = BatchStream(DATA, 8, seed=2)
    workers = [list(stream.dataset(3, 9, 4, worker, 2).as_numpy_iterator()) for worker in range(2)]
    for number, step in enumerate(range(3, 9)):
        slices = [workers[worker][2 * number + replica] for worker in range(2) for replica in range(2)]
        np.testing.assert_array_equal(np.concatenate(slices), stream.batch(step))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"batch_size": 104}, "must not exceed the 103 observations"),
        ({"batch_size": 4, "sampling": "random"}, "sampling must be"),
    ],
)
def test_settings_that_make_no_stream(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        BatchStream(DATA, **arguments)


@pytest.mark.parametrize("replicas", [1, 2])
def test_labels_come_with_their_observations(replicas):
    labelled = ArrayData(np.arange(103, dtype=np.float32)[:, None], np.arange(103) * 2)
    stream = BatchStream(labelled, 10, seed=2, with_labels=True)
    plain = BatchStream(labelled, 10, seed=2)
    slices = list(stream.dataset(3, 9, replicas).as_numpy_iterator())
    observations, labels = (np.concatenate(part) for part in zip(*slices, strict=True))
    np.testing.assert_array_equal(observations, np.concatenate([plain.batch(step) for step in range(3, 9)]))
    np.testing.assert_array_equal(labels, observations.astype(int))


def test_labels_of_data_without_end_are_its_factors():
    observations, labels = BatchStream(IdentityObservationsData(), 6, with_labels=True).batch(3)
    np.testing.assert_array_equal(observations, labels)
