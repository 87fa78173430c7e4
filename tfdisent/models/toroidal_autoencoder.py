"""The autoencoder whose code lies on a torus."""

import functools
import math

import keras
import tensorflow as tf

from tfdisent import checks, networks, objectives
from tfdisent.errors import UserError
from tfdisent.models.autoencoder import Autoencoder
from tfdisent.models.gaussian import check_weight
from tfdisent.networks.building import check_positive_ints

__all__ = ["ToroidalAutoencoder"]


@keras.saving.register_keras_serializable("tfdisent")
class ToroidalAutoencoder(Autoencoder):
    """A deterministic autoencoder whose code is d points (x_i, y_i) near unit circles: angles uniform on a torus.

    Minimises reconstruction + spring_weight * spring + quantile_weight * quantile + ..., where spring spreads each
    angle evenly over its circle and quantile keeps each squared radius normal around 1. Both are sums over the global
    batch.
    The decoder sees the Cartesian code (x_1, ..., x_d, y_1, ..., y_d, and the Gaussian latents), [B, 2d + g].

    Args:
        angles: d.
        spring_weight, quantile_weight: of the losses above. The paper adds all losses as they are.
        radius_stddev: of the normal distribution around 1 that the radii are kept at.
        squared_radius: keep the squared radius there (the paper's footnote 1); False for the radius itself (its
            eq. 5).
        num_classes: of an auxiliary classifier on the angles, three dense layers, that learns the first factor of the
            data; 0 for none.
        classifier_weight: of its cross-entropy.
        classifier_units: sizes of its two hidden layers.
        correlation_weight: of `objectives.circular_correlation`, which the paper proposes as further work.
        sliced_weight: of `objectives.sliced_torus_distance` to fresh uniform samples, likewise.
        num_directions: of the sliced distance, fresh in each step.
        num_gaussians: g, further latents beside the torus, kept standard normal by their quantiles with
            `quantile_weight`.
        Others: as `Autoencoder`; the encoder's heads are {"x": d, "y": d} and "gaussian" where there are any.

    Raises:
        UserError: for settings out of their range.

    References: Mikulski & Duda, Toroidal AutoEncoder.
    """

    least_batch_size = 2

    def __init__(
        self,
        observation_shape,
        angles=3,
        encoder=networks.pooling_encoder,
        decoder=networks.upsampling_decoder,
        *,
        spring_weight=1.0,
        quantile_weight=1.0,
        radius_stddev=0.1,
        squared_radius=True,
        num_classes=0,
        classifier_weight=1.0,
        classifier_units=(64, 64),
        correlation_weight=0.0,
        sliced_weight=0.0,
        num_directions=50,
        num_gaussians=0,
        **kwargs,
    ):
        self.angles = checks.whole_number("angles", angles, least=1)
        self.num_gaussians = checks.whole_number("num_gaussians", num_gaussians, least=0)
        self.num_classes = checks.whole_number("num_classes", num_classes, least=0)
        self.num_directions = checks.whole_number("num_directions", num_directions, least=1)
        self.classifier_units = check_positive_ints("classifier_units", classifier_units)
        self.squared_radius = checks.truth("squared_radius", squared_radius)
        self.radius_stddev = checks.number("radius_stddev", radius_stddev, above=0)
        if self.num_classes == 1:
            raise UserError("num_classes must be 0, for no classifier, or 2 or larger. Received: 1.")
        weights = {
            "spring_weight": spring_weight,
            "quantile_weight": quantile_weight,
            "classifier_weight": classifier_weight,
            "correlation_weight": correlation_weight,
            "sliced_weight": sliced_weight,
        }
        self.term_weights = {name: check_weight(name, weight) for name, weight in weights.items()}
        self.needs_labels = self.num_classes > 0
        self.terms = ("loss", "reconstruction", "spring", "quantile")
        optional = {
            "gaussian": self.num_gaussians,
            "classifier": self.num_classes,
            "correlation": correlation_weight,
            "sliced": sliced_weight,
        }
        self.terms += tuple(name for name, wanted in optional.items() if wanted)
        num_latents = 2 * self.angles + self.num_gaussians
        if kwargs.pop("num_latents", num_latents) != num_latents:
            raise UserError(
                f"A torus of {angles} angles and {num_gaussians} Gaussian latents has a code of {num_latents}; set "
                "angles and num_gaussians, and leave num_latents out."
            )
        super().__init__(observation_shape, num_latents, encoder, decoder, **kwargs)

    def head_sizes(self, num_latents):
        heads = {"x": self.angles, "y": self.angles}
        return heads | ({"gaussian": self.num_gaussians} if self.num_gaussians else {})

    def add_networks(self):
        if self.num_classes:
            self.classifier = networks.dense_encoder(
                (self.angles,),
                {"logits": self.num_classes},
                hidden_units=self.classifier_units,
                seed=2 * self.seed + 2,
                dtype=self.dtype_policy,
            )

    def check_labels(self, data):
        super().check_labels(data)
        if data.factors_num_values[0] > self.num_classes:
            raise UserError(
                f"num_classes must be at least the {data.factors_num_values[0]} values of the factor "
                f"{data.factor_names[0]!r} of {data.name}. Received: {self.num_classes}."
            )

    def encode_mean(self, observations):
        """Cartesian codes [B, 2d + g]: x, y and the Gaussian latents."""
        heads = self.encoder(observations)
        return tf.concat([heads[name] for name in self.head_sizes(None)], axis=-1)

    def polar(self, codes):
        """(radius_squared, angle), [B, d] each, of codes [B, 2d + g]."""
        return objectives.polar(codes[:, : self.angles], codes[:, self.angles : 2 * self.angles])

    def angles_of(self, observations, batch_size=64):
        """Squared radii and angles (radians) of observations [N, ...], two numpy arrays [N, d]."""
        return self.in_batches(self._encode_polar, observations, batch_size)

    def _encode_polar(self, observations):
        return self.polar(self.encode_mean(observations))

    def losses(self, observations, labels=None, training=False):
        codes = self.encode_mean(observations)
        everyone = self.gather(codes)
        radius_squared, angles = self.polar(everyone)
        radii = radius_squared if self.squared_radius else tf.sqrt(radius_squared + 1e-12)
        terms = {
            "reconstruction": tf.reduce_mean(self.reconstruction_cost(observations, codes)),
            "spring": objectives.spring_loss(angles),
            "quantile": objectives.quantile_loss(radii, 1.0, self.radius_stddev),
        }
        weights = {"reconstruction": 1.0, "spring": self.term_weights["spring_weight"]}
        weights["quantile"] = weights["gaussian"] = self.term_weights["quantile_weight"]
        weights |= {
            name: self.term_weights[f"{name}_weight"] for name in ("classifier", "correlation", "sliced")
        }
        if self.num_gaussians:
            terms["gaussian"] = objectives.quantile_loss(everyone[:, 2 * self.angles :], 0.0, 1.0)
        if self.num_classes:
            terms["classifier"] = self._cross_entropy(self.polar(codes)[1], labels)
        if "correlation" in self.terms:
            terms["correlation"] = objectives.circular_correlation(angles)
        if "sliced" in self.terms:
            terms["sliced"] = self._sliced(angles)
        return {"loss": tf.add_n([weights[name] * term for name, term in terms.items()]), **terms}

    def _cross_entropy(self, angles, labels):
        labels = tf.cast(tf.reshape(labels, [tf.shape(angles)[0], -1])[:, 0], tf.int32)
        logits = self.classifier(angles)["logits"]
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    def _sliced(self, angles):
        """The same draws on every replica, so that the term is one of the global batch."""
        draw = functools.partial(tf.random.stateless_uniform, tf.shape(angles), self.step_seed(1))
        directions = tf.random.stateless_normal([self.num_directions, 2 * self.angles], self.step_seed(2))
        return objectives.sliced_torus_distance(angles, draw(-math.pi, math.pi), directions)

    def get_config(self):
        config = super().get_config()
        del config["num_latents"]
        return {
            **config,
            **self.term_weights,
            "angles": self.angles,
            "radius_stddev": self.radius_stddev,
            "squared_radius": self.squared_radius,
            "num_classes": self.num_classes,
            "classifier_units": list(self.classifier_units),
            "num_directions": self.num_directions,
            "num_gaussians": self.num_gaussians,
        }
