"""Figures 4.1 to 4.11."""

import dataclasses
import functools
import itertools

import numpy as np

from tfdisent.papers.demystifying_biases import measures, pictures, printed
from tfdisent.papers.demystifying_biases.measures import SCORES, is_over_pruned
from tfdisent.papers.demystifying_biases.plans import SCALES, Setting, planned_run, scales_with
from tfdisent.papers.demystifying_biases.results import make_results
from tfdisent.papers.item import item
from tfdisent.papers.runs import make_runs, provenance
from tfdisent.papers.tables import mean_and_deviation, write_item

_VAES = ("beta-VAE", "TC-VAE", "FactorVAE", "SlowVAE")
_SHOWN = 8  # images of a data set in a figure
_STEP = 0.01  # of the curves along local axes
_BUMP, _WAVES = 0.08, 9.0  # height and wave number of the local perturbation of Fig. 4.1
_WIDTH = 360  # pixels of a plane of codes, at least half of them
_PLANES = 4  # runs of each in Figs. 4.10 and 4.11


def _sheet(u, v):
    """A surface on which u and v are the local axes: points [..., 3] of u, v in [-1, 1]."""
    return np.stack([1.2 * u, v, 0.25 * u**2 - 0.05 * v**2], axis=-1)


def _perturbed(u, v):
    """The same surface with a fine wave that runs diagonally to u and v."""
    return _sheet(u, v) + _BUMP * np.sin(_WAVES * (u + v))[..., np.newaxis] * np.array([0.0, 0.0, 1.0])


@item("figures_4_1_and_4_2", "local axes of a surface, and how an alteration is learnt", scales=SCALES)
def figures_4_1_and_4_2(request):
    """How a fine wave turns the local axes of a surface, and what the two decoders make of altered images."""
    from tfdisent import plots
    from tfdisent.evaluation import load_run

    panels, rows = _surfaces()
    data = "dsprites"
    results = make_results(request, [Setting(data, "beta-VAE"), Setting(data, "beta-VAE", "modified")])
    path, numbers = results.manipulations[data, 0]
    learnt = load_run(path.parent)
    images, altered, chosen = _examples(results, data, path)
    factors = learnt.data.factors(chosen)
    decoded = {
        f"decoded from {side} codes": _decoded(learnt.model, number, images)
        for side, number in (("entangled", 0), ("disentangled", learnt.model.num_pairs))
    }
    process = plots.reconstructions(
        images,
        {"m": _shown(altered - images, results.scale.learning[data].epsilon), "altered": altered, **decoded},
    )
    rows += [{"figure": "4.2", "quantity": name, "value": value} for name, value in numbers.items()]
    rows += [
        {"figure": "4.2", "quantity": f"neuron of image {number}", "value": float(value)}
        for number, value in enumerate(
            np.asarray(learnt.model.neuron(learnt.model.scaled_factors(factors)))[:, 0]
        )
    ]
    table = ["figure", "quantity", "value"], [[r["figure"], r["quantity"], f"{r['value']:.4g}"] for r in rows]
    drawn = {"_4_1": pictures.sheets(panels), "_4_2": process}
    title = "Figures 4.1 and 4.2: local axes, and how an alteration is learnt"
    notes = [
        "Figure 4.1: the curves run along the singular vectors of the surface's Jacobian, red along the larger one. "
        "(iv) shows the moves three times as long.",
        "Figure 4.2: an image, m of its factors, their sum, and what the two decoders make of the codes of the "
        "original image once they have learnt the altered ones.",
    ]
    footnotes = {"_4_1": "An illustration, computed; nothing was trained."}
    return write_item(request.output, title, results.facts(), rows, drawn, table, notes, footnotes=footnotes)


def _decoded(model, number, images):
    """What decoder `number` of a `Manipulation` makes of its encoder's mean codes of images."""
    import tensorflow as tf

    return tf.sigmoid(model.decoders[number](model.encoders[number](images)["mean"])).numpy()


