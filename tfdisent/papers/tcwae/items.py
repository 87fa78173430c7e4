"""The tables and figures of the paper.

Every item writes CSV, JSON, PNG and `report.html`, with the printed values where there are any.
"""

import functools
import itertools

import numpy as np

from tfdisent.papers.item import item
from tfdisent.papers.tcwae import pictures, plans, printed
from tfdisent.papers.tcwae.networks import built_model, described_data, layer_text, layers
from tfdisent.papers.tcwae.plans import SCALES
from tfdisent.papers.tcwae.printed import GAMMAS, PAIRS, SCORES
from tfdisent.papers.tcwae.results import (
    make_results,
    rows_of,
    score_table,
    write_comparison,
    write_results,
)
from tfdisent.papers.tcwae.settings import METHODS, TCWAES, Setting

_COLUMNS = {"dsprites": 9, "smallnorb": 9, "chairs3d": 7, "celeba": 7}  # images in a row of a traversal
_RANGE = {"dsprites": 2.0, "smallnorb": 2.0, "chairs3d": 2.0, "celeba": 6.0}  # of the latent that is moved
_NOTHING_TRAINED = "SETTINGS ONLY: read from the shipped configuration and the data set; nothing was trained"
_trained_item = functools.partial(item, scales=SCALES, restarts=True)


@_trained_item(
    "table_1a",
    "five methods on dSprites: reconstruction, MIG, FactorVAE, SAP",
    data="dsprites",
    title="Table 1a: scores on dSprites",
)
@_trained_item(
    "table_1b",
    "nine methods and costs on smallNORB: the same scores",
    data="smallnorb",
    title="Table 1b: scores on smallNORB",
)
def table_1(request, data, title):
    results = make_results(request, plans.rows_of_table_1(data, request.scale))
    opened = pictures.open_models(results)
    figures = {
        "_reconstructions": pictures.reconstructions(opened),
        "_samples": pictures.samples(opened),
        **pictures.traversals(opened, _COLUMNS[data], _RANGE[data]),
    }
    table = score_table(results)
    return write_results(request, title, results, rows_of(results, SCORES), figures, table, draw_table=True)


@item("table_2", "factors of the data sets")
def table_2(request):
    rows = []
    for data, factors in printed.FACTORS.items():
        found = described_data(data) or {"factors": [], "source": "not found on this machine"}
        ours = {factor["name"]: factor["num_values"] for factor in found["factors"]}
        for name in dict.fromkeys([*factors, *ours]):
            numbers = {"printed": factors.get(name), "ours": ours.get(name)}
            rows.append({"data": data, "factor": name, **numbers, "data source": found["source"]})
    title = "Table 2: generative factors and their numbers of values"
    return write_comparison(request, title, _NOTHING_TRAINED, rows)


@item("table_3", "layers of the networks")
def table_3(request):
    model = built_model(Setting("dsprites", "TCWAE-GAN", (100, 5)))
    networks = {"encoder": model.encoder, "decoder": model.decoder, "discriminator": model.discriminators[0]}
    rows = []
    for name, network in networks.items():
        theirs = itertools.starmap(layer_text, printed.LAYERS[name])
        for text, ours in itertools.zip_longest(theirs, layers(network)):
            rows.append({"network": name, "printed": text or "(its second half)", **ours})
    return write_comparison(request, "Table 3: layers of the networks", _NOTHING_TRAINED, rows)


@item("table_4", "settings of the optimisers")
def table_4(request):
    toys = built_model(Setting("dsprites", "TCWAE-GAN", (100, 5)))
    chairs = built_model(Setting("chairs3d", "TCWAE-GAN", (4, 1), "squared_l2"))
    rows = [
        {"optimizer": name, "setting": key, "printed": value, "ours": optimizer.get_config()[key]}
        for name, values, optimizer in (
            ("encoder and decoder (Sec. B.1)", printed.OPTIMIZER, toys.optimizer),
            ("discriminators, Sec. 4.1", printed.DISCRIMINATOR, toys.discriminator_optimizer),
            (
                "discriminators, Sec. 4.2",
                {**printed.DISCRIMINATOR, "learning_rate": 1e-5},
                chairs.discriminator_optimizer,
            ),
        )
        for key, value in values.items()
    ]
    return write_comparison(request, "Table 4: optimisers", _NOTHING_TRAINED, rows)


