"""What a person may give to a score: arrays of any library, seeds, real-valued and constant factors."""

import json
import time

import numpy as np
import pytest

from tfdisent import data, metrics
from tfdisent.errors import UserError
from tfdisent.metrics.arguments import as_random_state
from tfdisent.metrics.labels import label_factors

RANDOM = np.random.RandomState(0)
FACTORS = np.stack([RANDOM.randint(n, size=60) for n in (2, 3)], axis=1)
CODES = FACTORS @ RANDOM.standard_normal((2, 3)) + 0.1 * RANDOM.standard_normal((60, 3))
REAL = RANDOM.standard_normal((300, 2))


class Tensor:
    """Like PyTorch's: refuses to be read while it records gradients."""

    def __init__(self, values, records=True):
        self.values, self.records = values, records

    def detach(self):
        return Tensor(self.values, records=False)

    def __array__(self, dtype=None, copy=None):
        if self.records:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self.values


@pytest.mark.parametrize("change", [Tensor, np.asfortranarray, np.ndarray.tolist, lambda x: x.astype(object)])
def test_every_kind_of_array_has_the_score_of_the_plain_one(change):
    assert metrics.mig(change(CODES), change(FACTORS)) == metrics.mig(CODES, FACTORS)


def test_small_unsigned_codes_do_not_wrap_around():
    codes = (CODES - CODES.min()).astype(np.uint8)
    settings = {"batch_size": 4, "num_train": 40, "num_eval": 20}
    assert metrics.beta_vae(codes, FACTORS, 0, **settings) == metrics.beta_vae(
        codes * 1.0, FACTORS, 0, **settings
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.ma.masked_array(CODES, CODES > 1), "a masked array is refused"),
        ([np.ma.masked_array(row, row > 1) for row in CODES], "a masked array is refused"),
        (CODES + 0j, "real numbers.*complex128"),
        (FACTORS.astype(str), "number the labels"),
        (np.where(CODES > 0, None, CODES), "number the labels"),
        ([[1, 2], [3]], "NumPy turns into one"),
        (None, "real numbers"),
        (CODES * 1e200, "diverged model"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_in_one_sentence(values, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        metrics.mig(values, FACTORS)
    assert "\n" not in str(error.value) and "Received: " in str(error.value)


def test_a_seed_and_the_random_state_made_of_it_give_the_same_score():
    settings = {"continuous_factors": False}
    expected = metrics.sap_score(CODES, FACTORS, np.random.RandomState(3), **settings)
    assert metrics.sap_score(CODES, FACTORS, 3, **settings) == expected
    assert metrics.sap_score(CODES, FACTORS, np.int64(3), **settings) == expected
    first, second = (as_random_state(np.random.default_rng(1)).randint(9**9) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("seed", [None, True, -1, 2**32, 1.0, "0", np.random, [1]])
def test_what_is_no_seed_is_refused_also_by_scores_that_draw_nothing(seed):
    for score in (metrics.mig, metrics.mcc, metrics.irs, metrics.dci, metrics.unsupervised_scores):
        with pytest.raises(UserError, match="random_state must be a whole number from 0"):
            score(CODES, FACTORS, seed)


def test_real_values_drawn_with_repetition_are_still_real_values():
    rows = RANDOM.randint(300, size=3000)
    once, repeated = metrics.mig(REAL, REAL), metrics.mig(REAL[rows], REAL[rows])
    assert repeated["binned_factors"] == once["binned_factors"] == [0, 1]
    assert repeated["num_factor_bins"] == 20
    assert repeated["discrete_mig"] > 0.5 and once["discrete_mig"] > 0.5


@pytest.mark.parametrize("name", ["compute_mig", "compute_modularity_explicitness"])
def test_a_data_set_of_real_valued_factors_is_binned_by_its_kinds_and_quick(name):
    table = data.ArrayData((REAL - REAL.min()) / np.ptp(REAL), REAL, factor_names=["x", "y"])
    started = time.monotonic()
    settings = {"num_train": 1000} | ({"num_test": 500} if name != "compute_mig" else {})
    scores = getattr(metrics, name)(table, lambda x: x, 0, **settings)
    assert scores["binned_factors"] == ["x", "y"]
    assert next(iter(scores.values())) > 0.5
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "name", ["compute_factor_vae", "compute_beta_vae_sklearn", "compute_fairness", "compute_sap"]
)
def test_a_score_that_holds_a_factor_refuses_a_data_set_of_real_valued_ones(name):
    table = data.ArrayData((REAL - REAL.min()) / np.ptp(REAL), REAL)
    with pytest.raises(UserError, match="finitely many values.*Received: factor factor_0 with"):
        getattr(metrics, name)(table, lambda x: x, 0)


def test_ordered_factors_of_a_grid_stay_labels_as_they_are():
    grid = np.stack(np.meshgrid(np.arange(32), np.arange(40), indexing="ij"), -1).reshape(-1, 2)
    for factors in (grid, grid * 1.0, grid / 40):
        labelled = label_factors(factors, "The score", size=len(factors))
        assert labelled.note == {} and labelled.values is factors


def test_whole_numbers_that_are_hardly_ever_the_same_twice_are_refused():
    for factors in (np.c_[FACTORS, np.arange(60)], np.c_[FACTORS, np.arange(60.0)]):
        with pytest.raises(UserError, match="leave an index out.*factor 2 with 60 whole values in 60 points"):
            metrics.mig(CODES, factors)
    table = data.ArrayData(np.zeros((60, 4)), np.c_[FACTORS, np.arange(60)])
    with pytest.raises(UserError, match="leave an index out"):
        metrics.compute_mig(table, lambda x: np.c_[x, x], 0, num_train=1000)


def test_constant_factors_are_named_as_the_data_set_or_the_frame_names_them():
    class Frame:
        columns = ("shape", "size", "colour")
        shape = (60, 3)

        def __array__(self, dtype=None, copy=None):
            return np.c_[FACTORS, np.ones(60, int)]

    assert metrics.mig(CODES, Frame())["constant_factors"] == ["colour"]
    sprites = data.DSpritesDrawn(image_size=8, shapes=("heart",), num_orientations=1, num_positions=4)
    scores = metrics.compute_mig(sprites, lambda x: x.reshape(len(x), -1)[:, 20:24], 0, num_train=100)
    constant = [
        n for n, size in zip(sprites.factor_names, sprites.factors_num_values, strict=True) if size == 1
    ]
    assert scores["constant_factors"] == constant and np.isfinite(scores["discrete_mig"])


def test_left_out_factors_keep_the_numbers_of_the_others_in_the_keys():
    factors = np.c_[FACTORS[:, 0], np.ones(60, int), FACTORS[:, 1]]
    scores = metrics.unified_scores(CODES, factors, 0, matrix_fns=["mutual_information_matrix"])
    assert {key.rpartition("_")[2] for key in scores if "mig.factor" in key} == {"0", "2"}


PROTOCOLS = [name for name in metrics.__all__ if name.startswith("compute_") and "fixed_data" not in name]
PROTOCOLS = [name for name in PROTOCOLS if name != "compute_dto"] + ["unsupervised_metrics"]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_score_that_draws_says_so_when_it_is_given_arrays(name):
    functions = [lambda x: x] if name == "compute_udr_sklearn" else lambda x: x
    with pytest.raises(UserError, match=r"metrics.mig\(codes, factors\)"):
        getattr(metrics, name)(CODES, functions, 0)


def test_scores_of_other_things_say_what_they_take():
    for score in (metrics.compute_dto, metrics.ima_contrast, metrics.udr):
        with pytest.raises(UserError, match="Received: "):
            score(CODES, FACTORS)
    for score in (metrics.active_units, metrics.polarized_regime):
        with pytest.raises(UserError, match="Received: "):
            score(CODES, FACTORS, 0)


def test_score_all_gives_the_value_of_each_score_and_says_what_does_not_apply():
    small, labels = CODES[:, :1], FACTORS
    scores = metrics.score_all(small, labels, 3)
    json.dumps(scores)
    assert scores["mcc"] == metrics.mcc(small, labels) and scores["beta_vae"] == metrics.beta_vae(
        small, labels, 3
    )
    assert "compares two latents" in scores["does_not_apply"]["mig"]
    assert "slow=True" in scores["does_not_apply"]["dci"]


def test_score_all_takes_squared_correlations_of_real_valued_factors():
    scores = metrics.score_all(REAL, REAL)
    assert scores["sap_score"]["SAP_score"] > 0.9
    assert "finitely many values" in scores["does_not_apply"]["factor_vae"]
