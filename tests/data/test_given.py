import types

import numpy as np
import pytest
import scipy.sparse

from tfdisent.data import ArrayData, as_ground_truth_data, get_named_ground_truth_data
from tfdisent.errors import UserError

IMAGES = np.random.RandomState(0).randint(0, 256, (4, 8, 8, 1))
BYTES = IMAGES.astype(np.uint8)


class Frame:
    """What a pandas data frame shows of itself here."""

    def __init__(self, columns, names=None):
        self._columns, self.columns = columns, names or list(columns)

    def __getitem__(self, name):
        return self._columns[name]


NA = type("NAType", (), {})()


def test_a_data_frame_of_texts_and_numbers_becomes_factors():
    frame = Frame(
        {"animal": np.array(["cat", "dog", "cat", "ant"], object), "year": [1990, 2001, 1990, 2001]}
    )
    data = ArrayData(BYTES, frame)
    assert data.factor_names == ["animal", "year"] and data.factors_num_values == [3, 2]
    assert list(data.factor_values[0]) == ["ant", "cat", "dog"]
    np.testing.assert_array_equal(data.factors(np.arange(4)), [[1, 0], [2, 1], [1, 0], [0, 1]])


def test_columns_called_by_numbers_get_a_name():
    assert ArrayData(BYTES, Frame({0: [0, 0, 1, 1], 1: [0, 1, 0, 1]})).factor_names == [
        "factor_0",
        "factor_1",
    ]


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint16, ">i4"])
def test_whole_numbers_up_to_255_are_bytes_and_the_source_says_so(dtype):
    data = ArrayData(IMAGES.astype(dtype))
    np.testing.assert_array_equal(data.observations(np.arange(4)), BYTES)
    assert data.observations([0]).dtype == np.uint8 and "taken for bytes" in data.source


@pytest.mark.parametrize("dtype", [">f4", "f2", "f8", ">f8", np.longdouble])
def test_real_numbers_of_any_width_and_order_of_bytes_become_float32(dtype):
    data = ArrayData((IMAGES / 255).astype(dtype))
    assert data.observations([0]).dtype == np.dtype("=f4")
    np.testing.assert_allclose(data.observations(np.arange(4)), IMAGES / 255, atol=1e-3)


def test_a_file_mapped_into_memory_stays_there(tmp_path):
    np.save(tmp_path / "images.npy", BYTES)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    data = ArrayData(mapped)
    assert np.shares_memory(data._images, mapped)
    np.testing.assert_array_equal(data.observations([2]), BYTES[[2]])


