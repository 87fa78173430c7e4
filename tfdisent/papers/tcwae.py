"""Gaujac, Feige & Barber 2020: the total correlation Wasserstein autoencoder beside four other methods.

Every item writes PNG, CSV, JSON and `report.html`, with the printed values where there are any. The runs lie in the
folder "trained" beside the items' own folders, for all items.

References: Gaujac, Feige & Barber 2020, "Learning disentangled representations with the Wasserstein Autoencoder".
"""

import dataclasses
import functools
import itertools

import numpy as np

from tfdisent.papers import tcwae_pictures as pictures
from tfdisent.papers import tcwae_printed as printed
from tfdisent.papers.tcwae_printed import BEST, GAMMAS, GRIDS, PAIRS, SCORES, Setting
from tfdisent.papers.tcwae_runs import SCALES as _SCALES
from tfdisent.papers.tcwae_runs import built_model, described_data, measure
from tfdisent.papers.tcwae_writing import FACTS, Results, score_rows, score_table, write_results

__all__ = ["ITEMS", "SCALES"]

SCALES = ("paper", "reduced", "quick")
_PAIR = ("TCWAE-MWS", "TCWAE-GAN")
_QUALITATIVE = {
    ("chairs3d", "TCWAE-MWS"): (4, 8),
    ("chairs3d", "TCWAE-GAN"): (4, 1),
    ("celeba", "TCWAE-MWS"): (4, 8),
    ("celeba", "TCWAE-GAN"): (4, 1),
    ("celeba", "β-TCVAE"): (4,),
    ("celeba", "FactorVAE"): (10,),
}
_COLUMNS = {"dsprites": 9, "smallnorb": 9, "chairs3d": 7, "celeba": 7}
_RANGE = {"dsprites": 2.0, "smallnorb": 2.0, "chairs3d": 2.0, "celeba": 6.0}


def _table_1(data, title, output, seeds=None, scale="paper"):
    results = _results(_rows_of_table_1(data, scale), output, seeds, scale)
    table = score_table(results)
    figures = {
        "_reconstructions": pictures.reconstructions(results),
        "_samples": pictures.samples(results),
        **pictures.traversals(results, _COLUMNS[data], _RANGE[data]),
    }
    return write_results(output, title, results, score_rows(results), figures, table, draw_table=True)


def _rows_of_table_1(data, scale):
    settings = _best(data, scale)
    if data in _SCALES[scale].penalised:
        wasserstein = [setting for setting in settings if setting.method in ("WAE-MMD", *_PAIR)]
        settings += [dataclasses.replace(s, sigma_l1=printed.SIGMA_L1[data]) for s in wasserstein]
    return settings


def _table_2(output):
    rows = []
    for data, factors in printed.FACTORS.items():
        found = described_data(data) or {"factors": [], "source": "not found on this machine"}
        ours = {factor["name"]: factor["num_values"] for factor in found["factors"]}
        for name in dict.fromkeys([*factors, *ours]):
            numbers = {"printed": factors.get(name), "ours": ours.get(name)}
            rows.append({"data": data, "factor": name, **numbers, "data source": found["source"]})
    return _write_comparison(output, "Table 2: generative factors and their numbers of values", rows)


def _table_3(output):
    model = built_model(Setting("dsprites", "TCWAE-GAN", (100, 5)))
    networks = {"encoder": model.encoder, "decoder": model.decoder, "discriminator": model.discriminators[0]}
    rows = []
    for name, network in networks.items():
        for theirs, ours in itertools.zip_longest(map(_layer_text, printed.LAYERS[name]), _layers(network)):
            rows.append({"network": name, "printed": theirs or "(its second half)", **ours})
    return _write_comparison(output, "Table 3: layers of the networks", rows)


def _table_4(output):
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
    return _write_comparison(output, "Table 4: optimisers", rows)


def _table_5(output, seeds=None, scale="paper"):
    results = _results([s for pair in PAIRS for s in _grid(*pair, scale)], output, seeds, scale)
    rows = []
    for (method, data, cost), gamma in GAMMAS.items():
        candidates = [s for s in results.measured if (s.method, s.data, s.cost) == (method, data, cost)]
        best = _best_rank({s: results.means(s) for s in candidates if results.measured[s]})
        betas, gammas = (sorted({s.weights[i] for s in candidates}) for i in (0, 1))
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
    return _write_comparison(output, "Table 5: the best gamma", rows, results)


def _heat_maps(data, cost, title, output, seeds=None, scale="paper"):
    results = _results(_grid(data, cost, scale), output, seeds, scale)
    maps, betas, gammas = {}, {}, {}
    for method in _PAIR:
        settings = [s for s in results.measured if s.method == method]
        betas[method], gammas[method] = (sorted({s.weights[i] for s in settings}) for i in (0, 1))
        maps[method] = {
            score: [
                [results.mean(Setting(data, method, (beta, gamma), cost), score) for gamma in gammas[method]]
                for beta in betas[method]
            ]
            for score in SCORES
        }
    figure = pictures.heat_maps(maps, betas, gammas)
    return write_results(output, title, results, score_rows(results), {"": figure}, score_table(results))


