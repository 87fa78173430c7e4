"""Draw protocol, discretiser and mutual information against hand-written loops and scikit-learn."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from tfdisent.errors import UserError
from tfdisent.metrics import utils


class FourMembers:
    """Factors of sizes 3, 1, 5; the observations take noise from the same random state as the factors."""

    num_factors = 3
    factors_num_values = [3, 1, 5]  # noqa: RUF012
    observation_shape = [3]  # noqa: RUF012

    def sample_factors(self, num, random_state):
        return np.stack([random_state.randint(n, size=num) for n in self.factors_num_values], axis=1)

    def sample_observations_from_factors(self, factors, random_state):
        return (factors + 0.1 * random_state.random_sample(factors.shape)).astype(np.float32)

    def sample(self, num, random_state):
        factors = self.sample_factors(num, random_state)
        return factors, self.sample_observations_from_factors(factors, random_state)


@pytest.mark.parametrize("num_points", [5, 16, 37, 48])
def test_points_are_drawn_in_chunks_of_the_batch_size_and_come_out_one_row_per_code(num_points):
    codes, factors = utils.generate_batch_factor_code(
        FourMembers(), lambda x: 2 * x, num_points, np.random.RandomState(3), 16
    )
    random_state, data = np.random.RandomState(3), FourMembers()
    expected_codes, expected_factors, drawn = None, None, 0
    while drawn < num_points:
        num = min(num_points - drawn, 16)
        chunk = data.sample_factors(num, random_state)
        points = 2 * data.sample_observations_from_factors(chunk, random_state)
        expected_factors = chunk if drawn == 0 else np.vstack((expected_factors, chunk))
        expected_codes = points if drawn == 0 else np.vstack((expected_codes, points))
        drawn += num
    assert codes.shape == (3, num_points) and factors.shape == (3, num_points)
    assert codes.dtype == np.float32 and factors.dtype == np.int64
    np.testing.assert_array_equal(codes, expected_codes.T)
    np.testing.assert_array_equal(factors, expected_factors.T)


def test_the_batch_size_decides_which_points_are_drawn():
    draws = [
        utils.generate_batch_factor_code(FourMembers(), lambda x: x, 32, np.random.RandomState(0), size)[1]
        for size in (8, 16)
    ]
    assert not np.array_equal(*draws)


def test_mutual_information_and_entropy_equal_those_of_scikit_learn():
    random_state = np.random.RandomState(0)
    codes = random_state.randint(1, 21, size=(5, 700))
    factors = np.stack(
        [codes[0] // 3, random_state.randint(4, size=700), codes[1] + codes[2], np.ones(700, int)]
    )
    ours = utils.discrete_mutual_info(codes, factors)
    theirs = [[mutual_info_score(y, x) for y in factors] for x in codes]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        utils.discrete_entropy(factors), [mutual_info_score(y, y) for y in factors], rtol=0, atol=1e-12
    )


def test_mutual_information_of_many_valued_rows_is_counted_without_the_full_table():
    codes = np.random.RandomState(0).permutation(3000)[None]  # 9 million cells, 3,000 in use
    np.testing.assert_allclose(utils.discrete_mutual_info(codes, codes // 2), np.log(1500), rtol=1e-12)
    np.testing.assert_allclose(utils.discrete_mutual_info(codes, codes), np.log(3000), rtol=1e-12)


def test_a_constant_row_has_exactly_zero_entropy_and_information():
    constant, other = np.full((1, 999), 7.5), np.arange(999)[None]
    assert utils.discrete_entropy(constant)[0] == 0.0
    assert utils.discrete_mutual_info(constant, other)[0, 0] < 1e-12


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bins_have_equal_width_the_maximum_falls_into_the_last_and_a_constant_row_into_one(dtype):
    row = np.random.RandomState(1).uniform(-3, 5, size=1000).astype(dtype)
    bins = utils.histogram_discretize(np.stack([row, np.full(1000, 2, dtype)]), 20)
    expected = np.digitize(row, np.histogram(row, 20)[1][:-1])
    np.testing.assert_array_equal(bins[0], expected)
    assert bins.dtype == dtype and bins[0].min() == 1 and bins[0].max() == 20 and bins[0, row.argmax()] == 20
    counts = np.bincount(bins[0].astype(int), minlength=21)[1:]
    np.testing.assert_array_equal(counts, np.histogram(row, 20)[0])
    assert len(np.unique(bins[1])) == 1


def test_enumerated_uint8_observations_reach_the_representation_between_zero_and_one():
    class Images:
        size = 5

        def observations(self, indices):
            return np.full((len(indices), 2), 51, np.uint8) * np.array(indices, np.uint8)[:, None]

        def factors(self, indices):
            return np.array(indices)[:, None]

    assert utils.is_enumerable(Images()) and not utils.is_enumerable(FourMembers())
    codes, factors = utils.enumerate_codes_and_factors(Images(), lambda x: x, np.array([4, 0, 5]), 2)
    np.testing.assert_allclose(codes, [[0.8, 0.8], [0, 0], [1, 1]], rtol=1e-6)
    np.testing.assert_array_equal(factors, [[4], [0], [5]])


@pytest.mark.parametrize("numbers", [(0, 16), (-3, 16), (10, 0), (10, 2.5), (True, 16), ("ten", 16)])
def test_numbers_of_points_that_are_not_positive_whole_numbers_are_refused(numbers):
    with pytest.raises(UserError, match="must be a whole number from 1 to 10,000,000. Received: "):
        utils.generate_batch_factor_code(
            FourMembers(), lambda x: x, numbers[0], np.random.RandomState(0), numbers[1]
        )


@pytest.mark.parametrize("representation", [lambda x: x[:-1], lambda x: x[:, 0], lambda x: x[..., None]])
def test_a_representation_without_one_row_per_observation_is_refused(representation):
    with pytest.raises(UserError, match="one row of codes per observation"):
        utils.generate_batch_factor_code(FourMembers(), representation, 8, np.random.RandomState(0), 4)


def test_importing_the_metrics_imports_neither_tensorflow_nor_keras_nor_slow_libraries():
    code = (
        "import sys, tfdisent.metrics;"
        "heavy = ('tensorflow', 'keras', 'sklearn', 'cvxpy', 'matplotlib', 'scipy');"
        "print([m for m in heavy if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
