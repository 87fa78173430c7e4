"""Which experiment a row of aggregated results is of, in one language for our runs and disentanglement_lib's."""

import ast
import dataclasses
import re
from pathlib import Path

from tfdisent.bindings import SEEDS, resolved
from tfdisent.evaluation.main_values import is_detail

__all__ = ["Group", "ScoredModel", "direction", "main_value", "scored_models"]

# Settings of our classes that do not tell two methods apart, or have the value that theirs stands for.
_NOT_SETTINGS = {
    "name", "dtype", "seed", "observation_shape", "output", "num_latents", "reconstruction", "halved_updates",
    "dataset_size",
}  # fmt: skip
_AS_THEIRS = {("estimator", "minibatch")}
# How a model was trained: {name: (binding of theirs, of ours)}; MODEL stands for the class.
_TRAINING = {
    "steps": ("model.training_steps", "training.train.steps"),
    "batch": ("model.batch_size", "training.train.batch_size"),
    "latents": ("encoder.num_latent", "MODEL.num_latents"),
    "loss": ("reconstruction_loss.loss_fn", "MODEL.reconstruction"),
}
_LOSSES = {"bernoulli_loss": "bernoulli", "l2_loss": "squared_l2"}
# The value by which a score with several is known; of others it is the first.
_MAIN = {
    "dci": "disentanglement",
    "downstream_task_boosted_trees": "10000:mean_test_accuracy",
    "downstream_task_logistic_regression": "10000:mean_test_accuracy",
    "modularity_explicitness": "modularity_score",
}
# Whether more or less of a value is better, where that is agreed upon.
_HIGHER = re.compile(
    r"^(discrete_mig|eval_accuracy|disentanglement|disentanglement_score|modularity_score|SAP_score|IRS|mcc|infom|"
    r"\d+:mean_test_accuracy)$"
)
_LOWER = re.compile(r"^(dto|ima_contrast|delta_kl)$")
# Bindings that change no result: seeds, names, folders, how often something is written, on what it is computed.
_NO_RESULT = re.compile(
    r"^training\.train\.(seed|output|overwrite|progress|log_every|checkpoint_every|steps_per_execution|strategy|"
    r"jit_compile)$|^(models|networks|keras)\..*\.name$|"
    r"^model\.(random_seed|model_num|name|model_dir|output_dir|overwrite|eval_steps)$"
)
_NO_RESULT_OF_SCORES = re.compile(r"^(evaluation|postprocess)\.(random_seed|name)$|^dataset\.name$|\.n_jobs$")


@dataclasses.dataclass(frozen=True, order=True)
class Group:
    """What a model is called, so that ours and theirs find each other; its whole configuration says more.

    Attributes:
        data: name of the data set.
        method: as disentanglement_lib calls it, or our class.
        settings: text of what sets models of the method apart, such as "beta=4".
        training: text of steps, batch size, latents and reconstruction loss.
    """

    data: str
    method: str
    settings: str
    training: str


@dataclasses.dataclass(frozen=True)
class ScoredModel:
    """One score of one model.

    Attributes:
        group: `Group`.
        run: what all scores of the same model have in common.
        representation: "mean" or "sampled".
        score: name of the score, which is that of its configuration.
        values: {key: float}.
        seed: text of the seed, None where it is not known.
        configuration: ((binding, resolved text), ...) of all that decides the model but the seed. Models are the same
            experiment if theirs are equal; where nothing is known it is the model itself.
        settings: ((binding, resolved text), ...) of the score, likewise.
    """

    group: Group
    run: object
    representation: str
    score: str
    values: dict
    seed: str | None = None
    configuration: tuple = ()
    settings: tuple = ()


def scored_models(rows):
    """A `ScoredModel` for each row that `aggregation.aggregate` returns."""
    return [_scored_model(row, number) for number, row in enumerate(rows)]


def main_value(score, values):
    """The key of the value by which a score is known, or None.

    Args:
        score: its name.
        values: {key: number}.
    """
    key = _MAIN.get(score)
    return key if key in values else next((each for each in values if not is_detail(each)), None)


def direction(key):
    """ "higher" or "lower", which of a value is better; None where neither is agreed upon."""
    return "higher" if _HIGHER.search(key) else "lower" if _LOWER.search(key) else None


