"""Which model a row of aggregated results is about, in one language for our runs and disentanglement_lib's."""

import ast
import dataclasses
import re
from pathlib import Path

__all__ = ["Group", "ScoredModel", "is_detail", "main_value", "scored_models"]

# {class: gin name of the same method in disentanglement_lib}
_METHODS = {
    "VAE": "vae",
    "AnnealedVAE": "annealed_vae",
    "FactorVAE": "factor_vae",
    "DIPVAE": "dip_vae",
    "BetaTCVAE": "beta_tc_vae",
}
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
_DETAIL = re.compile(
    r"(factor|code)s?_?\d|(pred|sens)\d|_\d+$|(^|[:._])(min|max|train)_|_train$|^num_|elapsed_time"
)


@dataclasses.dataclass(frozen=True, order=True)
class Group:
    """Models that differ in their seed alone.

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
    """

    group: Group
    run: object
    representation: str
    score: str
    values: dict


def scored_models(rows):
    """A `ScoredModel` for each row that `aggregation.aggregate` returns."""
    return [_scored_model(row) for row in rows]


def main_value(scored):
    """The key of the value by which a score is known, or None."""
    key = _MAIN.get(scored.score)
    return key if key in scored.values else next((k for k in scored.values if not is_detail(k)), None)


def is_detail(key):
    """Whether a value is of a single factor or code, an extreme, of training, or a count."""
    return bool(_DETAIL.search(key))


def _scored_model(row):
    config = _part(row, "train_config.")
    place = Path(str(row.get("path", ""))).parts  # .../metrics/mean/mig/results/aggregate/evaluation.json
    in_metrics = len(place) >= 6 and place[-6] == "metrics"
    representation, score = place[-5:-3] if in_metrics else ("?", "?")
    group = _group(row, config)
    seed = config.get("model.random_seed", config.get("training.train.seed"))
    values = {
        key: float(value)
        for key, value in _part(row, "evaluation_results.").items()
        if isinstance(value, (int, float)) and key != "elapsed_time"
    }
    return ScoredModel(
        group,
        row.get("train_results.uuid") or (place[:-6] if in_metrics else (group, seed)),
        _name(row.get("postprocess_config.postprocess.name", representation)),
        _name(row.get("evaluation_config.evaluation.name", score)),
        values,
    )


def _group(row, config):
    named = [row.get(f"{step}_config.dataset.name") for step in ("evaluation", "postprocess", "train")]
    named = [_name(name) for name in (*named, config.get("training.train.data")) if name]
    data = next((name for name in named if name != "auto"), "?").removeprefix("data.")
    if "model.model" in config:
        model = method = _name(config["model.model"])
    else:
        model = _name(config.get("training.train.model", "?"))
        method = model.rpartition(".")[2]
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
    return Group(data, _METHODS.get(method, method), ", ".join(settings), ", ".join(training))


def _part(row, prefix):
    return {key.removeprefix(prefix): value for key, value in row.items() if key.startswith(prefix)}


def _name(gin_text):
    """What "'mean'", "@vae()" or "@models.VAE" names."""
    return str(gin_text).strip("'\"@").removesuffix("()")


def _plain(gin_text):
    """A value as text, the same for "4" and "4.0"."""
    try:
        value = ast.literal_eval(str(gin_text))
    except (ValueError, SyntaxError):
        return str(gin_text)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
