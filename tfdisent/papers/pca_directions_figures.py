"""Pictures of trained models for the thesis' chapter 3."""

import functools

import numpy as np

from tfdisent.papers import pca_directions_printed as printed
from tfdisent.papers.pca_directions_runs import (
    REDUCED_STEPS,
    SYNTHETIC,
    Setting,
    facts,
    measure,
    ratio_setting,
    scale_label,
    trained_run,
)
from tfdisent.papers.pca_directions_writing import score_row, score_table
from tfdisent.papers.tables import write_item

__all__ = ["PICTURES", "correlation"]

_EPOCHS = (10, 30, 50)  # of Fig. 3.4
_BETAS = {  # of Fig. 3.7, read off its axes
    "synth_linear": (1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 1e-2, 1e-1, 1.0),
    "synth_nonlinear": (1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1, 1.0),
    "dsprites": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0),
}
_NUM_POINTS = 2_000
_NUM_FACES = 300  # of the mean face
_LIMIT = 2.5  # alpha of Fig. 3.6
_MOST_LATENTS = 5


def _figure_3_4(output, seeds=None, scale="paper"):
    """DS against DtO over restarts, with their correlation: dSprites as printed, and the linear set of Table 3.4."""
    images = {_length(epochs, scale): _epochs(epochs, scale) for epochs in _EPOCHS}
    linear = {f"ratio {ratio:.1f}": ratio_setting(ratio) for ratio in printed.RATIOS}
    groups = {"dSprites, beta-VAE": images, "Synth. Lin., beta-VAE": linear}
    found = measure(list(linear.values()), output, seeds, scale)
    found |= measure(list(images.values()), output, seeds or {"reduced": 3}.get(scale), scale)
    rows, panels, notes = [], {}, []
    for title, group in groups.items():
        panels[title] = {
            name: ([each["DtO"] for each in found[s]], [each["DS"] for each in found[s]])
            for name, s in group.items()
        }
        rows += [
            {
                "data": title,
                "run": name,
                "seed": seed,
                "DS": each["DS"],
                "DtO": each["DtO"],
                "steps": each["steps"],
            }
            for name, s in group.items()
            for seed, each in enumerate(found[s])
        ]
        notes.append(f"{title}: {_told(correlation(*_joined(panels[title])))}")
    title = "Figure 3.4: DS against DtO over restarts"
    pictures = {"": _scatter(panels, notes)}
    told = {**facts(found, scale), "in words": " ".join(notes).rstrip(".")}
    return write_item(output, title, told, rows, pictures)


def _epochs(epochs, scale):
    """dSprites for a part of its 50 epochs."""
    if epochs == printed.SETTINGS["dsprites"][5]:
        return Setting("dsprites")
    steps = _steps(epochs, scale)
    change = f"training.train.steps={steps}" if steps else f"training.train.epochs={epochs}"
    return Setting("dsprites", "", f"epochs_{epochs}", (change,))


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


def correlation(x, y):
    """Pearson's correlation with its 95 % confidence interval (Fisher's z): {"r", "low", "high", "n"}.

    NaN where there are fewer than 4 points, or one of the two does not vary.
    """
    from scipy.stats import pearsonr

    x, y = np.asarray(x, float), np.asarray(y, float)
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return {"r": np.nan, "low": np.nan, "high": np.nan, "n": len(x)}
    result = pearsonr(x, y)
    low, high = result.confidence_interval(0.95)
    return {"r": float(result.statistic), "low": float(low), "high": float(high), "n": len(x)}


def _told(found):
    if not np.isfinite(found["r"]):
        return f"too few runs ({found['n']}) for a correlation."
    sign = "negative" if found["high"] < 0 else "positive" if found["low"] > 0 else "of no certain sign"
    return (
        f"correlation of DtO and DS {found['r']:.2f}, 95 % interval {found['low']:.2f} to {found['high']:.2f}, "
        f"{sign}, {found['n']} runs."
    )


def _figure_3_5(output, seeds=None, scale="paper"):
    """The square and the codes of restarts where both directions have the same variance, and where they do not."""
    settings = {"ratio 1.0": ratio_setting(1.0), "ratio 1.5": ratio_setting(1.5)}
    found = measure(list(settings.values()), output, seeds or 4, scale)
    codes, rows = {}, []
    for name, setting in settings.items():
        for seed, each in enumerate(found[setting][:4]):
            factors, codes[f"{name}, restart {seed}"] = _factors_and_codes(each["run"])
            rows.append({"ratio": name, "restart": seed, "DS": each["DS"], "DtO": each["DtO"]})
    title = "Figure 3.5: codes where principal directions are degenerate"
    return write_item(output, title, facts(found, scale), rows, {"": _squares(factors, codes)})


