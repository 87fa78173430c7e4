"""The room as a whole: what it exports, modules that are called, and how little it imports."""

import subprocess
import sys
import types

import numpy as np
import pytest

from tfdisent import metrics
from tfdisent.errors import UserError

CALLED = [name for name in metrics.__all__ if isinstance(getattr(metrics, name), types.ModuleType)]


def test_every_exported_name_is_there():
    assert sorted(metrics.__all__) == metrics.__all__
    assert all(hasattr(metrics, name) for name in metrics.__all__)


@pytest.mark.parametrize("name", [name for name in CALLED if name not in ("predictors", "utils")])
def test_a_score_s_module_is_called_like_its_function(name):
    module = getattr(metrics, name)
    assert callable(module) and callable(getattr(module, name))
    with pytest.raises(TypeError, match="positional argument|required positional"):
        module()


def test_module_and_function_give_the_same_value():
    factors = np.random.RandomState(0).randint(3, size=(60, 2))
    assert metrics.mig(factors, factors) == metrics.mig.mig(factors, factors)


def test_importing_the_scores_imports_no_other_library():
    code = (
        "import sys, tfdisent.metrics; heavy = ['tensorflow', 'keras', 'sklearn', 'scipy', 'joblib', 'cvxpy'];"
        "print([name for name in heavy if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "name", ["compute_beta_vae_sklearn", "compute_factor_vae", "compute_strong_downstream_task"]
)
def test_a_representation_without_one_row_an_observation_is_refused(name):
    class Data:
        num_factors = 2
        factors_num_values = (3, 3)

        def sample_factors(self, num, random_state):
            return random_state.randint(3, size=(num, 2))

        def sample_observations_from_factors(self, factors, random_state):
            return factors.astype(float)

        def sample_observations(self, num, random_state):
            return self.sample_factors(num, random_state)

    with pytest.raises(UserError, match="one row of codes per observation"):
        getattr(metrics, name)(Data(), lambda x: x.mean(axis=0), np.random.RandomState(0))
