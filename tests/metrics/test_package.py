"""The room as a whole: what it exports, the signature all scores share, and how little it imports."""

import importlib
import inspect
import subprocess
import sys

import numpy as np
import pytest

from tfdisent import metrics
from tfdisent.errors import UserError

OF_ARRAYS = [
    name
    for name in metrics.__all__
    if inspect.isfunction(getattr(metrics, name))
    and list(inspect.signature(getattr(metrics, name)).parameters)[:2] == ["codes", "factors"]
    and name != "mutual_information_gaps"
]


def test_every_exported_name_is_there():
    assert sorted(metrics.__all__) == metrics.__all__
    assert all(hasattr(metrics, name) for name in metrics.__all__)


@pytest.mark.parametrize("name", OF_ARRAYS)
def test_every_score_of_arrays_takes_codes_factors_and_random_state_in_this_order(name):
    parameters = inspect.signature(getattr(metrics, name)).parameters
    assert list(parameters)[:3] == ["codes", "factors", "random_state"]
    assert parameters["random_state"].default == 0


def test_a_module_of_disentanglement_lib_s_name_can_still_be_imported_from():
    for name in OF_ARRAYS:
        if name != "unsupervised_scores":
            module = importlib.import_module(f"tfdisent.metrics.{name}")
            assert getattr(module, name) is getattr(metrics, name)


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
