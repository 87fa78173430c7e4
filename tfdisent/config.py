"""The only module that knows gin: reading configurations, and calling what they configure.

Configurations use gin's dynamic registration: a file imports the rooms it binds, so every class and function of
tfdisent can be configured without being decorated. A command-line binding is written as in a file,
`models.VAE.beta=4`.
"""

from pathlib import Path

import gin

from tfdisent.errors import UserError

__all__ = [
    "configured_data",
    "find_config",
    "json_config",
    "operative_config",
    "parse",
    "parse_text",
    "train_configured",
]

# gin registers names file by file; bindings from the command line may use any of these.
_IMPORTS = "from __gin__ import dynamic_registration\nimport keras\n" + "".join(
    f"from tfdisent import {room}\n"
    for room in ("data", "metrics", "models", "networks", "objectives", "training")
)


def find_config(name):
    """Path of a configuration: a file, or the name of one that tfdisent ships, such as "demo.gin".

    Raises:
        UserError: when there is neither; names the folder of those shipped.
    """
    package = Path(__file__).parent
    shipped = next(
        (f for f in (package / "gin_configs", package.parent / "gin_configs") if f.is_dir()), package
    )
    name = str(name)
    for path in (Path(name), shipped / name.removeprefix("gin_configs/")):
        if path.is_file():
            return path
    raise UserError(f"There is no configuration {name}; those shipped lie in {shipped}.")


def parse(configs, bindings=()):
    """Reads configurations and then bindings, which win; what was read before is forgotten.

    Args:
        configs: names or paths.
        bindings: lines such as "models.VAE.beta = 4".

    Raises:
        UserError: with file, line and reason.
    """
    _clear()
    with _sentences():
        for config in configs:
            gin.parse_config_file(str(find_config(config)))
    for binding in bindings:
        if "=" not in binding:
            raise UserError(
                f"A binding is written NAME=VALUE, such as models.VAE.beta=4. Received: {binding!r}."
            )
        with _sentences(f"in the binding {binding!r}"):
            gin.parse_config(_IMPORTS + binding)


def parse_text(text):
    """Reads one configuration from a string, such as the operative one of a run."""
    _clear()
    with _sentences():
        gin.parse_config(text)


def train_configured(output, overwrite=False, **settings):
    """Calls `tfdisent.training.train` as configured, and writes its results with the operative configuration.

    Returns:
        The `Run`.

    Raises:
        UserError: when the configuration names no model or data, or training has one to raise.
    """
    from tfdisent import training

    for name in ("model", "data"):
        if not _bound(f"training.train.{name}"):
            raise UserError(f"The configuration does not bind training.train.{name}.")
    with _sentences():
        run = gin.get_configurable(training.train)(output=output, overwrite=overwrite, **settings)
    if run.directory:
        text = operative_config()
        run.directory.write_results("model", "train", run.results, json_config(text), text)
    return run


def configured_data():
    """The data set that `training.train.data` is bound to, and the fractions of `training.train.split`."""
    from tfdisent import training  # noqa: F401
    from tfdisent.data import as_ground_truth_data, get_named_ground_truth_data

    if not _bound("training.train.data"):
        raise UserError("The configuration does not bind training.train.data.")
    with _sentences():
        data = gin.query_parameter("training.train.data")
        if hasattr(data, "scoped_configurable_fn"):
            data = data.scoped_configurable_fn()
        split = gin.query_parameter("training.train.split") if _bound("training.train.split") else None
        return get_named_ground_truth_data(data) if isinstance(data, str) else as_ground_truth_data(
            data
        ), split


def operative_config():
    """The configuration that was in force, as text that can be read again."""
    return gin.operative_config_str()


def json_config(text):
    """{binding: value as gin text} of a configuration, as disentanglement_lib stores it."""
    lines = text.replace("\\\n", " ").splitlines()
    pairs = [line.split(" = ", 1) for line in lines if " = " in line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, value in pairs}


def _clear():
    gin.clear_config(clear_constants=True)


def _bound(name):
    try:
        gin.query_parameter(name)
    except ValueError:
        return False
    return True


class _sentences:
    """Turns what gin raises into one sentence, and removes what gin adds to ours."""

    def __init__(self, where=""):
        self.where = f" {where}" if where else ""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if error is None:
            return
        text = " ".join(str(error).split("\n  In call to configurable")[0].split()).rstrip(".")
        if isinstance(error, UserError):
            raise UserError(f"{text}.") from error
        known = (ValueError, NameError, SyntaxError, AttributeError, ImportError, OSError)
        if isinstance(error, known) and _raised_in_gin(traceback):
            text = text.split(" In bindings string")[0].rstrip(".")
            if isinstance(error, NameError):
                text += "; write names as the file does, such as models.VAE.beta or training.train.steps"
            elif isinstance(error, SyntaxError):
                text = f"A value cannot be read (text needs quotes): {text}"
            raise UserError(f"{text}{self.where}.") from error
        if isinstance(error, TypeError) and "argument" in text:
            raise UserError(f"{text}{self.where}.") from error


def _raised_in_gin(traceback):
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return "gin" in Path(traceback.tb_frame.f_code.co_filename).parts or "importlib" in str(
        traceback.tb_frame.f_code
    )
