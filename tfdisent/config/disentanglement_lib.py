"""What disentanglement_lib's model configurations say, in our own words.

Its files bind `vae.beta` or `encoder.encoder_fn`, which name no function of tfdisent; they are translated to the
configuration of `tfdisent.training.train` that trains the same model: its networks and losses, Adam with its epsilon,
observations drawn with replacement. The random numbers are ours, so that weights differ from its own as they do from
seed to seed.
"""

import logging
import typing

from tfdisent.checks import nearest
from tfdisent.config.statements import Reference
from tfdisent.errors import UserError

__all__ = ["Line", "as_text", "their_results", "translate"]

_LOG = logging.getLogger(__name__)

_NOT_HERE = {
    "semi-supervised": (
        "s2_vae",
        "s2_factor_vae",
        "s2_dip_vae",
        "s2_beta_tc_vae",
        "s2_mine_vae",
        "supervised",
    ),
    "weakly supervised": ("group_vae_argmax", "group_vae_labels", "mlvae_argmax", "mlvae_labels"),
}
# {gin name: (our function, what is bound where it is not the default)}
_NETWORKS = {
    "encoder": {
        "conv_encoder": ("networks.conv_encoder", {}),
        "fc_encoder": ("networks.dense_encoder", {}),
        "test_encoder": ("networks.dense_encoder", {"hidden_units": ()}),
    },
    "decoder": {
        "deconv_decoder": ("networks.deconv_decoder", {}),
        "fc_decoder": ("networks.dense_decoder", {}),
        "test_decoder": ("networks.dense_decoder", {"hidden_units": ()}),
    },
    "discriminator": {"fc_discriminator": ("networks.dense_discriminator", {})},
}
_LOSSES = {"bernoulli_loss": "bernoulli", "l2_loss": "squared_l2"}
# {argument of TensorFlow 1's Adam: (that of Keras, TensorFlow 1's default)}
_ADAM = {
    "learning_rate": ("learning_rate", 0.001),
    "beta1": ("beta_1", 0.9),
    "beta2": ("beta_2", 0.999),
    "epsilon": ("epsilon", 1e-8),
}
_ADAM_LABELS = ("name", "use_locking")
_DEFAULTS = {
    "dip_vae.dip_type": "i",
    "reconstruction_loss.activation": "logits",
    "bernoulli_loss.subtract_true_image_entropy": False,
}
_REQUIRED = (
    "model.model", "model.training_steps", "model.batch_size", "model.random_seed", "dataset.name",
    "encoder.encoder_fn", "encoder.num_latent", "decoder.decoder_fn", "reconstruction_loss.loss_fn",
    "vae_optimizer.optimizer_fn",
)  # fmt: skip
_OPTIONAL = (
    "discriminator.discriminator_fn", "discriminator_optimizer.optimizer_fn",
    "vae_optimizer.learning_rate", "discriminator_optimizer.learning_rate",
)  # fmt: skip
_LABELS = ("model.name", "model.model_num", "model.eval_steps")  # recorded, but nothing follows from them
_HEADER = "from __gin__ import dynamic_registration\nimport keras\n" + "".join(
    f"from tfdisent import {room}\n" for room in ("models", "networks", "training")
)


class Line(typing.NamedTuple):
    """One binding: our name and value, and the binding of theirs that it comes from; either may be None."""

    ours: str | None
    value: object
    theirs: str | None = None


def translate(found):
    """Our configuration of the model that disentanglement_lib's bindings describe.

    Args:
        found: {binding: value}, from `read_bindings`.

    Returns:
        A list of `Line`, and {binding: value} of what is in force in their words.

    Raises:
        UserError: for a method that is not here, a binding that means nothing or is missing, and an unknown choice.
    """
    if "model.model" not in found:
        raise UserError(
            "The configuration does not bind model.model, and has no line 'from __gin__ import dynamic_registration' "
            "with which a configuration of tfdisent begins."
        )
    methods = _methods()
    method = _method(found["model.model"], methods)
    _check_known(found, methods)
    bound = _Bound(_DEFAULTS | found)
    model = f"models.{methods[method].__name__}"
    lines = [
        Line("training.train.model", Reference(model), "model.model"),
        Line("training.train.data", bound["dataset.name"], "dataset.name"),
        Line("training.train.sampling", "replacement"),
        Line("training.train.steps", bound["model.training_steps"], "model.training_steps"),
        Line("training.train.batch_size", bound["model.batch_size"], "model.batch_size"),
        Line("training.train.seed", bound["model.random_seed"], "model.random_seed"),
        Line(f"{model}.num_latents", bound["encoder.num_latent"], "encoder.num_latent"),
        *(
            Line(f"{model}.{name}", bound[f"{method}.{name}"], f"{method}.{name}")
            for name in methods[method].disentanglement_lib_settings
        ),
        *_network(bound, model, "encoder"),
        *_network(bound, model, "decoder"),
        *_loss(bound, model),
        *_optimizer(bound, "vae", "training.train.optimizer"),
        *(Line(None, None, label) for label in _LABELS if label in found),
    ]
    if "discriminator_loss" in methods[method].terms:
        lines += _network(bound, model, "discriminator")
        lines += _optimizer(bound, "discriminator", f"{model}.discriminator_optimizer")
    return lines, bound