def _figure_3_7(row, output, seeds=None, scale="paper"):
    """DS, DtO and active latents of a data set over beta."""
    betas = _BETAS[row] if scale != "quick" else _BETAS[row][:2]
    settings = {beta: _with_beta(row, beta) for beta in betas}
    seeds = seeds or {"paper": 5}.get(scale, 1)
    found = measure(list(settings.values()), output, seeds, scale)
    rows = [
        score_row(printed.TITLES[row], f"beta {beta:g}", score, [e[score] for e in found[s]], beta=beta)
        for beta, s in settings.items()
        for score in ("DS", "DtO", "active")
        if found[s]
    ]
    title = f"Figure 3.7: DS and DtO over beta, {printed.TITLES[row]}"
    return write_item(
        output, title, facts(found, scale), rows, {"": _over_beta(rows, row)}, score_table(rows)
    )


def _with_beta(row, beta):
    if beta == printed.SETTINGS[row][6]:
        return Setting(row)
    return Setting(row, "", f"beta_{beta:g}", (f"beta={beta}",))


def _scatter(panels, notes):
    """DS over DtO, one panel a data set.

    Args:
        panels: {title: {group: (DtO of each run, DS of each run)}}.
        notes: a sentence for each panel, below its title.
    """
    from tfdisent.plots.style import COLOURS, INK, MUTED, new_axes

    figure, axes = new_axes(1, len(panels), 4.6 * len(panels), 3.6)
    for panel, (title, groups), note in zip(axes[0], panels.items(), notes, strict=True):
        for (name, (dto, ds)), colour in zip(groups.items(), COLOURS, strict=False):
            panel.plot(dto, ds, "o", color=colour, markersize=5, alpha=0.8, label=name)
        told = note.partition(": ")[2]
        panel.set_title(
            f"{title}\n{told.split(', 95')[0]}", fontsize=10, color=INK, loc="left", parse_math=False
        )
        panel.set_xlabel("DtO", fontsize=8, color=MUTED)
        panel.set_ylabel("DS", fontsize=8, color=MUTED)
        panel.legend(frameon=False, fontsize=8)
        panel.grid(color="#eef1f4", linewidth=0.8)
    return figure


def _factors_and_codes(folder):
    """Factors [N, F] and mean codes [N, D] of some test points of a run."""
    from tfdisent.data import observations_and_factors
    from tfdisent.evaluation.scoring import load_run

    trained = load_run(folder)
    observations, factors = observations_and_factors(trained.held_out, _NUM_POINTS, np.random.RandomState(0))
    return factors, trained.model.represent(observations)


def _squares(factors, codes):
    """The unit square of the factors, and below it the codes of restarts, each point in its place's colour.

    Args:
        factors: [N, 2] in the unit square.
        codes: {title: [N, 2]}.
    """
    from tfdisent.plots.style import INK, new_axes

    columns = 4
    rows = 1 + -(-len(codes) // columns)
    figure, axes = new_axes(rows, columns, 2.2 * columns, 2.3 * rows)
    colours = np.clip(np.column_stack([factors[:, 0], 0.4 + 0 * factors[:, 0], factors[:, 1]]), 0, 1)
    drawn = {0: ("factors w", factors)}
    drawn |= {columns + place: item for place, item in enumerate(codes.items())}
    for place, panel in enumerate(axes.flat):
        if place not in drawn:
            panel.set_axis_off()
            continue
        title, points = drawn[place]
        panel.scatter(*points.T[:2], c=colours, s=2, linewidths=0)
        panel.set_title(title, fontsize=9, color=INK, loc="left", parse_math=False)
        panel.set_aspect("equal", "datalim")
    return figure


def _over_beta(rows, row):
    """DS, DtO and active latents of a data set over beta; the thesis' beta is dashed."""
    from matplotlib.ticker import LogLocator

    from tfdisent import plots
    from tfdisent.plots.style import MUTED

    panels = {}
    for score in ("DS", "DtO", "active"):
        own = [each for each in rows if (each["data"], each["score"]) == (printed.TITLES[row], score)]
        x, y, spread = ([each[key] for each in own] for key in ("beta", "ours mean", "ours std"))
        panels[f"{score}, {printed.TITLES[row]}"] = {"beta-VAE": plots.Curve(x, y, spread)}
    labels = dict(zip(panels, ("DS", "DtO", "active latents"), strict=True))
    figure = plots.comparison_curves(panels, dict.fromkeys(panels, "beta"), labels, log_x=tuple(panels))
    for panel in figure.axes:
        panel.axvline(printed.SETTINGS[row][6], color=MUTED, linewidth=1, linestyle="--")
        wide = max(_BETAS[row]) > 1_000 * min(_BETAS[row])
        panel.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=5))
    return figure


