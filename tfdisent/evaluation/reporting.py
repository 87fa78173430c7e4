"""The report on one run, or on several side by side: what was trained, how it scores, and what each latent does."""

import numpy as np

from tfdisent import plots
from tfdisent.analysis import latent_traversals
from tfdisent.data import as_float, observations_and_factors
from tfdisent.errors import UserError
from tfdisent.evaluation.main_values import main_values
from tfdisent.files import read_json

__all__ = ["further_rows", "report_run", "score_rows", "write_run_report"]

_NUM_RECONSTRUCTIONS = 12
_NUM_CODES = 2_000
_MOST_LATENTS = 12
_COLUMNS = {
    "MIG": ("mig", "discrete_mig", "higher"),
    "DS": ("disentanglement_score", "disentanglement_score", "higher"),
    "DtO": ("distance_to_orthogonality", "dto", "lower"),
    "active latents": ("active_units", "count", None),
}


def score_rows(models):
    """Headers and rows of the score table: {name: TrainedModel} -> (list, list of lists)."""
    columns = {
        header: place
        for header, place in _COLUMNS.items()
        if any(place[0] in m.scores for m in models.values())
    }
    terms = [t for t in ("reconstruction", "kl") if any(t in m.results for m in models.values())]
    rows = [
        [name]
        + [trained.scores.get(score, {}).get(key) for score, key, _ in columns.values()]
        + [trained.results.get(term) for term in terms]
        for name, trained in models.items()
    ]
    return ["model", *columns, *terms], rows


def further_rows(models):
    """Headers and rows of the scores that `score_rows` leaves out: one row a score and value, one column a model."""
    shown = {score for score, _, _ in _COLUMNS.values()}
    places = dict.fromkeys(
        (score, key)
        for trained in models.values()
        for score, results in sorted(trained.scores.items())
        if score not in shown
        for key in main_values(results)
    )
    rows = [
        [score, key, *(trained.scores.get(score, {}).get(key) for trained in models.values())]
        for score, key in places
    ]
    return ["score", "value", *models], rows


def write_run_report(path, title, models, facts=None, notes=(), seed=0):
    """Writes `report.html` and, beside it, `traversals.gif`.

    Args:
        path: of the HTML file.
        title: of the page.
        models: {name: TrainedModel}, all of the same data; the first sets the order of nothing but the rows.
        facts: {name: value} shown at the top.
        notes: paragraphs below the score table.
        seed: chooses the observations shown.

    Returns:
        The path of the HTML file.
    """
    held_out = next(iter(models.values())).held_out
    observations, factors = observations_and_factors(held_out, _NUM_CODES, np.random.RandomState(seed))
    observations = as_float(observations)
    headers, rows = score_rows(models)
    best = {header: place[2] for header, place in _COLUMNS.items() if header in headers and place[2]}
    blocks = [
        plots.Facts(facts or {}),
        plots.Heading("Scores"),
        plots.Table(headers, rows, best=best if len(models) > 1 else {}, stacked=True),
        *_further(models),
        *(plots.Paragraph(note) for note in notes),
        *_pictures(models, observations, path.parent / "traversals.gif"),
        *_factors(models, observations, factors, held_out),
        *_training(models),
    ]
    return plots.write_report(path, title, blocks)


def _further(models):
    headers, rows = further_rows(models)
    return [plots.Table(headers, rows, "Further scores.", stacked=True)] if rows else []


def _pictures(models, observations, gif_path):
    """Reconstructions and traversals of images and vectors; a bag of them is neither, nor has it one code."""
    if observations.ndim not in (2, 4):
        return []
    decoding = {name: trained for name, trained in models.items() if hasattr(trained.model, "decode")}
    others = [name for name in models if name not in decoding]
    without = f"No decoder, so no reconstructions and traversals: {', '.join(others)}."
    return [
        *(_decoded(decoding, observations, gif_path) if decoding else []),
        *([plots.Paragraph(without)] if others else []),
    ]


def _decoded(models, observations, gif_path):
    found = _reconstructions(models, observations[:_NUM_RECONSTRUCTIONS])
    return found + _traversals(models, observations, gif_path)


def _reconstructions(models, observations):
    made = {name: np.asarray(trained.model(observations)) for name, trained in models.items()}
    picture = plots.reconstructions(observations, made)
    kept = any(trained.held_out is not trained.data for trained in models.values())
    caption = f"{'Held-out o' if kept else 'O'}bservations and what each model makes of them."
    return [plots.Heading("Reconstructions"), plots.Picture(picture, caption)]