def _surfaces():
    """({title: panel} of Fig. 4.1, rows with the angles of local axes and the share of variance)."""
    from tfdisent.analysis import local_axes, principal_directions

    generator = np.random.default_rng(0)
    values = np.linspace(-1, 1, 61)
    u, v = np.meshgrid(values, values, indexing="ij")
    plain, waved = _sheet(u, v), _perturbed(u, v)
    places = generator.uniform(-1, 1, (150, 2))
    cloud = _sheet(*places.T) + generator.normal(0, 0.06, (150, 3))
    mean, axes = cloud.mean(axis=0), principal_directions(cloud, 2)
    widths = 1.8 * ((cloud - mean) @ axes).std(axis=0)
    grid = mean + u[..., np.newaxis] * widths[0] * axes[:, 0] + v[..., np.newaxis] * widths[1] * axes[:, 1]
    lines = [[mean + values[:, np.newaxis] * widths[k] * axes[:, k]] for k in (0, 1)]
    starts = np.linspace(-0.75, 0.75, 4)
    curves = {
        name: [[function(*curve.T) for curve in _along(function, starts, k)] for k in (0, 1)]
        for name, function in (("plain", _sheet), ("waved", _perturbed))
    }
    few = generator.uniform(-0.8, 0.8, (40, 2))
    panels = {
        "(i) points and the plane of PCA": {
            "grid": grid,
            "first": lines[0],
            "second": lines[1],
            "points": cloud,
        },
        "(ii) a surface and its axes": {
            "grid": plain,
            "first": curves["plain"][0],
            "second": curves["plain"][1],
        },
        "(iii) the same with a fine wave": {
            "grid": waved,
            "first": curves["waved"][0],
            "second": curves["waved"][1],
        },
        "(iv) how points move": {
            "grid": waved,
            "first": [],
            "second": [],
            "arrows": (_sheet(*few.T), _sheet(*few.T) + 3 * (_perturbed(*few.T) - _sheet(*few.T))),
        },
    }
    rows = []
    for name, surface in (("(ii)", plain), ("(iii)", waved)):
        angle = np.abs(local_axes(surface)["angle"])
        rows.append(
            {
                "figure": f"4.1 {name}",
                "quantity": "mean angle of local axes and factors, degrees",
                "value": float(angle.mean()),
            }
        )
    change = (waved - plain).var(axis=(0, 1)).sum() / plain.var(axis=(0, 1)).sum()
    rows.append(
        {
            "figure": "4.1 (iii)",
            "quantity": "variance of the wave over that of the surface",
            "value": float(change),
        }
    )
    return panels, rows


def _along(function, starts, which):
    """Curves [n, 2] in (u, v) along the larger (0) or smaller (1) local axis."""
    curves = []
    for start in starts:
        point = np.array([0.0, start] if which == 0 else [start, 0.0])
        halves = [_walk(function, point, which, sign) for sign in (-1, 1)]
        curves.append(np.concatenate([halves[0][::-1], halves[1][1:]]))
    return curves


def _walk(function, point, which, sign):
    step, points = 1e-5, [point]
    direction = sign * (np.array([1.0, 0.0]) if which == 0 else np.array([0.0, 1.0]))
    for _ in range(int(2 / _STEP)):
        jacobian = np.stack(
            [
                (function(*(points[-1] + d)) - function(*(points[-1] - d))) / (2 * step)
                for d in step * np.eye(2)
            ],
            axis=1,
        )
        axis = np.linalg.svd(jacobian)[2][which]
        direction = axis if axis @ direction > 0 else -axis
        after = points[-1] + _STEP * direction
        if np.abs(after).max() > 1:
            break
        points.append(after)
    return np.stack(points)


def _examples(results, data, path):
    """(images, altered images, indices) of a few places of a data set, in the order of the neuron."""
    from tfdisent.data import PerturbedData, as_float

    original = results.runs[Setting(data, "beta-VAE")][0].trained().data
    perturbed = PerturbedData(original, path)
    candidates = np.random.RandomState(0).choice(original.size, min(64, original.size), replace=False)
    order = np.argsort(np.load(path)["places"][candidates], kind="stable")
    chosen = candidates[order[np.linspace(0, len(order) - 1, _SHOWN).round().astype(int)]]
    return as_float(original.observations(chosen)), perturbed.observations(chosen), chosen


def _shown(change, epsilon):
    """A change of images in [-epsilon, epsilon] as an image, grey where nothing changes."""
    return np.clip(0.5 + change / (2 * epsilon), 0, 1).astype(np.float32)