def _figure_2(output, seeds=None, scale="paper"):
    results = _results(_best("smallnorb", scale), output, seeds, scale)
    figures = pictures.traversals(results, _COLUMNS["smallnorb"], _RANGE["smallnorb"])
    return write_results(
        output, "Figure 2: latent traversals on smallNORB", results, _latent_rows(results), figures
    )


def _figure_3(output, seeds=None, scale="paper"):
    methods = ("TCWAE-MWS", "TCWAE-GAN", "β-TCVAE")
    results = _results([s for m in methods for s in _over_beta("dsprites", m, scale)], output, seeds, scale)
    title = "Figure 3: scores against reconstruction on dSprites"
    figures = {"": pictures.scores_against_reconstruction(results)}
    return write_results(output, title, results, score_rows(results), figures, score_table(results))


def _four_traversals(data, title, output, seeds=None, scale="paper"):
    results = _results(_qualitative(data, _PAIR), output, seeds, scale)
    figures = pictures.four_latents(results, _COLUMNS[data], _RANGE[data])
    return write_results(output, title, results, _latent_rows(results), figures)


def _figure_6(output, seeds=None, scale="paper"):
    lambdas = _SCALES[scale].grid(GRIDS["ablation"], 10, 100)
    settings = [
        *(Setting("dsprites", "WAE-MMD", (weight,), ablation=True) for weight in lambdas),
        *(Setting("dsprites", m, (weight, weight), ablation=True) for m in _PAIR for weight in lambdas),
    ]
    results = _results(settings, output, seeds, scale)
    title = "Figure 6: the latent regularisers in the WAE on dSprites, beta = gamma = lambda"
    rows = [
        row
        for setting in results.measured
        for row in results.rows(setting, {name: results.values(setting, name) for name in pictures.ABLATION})
    ]
    return write_results(output, title, results, rows, {"": pictures.ablation(results)})


def _figure_10(output, seeds=None, scale="paper"):
    groups = {
        data: [s for m in printed.METHODS for s in _over_beta(data, m, scale)]
        for data in ("dsprites", "smallnorb")
    }
    results = _results([s for settings in groups.values() for s in settings], output, seeds, scale)
    figures = {f"_{data}": pictures.violins(results, settings) for data, settings in groups.items()}
    title = "Figure 10: scores over the weight of the regulariser"
    return write_results(output, title, results, score_rows(results), figures, score_table(results))


def _reconstructions_and_samples(data, methods, title, output, seeds=None, scale="paper"):
    settings = _best(data, scale) if data == "smallnorb" else _qualitative(data, methods)
    results = _results(settings, output, seeds, scale)
    figures = {"_reconstructions": pictures.reconstructions(results), "_samples": pictures.samples(results)}
    rows = [row for s in results.measured for row in results.rows(s, {"Rec": results.values(s, "Rec")})]
    return write_results(output, title, results, rows, figures)


def _results(settings, output, seeds, scale):
    seeds = seeds or _SCALES[scale].seeds
    return Results(measure(list(dict.fromkeys(settings)), output, seeds, scale), seeds, scale)


def _best(data, scale):
    instead = _SCALES[scale].instead
    return [instead.get(setting, setting) for setting in BEST if setting.data == data]


def _qualitative(data, methods):
    """The paper prints no weights for chairs and faces: those of smallNORB with the squared L2 cost."""
    return [
        Setting(data, m, _QUALITATIVE[data, m], "squared_l2" if m in _PAIR else "bernoulli") for m in methods
    ]


def _grid(data, cost, scale):
    settings = []
    for method in _PAIR:
        beta, gamma = next(s.weights for s in _best(data, scale) if (s.method, s.cost) == (method, cost))
        betas, gammas = (_SCALES[scale].grid(PAIRS[data, cost], best) for best in (beta, gamma))
        settings += [Setting(data, method, pair, cost) for pair in itertools.product(betas, gammas)]
    return settings


def _over_beta(data, method, scale):
    best = next(s for s in _best(data, scale) if (s.method, s.cost) == (method, "bernoulli"))
    grid = PAIRS[data, "bernoulli"] if method in _PAIR else GRIDS[method]
    return [
        Setting(data, method, (value, *best.weights[1:]))
        for value in _SCALES[scale].grid(grid, best.weights[0])
    ]


def _best_rank(means):
    """The key with the best mean rank over the four scores; None where nothing was measured. Equals share a rank."""
    if not means:
        return None
    table = np.array([[-scores["Rec"], *(scores[name] for name in SCORES[1:])] for scores in means.values()])
    ranks = (table[:, None] < table[None]).sum(axis=1) + (table[:, None] == table[None]).sum(
        axis=1
    ) / 2  # [n, 4]
    return list(means)[int(np.argmin(ranks.mean(axis=1)))]


