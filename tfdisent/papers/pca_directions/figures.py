"""Figures of trained models."""

import numpy as np

from tfdisent.papers.item import item
from tfdisent.papers.pca_directions import pictures, printed
from tfdisent.papers.pca_directions.measures import correlation, numbers
from tfdisent.papers.pca_directions.plans import (
    RATIO_SETTINGS,
    REDUCED_STEPS,
    Setting,
    facts,
    make_settings,
    plan,
    scale_label,
    scales,
)
from tfdisent.papers.runs import open_run
from tfdisent.papers.tables import write_item

_EPOCHS = (10, 30, 50)  # of Fig. 3.4
_BETAS = {  # of Fig. 3.7, read off its axes
    "synth_linear": (1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 1e-2, 1e-1, 1.0),
    "synth_nonlinear": (1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1, 1.0),
    "dsprites": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0),
}
_NUM_POINTS = 2_000  # of Fig. 3.5
_NUM_FACES = 300  # of the mean face
_LIMIT = 2.5  # alpha of Fig. 3.6
_MOST_LATENTS = 5


@item(
    "figure_3_4",
    "DS against DtO over restarts, with the correlation",
    scales=scales(paper=10, reduced=3, quick=1),
    restarts=True,
)
def figure_3_4(request):
    """DS against DtO over restarts, with their correlation: dSprites as printed, and the linear set of Table 3.4."""
    scale = request.scale.name
    images = {_length(epochs, scale): _part_of_training(epochs, scale) for epochs in _EPOCHS}
    linear = {f"ratio {ratio:.1f}": setting for ratio, setting in RATIO_SETTINGS.items()}
    number = request.seeds or {"quick": 1}.get(scale, 10)  # the linear set is never reduced
    restarts = dict.fromkeys(linear.values(), number) | dict.fromkeys(images.values(), request.restarts)
    found = make_settings(request, restarts)
    rows, panels, notes = [], {}, []
    for title, group in {"dSprites, beta-VAE": images, "Synth. Lin., beta-VAE": linear}.items():
        panels[title] = {}
        for name, setting in group.items():
            each = [numbers(made) for made in found[setting]]
            dto, ds = ([run[score] for run in each] for score in ("DtO", "DS"))
            panels[title][name] = dto, ds
            rows += [
                {
                    "data": title,
                    "run": name,
                    "seed": i,
                    "DS": ds[i],
                    "DtO": dto[i],
                    "steps": made.results["asked"]["steps"],
                }
                for i, made in enumerate(found[setting])
            ]
        notes.append(_in_words(correlation(*_joined(panels[title]))))
    told = facts(found, scale)
    told["in words"] = " ".join(f"{title}: {note}" for title, note in zip(panels, notes, strict=True)).rstrip(
        "."
    )
    picture = pictures.scatter_of_scores(panels, [note.split(", 95")[0] for note in notes])
    return write_item(request.output, "Figure 3.4: DS against DtO over restarts", told, rows, {"": picture})


def _part_of_training(epochs, scale):
    """dSprites for a part of its 50 epochs."""
    steps = _steps(epochs, scale)
    return Setting(
        "dsprites", change=(f"training.train.steps={steps}" if steps else f"training.train.epochs={epochs}",)
    )


def _length(epochs, scale):
    """What is said of a part of the 50 epochs: where training is reduced, the steps that stand for it."""
    steps = _steps(epochs, scale)
    return f"{steps:,} steps" if steps else f"{epochs} epochs"


def _steps(epochs, scale):
    """The steps that stand for a part of the 50 epochs; None where the epochs are those of the thesis."""
    steps = {"reduced": REDUCED_STEPS["dsprites"], "quick": 40}.get(scale)
    return steps and steps * epochs // printed.SETTINGS["dsprites"][5]


def _joined(groups):
    """All DtO and all DS of a panel."""
    return [np.concatenate([np.asarray(group[i], float) for group in groups.values()]) for i in (0, 1)]


def _in_words(found):
    if not np.isfinite(found["r"]):
        return f"too few runs ({found['n']}) for a correlation."
    sign = "negative" if found["high"] < 0 else "positive" if found["low"] > 0 else "of no certain sign"
    return (
        f"correlation of DtO and DS {found['r']:.2f}, 95 % interval {found['low']:.2f} to {found['high']:.2f}, "
        f"{sign}, {found['n']} runs."
    )


@item(
    "figure_3_5",
    "codes where principal directions are degenerate",
    scales=scales(paper=4, quick=4),
    restarts=True,
)
def figure_3_5(request):
    """The square and the codes of restarts where both directions have the same variance, and where they do not."""
    settings = {f"ratio {ratio}": RATIO_SETTINGS[ratio] for ratio in (1.0, 1.5)}
    found = make_settings(request, dict.fromkeys(settings.values(), request.restarts))
    codes, rows = {}, []
    for name, setting in settings.items():
        codes[name] = []
        for restart, made in enumerate(found[setting]):
            factors, points = _factors_and_codes(made.trained())
            codes[name].append(points)
            scores = numbers(made)
            rows.append({"ratio": name, "restart": restart, "DS": scores["DS"], "DtO": scores["DtO"]})
    title = "Figure 3.5: codes where principal directions are degenerate"
    picture = pictures.squares_of_codes(factors, codes)
    return write_item(request.output, title, facts(found, request.scale.name), rows, {"": picture})


