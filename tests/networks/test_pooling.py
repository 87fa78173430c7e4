import pytest

from tfdisent.errors import UserError
from tfdisent.networks import pooling_encoder, upsampling_decoder


def test_digits_are_pooled_to_three_by_three_and_made_from_seven_by_seven():
    encoder = pooling_encoder((28, 28, 1), {"x": 3, "y": 3})
    assert [layer.output.shape[1:] for layer in encoder.layers if "pool" in layer.name] == [
        (14, 14, 16), (7, 7, 32), (3, 3, 64)
    ]  # fmt: skip
    dense = (3 * 3 * 64 + 1) * 128 + 2 * 129 * 3
    assert encoder.count_params() == 10 * 16 + (9 * 16 + 1) * 32 + (9 * 32 + 1) * 64 + dense
    decoder = upsampling_decoder(6, (28, 28, 1))
    assert decoder.get_layer("grid").output.shape[1:] == (7, 7, 64)
    convolutions = (9 * 64 + 1) * 64 + (9 * 64 + 1) * 32 + (9 * 32 + 1) * 16 + (9 * 16 + 1) * 1
    assert decoder.count_params() == 7 * 7 * 7 * 64 + convolutions


@pytest.mark.parametrize("shape", [(8, 8, 1), (27, 30, 3), (64, 64, 1)])
def test_any_size_comes_back(shape):
    assert upsampling_decoder(4, shape).output.shape[1:] == shape
    assert pooling_encoder(shape, {"x": 2, "y": 2}).input.shape[1:] == shape


def test_images_that_are_too_small_end_in_a_sentence():
    with pytest.raises(UserError, match="H and W at least 8"):
        pooling_encoder((4, 4, 1), {"x": 2})
    with pytest.raises(UserError, match="filters must have at least one entry"):
        upsampling_decoder(4, (8, 8, 1), filters=())