def _traversals(models, observations, gif_path):
    pages = {name: _traversal(trained.model, observations) for name, trained in models.items()}
    blocks = [plots.Heading("Latent traversals")]
    if observations.ndim == 4:
        images = {name: images for name, (images, _) in pages.items()}
        labels = {name: labels for name, (_, labels) in pages.items()}
        gif = plots.traversal_gif(images, gif_path, labels)
        caption = (
            "Each tile moves one latent from two standard deviations below its mean to two above, and back."
        )
        blocks.append(plots.Picture(gif, caption))
    for name, (images, labels) in pages.items():
        caption = f"{name}: one row a latent, from two standard deviations below its mean to two above."
        blocks.append(plots.Picture(plots.traversal_grid(images, labels), caption))
    return blocks


def _factors(models, observations, factors, data):
    varying = [i for i, size in enumerate(data.factors_num_values) if size > 1]
    if len(varying) < 2:
        return []
    names = [data.factor_names[i] for i in varying]
    blocks = [plots.Heading("Which latent follows which factor")]
    for name, trained in models.items():
        order, labels = _order(trained.model, observations)
        codes = trained.model.represent(observations)[:, order]
        picture = plots.codes_scatter(codes, factors[:, varying], names, labels)
        caption = f"{name}: the number is the share of a latent's variance that a factor explains."
        blocks.append(plots.Picture(picture, caption))
    return blocks


def _training(models):
    curves = {name: _columns(trained.history) for name, trained in models.items() if trained.history}
    blocks = [plots.Heading("Training")]
    if curves:
        blocks.append(plots.Picture(plots.loss_curves(curves), "Terms of the loss."))
    runs = {name: trained.run for name, trained in models.items() if trained.run}
    regimes = {name: run.history(name="polarized_regime") for name, run in runs.items()}
    if regimes := {name: rows for name, rows in regimes.items() if rows}:
        caption = "Held-out observations: the error of the KL term of active latents alone, and their number."
        blocks.append(plots.Picture(plots.polarized_regime(regimes), caption))
    configurations = {name: text for name, run in runs.items() if (text := _configuration(run))}
    blocks += [plots.Preformatted(f"Configuration of {name}", text) for name, text in configurations.items()]
    return blocks if len(blocks) > 1 else []


def report_run(trained):
    """Writes the report of one run into its folder; returns the path.

    Raises:
        UserError: for a run without a folder.
    """
    if trained.run is None:
        raise UserError(
            "A run without a folder has no place for a report; train it with output=, or use "
            "tfdisent.evaluation.reporting.write_run_report(path, title, {name: trained}). Received: output=None."
        )
    asked = trained.run.asked()
    name, latents = type(trained.model).__name__, getattr(trained.model, "num_latents", None)
    split = asked["split"] and "/".join(f"{100 * share:g}" for share in asked["split"])
    facts = {
        "model": name + (f", {latents} latents" if latents else ""),
        "data": trained.data.source,
        "split": f"{split} (train, validation, test)" if split else "none: trained on all",
        "steps": f"{asked['steps']:,} of {asked['batch_size']} observations",
        "seed": asked["seed"],
        "precision": asked["dtype"],
    }
    title = f"{name} on {trained.data.name}"
    with trained.run.locked():
        return write_run_report(trained.run.path / "report.html", title, {name: trained}, facts)


def _traversal(model, observations):
    """Traversals [D, S, ...] around one observation and their labels, the most used latent first."""
    order, labels = _order(model, observations)
    codes = model.represent(observations)
    decode = lambda batch: np.asarray(model.decode(batch))  # noqa: E731
    images = latent_traversals(decode, codes[:1], interval="std", limit=2.0, reference=codes, order=order)
    return images[0], labels


def _order(model, observations):
    """Latents and their labels by falling KL, or by falling standard deviation where there is no posterior."""
    if hasattr(model, "posterior"):
        mean, log_var = model.posterior(observations)
        use, unit = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).mean(axis=0), "KL"
    else:
        use, unit = model.represent(observations).std(axis=0), "std"
    order = np.argsort(-use)[:_MOST_LATENTS]
    return order, [f"z{latent}  {unit} {use[latent]:.2f}" for latent in order]


def _columns(history):
    return {key: [row[key] for row in history] for key in history[0]}


def _configuration(run):
    """The operative configuration, or, of a run made in Python, its settings, one a line."""
    results = run.model / "results"
    text = _text(results / "gin" / "train.gin")
    if text.strip() or not (results / "json" / "train_config.json").exists():
        return text
    return "".join(
        f"{name} = {value}\n" for name, value in read_json(results / "json" / "train_config.json").items()
    )


def _text(path):
    return path.read_text(errors="replace") if path.exists() else ""