def _figure_3_6(output, scale="paper"):
    """Nonlinear eigenfaces: the mean code plus and minus 2.5 along the five most precise latents."""
    from tfdisent import plots

    trained, means, log_vars = _faces(output, scale)
    order, sigmas = _most_precise(log_vars)
    shifted = _around(trained.model.decode, means.mean(axis=0), order)
    labels = [f"z{latent}  sigma {sigma:.2f}" for latent, sigma in zip(order, sigmas, strict=True)]
    rows = [{"latent": int(d), "mean sigma": float(s)} for d, s in zip(order, sigmas, strict=True)]
    picture = plots.traversal_grid(shifted, labels, [-_LIMIT, 0.0, _LIMIT])
    title = "Figure 3.6: nonlinear eigenfaces"
    return write_item(output, title, _facts(trained, scale), rows, {"": picture})


def _around(decode, code, order):
    """Observations [D', 3, ...] decoded from `code` [D] minus, at, and plus 2.5 along each latent of `order`."""
    offsets = np.array([-_LIMIT, 0.0, _LIMIT])
    codes = np.broadcast_to(code, (len(order), 3, len(code))).copy()
    for row, latent in enumerate(order):
        codes[row, :, latent] += offsets
    decoded = np.asarray(decode(codes.reshape(-1, len(code)).astype(np.float32)))
    return decoded.reshape(len(order), 3, *decoded.shape[1:])


def _figure_1_1(output, scale="paper"):
    """Traversals of the most precise latents on two images; which of them turns a face is seen, not computed."""
    from tfdisent import plots
    from tfdisent.analysis import latent_traversals

    trained, means, log_vars = _faces(output, scale)
    order, sigmas = _most_precise(log_vars)
    images = latent_traversals(
        trained.model.decode, means[:2], 9, limit=_LIMIT, order=order
    )  # [2, D', S, ...]
    rows = images.swapaxes(0, 1).reshape(2 * len(order), *images.shape[2:])
    labels = [f"z{latent}, image {image}" for latent in order for image in (1, 2)]
    table = [{"latent": int(d), "mean sigma": float(s)} for d, s in zip(order, sigmas, strict=True)]
    picture = plots.traversal_grid(rows, labels, np.linspace(-_LIMIT, _LIMIT, 9))
    title = "Figure 1.1: latent traversals of two images"
    return write_item(output, title, _facts(trained, scale), table, {"": picture})


def _faces(output, scale):
    """The trained model, and posterior means and log variances [300, D] of randomly chosen images."""
    from tfdisent.data import observations_and_factors

    trained = trained_run(Setting("celeba"), output, scale)
    images, _ = observations_and_factors(trained.held_out, _NUM_FACES, np.random.RandomState(0))
    return trained, *trained.model.posterior(images)


def _most_precise(log_vars):
    """The latents of smallest mean standard deviation, and these: ([D'], [D'])."""
    sigmas = np.exp(log_vars / 2).mean(axis=0)
    order = np.argsort(sigmas)[:_MOST_LATENTS]
    return order, sigmas[order]


def _facts(trained, scale):
    asked = trained.run.asked()
    stand_in = "" if trained.data.name == "celeba" else "STAND-IN for CelebA: "
    return {
        "data": f"{stand_in}{trained.data.source}",
        "training": f"{asked['steps']:,} steps of {asked['batch_size']}, one seed",
        "latents": f"of {trained.model.num_latents}, those with the smallest mean standard deviation",
        "scale": scale_label("celeba", scale),
    }


_FULL = ("paper", "quick")  # what is quick enough to be trained as in the thesis
PICTURES = {
    "figure_1_1": ("traversals of two images, CelebA", _figure_1_1),
    "figure_3_4": ("DS against DtO over restarts, with the correlation", _figure_3_4),
    "figure_3_5": ("codes where principal directions are degenerate", _figure_3_5, _FULL),
    "figure_3_6": ("nonlinear eigenfaces, CelebA", _figure_3_6),
    **{
        f"figure_3_7_{row}": (
            f"DS and DtO over beta, {printed.TITLES[row]}",
            functools.partial(_figure_3_7, row),
            *([_FULL] if row in SYNTHETIC else []),
        )
        for row in _BETAS
    },
}