def as_text(lines):
    """The gin text of lines, ready to be parsed."""
    return _HEADER + "".join(f"{line.ours} = {line.value!r}\n" for line in lines if line.ours)


def their_results(results):
    """Final loss terms under disentanglement_lib's keys; it reports no `elbo` for the FactorVAE.

    References: Locatello et al. 2019, `BaseVAE` and `FactorVAE` of disentanglement_lib.
    """
    reconstruction, kl = results["reconstruction"], results["kl"]
    theirs = {
        "reconstruction_loss": reconstruction,
        "kl_loss": kl,
        "regularizer": results["loss"] - reconstruction,
    }
    return theirs if "discriminator_loss" in results else {**theirs, "elbo": -(reconstruction + kl)}


class _Bound(dict):
    """{binding: value} where a missing one is a sentence."""

    def __missing__(self, binding):
        raise UserError(f"The configuration does not bind {binding}.")


def _methods():
    """{gin name: our class} of the methods that both have."""
    from tfdisent import models

    classes = [getattr(models, name) for name in models.__all__]
    return {each.disentanglement_lib_name: each for each in classes if each.disentanglement_lib_name}


def _method(value, methods):
    """The gin name of the model."""
    name = value.name if isinstance(value, Reference) else value
    for kind, names in _NOT_HERE.items():
        if name in names:
            raise UserError(
                f"{name} is a {kind} method of disentanglement_lib, which tfdisent does not have; it has "
                f"{', '.join(methods)}."
            )
    if name not in methods or not isinstance(value, Reference) or not value.called:
        choices = ", ".join(f"@{known}()" for known in methods)
        raise UserError(f"model.model must be one of {choices}. Received: {value!r}.")
    return name


def _check_known(found, methods):
    adam = [f"AdamOptimizer.{argument}" for argument in (*_ADAM, *_ADAM_LABELS)]
    settings = [f"{each}.{name}" for each in methods for name in methods[each].disentanglement_lib_settings]
    known = [*_REQUIRED, *_OPTIONAL, *_LABELS, *_DEFAULTS, *settings, *adam]
    for binding in found:
        if binding not in known and binding.rpartition("/")[2] not in adam:
            raise UserError(
                f"{binding} is no binding of disentanglement_lib's models{nearest(binding, known)}"
            )


def _choose(bound, binding, choices):
    """What a reference to a function stands for here."""
    value = bound[binding]
    if not isinstance(value, Reference) or value.called or value.name not in choices:
        names = ", ".join(f"@{name}" for name in choices)
        raise UserError(f"{binding} must be one of {names}. Received: {value!r}.")
    return choices[value.name]


def _network(bound, model, kind):
    binding = f"{kind}.{kind}_fn"
    function, settings = _choose(bound, binding, _NETWORKS[kind])
    used = function
    if kind == "decoder" and _activation(bound) == "tanh":
        used = "networks.doubled_logits"
        yield Line(f"{used}.decoder", Reference(function))
    yield Line(f"{model}.{kind}", Reference(used), binding)
    for name, value in settings.items():
        yield Line(f"{function}.{name}", value)


def _activation(bound):
    activation = bound["reconstruction_loss.activation"]
    if activation not in ("logits", "tanh"):
        raise UserError(
            f"reconstruction_loss.activation must be 'logits' or 'tanh'. Received: {activation!r}."
        )
    return activation


def _loss(bound, model):
    loss = _choose(bound, "reconstruction_loss.loss_fn", _LOSSES)
    yield Line(f"{model}.reconstruction", loss, "reconstruction_loss.loss_fn")
    yield Line(f"{model}.output", "sigmoid", "reconstruction_loss.activation")
    if loss == "bernoulli":
        yield Line(None, None, "bernoulli_loss.subtract_true_image_entropy")
        if bound["bernoulli_loss.subtract_true_image_entropy"]:
            _LOG.info(
                "bernoulli_loss.subtract_true_image_entropy: the same weights are trained, but the reconstruction "
                "losses are reported with the entropy of the images."
            )


def _optimizer(bound, role, ours):
    """Adam of one role, "vae" or "discriminator"; the latter in a gin scope of that name."""
    binding = f"{role}_optimizer.optimizer_fn"
    chosen = bound[binding]
    if not isinstance(chosen, Reference) or chosen.called or chosen.name.split("/")[-1] != "AdamOptimizer":
        raise UserError(f"{binding} must be @AdamOptimizer, with or without a scope. Received: {chosen!r}.")
    adam = "keras.optimizers.Adam" if role == "vae" else f"{role}/keras.optimizers.Adam"
    yield Line(ours, Reference(adam), binding)
    scopes = chosen.name.split("/")[:-1]
    for argument, (name, default) in _ADAM.items():
        places = [
            "/".join([*scopes[:depth], f"AdamOptimizer.{argument}"]) for depth in range(len(scopes) + 1)
        ]
        if argument == "learning_rate":
            places.append(f"{role}_optimizer.learning_rate")
        place = next((place for place in reversed(places) if place in bound), places[len(scopes)])
        value = bound.setdefault(place, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UserError(f"{place} must be a number. Received: {value!r}.")
        yield Line(f"{adam}.{name}", value, place)