@item("figure_4_3", "originals, manipulations and altered images", scales=SCALES)
def figure_4_3(request):
    """Originals, manipulations and altered images of both data sets."""
    from tfdisent import plots

    versions = ("original", "modified")
    results = make_results(request, [Setting(data, "beta-VAE", v) for data in printed.DATA for v in versions])
    drawn, rows = {}, []
    for data, title in printed.DATA.items():
        path, numbers = results.manipulations[data, 0]
        images, altered, _ = _examples(results, data, path)
        epsilon = results.scale.learning[data].epsilon
        rows += [
            {"data": title, "epsilon": epsilon, "quantity": n, "value": value} for n, value in numbers.items()
        ]
        drawn[f"_{data}"] = plots.reconstructions(
            images, {f"m, {chr(0xB1)}{epsilon:g}": _shown(altered - images, epsilon), "altered": altered}
        )
    table = (
        ["data", "epsilon", "quantity", "value"],
        [[row["data"], row["epsilon"], row["quantity"], f"{row['value']:.4g}"] for row in rows],
    )
    notes = ["The middle row shows x' - x, grey where nothing changes, black and white at the bound."]
    title = "Figure 4.3: originals, manipulations and altered images"
    return write_item(request.output, title, results.facts(), rows, drawn, table, notes)


@item(
    "figures_4_4_to_4_7",
    "scores over scaled hyperparameters",
    scales=scales_with(paper=10, reduced=3, tiny=5, quick=2),
    restarts=True,
)
def figures_4_4_to_4_7(request):
    """Four scores of the VAEs on altered rooms over their scaled hyperparameter, without over-pruned runs."""
    from tfdisent import plots

    data = "shapes3d"
    places = [("original", 1.0), *(("modified", times) for times in printed.SCALINGS)]
    settings = {(m, v, t): Setting(data, m, v, t) for m, (v, t) in itertools.product(_VAES, places)}
    results = make_results(request, list(settings.values()))
    samples, rows, cells = {}, [], []
    for (method, version, times), setting in settings.items():
        kept = [made for made in results.runs[setting] if not is_over_pruned(made)]
        place = "original" if version == "original" else f"{times:g}"
        row = {"method": method, "data": version, "times": times}
        row |= {"restarts": len(results.runs[setting]), "over-pruned": len(results.runs[setting]) - len(kept)}
        for score in SCORES:
            values = [made.measures[score] for made in kept]
            samples.setdefault(method, {}).setdefault(score, {})[place] = values
            row[score] = float(np.mean(values)) if values else None
        rows.append(row)
        cells.append([*list(row.values())[:-4], *(mean_and_deviation(row[score]) for score in SCORES)])
    notes = [
        "Runs with fewer active latents (E(sigma^2) < .8) than factors that vary are left out, as in Sec. 4.3.4.",
        "The thesis draws the altered data alone; the first violin of each panel is the original at the printed value.",
    ]
    drawn = {
        f"_{score.lower().replace(' ', '_')}": plots.violins(
            {m: {score: s[score]} for m, s in samples.items()}, "times the hyperparameter, altered data"
        )
        for score in SCORES
    }
    title = "Figures 4.4 to 4.7: scores over scaled hyperparameters"
    return write_item(request.output, title, results.facts(), rows, drawn, (list(rows[0]), cells), notes)


@item("figure_4_8", "histograms of MIG on altered rooms", scales=SCALES, restarts=True)
def figure_4_8(request):
    """Histograms of MIG of the VAEs on altered rooms, and on the original ones behind them."""
    settings = [Setting("shapes3d", m, v) for m in _VAES for v in ("original", "modified")]
    results = make_results(request, settings)
    rows = [
        {"method": s.method, "version": s.version, "run": number, "MIG": value}
        for s in settings
        for number, value in enumerate(results.values(s, "MIG"))
    ]
    panels = {
        m: {v: results.values(Setting("shapes3d", m, v), "MIG") for v in ("original", "modified")}
        for m in _VAES
    }
    notes = ["The thesis draws the altered data alone."]
    title, drawn = "Figure 4.8: histograms of MIG on altered rooms", {"": pictures.histograms(panels, "MIG")}
    return write_item(request.output, title, results.facts(), rows, drawn, None, notes)