@_trained_item("table_5", "the best gamma of each method, from the heat maps")
def table_5(request):
    settings = [setting for pair in PAIRS for setting in plans.grid(*pair, request.scale)]
    results = make_results(request, settings)
    rows = []
    for (method, data, cost), gamma in GAMMAS.items():
        candidates = [s for s in results.runs if (s.method, s.data, s.cost) == (method, data, cost)]
        means = {
            s: {score: results.mean(s, score) for score in SCORES} for s in candidates if results.runs[s]
        }
        best = best_rank(means)
        betas, gammas = _axes(candidates)
        chosen = best and len(gammas) > 1
        rows.append(
            {
                "method": method,
                "data": data,
                "cost": candidates[0].named_cost,
                "printed": gamma,
                "ours": best.weights[1] if chosen else None,
                "among": ", ".join(map(str, gammas)),
                "with beta": best.weights[0] if chosen else None,
                "beta among": ", ".join(map(str, betas)),
                **(results.facts_of(best) if best else {}),
            }
        )
    return write_comparison(request, "Table 5: the best gamma", results.label(), rows)


def best_rank(means):
    """The key with the best mean rank over the four scores; equals share a rank.

    Args:
        means: {key: {score: mean}}.

    Returns:
        A key of `means`; None where there is none.
    """
    if not means:
        return None
    table = np.array([[-scores["Rec"], *(scores[name] for name in SCORES[1:])] for scores in means.values()])
    better = (table[:, None] < table[None]).sum(axis=1)  # [n, 4]: how many others are
    equal = (table[:, None] == table[None]).sum(axis=1)
    ranks = better + equal / 2
    return list(means)[int(np.argmin(ranks.mean(axis=1)))]


@_trained_item(
    "figure_1",
    "scores over beta and gamma on dSprites",
    data="dsprites",
    cost="bernoulli",
    title="Figure 1: scores over beta and gamma on dSprites",
)
@_trained_item(
    "figure_7",
    "scores over beta and gamma on smallNORB, cross-entropy",
    data="smallnorb",
    cost="bernoulli",
    title="Figure 7: scores on smallNORB, cross-entropy",
)
@_trained_item(
    "figure_8",
    "scores over beta and gamma on smallNORB, L1",
    data="smallnorb",
    cost="l1",
    title="Figure 8: scores on smallNORB, L1",
)
@_trained_item(
    "figure_9",
    "scores over beta and gamma on smallNORB, squared L2",
    data="smallnorb",
    cost="squared_l2",
    title="Figure 9: scores on smallNORB, squared L2",
)
def heat_maps(request, data, cost, title):
    results = make_results(request, plans.grid(data, cost, request.scale))
    maps, betas, gammas = {}, {}, {}
    for method in TCWAES:
        betas[method], gammas[method] = _axes([s for s in results.runs if s.method == method])
        maps[method] = {
            score: [
                [results.mean(Setting(data, method, (beta, gamma), cost), score) for gamma in gammas[method]]
                for beta in betas[method]
            ]
            for score in SCORES
        }
    figure = pictures.heat_maps(maps, betas, gammas)
    return write_results(
        request, title, results, rows_of(results, SCORES), {"": figure}, score_table(results)
    )


@_trained_item("figure_2", "latent traversals on smallNORB")
def figure_2(request):
    results = make_results(request, plans.best("smallnorb", request.scale))
    opened = pictures.open_models(results)
    figures = pictures.traversals(opened, _COLUMNS["smallnorb"], _RANGE["smallnorb"])
    title = "Figure 2: latent traversals on smallNORB"
    return write_results(request, title, results, _latent_rows(results), figures)


