"""What a person hands to `train`, in the forms in which it comes naturally, checked before anything is built."""

import functools
import inspect

import keras

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.models.base import DTYPES, LatentModel

__all__ = [
    "build_model",
    "callbacks_of_run",
    "check_settings",
    "list_of_callbacks",
    "list_of_seeds",
    "make_optimizer",
    "model_factory",
    "number_of_steps",
    "refuse_unknown",
]

_MOST = 10**12  # steps, or observations
# {argument of other libraries: what is written here}
_INSTEAD = {
    "learning_rate": "write optimizer=keras.optimizers.Adam(1e-3)",
    "lr": "write optimizer=keras.optimizers.Adam(1e-3)",
    "validation_split": "write split=(0.8, 0.1, 0.1)",
    "verbose": "write progress=False for no bar",
    "shuffle": "the order of the batches follows from seed; sampling is 'epochs' or 'replacement'",
    "loss": "the losses are the model's own",
    "metrics": "the terms of the loss are recorded by themselves; scores are computed afterwards by run.evaluate()",
    "latent_dim": "it is an argument of the model: functools.partial(models.VAE, num_latents=10)",
    "num_latents": "it is an argument of the model: functools.partial(models.VAE, num_latents=10)",
    "beta": "it is an argument of the model: functools.partial(models.VAE, beta=4.0)",
}


def refuse_unknown(unknown, function):
    """UserError for the first argument that `function` does not have: what to write instead."""
    for name in unknown:
        known = [p.name for p in inspect.signature(function).parameters.values() if p.kind != p.VAR_KEYWORD]
        hint = f"; {_INSTEAD[name]}." if name in _INSTEAD else checks.nearest(name, known)
        raise UserError(f"{function.__name__} has no argument {name!r}{hint}")


def check_settings(**settings):
    """Checks the plain settings of `train`, each by its name."""
    for name in ("log_every", "checkpoint_every", "steps_per_execution", "batch_size"):
        checks.whole_number(name, settings[name], least=1, most=_MOST)
    for name in ("jit_compile", "overwrite", "progress"):
        checks.truth(name, settings[name])
    checks.choice("dtype", settings["dtype"], DTYPES)
    checks.choice("sampling", settings["sampling"], ("epochs", "replacement"))
    if settings["output"] is not None:
        checks.path_like("output", settings["output"])


def list_of_seeds(seed):
    """The seeds as a tuple, and whether several models are to be trained together."""
    together = isinstance(seed, (tuple, list, range))
    seeds = [checks.whole_number("seed", each, 0, 2**32 - 1) for each in (seed if together else [seed])]
    if not seeds or len(set(seeds)) < len(seeds):
        raise UserError(
            f"seed must be a whole number, 0 or larger, or several different ones. Received: {checks.shown(seed)}."
        )
    return tuple(seeds), together


def number_of_steps(steps, epochs, stream):
    """The number of steps that either `steps` or `epochs` says."""
    for name, value in {"steps": steps, "epochs": epochs}.items():
        if value is not None:
            checks.whole_number(name, value, least=1, most=_MOST)
    if (steps is None) == (epochs is None):
        raise UserError(f"Give either steps or epochs. Received: steps={steps!r}, epochs={epochs!r}.")
    if epochs is None:
        return int(steps)
    if stream.steps_per_epoch is None:
        raise UserError(f"{stream.data.name} is drawn without end; give steps instead of epochs.")
    return int(epochs) * stream.steps_per_epoch


def model_factory(model):
    """`model`, a class or a function that makes a model.

    Raises:
        UserError: for a model that is made already, whose weights would not follow from the seed; for anything else
            that makes no model of an observation shape, a seed and a dtype.
    """
    if isinstance(model, LatentModel):
        name = type(model).__name__
        raise UserError(
            f"train makes the model itself, so that its weights follow from the seed; write functools.partial({name}, "
            f"...) with the arguments, instead of {name}(...). Received: a {name} that is made already."
        )
    if isinstance(model, keras.Model) or not callable(model):
        raise UserError(
            "model must be a model class of tfdisent, or functools.partial of one with its arguments. "
            f"Received: {checks.shown(model)}."
        )
    made = model
    while isinstance(made, functools.partial):
        made = made.func
    if inspect.isclass(made):
        if not issubclass(made, LatentModel):
            raise UserError(
                f"model must be a subclass of tfdisent.models.LatentModel. Received: {made.__name__}."
            )
        known = _arguments_of(made)
        for name in getattr(model, "keywords", {}):
            if name not in known:
                raise UserError(f"{made.__name__} has no argument {name!r}{checks.nearest(name, known)}")
        return model
    try:
        parameters = inspect.signature(made).parameters
    except ValueError:  # a callable that does not tell its arguments
        return model
    missing = {"observation_shape", "seed", "dtype"} - set(parameters)
    if missing and not any(each.kind == each.VAR_KEYWORD for each in parameters.values()):
        raise UserError(
            "A function that makes the model must take observation_shape, seed and dtype. "
            f"Received: one without {', '.join(sorted(missing))}."
        )
    return model