@item("figure_4_9", "MIG of each factor", scales=SCALES, restarts=True)
def figure_4_9(request):
    """MIG of each factor, beta-VAE on original and altered rooms."""
    groups = {v: Setting("shapes3d", "beta-VAE", v) for v in ("original", "modified")}
    results = make_results(request, list(groups.values()))
    names = [n for n in next(iter(results.runs.values()))[0].measures if n.startswith("MIG of ")]
    found = {v: {n.removeprefix("MIG of "): results.values(s, n) for n in names} for v, s in groups.items()}
    rows = [
        {
            "factor": factor,
            "version": version,
            "mean": float(np.mean(values)),
            "deviation": float(np.std(values)),
        }
        for version, factors in found.items()
        for factor, values in factors.items()
    ]
    table = (
        ["factor", *groups],
        [
            [f, *(mean_and_deviation(np.mean(found[v][f]), np.std(found[v][f])) for v in groups)]
            for f in found["original"]
        ],
    )
    title, drawn = "Figure 4.9: MIG of each factor", {"": pictures.scores_of_factors(found, "MIG")}
    return write_item(request.output, title, results.facts(), rows, drawn, table)


@item(
    "figures_4_10_and_4_11",
    "traversals of two latents, Cartesian and polar",
    scales=scales_with(paper=10, reduced=20, tiny=20, quick=2),
    restarts=True,
)
def figures_4_10_and_4_11(request):
    """How restarts of the beta-VAE embed wall hue and orientation, and pictures of the best and worst by MIG."""
    from tfdisent import plots

    planned = _hue_runs(request)
    found = make_runs(request, planned)
    made = sorted((found[run] for run in planned if run in found), key=lambda each: each.measures["MIG"])
    rows = []
    for each in made[::-1]:
        told = {key: value for key, value in each.measures.items() if key in ("MIG", *_EMBEDDING)}
        rows.append({"seed": each.planned.seed, **told})
    counts = {kind: sum(row["kind"] == kind for row in rows) for kind in ("polar", "cartesian", "neither")}
    drawn = {}
    for ending, runs in (("_4_10", made[::-1][:_PLANES]), ("_4_11", made[:_PLANES])):
        planes = []
        for each in runs:
            trained = each.trained()
            base = np.zeros(trained.model.num_latents, np.float32)
            planes.append(pictures.plane_of_codes(trained.model.decode, base, each.measures["latents"]))
        labels = [
            f"seed {each.planned.seed}, MIG {each.measures['MIG']:.2f}, {each.measures['kind']}"
            for each in runs
        ]
        drawn[ending] = plots.image_grid(np.stack(planes), 2, labels, max(1, _WIDTH // planes[0].shape[1]))
    table = (
        list(rows[0]),
        [[f"{c:.3f}" if isinstance(c, float) else str(c) for c in row.values()] for row in rows],
    )
    notes = [
        f"Of {len(rows)} restarts: " + ", ".join(f"{number} {kind}" for kind, number in counts.items()) + ".",
        "Polar: |E exp i(angle - hue)| and the rank correlation of radius and orientation are both at least .8. "
        "Cartesian: the same of one latent with the hue, cut open somewhere, and of the other with the orientation.",
        "Figure 4.10 shows the runs with the highest MIG, 4.11 those with the lowest; the two latents that know most "
        "of the wall hue, from -2 to 2 to the right and upwards, the others at 0.",
    ]
    title = "Figures 4.10 and 4.11: traversals of two latents"
    told = provenance(made[0], request.scale, len(made))
    return write_item(request.output, title, told, rows, drawn, table, notes)


_EMBEDDING = ("kind", "latents", "angle", "radius", "cut", "rest", "active")
# On the smallest rooms a larger beta leaves the orientation out, and fewer steps leave the radius without an order.
_BETA = 0.1
_LONGER = {"tiny": ("training.train.steps=16000",)}


def _hue_runs(request):
    """Restarts of the beta-VAE on rooms; at smaller scales only wall hue and orientation vary."""
    scale = request.scale
    if scale.drawn:
        drawn, arguments = scale.drawn["shapes3d"]
        arguments = {**arguments, "num_wall_hues": 10, "num_scales": 1}
        scale = dataclasses.replace(
            scale,
            bindings=(*scale.bindings, *_LONGER.get(scale.name, ())),
            drawn={**scale.drawn, "shapes3d": (drawn, arguments)},
            num_latents={**scale.num_latents, "shapes3d": 2},
            values={**scale.values, "beta-VAE": _BETA},
        )
    look = functools.partial(measures.embedding, cyclic="wall_hue", other="orientation")
    return [
        dataclasses.replace(run, measures=(*run.measures, look))
        for run in (
            planned_run(Setting("shapes3d", "beta-VAE"), scale, seed) for seed in range(request.restarts)
        )
    ]