@_trained_item("figure_3", "scores against reconstruction on dSprites")
def figure_3(request):
    methods = (*TCWAES, "β-TCVAE")
    settings = [s for method in methods for s in plans.over_beta("dsprites", method, request.scale)]
    results = make_results(request, settings)
    title = "Figure 3: scores against reconstruction on dSprites"
    figures = {"": pictures.scores_against_reconstruction(results)}
    return write_results(request, title, results, rows_of(results, SCORES), figures, score_table(results))


@_trained_item(
    "figure_4",
    "traversals of four latents, 3D chairs",
    data="chairs3d",
    title="Figure 4: traversals of chairs",
)
@_trained_item(
    "figure_5", "traversals of four latents, CelebA", data="celeba", title="Figure 5: traversals of faces"
)
def four_traversals(request, data, title):
    results = make_results(request, plans.qualitative(data, TCWAES))
    figures = pictures.four_latents(pictures.open_models(results), _COLUMNS[data], _RANGE[data])
    return write_results(request, title, results, _latent_rows(results), figures)


@_trained_item("figure_6", "reconstruction and regularisers over lambda on dSprites (a to d)")
def figure_6(request):
    results = make_results(request, plans.ablations(request.scale))
    title = "Figure 6: the latent regularisers in the WAE on dSprites, beta = gamma = lambda"
    rows = rows_of(results, pictures.ABLATION)
    return write_results(request, title, results, rows, {"": pictures.ablation(results)})


@_trained_item("figure_10", "violins of the scores over the regulariser's weight, dSprites and smallNORB")
def figure_10(request):
    groups = {
        data: [s for method in METHODS for s in plans.over_beta(data, method, request.scale)]
        for data in ("dsprites", "smallnorb")
    }
    results = make_results(request, [setting for settings in groups.values() for setting in settings])
    figures = {f"_{data}": pictures.violins(results, settings) for data, settings in groups.items()}
    title = "Figure 10: scores over the weight of the regulariser"
    return write_results(request, title, results, rows_of(results, SCORES), figures, score_table(results))


@_trained_item("figure_11", "reconstructions and samples on smallNORB")
def figure_11(request):
    settings = plans.best("smallnorb", request.scale)
    return _reconstructions_and_samples(request, settings, "Figure 11: smallNORB")


@_trained_item(
    "figure_12",
    "reconstructions and samples of the TCWAEs, 3D chairs",
    data="chairs3d",
    methods=TCWAES,
    title="Figure 12: chairs",
)
@_trained_item(
    "figure_13",
    "reconstructions and samples of the TCWAEs, CelebA",
    data="celeba",
    methods=TCWAES,
    title="Figure 13: faces",
)
@_trained_item(
    "figure_14",
    "reconstructions and samples of beta-TCVAE and FactorVAE, CelebA",
    data="celeba",
    methods=("β-TCVAE", "FactorVAE"),
    title="Figure 14: faces, baselines",
)
def figures_12_to_14(request, data, methods, title):
    return _reconstructions_and_samples(request, plans.qualitative(data, methods), title)


def _reconstructions_and_samples(request, settings, title):
    results = make_results(request, settings)
    opened = pictures.open_models(results)
    figures = {"_reconstructions": pictures.reconstructions(opened), "_samples": pictures.samples(opened)}
    return write_results(request, title, results, rows_of(results, ("Rec",)), figures)


def _axes(settings):
    """Sorted values of beta and of gamma."""
    return [sorted({setting.weights[i] for setting in settings}) for i in (0, 1)]


def _latent_rows(results):
    """A row for each setting and its reconstruction, and the KL divergence of each of its latents."""
    rows = []
    for setting in results.runs:
        values = {"Rec": results.values(setting, "Rec")}
        for latent, kl in enumerate(np.transpose(results.values(setting, "latent_kl"))):
            values[f"KL of z{latent}"] = kl
        rows += results.rows(setting, values)
    return rows
