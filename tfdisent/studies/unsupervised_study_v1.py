"""disentanglement_lib's `unsupervised_study_v1`: its 12,600 models, by number and by what they are.

The number counts, slowest first, 7 data sets, 6 methods, 6 hyperparameters of the method and 50 seeds.

References: Locatello et al. 2019, Challenging common assumptions in the unsupervised learning of disentangled
representations; `config/unsupervised_study_v1` of disentanglement_lib.
"""

import dataclasses

from tfdisent.config.statements import parse_value
from tfdisent.errors import UserError

__all__ = [
    "DATA",
    "METHODS",
    "NAME",
    "NUM_MODELS",
    "NUM_SEEDS",
    "SUMMARY",
    "StudyModel",
    "configs_and_bindings",
    "find_models",
    "overview",
    "ranges",
    "study_arguments",
    "study_bindings",
    "study_configuration",
    "study_model",
]

NAME = "unsupervised_study_v1"
SUMMARY = (
    "12,600 models: 7 data sets, 6 methods with 6 hyperparameters each, 50 seeds (Locatello et al. 2019)"
)
NUM_SEEDS = 50
DATA = (
    "dsprites_full",
    "color_dsprites",
    "noisy_dsprites",
    "scream_dsprites",
    "smallnorb",
    "cars3d",
    "shapes3d",
)


@dataclasses.dataclass(frozen=True)
class _Method:
    """What is swept, its values, and the other bindings of the method as gin text, in the library's order."""

    swept: str
    values: tuple
    bindings: tuple


