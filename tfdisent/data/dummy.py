"""Data sets for tests, as in disentanglement_lib."""

import numpy as np

from tfdisent.data.arguments import check_random_state
from tfdisent.data.ground_truth import GroundTruthData

__all__ = ["DummyData", "IdentityObservationsData"]


class DummyData(GroundTruthData):
    """Images of uniform noise, 64x64x1, that do not depend on their ten factors of five values.

    References: Locatello et al. 2019, disentanglement_lib, `dummy_data.py`.
    """

    enumerable = False

    def __init__(self):
        names = [f"factor_{i}" for i in range(10)]
        source = "noise that does not depend on the factors"
        super().__init__("dummy_data", source, names, ["categorical"] * 10, [5] * 10, (64, 64, 1))

    def sample_factors(self, num, random_state):
        """Factors int64 [num, 10], drawn row by row."""
        num = self.check_draw(num, random_state)
        return random_state.randint(5, size=(num, 10)).astype(np.int64)

    def sample_observations_from_factors(self, factors, random_state):
        """Noise float32 [num, 64, 64, 1] in [0, 1)."""
        check_random_state(random_state)
        return random_state.random_sample((len(self.check_factors(factors)), 64, 64, 1)).astype(np.float32)


class IdentityObservationsData(GroundTruthData):
    """Ten factors that are the observations, so that the identity is a perfectly disentangled code.

    As in disentanglement_lib the values are 1..10 while `factors_num_values` says 1.

    References: Locatello et al. 2019, disentanglement_lib, `dummy_data.py`.
    """

    enumerable = False

    def __init__(self):
        names = [f"factor_{i}" for i in range(10)]
        super().__init__("identity", "the factors themselves", names, ["categorical"] * 10, [1] * 10, (10,))

    def sample_factors(self, num, random_state):
        """Factors int64 [num, 10] out of 1..10, drawn row by row."""
        num = self.check_draw(num, random_state)
        return random_state.randint(1, 11, size=(num, 10)).astype(np.int64)

    def sample_observations_from_factors(self, factors, random_state):
        """The factors as float32 [num, 10]."""
        check_random_state(random_state, needed=False)
        return self.check_factors(factors).astype(np.float32)