def test_tensors_are_taken_with_or_without_gradients():
    class Tensor:
        """A PyTorch tensor that needs its gradient."""

        def detach(self):
            return types.SimpleNamespace(cpu=lambda: types.SimpleNamespace(numpy=lambda: BYTES))

        def cpu(self):
            raise RuntimeError("detach it first")

    np.testing.assert_array_equal(ArrayData(Tensor()).observations(np.arange(4)), BYTES)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (IMAGES.astype(float), r"images / 255.*Received: float64 from"),
        (IMAGES * 2.0 - 300, "shift and scale"),
        (IMAGES * 200, "images / 65535"),
        (IMAGES % 2, r"astype\(bool\)"),
        (BYTES % 2, r"these are black.*astype\(bool\)"),
        (np.moveaxis(np.zeros((4, 8, 8, 3), np.uint8), -1, 1), r"channels last.*moveaxis\(images, 1, -1\)"),
        (np.ma.masked_array(BYTES, BYTES > 9), r"no mask.*\.filled\(value\)"),
        (scipy.sparse.csr_matrix(np.eye(3)), r"toarray\(\).*sparse"),
        (types.SimpleNamespace(element_spec=None, __array__=None), "as_numpy_iterator"),
        ((image for image in BYTES), r"np.stack\(list\(generator\)\)"),
        ([[1.0, 2.0], [3.0]], "rows of one length"),
        (np.array([[1, None]], object), "dtype object"),
        (BYTES * 1j, "complex"),
        (np.array([["a", "b"]]), "<U1"),
        (np.array(3.0), r"shape \(\)"),
        ((BYTES, np.arange(4)), "{'observations': x, 'factors': y}"),
        ({"observation": BYTES}, "did you mean observations"),
        ({"observations": BYTES, "factor": [0, 1, 0, 1]}, "did you mean factor"),
        (ArrayData, "call the class"),
        (len, "builtin"),
    ],
)
def test_what_is_no_data_ends_in_a_sentence_that_says_what_to_write(given, words):
    with pytest.raises(UserError, match=words) as error:
        as_ground_truth_data(given)
    assert "Received: " in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) <= 300


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        (Frame({"day": np.array(["2020-01-01"] * 4, "M8[D]")}), "time is no factor.*'day'"),
        (Frame({"animal": np.array(["a", None, "b", "a"], object)}), "'animal', row 1"),
        (Frame({"animal": np.array(["a", "b", float("nan"), "a"], object)}), "'animal', row 2"),
        (Frame({"age": np.array([1, 2, 3, NA], object)}), "'age', row 3"),
        (Frame({"age": [1.0, np.inf, 2.0, 3.0]}), "'age', row 1"),
        (Frame({"a": np.arange(4)}, ["a", "a"]), "must differ.*'a'"),
        ({1: np.arange(4)}, "must be texts. Received: 1"),
        ({"mixed": np.array([1, "a", 2, 3], object)}, "dict.*int, str"),
        ({"a": np.arange(3)}, r"4 observations.*\(3,\)"),
        ({"a": np.ma.masked_array(np.arange(4), [0, 1, 0, 0])}, "no mask"),
        ({"a": np.arange(4) * 1j}, "complex128"),
    ],
)
def test_factors_that_cannot_be_used_are_named_with_their_column_and_row(factors, words):
    with pytest.raises(UserError, match=words) as error:
        ArrayData(BYTES, factors)
    assert "\n" not in str(error.value) and len(str(error.value)) <= 300


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"factor_kinds": ["catgorical", "cyclic"]}, "did you mean categorical"),
        ({"factor_kinds": ["cyclic"]}, "each of the 2 factors"),
        ({"factor_kinds": "cyclic"}, "list of texts"),
        ({"factor_names": ["a", "a"]}, "must differ.*'a' 2 times"),
        ({"factor_names": ["a", 1]}, "must be texts"),
        ({"factor_names": "ab"}, "list of texts"),
        ({"factor_names": ["a"]}, "each of the 2 factors"),
    ],
)
def test_names_and_kinds_that_do_not_fit_are_refused(settings, words):
    with pytest.raises(UserError, match=words):
        ArrayData(BYTES, np.zeros((4, 2), int), **settings)


def test_a_path_in_place_of_data_says_how_its_content_becomes_an_array(tmp_path):
    (tmp_path / "photos").mkdir()
    np.save(tmp_path / "x.npy", BYTES)
    for path, words in (
        ("photos", "from PIL import Image"),
        ("x.npy", "np.load"),
        ("none.png", "nothing is there"),
    ):
        for given in (tmp_path / path, str(tmp_path / path)):
            with pytest.raises(UserError, match=words) as error:
                as_ground_truth_data(given)
            assert "not a path" in str(error.value) and "\n" not in str(error.value)


def test_a_data_dir_that_is_a_file_and_options_of_other_types_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="must be a folder"):
        get_named_ground_truth_data("mnist", data_dir=tmp_path / "file")
    with pytest.raises(UserError, match="download must be True or False"):
        get_named_ground_truth_data("mnist", data_dir=tmp_path, download="yes")
    with pytest.raises(UserError, match="did you mean download"):
        get_named_ground_truth_data("mnist", downlod=True)
