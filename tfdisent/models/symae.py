"""The symmetric autoencoder: what a bag of observations has in common, and what each of them has of its own."""

import keras
import numpy as np
import tensorflow as tf

from tfdisent import checks, networks, objectives
from tfdisent.errors import UserError
from tfdisent.models.base import LatentModel, as_float
from tfdisent.models.gaussian import check_weight
from tfdisent.networks.building import made_network, weights_that_fit

__all__ = ["SymAE"]

_COSTS = {"mean_squared_error": objectives.mean_squared_error, "squared_l2": objectives.squared_l2}
_STATISTICS = ("moving", "batch")
_NETWORKS = ("instance_encoder", "coherent_encoder", "nuisance_encoder", "decoder")


@keras.saving.register_keras_serializable("tfdisent")
class SymAE(LatentModel):
    """An autoencoder of bags of n_tau instances: X_ij is decoded from (C_i, SR(N_ij)).

    The coherent code C_i = CEnc2(mean_j CEnc1(X_ij)) does not change when instances change places, the nuisance codes
    N_ij = NEnc(X_ij) change places with them. SR, noise in training and the identity afterwards, makes N a costly place
    for what C can hold. Minimises reconstruction + energy_weight * J, J the energy dependence of the codes N before SR.

    After training, batch normalisation and SR do not agree: the decoder's moving statistics are those of noisy codes.
    `calibrate` replaces them by the statistics of the codes as they are used.

    Args:
        observation_shape: shape of one bag, (n_tau, k) or (n_tau, H, W, C).
        coherent_dim: p.
        nuisance_dim: q.
        regulariser: SR, of `tfdisent.objectives.STOCHASTIC_REGULARISERS`.
        rate: r; a standard deviation for "gaussian_noise", else the share that is dropped, below 1.
        decoder: "product", "concatenation" or "dense" (images: "dense").
        split_inputs: of the product decoder: dec1 sees C alone and dec2 sees N alone.
        energy_weight: lambda of the mean over datapoints; 0 leaves the term out.
        energy_statistics: of batch normalisation, for the codes J is taken of: "moving", those of inference, as in the
            authors' code, the paper being silent; "batch", those of the step, which saves a pass of NEnc. In Example 2
            the former brings the codes of all states into one order within 500 steps, the latter may never.
        networks: a function `(instance_shape, coherent_dim, nuisance_dim, decoder=, split_inputs=, seed=, dtype=) ->
            {name: keras.Model}`, or such a dict; None takes `symae_signal_networks` for signals and
            `symae_image_networks` for images.
        reconstruction: "mean_squared_error" over instances and points, which lambda = 10 of the paper belongs to, or
            "squared_l2", the sum over them, eq. (5).
        seed, dtype: as `LatentModel`.

    Raises:
        UserError: for bags of one instance or another shape, a rate or weight out of its range, unknown names.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Secs. 2 and 4.2;
    Bharadwaj et al. 2022.
    """

    def __init__(
        self,
        observation_shape,
        coherent_dim=5,
        nuisance_dim=10,
        regulariser="dropout",
        rate=0.5,
        decoder="product",
        split_inputs=False,
        energy_weight=0.0,
        energy_statistics="moving",
        networks=None,
        reconstruction="mean_squared_error",
        *,
        seed=0,
        dtype=None,
        name=None,
    ):
        energy_weight = check_weight("energy_weight", energy_weight)
        self.terms = ("loss", "reconstruction", *(["energy_dependence"] if energy_weight else []))
        self.least_batch_size = 2 if energy_weight else 1
        super().__init__(observation_shape, seed=seed, dtype=dtype, name=name)
        if len(self.observation_shape) not in (2, 4) or self.observation_shape[0] < 2:
            raise UserError(
                "A bag must have shape (n_tau, k) or (n_tau, H, W, C) with two instances or more: from one nobody can "
                f"tell state and nuisance apart. Received: {self.observation_shape}."
            )
        checks.choice("reconstruction", reconstruction, tuple(_COSTS))
        checks.choice("energy_statistics", energy_statistics, _STATISTICS)
        self.rate = objectives.check_rate(regulariser, rate)
        self.regulariser, self.reconstruction = regulariser, reconstruction
        self.coherent_dim, self.nuisance_dim = coherent_dim, nuisance_dim
        self.decoder_kind, self.split_inputs = decoder, checks.truth("split_inputs", split_inputs)
        self.energy_weight, self.energy_statistics = energy_weight, energy_statistics
        with weights_that_fit(f"SymAE with codes of {coherent_dim} and {nuisance_dim} coordinates"):
            self._add_networks(networks)
        self.build()

    def _add_networks(self, given):
        instance_shape = self.observation_shape[1:]
        if given is None:
            signals = len(instance_shape) == 1
            given = networks.symae_signal_networks if signals else networks.symae_image_networks
        if not isinstance(given, dict):
            settings = {"decoder": self.decoder_kind, "split_inputs": self.split_inputs, "seed": self.seed}
            sizes = instance_shape, self.coherent_dim, self.nuisance_dim
            given = made_network("networks", given, *sizes, **settings, dtype=self.dtype_policy)
        if not isinstance(given, dict) or set(given) != set(_NETWORKS):
            raise UserError(
                f"networks must be a dict of {', '.join(_NETWORKS)}. Received: {checks.shown(given)}."
            )
        for name in _NETWORKS:
            setattr(self, name, given[name])
        for name, expected in {
            "coherent_encoder": (self.coherent_dim,),
            "nuisance_encoder": (self.nuisance_dim,),
            "decoder": instance_shape,
        }.items():
            if (found := tuple(given[name].output.shape[1:])) != tuple(expected):
                raise UserError(f"{name} must have outputs of shape {tuple(expected)}. Received: {found}.")

    def encode(self, observations, training=False):
        """Coherent codes [B, p] and nuisance codes [B, n_tau, q] of bags [B, n_tau, ...], before SR."""
        bags, num_instances = tf.shape(observations)[0], observations.shape[1]
        instances = tf.reshape(observations, [-1, *self.observation_shape[1:]])
        features = tf.cast(self.instance_encoder(instances, training=training), tf.float32)
        features = tf.reshape(features, [bags, num_instances, *features.shape[1:]])
        coherent = self.coherent_encoder(tf.reduce_mean(features, axis=1), training=training)
        return coherent, self._encode_nuisance(observations, training)

    def _encode_nuisance(self, observations, training=False):
        instances = tf.reshape(observations, [-1, *self.observation_shape[1:]])
        nuisance = self.nuisance_encoder(instances, training=training)
        return tf.reshape(nuisance, [tf.shape(observations)[0], observations.shape[1], self.nuisance_dim])

    def decode(self, coherent, nuisance, training=False):
        """Bags [B, n_tau, ...] of coherent codes [B, p] and nuisance codes [B, n_tau, q]."""
        coherent, nuisance = (
            tf.cast(tf.convert_to_tensor(codes), tf.float32) for codes in (coherent, nuisance)
        )
        bags, num_instances = tf.shape(nuisance)[0], nuisance.shape[1]
        repeated = tf.repeat(coherent, num_instances, axis=0)  # [B n_tau, p]
        outputs = self.decoder([repeated, tf.reshape(nuisance, [-1, self.nuisance_dim])], training=training)
        return tf.reshape(outputs, [bags, num_instances, *self.observation_shape[1:]])

    def regularise(self, nuisance, stream=0):
        """SR of nuisance codes [B, n_tau, q], with the noise of this step; `stream` tells apart several draws."""
        return objectives.stochastic_regularisation(
            nuisance, self.noise(nuisance, stream), self.regulariser, self.rate
        )

    def losses(self, observations, training=False):
        coherent, nuisance = self.encode(observations, training)
        outputs = self.decode(coherent, self.regularise(nuisance) if training else nuisance, training)
        reconstruction = tf.reduce_mean(_COSTS[self.reconstruction](observations, outputs))
        if not self.energy_weight:
            return {"loss": reconstruction, "reconstruction": reconstruction}
        if training and self.energy_statistics == "moving":
            nuisance = self._encode_nuisance(observations)
        dependence = objectives.energy_dependence(self.gather(nuisance))
        loss = reconstruction + self.energy_weight * dependence
        return {"loss": loss, "reconstruction": reconstruction, "energy_dependence": dependence}

    def encode_mean(self, observations):
        """Coherent codes [B, p], what scores see."""
        return self.encode(observations)[0]

    def call(self, observations, training=False):
        """Reconstructs bags [B, n_tau, ...]."""
        return self.decode(*self.encode(as_float(observations)))

    def codes(self, observations, batch_size=32):
        """Coherent codes [N, p] and nuisance codes [N, n_tau, q] of bags [N, n_tau, ...], numpy."""
        return self.in_batches(self.encode, observations, batch_size)

    def redatum(self, coherent_from, nuisance_from, batch_size=32, draws=0):
        """Bags in the state of the first and with the nuisances of the second: dec(C_i', N_ij).

        Args:
            coherent_from: bags [N, n_tau, ...].
            nuisance_from: bags [N, n_tau, ...].
            batch_size: bags at a time.
            draws: 0 decodes N, as the paper has it; a number, the mean of what as many draws of SR(N) give. With
                Dropout the decoder is trained on the corners 0 and N / (1 - r) and never sees their centre N.

        Returns:
            numpy float32 [N, n_tau, ...].

        Raises:
            UserError: for bags of another shape, or different numbers of them.

        References: Sun, Sec. 2.4, eq. (6).
        """
        if len(coherent_from) != len(nuisance_from):
            raise UserError(
                "redatum needs as many bags to take states from as to take nuisances from. "
                f"Received: {len(coherent_from)} and {len(nuisance_from)}."
            )
        coherent, _ = self.codes(coherent_from, batch_size)
        _, nuisance = self.codes(nuisance_from, batch_size)
        starts = range(0, len(coherent), batch_size)
        parts = [
            self._decode_mean(coherent[i : i + batch_size], nuisance[i : i + batch_size], draws)
            for i in starts
        ]
        return np.concatenate(parts)

    def _decode_mean(self, coherent, nuisance, draws):
        if not draws:
            return self.decode(coherent, nuisance).numpy()
        noisy = (self.regularise(nuisance, stream) for stream in range(1, draws + 1))
        return sum(self.decode(coherent, codes).numpy() for codes in noisy) / draws

    def calibrate(self, observations, noise=False):
        """Sets the statistics of every batch normalisation to those of these bags.

        In training the decoder sees SR(N), whose variance is larger than N's, and the moving statistics follow the
        weights late; at inference both differ. One pass over the training set, as one batch, mends both; weights stay.

        Args:
            observations: [N, n_tau, ...], the training bags.
            noise: with SR(N), for `redatum` with draws; else with N.

        References: Li et al. 2019, "Understanding the disharmony between dropout and batch normalization by variance
        shift"; Wu & Johnson 2021, Sec. 3.
        """
        layers = [
            layer
            for network in (self.coherent_encoder, self.nuisance_encoder, self.decoder, self.instance_encoder)
            for layer in network.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        momenta = [layer.momentum for layer in layers]
        try:
            for layer in layers:
                layer.momentum = 0.0
            coherent, nuisance = self.encode(as_float(observations), training=True)
            self.decode(coherent, self.regularise(nuisance) if noise else nuisance, training=True)
        finally:
            for layer, momentum in zip(layers, momenta, strict=True):
                layer.momentum = momentum

    def get_config(self):
        return {
            **super().get_config(),
            "coherent_dim": self.coherent_dim,
            "nuisance_dim": self.nuisance_dim,
            "regulariser": self.regulariser,
            "rate": self.rate,
            "decoder": self.decoder_kind,
            "split_inputs": self.split_inputs,
            "energy_weight": self.energy_weight,
            "energy_statistics": self.energy_statistics,
            "networks": {
                name: keras.saving.serialize_keras_object(getattr(self, name)) for name in _NETWORKS
            },
            "reconstruction": self.reconstruction,
        }

    @classmethod
    def from_config(cls, config):
        found = {name: keras.saving.deserialize_keras_object(config["networks"][name]) for name in _NETWORKS}
        return super().from_config({**config, "networks": found})
