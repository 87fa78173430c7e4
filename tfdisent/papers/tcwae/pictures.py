"""The pictures of the TCWAE paper, from trained runs and measured numbers."""

import dataclasses

import numpy as np

from tfdisent.papers.tcwae.printed import SCORES
from tfdisent.papers.tcwae.settings import METHODS

__all__ = [
    "ABLATION",
    "OpenModel",
    "ablation",
    "four_latents",
    "heat_maps",
    "open_models",
    "reconstructions",
    "samples",
    "scores_against_reconstruction",
    "traversals",
    "violins",
]

ABLATION = ("Rec", "regulariser", "marginal KL", "MMD")
_NUM_IMAGES = 12
_NUM_INPUTS = 5
_NUM_LATENTS = 4
_REC = "log of the reconstruction cost"


@dataclasses.dataclass(frozen=True)
class OpenModel:
    """The model of the first restart of a setting, and what pictures need of it.

    Attributes:
        name: the method, with the cost where models of an item differ in it, and the penalty where there is one.
        method: a key of `METHODS`.
        model: Keras model.
        observations: float32 [N, H, W, C], held-out, the same for all models of one data set.
        latent_kl: [D], KL divergence of each latent's aggregated posterior from the prior, in nats.
    """

    name: str
    method: str
    model: object
    observations: np.ndarray
    latent_kl: np.ndarray


def open_models(results):
    """An `OpenModel` for every setting that could be trained."""
    from tfdisent.data import as_float, observations_and_factors
    from tfdisent.evaluation import load_run

    opened, costs = [], {setting.cost for setting in results.runs}
    for setting, runs in results.runs.items():
        if not runs:
            continue
        trained = load_run(runs[0].folder)  # not `runs[0].trained()`, which would keep its data too
        observations, _ = observations_and_factors(trained.held_out, _NUM_IMAGES, np.random.RandomState(0))
        name = [setting.method]
        name += [setting.named_cost] if len(costs) > 1 else []
        name += ["σ penalty"] if setting.sigma_l1 else []
        kl = np.array(runs[0].measures["latent_kl"])
        opened.append(OpenModel(", ".join(name), setting.method, trained.model, as_float(observations), kl))
    return opened


def reconstructions(opened):
    """Held-out observations above what each model makes of them."""
    from tfdisent import plots

    rows = {each.name: np.asarray(each.model(each.observations)) for each in opened}
    return plots.reconstructions(opened[-1].observations, rows)


def samples(opened):
    """What the decoder of each model makes of draws from the prior."""
    from tfdisent import plots

    rows = {}
    for each in opened:
        codes = np.random.RandomState(0).normal(size=(_NUM_IMAGES, each.model.num_latents))
        rows[each.name] = np.asarray(each.model.decode(codes.astype(np.float32)))
    return plots.traversal_grid(np.stack(list(rows.values())), list(rows))


def traversals(opened, columns, limit):
    """{ending of a file's name: picture}: one row a latent of one observation, the largest KL first."""
    from tfdisent import plots

    pictures = {}
    for each in opened:
        order, labels = _order(each.latent_kl)
        images = _moved(each.model, each.observations[:1], order, columns, limit)[0]
        picture = plots.traversal_grid(images, labels, np.linspace(-limit, limit, columns))
        pictures[f"_traversals_{_slug(each.name)}"] = picture
    return pictures


def four_latents(opened, columns, limit):
    """{ending: picture}: the latents of largest KL, each moved in the codes of five observations."""
    from tfdisent import plots

    pictures = {}
    for each in opened:
        order, labels = _order(each.latent_kl)
        images = _moved(each.model, each.observations[:_NUM_INPUTS], order[:_NUM_LATENTS], columns, limit)
        rows = np.swapaxes(images, 0, 1)  # [latents, inputs, S, H, W, C]
        texts = [label if i == 0 else "" for label in labels[:_NUM_LATENTS] for i in range(rows.shape[1])]
        pictures[f"_{_slug(each.method)}"] = plots.traversal_grid(
            rows.reshape(-1, *rows.shape[2:]), texts, np.linspace(-limit, limit, columns), scale=1
        )
    return pictures


def heat_maps(maps, betas, gammas):
    from tfdisent import plots

    return plots.heat_maps(maps, betas, gammas, ("β", "γ"), lower_is_better=("Rec",))


def scores_against_reconstruction(results):
    """Fig. 3: every score over the reconstruction, each point with its beta."""
    from tfdisent import plots

    panels = {}
    for score in SCORES[1:]:
        curves = {}
        for method, settings in _by_method(results).items():
            curves[method] = plots.Curve(
                [results.mean(s, "Rec") for s in settings],
                [results.mean(s, score) for s in settings],
                labels=[f"{s.weights[0]:g}" for s in settings],
            )
        panels[score] = curves
    return plots.comparison_curves(panels, dict.fromkeys(panels, _REC), {score: score for score in panels})


def ablation(results):
    """Fig. 6a-d."""
    from tfdisent import plots

    panels, x_labels, y_labels = {}, {}, {}
    for title, x, y, x_label, y_label in (
        ("a", None, "Rec", "λ", _REC),
        ("b", None, "regulariser", "λ", "regulariser (MMD of WAE, KL of TCWAE)"),
        ("c", "regulariser", "Rec", "regulariser (MMD of WAE, KL of TCWAE)", _REC),
        ("d", "MMD", "Rec", "MMD", _REC),
    ):
        panels[title] = {}
        for method, settings in _by_method(results).items():
            weights = [s.weights[0] for s in settings]
            across = [results.mean(s, x) for s in settings] if x else weights
            if title == "d":  # an unbiased estimate may be negative, which no logarithm shows
                across = [value if value > 0 else np.nan for value in across]
            labels = [f"{weight:g}" for weight in weights] if x else None
            means = [results.mean(s, y) for s in settings]
            deviations = [results.deviation(s, y) for s in settings]
            panels[title][method] = plots.Curve(across, means, deviations, labels)
        x_labels[title], y_labels[title] = x_label, y_label
    return plots.comparison_curves(panels, x_labels, y_labels, log_x=("a", "b", "d"))


def violins(results, settings):
    """Fig. 10 for one data set: the scores of all restarts over the weight that is varied."""
    from tfdisent import plots

    methods = {}
    for setting in settings:
        scores = methods.setdefault(setting.method, {score: {} for score in SCORES})
        for score in SCORES:
            scores[score][setting.weights[0]] = results.values(setting, score)
    return plots.violins(methods, {method: METHODS[method][2][0] for method in methods})


def _by_method(results):
    """{method: settings that could be trained}."""
    groups = {}
    for setting in results.runs:
        if results.runs[setting]:
            groups.setdefault(setting.method, []).append(setting)
    return groups


def _moved(model, observations, order, columns, limit):
    from tfdisent.analysis import latent_traversals

    decode = lambda codes: np.asarray(model.decode(codes))  # noqa: E731
    return latent_traversals(decode, model.represent(observations), columns, "fixed", limit, order=order)


def _order(latent_kl):
    """Latents by falling KL, and a label of each."""
    order = np.argsort(-latent_kl)
    return order, [f"z{latent}  KL {round(latent_kl[latent], 2) + 0.0:.2f}" for latent in order]


def _slug(name):
    return name.lower().translate(str.maketrans({"β": "beta", "σ": "sigma", ",": "", " ": "_", "-": "_"}))
