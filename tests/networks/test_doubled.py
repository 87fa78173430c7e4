import keras
import numpy as np

from tfdisent.networks import dense_decoder, doubled_logits


def test_the_sigmoid_of_doubled_logits_is_disentanglement_libs_tanh_activation(tmp_path):
    # tanh(x) / 2 + 1 / 2 = sigmoid(2 x)
    codes = np.random.RandomState(0).standard_normal((5, 3)).astype(np.float32)
    plain = dense_decoder(3, (2, 2, 1), hidden_units=(4,), seed=1)
    doubled = doubled_logits(
        3, (2, 2, 1), decoder=lambda *args, **kw: dense_decoder(*args, hidden_units=(4,), **kw), seed=1
    )
    expected = np.tanh(plain.predict(codes, verbose=0)) / 2 + 0.5
    np.testing.assert_allclose(keras.ops.sigmoid(doubled(codes)), expected, atol=1e-6)
    doubled.save(tmp_path / "decoder.keras")
    again = keras.saving.load_model(tmp_path / "decoder.keras")
    np.testing.assert_array_equal(again(codes), doubled(codes))