def _arguments_of(cls):
    """Names of the arguments of a class; of its bases too, as far as it hands on what it does not name."""
    names = []
    for each in cls.__mro__:
        parameters = inspect.signature(each.__init__).parameters.values()
        names += [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        if not any(p.kind == p.VAR_KEYWORD for p in parameters):
            break
    return [name for name in names if name != "self"]


def build_model(factory, observation_shape, seed, dtype):
    """The model that a factory makes.

    Raises:
        UserError: when it makes none, or one of another seed or shape.
    """
    try:
        model = factory(observation_shape=tuple(observation_shape), seed=seed, dtype=dtype)
    except TypeError as error:
        if "__init__() missing" in str(error) or "__init__() got" in str(error):
            raise UserError(f"The model cannot be made: {_first_line(error)}.") from error
        raise
    if not isinstance(model, LatentModel):
        raise UserError(
            f"model must make a tfdisent.models.LatentModel. Received: a function that makes {checks.shown(model)}."
        )
    _check_class(model)
    if model.observation_shape != tuple(observation_shape):
        raise UserError(
            f"The data has observations of shape {tuple(observation_shape)}, the model one of "
            f"{model.observation_shape}."
        )
    return model


def _check_class(model):
    """Refuses a model whose class would not give the same one back from a file."""
    name = type(model).__name__
    if not hasattr(model, "observation_shape"):
        raise UserError(
            f"The constructor of {name} must begin with super().__init__(observation_shape, seed=seed, dtype=dtype)."
        )
    taken = inspect.signature(type(model)).parameters.values()
    named = [each.name for each in taken if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    try:
        config = model.get_config()
    except NotImplementedError as error:  # a layer in it that does not say how it is made
        raise UserError(f"{name} cannot be written to a file: {_first_line(error)}.") from error
    if left_out := [each for each in named if each not in config]:
        raise UserError(
            f"get_config of {name} leaves out {', '.join(left_out)}, which would have its default in a loaded model; "
            f'return {{**super().get_config(), "{left_out[0]}": self.{left_out[0]}}}.'
        )


def make_optimizer(optimizer):
    """A new optimizer of one, its name, its class, or a function that makes one.

    Raises:
        UserError: for anything else, and for settings that make none.
    """
    try:
        if isinstance(optimizer, str):
            made = keras.optimizers.get(optimizer)
        elif isinstance(optimizer, keras.optimizers.Optimizer):
            made = type(optimizer).from_config(optimizer.get_config())
        else:
            made = optimizer()
    except (TypeError, ValueError) as error:
        unknown = "Could not interpret optimizer" in str(error)
        reason = "there is no optimizer of this name" if unknown else _first_line(error)
        raise UserError(
            f"The optimizer cannot be made: {reason}. Write optimizer=keras.optimizers.Adam(1e-3). "
            f"Received: {checks.shown(optimizer)}."
        ) from error
    if not isinstance(made, keras.optimizers.Optimizer):
        raise UserError(
            "optimizer must be a Keras optimizer, such as keras.optimizers.Adam(1e-3), its name, its class or a "
            f"function that makes one. Received: {checks.shown(optimizer)}."
        )
    _check_learning_rate(made)
    return made


def _check_learning_rate(optimizer):
    """Refuses rates with which training stands still, climbs, or cannot begin; a schedule may begin at 0."""
    given = optimizer.get_config().get("learning_rate")
    if isinstance(given, float):
        checks.number("learning_rate", given, above=0)
        return
    try:
        rate = float(optimizer.learning_rate)
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(
            "learning_rate must be a number, a schedule of Keras, or a function of no arguments that gives a number. "
            f"Received: {checks.shown(given)}."
        ) from error
    checks.number("learning_rate at the first step", rate, least=0)


def _first_line(error, most=160):
    """The first line of what an error says, which gin continues with where it was called."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = " ".join(lines[0].split()).rstrip(".")
    return line if len(line) <= most else f"{line[: most - 3]}..."


def list_of_callbacks(callbacks):
    """The further callbacks as a list: one may be given by itself, or several.

    Raises:
        UserError: for a class, which stands for no callback yet, and anything that is none.
    """
    if callbacks is None:
        return []
    if not isinstance(callbacks, (list, tuple)):
        callbacks = [callbacks]
    for callback in callbacks:
        if inspect.isclass(callback):
            name = callback.__name__
            raise UserError(
                f"callbacks takes callbacks, and {name} is a class; write callbacks=[{name}(...)]."
            )
        if not isinstance(callback, keras.callbacks.Callback) and not callable(callback):
            raise UserError(
                "callbacks are Keras callbacks, or functions of the run that make one. "
                f"Received: {checks.shown(callback)}."
            )
    return list(callbacks)


def callbacks_of_run(callbacks, run, together):
    """The further callbacks of one run; functions are called with it."""
    made = []
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.Callback):
            if together:
                raise UserError(
                    "Several seeds need a callback each; give a function of the run that makes it. "
                    f"Received: {type(callback).__name__}."
                )
        else:
            try:
                callback = callback(run)
            except TypeError as error:
                raise UserError(
                    f"A function in callbacks must take the run alone: {error}. Received: {checks.shown(callback)}."
                ) from error
            if callback is not None and not isinstance(callback, keras.callbacks.Callback):
                raise UserError(
                    "A function in callbacks must make a Keras callback or None. "
                    f"Received: {checks.shown(callback)}."
                )
        made += [callback] if callback is not None else []
    return made
