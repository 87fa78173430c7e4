"""A decoder whose logits are twice those of another."""

import keras

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["doubled_logits"]


def doubled_logits(num_latents, observation_shape, *, decoder, seed=0, dtype=None):
    """The decoder that `decoder` builds, with its logits multiplied by 2.

    As tanh(x) / 2 + 1 / 2 = sigmoid(2 x), a model with output="sigmoid" then has disentanglement_lib's activation
    "tanh". Its cross-entropy clips the probabilities at 1e-6, which is not done here.

    Args:
        num_latents: D.
        observation_shape: shape of one observation.
        decoder: a function `(num_latents, observation_shape, seed=, dtype=) -> keras.Model`.
        seed, dtype: given to `decoder`.

    Returns:
        A `keras.Model` from [B, D] to logits, float32 [B, *observation_shape].

    Raises:
        UserError: for a decoder that is no function, and as it raises.

    References: Locatello et al. 2019, `make_reconstruction_loss` of disentanglement_lib.
    """
    if not callable(decoder):
        raise UserError(
            f"decoder must be a function that makes one, such as deconv_decoder. Received: {checks.shown(decoder)}."
        )
    model = decoder(num_latents, observation_shape, seed=seed, dtype=dtype)
    doubled = keras.layers.Rescaling(2.0, dtype="float32", name="doubled")(model.output)
    return keras.Model(model.input, doubled, name=model.name)
