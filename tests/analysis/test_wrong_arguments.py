import importlib.util
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tfdisent import analysis
from tfdisent.data import MRA_PARTNERS
from tfdisent.errors import UserError

_SPEC = importlib.util.spec_from_file_location(
    "wrong_arguments", pathlib.Path(__file__).parents[1] / "wrong_arguments.py"
)
wrong_arguments = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong_arguments)

_RANDOM = np.random.RandomState(0)
CODES, LOG_VAR = _RANDOM.randn(2, 8, 3)
MATRIX, JACOBIANS = _RANDOM.randn(5, 3), _RANDOM.randn(2, 5, 2)
POINTS, SIGNALS, SPIKES = _RANDOM.randn(30, 5), _RANDOM.rand(2, 3, 4, 16), 9 * _RANDOM.rand(2, 5, 3, 3)
FIRST, SECOND = _RANDOM.randn(2, 6)


class Bags:
    """Looks like a `SymAE`, and gives back what it is given."""

    observation_shape, coherent_dim, nuisance_dim = (4, 20), 3, 2

    def redatum(self, coherent_from, nuisance_from, draws=0):
        return nuisance_from

    def decode(self, coherent, nuisance):
        return tf.constant(nuisance)


def decode(codes):
    return codes @ tf.constant(MATRIX.T, tf.float32)


TRAVERSED = {"codes": CODES, "num_steps": 3, "interval": "std", "limit": 2.0}
PATH = {"first": FIRST, "second": SECOND, "num_angles": None}
ARGUMENTS = {
    "aggregated_posterior_divergences": {"mean": CODES, "log_var": LOG_VAR, "random_state": _RANDOM},
    "amplitude_spectra": {"truth": SIGNALS[0], "found": SIGNALS[1]},
    "angle_dependence": {"angles": CODES, "bins": 4},
    "best_variances": {"matrix": MATRIX, "budget": 1.0},
    "cheapest_rotations": {"jacobians": JACOBIANS, "budget": 1.0, "random_state": _RANDOM},
    "coordinate_correlations": {
        "blocks": _RANDOM.rand(30, 4, 2),
        "true": _RANDOM.rand(30, 4, 3),
        "partner": _RANDOM.randint(0, 4, (30, 4)),
        "least_number": 5,
    },
    "decode_curve": {"model": Bags(), "coherent": np.zeros(3), "curve": np.zeros((5, 2))},
    "decoder_jacobians": {"decode": decode, "codes": CODES, "batch_size": 4},
    "kuiper_statistic": {"angles": CODES},
    "latent_traversals": {
        **TRAVERSED,
        "decode": decode,
        "reference": LOG_VAR,
        "order": [1, 0],
        "batch_size": 20,
    },
    "least_stochastic_loss": {"matrix": MATRIX, "budget": 1.0},
    "linear_decoder_matrix": {"decode": decode, "num_latents": 3},
    "local_axes": {"images": _RANDOM.rand(4, 5, 3, 2), "width": 1.0},
    "match_spikes": {"found": SPIKES[0], "true": SPIKES[1], "least_amplitude": 0.1, "largest_distance": 3.0},
    "morphings": {**PATH, "decode": lambda codes: codes[:, :2], "num_steps": 3},
    "pca_alignment": {"decoder_matrix": MATRIX, "observations": POINTS},
    "periodic_spline": {"codes": CODES, "shifts": np.arange(8), "length": 10, "num": 5},
    "polar_statistics": {"codes": POINTS[:, :2], "cyclic": POINTS[:, 2], "other": POINTS[:, 3]},
    "principal_codes": {"codes": CODES, "num": 2},
    "principal_directions": {"observations": POINTS, "num": 2},
    "propositions": {"num_points": 5, "seed": 0},
    "redatuming_grid": {
        "model": Bags(),
        "shifts": [1, 2],
        "partners": MRA_PARTNERS,
        "random_state": _RANDOM,
        "draws": 0,
    },
    "shift_aligned_mse": {"redatumed": SIGNALS[0], "truth": SIGNALS[1]},
    "shortest_path": PATH,
    "spikes_of_atoms": {"atoms": _RANDOM.rand(2, 8, 8), "radius": 4},
    "stochastic_bound": {"jacobians": JACOBIANS, "budget": 1.0},
    "torus_paths": {**PATH, "num_steps": 3},
    "traversal_values": TRAVERSED,
    "wasserstein_1d": {"x": CODES[:, 0], "y": CODES[:, 1], "p": 1},
}
ACCEPTED = {
    *((name, "budget", value) for name in ARGUMENTS for value in ("-1", "0", "1.5")),
    ("coordinate_correlations", "least_number", "2**70"),  # no block has so many images
    ("decoder_jacobians", "batch_size", "2**70"),
    ("latent_traversals", "batch_size", "2**70"),
    ("latent_traversals", "limit", "1.5"),
    ("latent_traversals", "limit", "2**70"),
    ("latent_traversals", "order", "0"),
    ("latent_traversals", "order", "None"),
    ("latent_traversals", "reference", "None"),
    *(("local_axes", "width", value) for value in ("0", "1.5")),
    *(("match_spikes", "least_amplitude", value) for value in ("-1", "0", "1.5", "2**70")),
    *(("match_spikes", "largest_distance", value) for value in ("0", "1.5", "2**70")),
    *((name, "num_angles", "None") for name in ("morphings", "shortest_path", "torus_paths")),
    ("periodic_spline", "length", "2**70"),
    ("propositions", "seed", "0"),
    ("redatuming_grid", "draws", "0"),
    ("redatuming_grid", "draws", "2**70"),  # of a model that draws nothing
    ("redatuming_grid", "random_state", "None"),
    ("redatuming_grid", "shifts", "None"),
    ("spikes_of_atoms", "radius", "0"),
    ("spikes_of_atoms", "radius", "2**70"),
    ("traversal_values", "limit", "1.5"),
    ("traversal_values", "limit", "2**70"),
    ("wasserstein_1d", "p", "1.5"),
}
# What a function that was given makes of its argument is its own affair.
FUNCTIONS = {(name, "decode", value) for name in ARGUMENTS for value in ("int", "len")}


