"""The autoencoder that writes an image as a sum of atoms, each drawn from its own block of the code."""

import math

import keras
import tensorflow as tf

from tfdisent import checks, networks, objectives
from tfdisent.errors import UserError
from tfdisent.models.autoencoder import Autoencoder
from tfdisent.models.gaussian import check_weight
from tfdisent.objectives.rows import map_rows

__all__ = ["AtomicAutoencoder"]

_CHANNELS = 2  # numbers for each pixel of the image in the decoder's widest map, 32 at a quarter of the side
_BLOCK = 2**24  # numbers of that map that are held at a time, 32 images of 16 atoms


@keras.saving.register_keras_serializable("tfdisent")
class AtomicAutoencoder(Autoencoder):
    """An autoencoder with decoder f_D(z) = sum_j g(z_j): one block decoder g for all k blocks of d0 coordinates.

    Minimises the mean squared error, and group_sparsity * sum_c sqrt(sum_j z_jc^2) where that is asked for.

    `decode` goes through a large batch a part at a time (32 images of 128 x 128 pixels and 16 atoms, or fewer of more)
    and draws each again for the gradient, so that at no time more atoms are held, whatever the batch; a step takes
    about a third more arithmetic for it.

    Args:
        num_blocks: k.
        block_dim: d0; the code has k d0 coordinates, block after block.
        encoder: as in `Autoencoder`.
        decoder: the block decoder, a function `(block_dim, observation_shape, seed=, dtype=) -> keras.Model`, or a
            `keras.Model` from blocks [B, d0] to images.
        double_conv: of the default block decoder.
        group_sparsity: weight of the penalty; the paper has none, an early version of its code 1e-5.
        Others: as `Autoencoder`.

    Raises:
        UserError: for settings out of their range; for images that the block decoder cannot make.

    References: Newson & Traonmilin, Disentangled latent representations of images with atomic autoencoders.
    """

    def __init__(
        self,
        observation_shape,
        num_blocks=16,
        block_dim=6,
        encoder=networks.atomic_encoder,
        decoder=networks.block_decoder,
        reconstruction="mean_squared_error",
        output="linear",
        *,
        double_conv=False,
        group_sparsity=0.0,
        **kwargs,
    ):
        num_blocks = checks.whole_number("num_blocks", num_blocks, least=1)
        block_dim = checks.whole_number("block_dim", block_dim, least=1)
        if kwargs.pop("num_latents", num_blocks * block_dim) != num_blocks * block_dim:
            raise UserError(
                f"{num_blocks} blocks of {block_dim} make a code of {num_blocks * block_dim}; set num_blocks and "
                "block_dim, and leave num_latents out."
            )
        self.num_blocks, self.block_dim = num_blocks, block_dim
        self.double_conv = checks.truth("double_conv", double_conv)
        self.group_sparsity = check_weight("group_sparsity", group_sparsity)
        if self.group_sparsity:
            self.terms = (*self.terms, "group_sparsity")
        if double_conv and not isinstance(decoder, keras.Model):
            decoder = _with_double_conv(decoder)
        super().__init__(
            observation_shape, num_blocks * block_dim, encoder, decoder, reconstruction, output, **kwargs
        )

    def decoder_input_size(self):
        return self.block_dim

    def blocks(self, codes):
        """Codes [B, k d0] as blocks [B, k, d0]."""
        return tf.reshape(codes, [-1, self.num_blocks, self.block_dim])

    def decode_atoms(self, codes):
        """The atom of each block, [B, k, H, W, C], of codes [B, k d0]; their sum is what `decode` gives.

        With output="sigmoid" it is the sum that goes through the sigmoid.
        """
        images = self.decoder(tf.reshape(codes, [-1, self.block_dim]))  # [B * k, H, W, C]
        return tf.reshape(images, [-1, self.num_blocks, *self.observation_shape])

    def decoded_sum(self, codes):
        """The sum [B, H, W, C] of the atoms of codes [B, k d0], in bounded memory."""
        weights = [tf.convert_to_tensor(variable) for variable in self.decoder.trainable_variables]

        def atoms_of(codes, *weights):
            blocks = tf.reshape(codes, [-1, self.block_dim])  # [R * k, d0]
            images, _ = self.decoder.stateless_call(weights, [], blocks)
            size = math.prod(self.observation_shape)
            return tf.reduce_sum(tf.reshape(images, [-1, self.num_blocks, size]), axis=1)

        row_size = self.num_blocks * math.prod(self.observation_shape) * _CHANNELS
        images = map_rows(atoms_of, [tf.cast(codes, tf.float32)], weights, row_size, _BLOCK)
        return tf.reshape(images, [-1, *self.observation_shape])

    def decoder_outputs(self, codes):
        return self.decoded_sum(codes)

    def losses(self, observations, training=False):
        codes = self.encode_mean(observations)
        reconstruction = tf.reduce_mean(self.reconstruction_cost(observations, codes))
        if not self.group_sparsity:
            return {"loss": reconstruction, "reconstruction": reconstruction}
        sparsity = tf.reduce_mean(objectives.group_sparsity(self.blocks(codes)))
        loss = reconstruction + self.group_sparsity * sparsity
        return {"loss": loss, "reconstruction": reconstruction, "group_sparsity": sparsity}

    def get_config(self):
        config = super().get_config()
        del config["num_latents"]
        return {
            **config,
            "num_blocks": self.num_blocks,
            "block_dim": self.block_dim,
            "double_conv": self.double_conv,
            "group_sparsity": self.group_sparsity,
        }


def _with_double_conv(decoder):
    return lambda *arguments, **settings: decoder(*arguments, double_conv=True, **settings)