def _scored_model(row, number):
    written = _part(row, "train_config.")
    config, run_config = resolved(written), _part(row, "run_config.")
    place = Path(_text(row.get("path", ""))).parts  # .../metrics/mean/mig/results/aggregate/evaluation.json
    in_metrics = len(place) >= 6 and place[-6] == "metrics"
    representation, score = place[-5:-3] if in_metrics else ("?", "?")
    group = _group(row, config or _as_bindings(run_config))
    seed = next((config[name] for name in SEEDS if name in config), run_config.get("seed"))
    configuration = _configuration(written, config, run_config)
    if uuid := row.get("train_results.uuid"):
        run = _text(uuid)
    elif in_metrics:
        run = str(Path(*place[:-6]))
    elif seed is not None and configuration:
        run = group, configuration, seed
    else:
        run = f"{_text(row.get('path', ''))} ({number})".strip()
    results = {
        _text(key.removeprefix("evaluation_results.")): value
        for key, value in row.items()
        if key.startswith("evaluation_results.") and not key.endswith(".elapsed_time")
    }
    return ScoredModel(
        group,
        run,
        _name(row.get("postprocess_config.postprocess.name", representation)),
        _name(row.get("evaluation_config.evaluation.name", score)),
        {key: found for key, value in results.items() if (found := _number(value)) is not None},
        seed,
        configuration or (("run", run),),
        _settings(row),
    )


def _configuration(written, config, run_config):
    """((binding, text), ...) of all that decides a model but its seed, and what is tied to the seed by a macro."""
    tied = {text for name, text in written.items() if name in SEEDS and text.startswith("%")}
    seeds = resolved({name: text for name, text in written.items() if text in tied})
    known = {f"run_config.{name}": text for name, text in run_config.items() if name != "seed"}
    known |= {
        name: text for name, text in config.items() if not _NO_RESULT.search(name) and name not in seeds
    }
    return tuple(sorted(known.items()))


def _settings(row):
    """((binding, text), ...) of how a score is computed, but the seed and what it is computed on."""
    found = {**_part(row, "postprocess_config."), **_part(row, "evaluation_config.")}
    kept = {name: text for name, text in resolved(found).items() if not _NO_RESULT_OF_SCORES.search(name)}
    return tuple(sorted(kept.items()))


def _as_bindings(run_config):
    """What `run.json` says of a model made without gin, as the bindings that would make it."""
    name = f"models.{run_config.get('model.class', '?')}"
    own = {key.removeprefix("model."): text for key, text in run_config.items() if key.startswith("model.")}
    bindings = {f"{name}.{key}": text for key, text in own.items() if "." not in key and key != "class"}
    steps = {key: run_config[key] for key in ("steps", "batch_size") if key in run_config}
    bindings |= {f"training.train.{key}": text for key, text in steps.items()}
    return {"training.train.model": f"@{name}", **bindings} if run_config.get("model.class") else {}


def _group(row, config):
    named = [row.get(f"{step}_config.dataset.name") for step in ("evaluation", "postprocess", "train")]
    named = [_name(name) for name in (*named, config.get("training.train.data")) if name is not None]
    data = next((name for name in named if name != "auto"), "?").removeprefix("data.")
    theirs = (
        _name(config["model.model"]) if "model.model" in config else None
    )  # our runs have it too (`name_there`)
    model = _name(config["training.train.model"]) if "training.train.model" in config else theirs or "?"
    method = theirs or model.rpartition(".")[2]
    settings = {name: _plain(value) for name, value in sorted(_part(config, f"{model}.").items())}
    settings = [
        f"{name}={value}"
        for name, value in settings.items()
        if name not in _NOT_SETTINGS
        and (name, value) not in _AS_THEIRS
        and value != "None"
        and not value.startswith("@")
    ]
    training = []
    for name, keys in _TRAINING.items():
        found = [config[key] for key in (key.replace("MODEL", model) for key in keys) if key in config]
        training += [f"{name} {_LOSSES.get(_name(value), _plain(value))}" for value in found[:1]]
    return Group(data, method, ", ".join(settings), ", ".join(training))


def _part(row, prefix):
    """{name without the prefix: value as text}."""
    return {
        _text(key.removeprefix(prefix)): _text(value) for key, value in row.items() if key.startswith(prefix)
    }


def _text(value):
    """A value as text of one line that every file and terminal can show."""
    text = str(value)
    if text.isprintable():  # surrogates and control characters are not
        return text
    text = text.encode("utf-8", errors="replace").decode()
    return "".join(each if each.isprintable() else " " for each in text)


def _number(value):
    """A number as float; None for what is none, such as a list, a text or a truth value."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _name(gin_text):
    """What "'mean'", "@vae()" or "@models.VAE" names."""
    return _text(gin_text).strip("'\"@").removesuffix("()")


def _plain(gin_text):
    """A value as text, the same for "4" and "4.0"."""
    try:
        value = ast.literal_eval(str(gin_text))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return str(gin_text)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