METHODS = {
    "beta_vae": _Method("vae.beta", (1.0, 2.0, 4.0, 6.0, 8.0, 16.0), (("model.model", "@vae()"),)),
    "factor_vae": _Method(
        "factor_vae.gamma",
        (10.0, 20.0, 30.0, 40.0, 50.0, 100.0),
        (("model.model", "@factor_vae()"), ("discriminator.discriminator_fn", "@fc_discriminator")),
    ),
    "dip_vae_i": _Method(
        "dip_vae.lambda_od",
        (1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
        (
            ("model.model", "@dip_vae()"),
            ("dip_vae.lambda_d_factor", "10.0"),
            ("dip_vae.dip_type", "'i'"),
        ),
    ),
    "dip_vae_ii": _Method(
        "dip_vae.lambda_od",
        (1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
        (
            ("model.model", "@dip_vae()"),
            ("dip_vae.lambda_d_factor", "1.0"),
            ("dip_vae.dip_type", "'ii'"),
        ),
    ),
    "beta_tc_vae": _Method(
        "beta_tc_vae.beta", (1.0, 2.0, 4.0, 6.0, 8.0, 10.0), (("model.model", "@beta_tc_vae()"),)
    ),
    "annealed_vae": _Method(
        "annealed_vae.c_max",
        (5.0, 10.0, 25.0, 50.0, 75.0, 100.0),
        (
            ("model.model", "@annealed_vae()"),
            ("annealed_vae.iteration_threshold", "100000"),
            ("annealed_vae.gamma", "1000"),
        ),
    ),
}
_NUM_VALUES = 6
NUM_MODELS = len(DATA) * len(METHODS) * _NUM_VALUES * NUM_SEEDS


@dataclasses.dataclass(frozen=True)
class StudyModel:
    """One model of the study.

    Attributes:
        number: 0 to 12,599.
        data: name of the data set.
        method: key of `METHODS`.
        hyperparameter: value of what is swept for the method.
        seed: 0 to 49.
    """

    number: int
    data: str
    method: str
    hyperparameter: float
    seed: int


def study_model(number):
    """The model of a number.

    Raises:
        UserError: for a number that is none of the study.
    """
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < NUM_MODELS:
        raise UserError(f"{NAME} has the models 0 to {NUM_MODELS - 1:,}. Received: {number!r}.")
    rest, seed = divmod(number, NUM_SEEDS)
    rest, place = divmod(rest, _NUM_VALUES)
    data, method = divmod(rest, len(METHODS))
    name = list(METHODS)[method]
    return StudyModel(number, DATA[data], name, METHODS[name].values[place], seed)


def find_models(method=None, hyperparameter=None, data=None, seed=None):
    """The models that are of a method, hyperparameter, data set and seed; None leaves it open.

    Args:
        method: key of `METHODS`.
        hyperparameter: value of what is swept: beta of beta_vae and beta_tc_vae, gamma of factor_vae, lambda_od of
            dip_vae_i and dip_vae_ii, c_max of annealed_vae.
        data: one of `DATA`.
        seed: 0 to 49.

    Returns:
        A list of `StudyModel`, ascending.

    Raises:
        UserError: for what the study does not have.
    """
    values = sorted({value for name in METHODS if method in (None, name) for value in METHODS[name].values})
    for what, asked, choices in (
        ("method", method, list(METHODS)),
        ("data", data, DATA),
        ("hyperparameter" + (f" of {method}" if method else ""), hyperparameter, values),
    ):
        if asked is not None and asked not in choices:
            shown = ", ".join(f"{choice:g}" if isinstance(choice, float) else choice for choice in choices)
            raise UserError(f"{what} must be one of {shown} in {NAME}. Received: {asked!r}.")
    if seed is not None and seed not in range(NUM_SEEDS):
        raise UserError(f"seed must be one of 0 to {NUM_SEEDS - 1}. Received: {seed!r}.")
    asked = {"method": method, "hyperparameter": hyperparameter, "data": data, "seed": seed}
    return [
        model
        for model in map(study_model, range(NUM_MODELS))
        if all(value is None or getattr(model, name) == value for name, value in asked.items())
    ]


def study_bindings(number):
    """What sets one model apart from `unsupervised_study_v1/shared.gin`: {binding: value as gin text}.

    Raises:
        UserError: for a number that is none of the study.
    """
    model = study_model(number)
    method = METHODS[model.method]
    return {
        "model.model_num": str(number),
        "dataset.name": repr(model.data),
        "encoder.encoder_fn": "@conv_encoder",
        "decoder.decoder_fn": "@deconv_decoder",
        "model.name": repr(model.method),
        **dict(method.bindings),
        method.swept: repr(model.hyperparameter),
        "model.random_seed": str(model.seed),
    }


def study_arguments(method=None, hyperparameter=None, data=None, seed=None):
    """What `Study` takes for the models that `find_models` finds: a grid for each data set and method.

    Raises:
        UserError: for what the study does not have.
    """
    models = find_models(method, hyperparameter, data, seed)
    values = {}
    for model in models:
        values.setdefault((model.data, model.method), {})[model.hyperparameter] = None
    return {
        "configs": [f"{NAME}/shared.gin"],
        "grid": [_grid(*place, list(found)) for place, found in values.items()],
        "seeds": list(dict.fromkeys(model.seed for model in models)),
        "scores": ["study"],
        "bindings": ["encoder.encoder_fn = @conv_encoder", "decoder.decoder_fn = @deconv_decoder"],
    }


def _grid(data, name, values):
    method = METHODS[name]
    bindings = [("model.name", name), *((binding, parse_value(text)) for binding, text in method.bindings)]
    axis, row = zip(*bindings, strict=True)
    return {"dataset.name": [data], axis: [row], method.swept: values}


def study_configuration(number):
    """Everything one model is trained with: the text of a gin file in disentanglement_lib's words.

    Raises:
        UserError: for a number that is none of the study.
    """
    from tfdisent.config import find_config, read_bindings

    model = study_model(number)
    shared = read_bindings([find_config(f"{NAME}/shared.gin")])
    bindings = {name: repr(value) for name, value in shared.items()} | study_bindings(number)
    swept = METHODS[model.method].swept
    title = f"{model.method} with {swept} = {model.hyperparameter:g} on {model.data}, seed {model.seed}"
    lines = [f"# Model {number} of disentanglement_lib's {NAME}: {title}.", ""]
    return "\n".join([*lines, *(f"{name} = {value}" for name, value in bindings.items())]) + "\n"


def configs_and_bindings(configs, number):
    """Configurations in which `NAME` is replaced by what its models share, and the bindings of one of them.

    Raises:
        UserError: without a number, or for one that is none of the study.
    """
    if number is None:
        raise UserError(f"{NAME} is a study; choose one of its models with --model, 0 to {NUM_MODELS - 1:,}.")
    shared = f"{NAME}/shared.gin"
    bindings = [f"{name} = {value}" for name, value in study_bindings(number).items()]
    return [shared if config == NAME else config for config in configs], bindings


def ranges(models):
    """The numbers of models as text: one line for each run of consecutive ones, "200-249"."""
    numbers = {model.number for model in models}
    starts = sorted(n for n in numbers if n - 1 not in numbers)
    ends = sorted(n for n in numbers if n + 1 not in numbers)
    return [str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True)]


def overview():
    """What is swept, and which numbers it has."""
    per_data = NUM_MODELS // len(DATA)
    per_method = per_data // len(METHODS)
    lines = [f"{NAME}: {SUMMARY}", "", f"{'data set':16} numbers"]
    lines += [f"{name:16} {i * per_data}-{(i + 1) * per_data - 1}" for i, name in enumerate(DATA)]
    lines += ["", f"{'method':16} {'within the data set':20} hyperparameter, {NUM_SEEDS} seeds each"]
    for i, (name, method) in enumerate(METHODS.items()):
        values = ", ".join(f"{value:g}" for value in method.values)
        lines.append(
            f"{name:16} {f'{i * per_method}-{(i + 1) * per_method - 1}':20} {method.swept} = {values}"
        )
    return "\n".join(lines)