def _latent_rows(results):
    return [
        row
        for setting in results.measured
        for row in results.rows(
            setting,
            {
                "Rec": results.values(setting, "Rec"),
                **{
                    f"KL of z{d}": kl
                    for d, kl in enumerate(np.transpose(results.values(setting, "latent_kl")))
                },
            },
        )
    ]


def _layer_text(layer):
    kind, units, activation, stride = layer
    return f"{kind}, {units}, {activation}" + (f", stride {stride}" if stride else "")


def _layers(network):
    """What the layers are that have weights."""
    import keras

    for layer in network.layers:
        if isinstance(layer, keras.layers.Dense):
            kind, stride, units = "dense", None, layer.units
        elif hasattr(layer, "filters"):
            kind, stride, units = (
                f"{layer.kernel_size[0]}x{layer.kernel_size[1]} conv",
                layer.strides[0],
                layer.filters,
            )
        else:
            continue
        text = _layer_text((kind, units, layer.activation.__name__, stride))
        shape = " x ".join(map(str, layer.output.shape[1:]))
        yield {"ours": text, "output": shape, "weights": layer.count_params()}


def _write_comparison(output, title, rows, results=None):
    headers = list(dict.fromkeys(key for row in rows for key in row))
    headers = [key for key in headers if key not in FACTS]  # these stand below, once
    cells = [[row.get(key) for key in headers] for row in rows]
    table = headers, [[f"{cell:g}" if isinstance(cell, float) else cell for cell in row] for row in cells]
    results = results or Results({}, 0, "paper")
    return write_results(output, title, results, rows, table=table, draw_table=True)


_make = functools.partial
ITEMS = {
    "table_1a": (
        "five methods on dSprites: reconstruction, MIG, FactorVAE, SAP",
        _make(_table_1, "dsprites", "Table 1a: scores on dSprites"),
    ),
    "table_1b": (
        "nine methods and costs on smallNORB: the same scores",
        _make(_table_1, "smallnorb", "Table 1b: scores on smallNORB"),
    ),
    "table_2": ("factors of the data sets", _table_2),
    "table_3": ("layers of the networks", _table_3),
    "table_4": ("settings of the optimisers", _table_4),
    "table_5": ("the best gamma of each method, from the heat maps", _table_5),
    "figure_1": (
        "scores over beta and gamma on dSprites",
        _make(_heat_maps, "dsprites", "bernoulli", "Figure 1: scores over beta and gamma on dSprites"),
    ),
    "figure_2": ("latent traversals on smallNORB", _figure_2),
    "figure_3": ("scores against reconstruction on dSprites", _figure_3),
    "figure_4": (
        "traversals of four latents, 3D chairs",
        _make(_four_traversals, "chairs3d", "Figure 4: traversals of chairs"),
    ),
    "figure_5": (
        "traversals of four latents, CelebA",
        _make(_four_traversals, "celeba", "Figure 5: traversals of faces"),
    ),
    "figure_6": ("reconstruction and regularisers over lambda on dSprites (a to d)", _figure_6),
    "figure_7": (
        "scores over beta and gamma on smallNORB, cross-entropy",
        _make(_heat_maps, "smallnorb", "bernoulli", "Figure 7: scores on smallNORB, cross-entropy"),
    ),
    "figure_8": (
        "scores over beta and gamma on smallNORB, L1",
        _make(_heat_maps, "smallnorb", "l1", "Figure 8: scores on smallNORB, L1"),
    ),
    "figure_9": (
        "scores over beta and gamma on smallNORB, squared L2",
        _make(_heat_maps, "smallnorb", "squared_l2", "Figure 9: scores on smallNORB, squared L2"),
    ),
    "figure_10": ("violins of the scores over the regulariser's weight, dSprites and smallNORB", _figure_10),
    "figure_11": (
        "reconstructions and samples on smallNORB",
        _make(_reconstructions_and_samples, "smallnorb", None, "Figure 11: smallNORB"),
    ),
    "figure_12": (
        "reconstructions and samples of the TCWAEs, 3D chairs",
        _make(_reconstructions_and_samples, "chairs3d", _PAIR, "Figure 12: chairs"),
    ),
    "figure_13": (
        "reconstructions and samples of the TCWAEs, CelebA",
        _make(_reconstructions_and_samples, "celeba", _PAIR, "Figure 13: faces"),
    ),
    "figure_14": (
        "reconstructions and samples of beta-TCVAE and FactorVAE, CelebA",
        _make(_reconstructions_and_samples, "celeba", ("β-TCVAE", "FactorVAE"), "Figure 14: faces, baselines"),
    ),
}  # fmt: skip
