"""A toy data set and four representations of it, for scores.py and timings.py; keeps to Python 3.7, as theirs does."""

import numpy as np

SIZES = (3, 6, 10, 8, 4)


class Toy:
    """Factors, and observations: the factors followed by five columns of noise from the same state."""

    num_factors = len(SIZES)
    factors_num_values = list(SIZES)
    factor_names = [f"factor_{i}" for i in range(len(SIZES))]
    observation_shape = [len(SIZES) + 5]

    def sample_factors(self, num, random_state):
        return np.stack([random_state.randint(n, size=num) for n in SIZES], axis=1)

    def sample_observations_from_factors(self, factors, random_state):
        return np.concatenate([factors, random_state.standard_normal((len(factors), 5))], axis=1)

    def sample(self, num, random_state):
        factors = self.sample_factors(num, random_state)
        return factors, self.sample_observations_from_factors(factors, random_state)

    def sample_observations(self, num, random_state):
        return self.sample(num, random_state)[1]


def representation(name):
    """Observations [N, 10] -> codes [N, D], float32 as those of a network where it matters."""
    random_state = np.random.RandomState(7)
    rotation = np.linalg.qr(random_state.standard_normal((5, 5)))[0]
    mixing = random_state.standard_normal((10, 12))
    centre, scale = (np.array(SIZES) - 1) / 2.0, np.array(SIZES) / np.sqrt(12.0)

    def encode(observations):
        factors, noise = (observations[:, :5] - centre) / scale, observations[:, 5:]
        if name == "aligned":
            return factors + 0.01 * noise
        if name == "rotated":
            return factors.dot(rotation).astype(np.float32)
        if name == "noisy":
            return (factors + 0.5 * factors.dot(rotation) + 0.7 * noise).astype(np.float32)
        return np.tanh(0.3 * np.concatenate([factors, noise], axis=1).dot(mixing))

    return encode
