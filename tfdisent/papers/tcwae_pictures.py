"""The pictures of the TCWAE paper, from trained runs and measured numbers."""

import functools

import numpy as np

from tfdisent.papers.tcwae_printed import SCORES

__all__ = [
    "ABLATION",
    "ablation",
    "four_latents",
    "heat_maps",
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


def reconstructions(results):
    """Held-out observations above what the first restart of each model makes of them."""
    from tfdisent import plots

    rows = {}
    for setting, model, observations in _opened(results):
        rows[_name(setting, results)] = np.asarray(model(observations))
    return plots.reconstructions(observations, rows)


def samples(results):
    """What the decoder of the first restart of each model makes of draws from the prior."""
    from tfdisent import plots

    rows = {}
    for setting, model, _ in _opened(results):
        codes = np.random.RandomState(0).normal(size=(_NUM_IMAGES, model.num_latents))
        rows[_name(setting, results)] = np.asarray(model.decode(codes.astype(np.float32)))
    return plots.traversal_grid(np.stack(list(rows.values())), list(rows))


def traversals(results, columns, limit):
    """{ending of a file's name: picture}: one row a latent of one observation, the largest KL first."""
    from tfdisent import plots

    pictures = {}
    for setting, model, observations in _opened(results):
        order, labels = _order(results.measured[setting][0])
        images = _moved(model, observations[:1], order, columns, limit)[0]
        picture = plots.traversal_grid(images, labels, np.linspace(-limit, limit, columns))
        pictures[f"_traversals_{_slug(_name(setting, results))}"] = picture
    return pictures


def four_latents(results, columns, limit):
    """{ending: picture}: the latents of largest KL, each moved in the codes of five observations."""
    from tfdisent import plots

    pictures = {}
    for setting, model, observations in _opened(results):
        order, labels = _order(results.measured[setting][0])
        images = _moved(model, observations[:_NUM_INPUTS], order[:_NUM_LATENTS], columns, limit)
        rows = np.swapaxes(images, 0, 1)  # [latents, inputs, S, H, W, C]
        texts = [label if i == 0 else "" for label in labels[:_NUM_LATENTS] for i in range(rows.shape[1])]
        picture = plots.traversal_grid(
            rows.reshape(-1, *rows.shape[2:]), texts, np.linspace(-limit, limit, columns), scale=1
        )
        pictures[f"_{_slug(setting.method)}"] = picture
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

    weights = {m: [s.weights[0] for s in settings] for m, settings in _by_method(results).items()}

    def numbers(key, method):
        return [results.mean(s, key) for s in _by_method(results)[method]]

    def spread(key, method):
        return [results.spread(s, key) for s in _by_method(results)[method]]

    panels, x_labels, y_labels = {}, {}, {}
    for title, x, y, x_label, y_label in (
        ("a", None, "Rec", "λ", _REC),
        ("b", None, "regulariser", "λ", "regulariser (MMD of WAE, KL of TCWAE)"),
        ("c", "regulariser", "Rec", "regulariser (MMD of WAE, KL of TCWAE)", _REC),
        ("d", "MMD", "Rec", "MMD", _REC),
    ):
        panels[title] = {}
        for method, lambdas in weights.items():
            across = lambdas if x is None else numbers(x, method)
            if title == "d":  # an unbiased estimate may be negative, which no logarithm shows
                across = [value if value > 0 else np.nan for value in across]
            labels = None if x is None else [f"{weight:g}" for weight in lambdas]
            panels[title][method] = plots.Curve(across, numbers(y, method), spread(y, method), labels)
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
    names = {"WAE-MMD": "λ", "FactorVAE": "γ"}
    return plots.violins(methods, {method: names.get(method, "β") for method in methods})


def _by_method(results):
    groups = {}
    for setting in results.measured:
        if results.measured[setting]:
            groups.setdefault(setting.method, []).append(setting)
    return groups


def _opened(results):
    """Setting, model of its first restart and held-out observations, for every setting that has a restart."""
    for setting, found in results.measured.items():
        if found:
            yield setting, *_load(str(found[0]["run"]))


@functools.lru_cache(maxsize=16)
def _load(path):
    """The model of a run, and held-out observations, the same for every model of one data set."""
    from tfdisent.data import as_float, observations_and_factors
    from tfdisent.evaluation.scoring import load_run

    trained = load_run(path)
    observations, _ = observations_and_factors(trained.held_out, _NUM_IMAGES, np.random.RandomState(0))
    return trained.model, as_float(observations)


def _moved(model, observations, order, columns, limit):
    from tfdisent.analysis import latent_traversals

    decode = lambda codes: np.asarray(model.decode(codes))  # noqa: E731
    return latent_traversals(decode, model.represent(observations), columns, "fixed", limit, order=order)


def _order(found):
    """Latents by falling KL of the aggregated posterior from the prior, and labels that tell it."""
    kl = np.array(found["latent_kl"])
    order = np.argsort(-kl)
    return order, [f"z{latent}  KL {round(kl[latent], 2) + 0.0:.2f}" for latent in order]


def _name(setting, results):
    """The method, with the cost where there are several, and the penalty where it has one."""
    costs = {other.cost for other in results.measured}
    parts = [setting.named_cost] if len(costs) > 1 else []
    return ", ".join([setting.method, *parts, *(["σ penalty"] if setting.sigma_l1 else [])])


def _slug(name):
    return name.lower().translate(str.maketrans({"β": "beta", "σ": "sigma", ",": "", " ": "_", "-": "_"}))
