"""Figures 8 and 9: the concatenation model of Sec. 4.3, trained from a grid of initial values of alpha and beta."""

import base64
import io
import logging

import numpy as np

from tfdisent.papers.item import item
from tfdisent.papers.symae.examples import SHORT_SCALES
from tfdisent.papers.tables import write_item
from tfdisent.studies.kept import read_kept, write_kept

__all__ = ["train_grid"]

_LOG = logging.getLogger(__name__)
_INTERVAL = 500  # steps after which the models are kept
_TRAININGS = {  # steps, and arguments of `train_toy` beside its defaults
    "expected": (10_000, {}),
    "gaussian": (5_000, {"masks": "gaussian"}),
    "gaussian_adam": (5_000, {"masks": "gaussian", "optimizer": "adam"}),
}


@item("figure_8", "the toy model's limits over its initial weights", scales=SHORT_SCALES, makes_runs=False)
def figure_8(request):
    """Expected masks, by SGD; and why |beta| ends at 1.4 and not at 1."""
    from tfdisent.papers.symae.concatenation_toy import initial_toy, predicted_beta, train_toy

    grid = train_grid("expected", request)
    corners = np.stack(np.meshgrid(np.linspace(-0.9, 0.9, 6), np.linspace(-0.9, 0.9, 6)), -1).reshape(-1, 2)
    other, _ = train_toy(initial_toy(*corners.T), min(3000, grid["steps"]), scale=1 / 6.6)
    further = {
        "|beta| predicted for a decoder divided by 10": predicted_beta(),
        "|beta| predicted for a decoder divided by 6.6": predicted_beta(scale=1 / 6.6),
        "median |beta|, 36 models, decoder divided by 6.6": float(np.median(np.abs(other.code[:, 1]))),
    }
    maps = {"α at the end": grid["alpha"], "β at the end": grid["beta"]}
    title = "Figure 8: the concatenation model, expected masks"
    return _write(request, title, {"SGD": grid}, maps, further)


@item(
    "figure_9",
    "the toy model with Gaussian dropout, by SGD and by Adam",
    scales=SHORT_SCALES,
    makes_runs=False,
)
def figure_9(request):
    """Gaussian masks, trained like Figure 8 by SGD, and by Adam as in the authors' notebook."""
    grids = {"SGD": train_grid("gaussian", request), "Adam": train_grid("gaussian_adam", request)}
    maps = {f"α at the end, {optimizer}": grid["alpha"] for optimizer, grid in grids.items()}
    return _write(request, "Figure 9: the concatenation model, Gaussian masks", grids, maps)


def train_grid(kind, request):
    """The concatenation model over a grid of initial values, trained or continued; kept every 500 steps.

    Args:
        kind: "expected" (Fig. 8), "gaussian" or "gaussian_adam" (Fig. 9).
        request: `Request`; the models lie beside the paper's runs.

    Returns:
        dict: "values" [G], of alpha and beta each; "alpha", "beta", "loss" [G, G], alpha_0 along the second axis;
        "history", [(step, median of |alpha|)]; "steps".
    """
    from tfdisent.papers.symae.concatenation_toy import ToyState, initial_toy, train_toy

    size, (steps, settings) = request.scale.toy_grid, _TRAININGS[kind]
    steps = request.scale.toy_steps or steps
    values = np.linspace(-1, 1, size)
    beta, alpha = np.meshgrid(values, values, indexing="ij")
    state, losses, history = initial_toy(alpha.ravel(), beta.ravel()), np.full(size**2, np.nan), []
    path, mark = request.output.parent / "trained" / "toy" / f"{kind}_{size}.json", [kind, size, settings]
    kept = read_kept(path, mark)
    if kept and kept["step"] <= steps:
        code, units, losses, *moments = np.load(io.BytesIO(base64.b64decode(kept["arrays"]))).values()
        state, history = ToyState(code, units, tuple(moments), kept["step"]), kept["history"]
    while state.step < steps:
        state, losses = train_toy(state, min(_INTERVAL, steps - state.step), **settings)
        history.append([state.step, float(np.nanmedian(np.abs(state.code[:, 0])))])
        _LOG.info("Toy model, %s: step %s of %s.", kind, f"{state.step:,}", f"{steps:,}")
        content = io.BytesIO()
        np.savez(content, state.code, state.units, losses, *state.moments)
        arrays = base64.b64encode(content.getvalue()).decode()
        write_kept(path, mark, {"step": state.step, "history": history, "arrays": arrays})
    fine = np.isfinite(state.code).all(axis=1) & np.isfinite(losses)
    code = np.where(fine[:, None], state.code, np.nan).reshape(size, size, 2)
    return {
        "values": values,
        "history": history,
        "steps": steps,
        "alpha": code[..., 0],
        "beta": code[..., 1],
        "loss": losses.reshape(size, size),
    }


def _write(request, title, grids, maps, further=None):
    """Maps over the initial values, and a row a number and a model of each training {optimizer: `train_grid`}."""
    from tfdisent import plots

    table, rows = [], []
    for optimizer, grid in grids.items():
        values, alpha, beta = grid["values"], grid["alpha"], grid["beta"]
        start = np.broadcast_to(values[:, None], beta.shape)
        kept = (np.sign(beta) == np.sign(start))[np.abs(start) > 1e-9]
        numbers = {
            "median of |alpha|": float(np.nanmedian(np.abs(alpha))),
            "share of |alpha| < 0.1": float(np.mean(np.abs(alpha) < 0.1)),
            **{f"|alpha|, quartile {q}": float(np.nanquantile(np.abs(alpha), q / 4)) for q in (1, 2, 3)},
            "share where beta keeps its sign (beta_0 not 0)": float(kept.mean()),
            **{f"|beta|, quartile {q}": float(np.nanquantile(np.abs(beta), q / 4)) for q in (1, 2, 3)},
            "median loss": float(np.nanmedian(grid["loss"])),
            "share that diverged": float(np.mean(~np.isfinite(alpha))),
            **{f"median of |alpha| at step {step:,}": value for step, value in grid["history"]},
            **(further or {}),
        }
        table += [[optimizer, name, value] for name, value in numbers.items()]
        rows += [
            {
                "optimizer": optimizer,
                "alpha_0": values[x],
                "beta_0": values[y],
                "alpha": alpha[y, x],
                "beta": beta[y, x],
                "loss": grid["loss"][y, x],
            }
            for y in range(len(values))
            for x in range(len(values))
        ]
    headers = ["optimizer", "number", "value"]
    rows = [*(dict(zip(headers, line, strict=True)) for line in table), *rows]
    figure = plots.contour_maps(maps, values, values, ("α at the start", "β at the start"), 1.5)
    facts = (
        f"Data: all 200 pairs of 10 states and 20 nuisances. Trained: {values.size**2} models together, "
        f"{grid['steps']:,} full-batch steps of {' or '.join(grids)}, learning rate 1e-3. "
        f"Scale: {request.scale.label}."
    )
    caption = "At the end of training."
    return write_item(request.output, title, facts, rows, {"": figure}, (headers, table), caption=caption)
