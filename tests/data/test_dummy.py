import numpy as np

from tfdisent.data import DummyData, IdentityObservationsData


def test_identity_shows_factors_out_of_one_to_ten_drawn_row_by_row():
    expected = np.random.RandomState(3).randint(1, 11, size=(500, 10))
    factors, observations = IdentityObservationsData().sample(500, np.random.RandomState(3))
    np.testing.assert_array_equal(factors, expected)
    np.testing.assert_array_equal(observations, expected)
    assert (factors.min(), factors.max()) == (1, 10)
    assert IdentityObservationsData().factors_num_values == [1] * 10


def test_dummy_images_are_noise_drawn_after_the_factors():
    random_state = np.random.RandomState(3)
    expected_factors = random_state.randint(5, size=(4, 10))
    expected = random_state.random_sample((4, 64, 64, 1)).astype(np.float32)
    factors, observations = DummyData().sample(4, np.random.RandomState(3))
    np.testing.assert_array_equal(factors, expected_factors)
    np.testing.assert_array_equal(observations, expected)
    assert not DummyData().enumerable and DummyData().size is None
