"""The report on one run, or on several side by side: what was trained, how it scores, and what each latent does."""

import numpy as np

from tfdisent import plots
from tfdisent.analysis import latent_traversals
from tfdisent.errors import UserError
from tfdisent.studies.evaluation import observations_and_factors

__all__ = ["draw_data", "report_run", "score_rows", "write_run_report"]

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
    observations = _as_float(observations)
    headers, rows = score_rows(models)
    best = {header: place[2] for header, place in _COLUMNS.items() if header in headers and place[2]}
    blocks = [plots.Facts(facts or {})]
    blocks += [plots.Heading("Scores"), plots.Table(headers, rows, best=best if len(models) > 1 else {})]
    blocks += [plots.Paragraph(note) for note in notes]
    few = observations[:_NUM_RECONSTRUCTIONS]
    made = {name: np.asarray(trained.model(few)) for name, trained in models.items()}
    blocks += [
        plots.Heading("Reconstructions"),
        plots.Picture(
            plots.reconstructions(few, made), "Held-out observations and what each model makes of them."
        ),
        plots.Heading("Latent traversals"),
    ]
    pages = {name: _traversals(trained.model, observations) for name, trained in models.items()}
    if few.ndim == 4:
        moving = {name: images for name, (images, _) in pages.items()}
        labels = {name: labels for name, (_, labels) in pages.items()}
        gif = plots.traversal_gif(moving, path.parent / "traversals.gif", labels)
        blocks.append(
            plots.Picture(gif, "Each tile moves one latent from two standard deviations below to two above.")
        )
    for name, (images, labels) in pages.items():
        caption = f"{name}: one row a latent, from two standard deviations below its mean to two above."
        blocks.append(plots.Picture(plots.traversal_grid(images, labels), caption))
    if factors.shape[1] > 1:
        blocks.append(plots.Heading("Which latent follows which factor"))
        for name, trained in models.items():
            order, labels = _order(trained.model, observations)
            picture = plots.codes_scatter(
                trained.model.represent(observations)[:, order], factors, held_out.factor_names, labels
            )
            blocks.append(plots.Picture(picture, f"{name}: the number is the share of a latent's variance."))
    curves = {name: _columns(trained.history) for name, trained in models.items() if trained.history}
    if curves:
        blocks += [
            plots.Heading("Training"),
            plots.Picture(plots.loss_curves(curves), "Loss terms, in nats."),
        ]
    for name, trained in models.items():
        if trained.run and (text := _configuration(trained.run)):
            blocks.append(plots.Preformatted(f"Configuration of {name}", text))
    return plots.write_report(path, title, blocks)


def report_run(trained):
    """Writes the report of one run into its folder; returns the path."""
    asked = trained.run.asked()
    name = type(trained.model).__name__
    split = asked["split"] and "/".join(f"{100 * share:g}" for share in asked["split"])
    facts = {
        "model": f"{name}, {trained.model.num_latents} latents",
        "data": trained.data.source,
        "split": f"{split} (train, validation, test)" if split else "none: trained on all",
        "steps": f"{asked['steps']:,} of {asked['batch_size']} observations",
        "seed": asked["seed"],
        "precision": asked["dtype"],
    }
    title = f"{name} on {trained.data.name}"
    return write_run_report(trained.run.path / "report.html", title, {name: trained}, facts)


def draw_data(data, path, seed=0):
    """Writes a picture of a data set: random images, then each factor moving by itself; returns the path."""
    if len(data.observation_shape) != 3:
        raise UserError(
            f"Only images can be drawn. Received: observations of shape {data.observation_shape}."
        )
    random_state = np.random.RandomState(seed)
    observations, factors = observations_and_factors(data, 64, random_state)
    picture = plots.image_grid(observations, columns=16)
    return plots.save_figure(picture, path)


def _traversals(model, observations):
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
    path = run.model / "results" / "gin" / "train.gin"
    return path.read_text() if path.exists() else ""


def _as_float(observations):
    return observations.astype(np.float32) / 255 if observations.dtype == np.uint8 else observations