@pytest.mark.filterwarnings("ignore")
def test_every_wrong_argument_of_every_analysis_ends_in_a_sentence():
    assert set(ARGUMENTS) == set(analysis.__all__)
    cases = {name: (getattr(analysis, name), arguments) for name, arguments in ARGUMENTS.items()}
    for values in (wrong_arguments.WRONG, wrong_arguments.MORE_WRONG):
        rows = wrong_arguments.try_wrong_arguments(cases, ACCEPTED, values)
        rows = [row for row in rows if (row.function, row.argument, row.value) not in FUNCTIONS]
        assert not wrong_arguments.complaints(rows), wrong_arguments.table(rows)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_an_array_that_is_empty_masked_or_not_finite_ends_in_a_sentence(name):
    function, valid = getattr(analysis, name), ARGUMENTS[name]
    for argument, value in valid.items():
        if np.ndim(value) == 0:
            continue
        value = np.asarray(value)
        wrong = [value[:0], value.astype(np.complex64), np.ma.masked_equal(value, value.flat[0])]
        wrong.append(np.where(np.arange(value.size).reshape(value.shape) == 1, np.nan, value))
        for each in wrong:
            with pytest.raises(UserError, match=rf"^{argument} must be"):
                function(**{**valid, argument: each})


@pytest.mark.parametrize(
    "name", ["decoder_jacobians", "latent_traversals", "linear_decoder_matrix", "morphings"]
)
def test_what_a_decode_raises_is_passed_on_and_what_it_returns_is_checked(name):
    def fails(codes):
        raise ZeroDivisionError("of its own")

    function, valid = getattr(analysis, name), ARGUMENTS[name]
    with pytest.raises(ZeroDivisionError, match="of its own"):
        function(**{**valid, "decode": fails})
    for returned in (None, "a", [], {}, 1.5):
        with pytest.raises(UserError, match="decode"):
            function(**{**valid, "decode": lambda codes, returned=returned: returned})


def test_paths_of_too_many_angles_are_not_listed():
    with pytest.raises(
        UserError, match=r"2\^d paths can be drawn for up to d = 16 angles. Received: 20 angles"
    ):
        analysis.torus_paths(np.ones(40), np.ones(40))


def test_partners_and_states_that_do_not_exist_end_in_a_sentence():
    valid = ARGUMENTS["coordinate_correlations"]
    with pytest.raises(UserError, match=r"places of spikes, -1 to 3\. Received: 4 to 7\."):
        analysis.coordinate_correlations(**{**valid, "partner": valid["partner"] + 4})
    with pytest.raises(UserError, match=r"partners must be states, 0 to 5\. Received: \[1, 2, 3, 4, 5, 6\]"):
        analysis.redatuming_grid(Bags(), partners=range(1, 7))