def _factors_and_codes(trained):
    """Factors [N, F] and mean codes [N, D] of some test points."""
    from tfdisent.data import observations_and_factors

    observations, factors = observations_and_factors(trained.held_out, _NUM_POINTS, np.random.RandomState(0))
    return factors, trained.model.represent(observations)


@item("figure_3_6", "nonlinear eigenfaces, CelebA", scales=scales(paper=1, reduced=1, quick=1))
def figure_3_6(request):
    """Nonlinear eigenfaces: the mean code plus and minus 2.5 along the five most precise latents."""
    from tfdisent import plots

    trained, means, log_vars = _faces(request)
    order, sigmas = _most_precise(log_vars)
    shifted = _around(trained.model.decode, means.mean(axis=0), order)
    labels = [f"z{latent}  sigma {sigma:.2f}" for latent, sigma in zip(order, sigmas, strict=True)]
    picture = plots.traversal_grid(shifted, labels, [-_LIMIT, 0.0, _LIMIT])
    title = "Figure 3.6: nonlinear eigenfaces"
    return _write_faces(request, title, trained, order, sigmas, picture)


@item("figure_1_1", "traversals of two images, CelebA", scales=scales(paper=1, reduced=1, quick=1))
def figure_1_1(request):
    """Traversals of the most precise latents on two images; which of them turns a face is seen, not computed."""
    from tfdisent import plots
    from tfdisent.analysis import latent_traversals

    trained, means, log_vars = _faces(request)
    order, sigmas = _most_precise(log_vars)
    images = latent_traversals(
        trained.model.decode, means[:2], 9, limit=_LIMIT, order=order
    )  # [2, D', S, ...]
    rows = images.swapaxes(0, 1).reshape(2 * len(order), *images.shape[2:])
    labels = [f"z{latent}, image {image}" for latent in order for image in (1, 2)]
    picture = plots.traversal_grid(rows, labels, np.linspace(-_LIMIT, _LIMIT, 9))
    title = "Figure 1.1: latent traversals of two images"
    return _write_faces(request, title, trained, order, sigmas, picture)


def _faces(request):
    """The trained model, and posterior means and log variances [300, D] of randomly chosen images."""
    from tfdisent.data import observations_and_factors

    (planned,) = plan(Setting("celeba"), request.scale.name, 1, scores=())
    trained = open_run(request, planned).trained()
    images, _ = observations_and_factors(trained.held_out, _NUM_FACES, np.random.RandomState(0))
    return trained, *trained.model.posterior(images)


def _most_precise(log_vars):
    """The latents of smallest mean standard deviation, and these: ([D'], [D'])."""
    sigmas = np.exp(log_vars / 2).mean(axis=0)
    order = np.argsort(sigmas)[:_MOST_LATENTS]
    return order, sigmas[order]


def _around(decode, code, order):
    """Observations [D', 3, ...] decoded from `code` [D] minus, at, and plus 2.5 along each latent of `order`."""
    offsets = np.array([-_LIMIT, 0.0, _LIMIT])
    codes = np.broadcast_to(code, (len(order), 3, len(code))).copy()
    for row, latent in enumerate(order):
        codes[row, :, latent] += offsets
    decoded = np.asarray(decode(codes.reshape(-1, len(code)).astype(np.float32)))
    return decoded.reshape(len(order), 3, *decoded.shape[1:])


def _write_faces(request, title, trained, order, sigmas, picture):
    asked = trained.run.asked()
    stand_in = "" if trained.data.name == "celeba" else "STAND-IN for CelebA: "
    told = {
        "data": f"{stand_in}{trained.data.source}",
        "training": f"{asked['steps']:,} steps of {asked['batch_size']}, one seed",
        "latents": f"of {trained.model.num_latents}, those with the smallest mean standard deviation",
        "scale": scale_label("celeba", request.scale.name),
    }
    rows = [{"latent": int(d), "mean sigma": float(s)} for d, s in zip(order, sigmas, strict=True)]
    return write_item(request.output, title, told, rows, {"": picture})


def _over_beta(row, **restarts):
    """A decorator: the function is the item of a data set."""
    return item(
        f"figure_3_7_{row}",
        f"DS and DtO over beta, {printed.TITLES[row]}",
        scales=scales(**restarts),
        restarts=True,
        row=row,
    )


@_over_beta("synth_linear", paper=5, quick=1)
@_over_beta("synth_nonlinear", paper=5, quick=1)
@_over_beta("dsprites", paper=5, reduced=1, quick=1)
def figure_3_7(request, row):
    """DS, DtO and active latents of a data set over beta."""
    betas = _BETAS[row][:2] if request.scale.name == "quick" else _BETAS[row]
    settings = {beta: Setting(row, change=(f"beta={beta}",)) for beta in betas}
    found = make_settings(request, dict.fromkeys(settings.values(), request.restarts))
    data = printed.TITLES[row]
    rows = []
    for beta, setting in settings.items():
        each = [numbers(made) for made in found[setting]]
        rows += [
            printed.score_row(data, f"beta {beta:g}", score, [run[score] for run in each], beta=beta)
            for score in ("DS", "DtO", "active")
            if each
        ]
    picture = pictures.scores_over_beta(rows, _BETAS[row], printed.SETTINGS[row][6], data)
    title, table = f"Figure 3.7: DS and DtO over beta, {data}", printed.score_table(rows)
    return write_item(request.output, title, facts(found, request.scale.name), rows, {"": picture}, table)
