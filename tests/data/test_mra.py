import os

import numpy as np
import pytest

from tfdisent.data import BagData, mnist_bags, mra, mra_states, shifted
from tfdisent.errors import UserError


def test_the_six_states_are_the_functions_of_equation_7():
    square, cosine, ramp, *doubled = mra_states(100)
    assert square[:50].max() == 0 and square[50:].min() == 1  # 1{x > 0.5} at x = j / 100, j = 1, ..., 100
    assert cosine[49] == 0 and cosine[99] == 1 and cosine[24] == pytest.approx(0.5)
    assert ramp[0] == 0.98 and ramp[24] == 0.5 and not ramp[49:].any()
    np.testing.assert_array_equal(doubled, 2 * np.array([square, cosine, ramp]) - 1)


def test_a_shift_reads_ahead_and_shifts_add_up_modulo_the_length():
    signal = np.arange(5)
    np.testing.assert_array_equal(shifted(signal, 2), [2, 3, 4, 0, 1])
    np.testing.assert_array_equal(shifted(shifted(signal, 3), 4), shifted(signal, 2))
    np.testing.assert_array_equal(shifted(signal, 5), signal)


@pytest.mark.parametrize("sampling", ["pool", "iid"])
def test_every_instance_is_its_state_under_its_shift_and_no_bag_repeats_one(sampling):
    data = mra(9, 7, 20, seed=3, sampling=sampling)
    assert data.bags.dtype == np.float32 and data.observation_shape == (7, 20)
    for bag, state, shifts in zip(data.bags, data.states, data.nuisances, strict=True):
        np.testing.assert_array_equal(bag, shifted(mra_states(20)[state], shifts).astype(np.float32))
        assert len(set(shifts)) == 7
    np.testing.assert_array_equal(data.factors(np.arange(9))[:, 0], data.states)
    again = mra(9, 7, 20, seed=3, sampling=sampling)
    np.testing.assert_array_equal(again.bags, data.bags)
    assert (mra(9, 7, 20, seed=4, sampling=sampling).nuisances != data.nuisances).any()


@pytest.mark.parametrize(("num_datapoints", "num_instances", "each"), [(18, 30, 3), (6, 97, 1), (12, 60, 2)])
def test_a_pool_gives_every_state_as_often_and_its_bags_share_no_shift(num_datapoints, num_instances, each):
    data = mra(num_datapoints, num_instances, 100, seed=1)
    assert np.bincount(data.states).tolist() == [each] * 6
    if each * num_instances <= 100:
        for state in range(6):
            shifts = data.nuisances[data.states == state].reshape(-1)
            assert len(set(shifts)) == each * num_instances


def test_six_literal_draws_miss_states():
    # The expected number of different states among six draws is 6 (1 - (5/6)^6) = 3.99.
    counts = [len(set(mra(6, 97, 100, seed, "iid").states)) for seed in range(200)]
    assert np.mean(counts) == pytest.approx(6 * (1 - (5 / 6) ** 6), abs=0.2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"num_instances": 101}, "more instances than the pool has shifts, 100"),
        ({"num_instances": 1}, "num_instances must be a whole number, 2 or larger"),
        ({"num_datapoints": 0}, "num_datapoints must be a whole number"),
        ({"sampling": "both"}, "sampling must be 'pool' or 'iid'"),
        ({"length": 1.5}, "length must be a whole number"),
    ],
)
def test_settings_that_make_no_set_end_in_a_sentence(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        mra(**arguments)


def test_bags_of_unequal_size_or_of_one_instance_end_in_a_sentence():
    with pytest.raises(UserError, match="All bags must have the same number of instances"):
        BagData([np.zeros((3, 8)), np.zeros((4, 8))], [0, 1])
    with pytest.raises(UserError, match="num_instances must be a whole number, 2 or larger"):
        BagData(np.zeros((4, 1, 8)), np.zeros(4, int))
    with pytest.raises(UserError, match="a whole number for each of the 4 bags"):
        BagData(np.zeros((4, 2, 8)), np.zeros(3, int))
    with pytest.raises(UserError, match="nuisances must have shape"):
        BagData(np.zeros((4, 2, 8)), np.zeros(4, int), np.zeros((4, 3)))


def test_bags_split_into_disjoint_bags():
    data = mra(18, 5, 20)
    parts = data.split((0.5, 0.25, 0.25))
    bags = np.concatenate([part.to_memory() for part in parts])
    assert [len(part.to_memory()) for part in parts] == [9, 5, 4]
    assert len(np.unique(bags.reshape(18, -1), axis=0)) == len(np.unique(data.bags.reshape(18, -1), axis=0))


def needs_mnist():
    root = os.environ.get("DISENTANGLEMENT_LIB_DATA", "")
    if not os.path.isdir(os.path.join(root, "mnist")):
        pytest.skip("the MNIST files are not under $DISENTANGLEMENT_LIB_DATA")


def test_bags_of_digits_hold_one_class_each_and_every_image_once():
    needs_mnist()
    data = mnist_bags(21, 3000)
    assert data.observation_shape == (21, 28, 28, 1) and set(data.states) == set(range(10))
    assert len(np.unique(data.bags.reshape(data.size * 21, -1), axis=0)) == data.size * 21
    from tfdisent.data import get_named_ground_truth_data

    digits = get_named_ground_truth_data("mnist")
    zeros = digits.factors(np.arange(3000))[:, 0] == 0
    np.testing.assert_array_equal(data.bags[0], digits.observations(np.arange(3000))[zeros][:21])
    with pytest.raises(UserError, match="too few for a bag"):
        mnist_bags(21, 100)
