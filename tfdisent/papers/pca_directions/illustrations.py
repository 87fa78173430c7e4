"""Illustrations of chapters 2 and 3, and the numbers of the hands-on example."""

import numpy as np

from tfdisent.papers.item import Scale, item
from tfdisent.papers.pca_directions import pictures
from tfdisent.papers.pca_directions.measures import sheet_axes
from tfdisent.papers.pca_directions.printed import EXAMPLE, EXAMPLE_COSTS, ROTATED
from tfdisent.papers.runs import make_runs
from tfdisent.papers.tables import write_item
from tfdisent.studies.planned import PlannedRun

_SHEET = "pca_directions/curved_sheet.gin"
_SHEET_SCALES = {
    "paper": Scale("paper", "an illustration"),
    "quick": Scale(
        "quick", "QUICK: a few steps; no picture means anything", bindings=("training.train.steps=200",)
    ),
}


@item("figures_2_1_to_2_3", "PCA, autoencoder and VAE on one point cloud", scales=_SHEET_SCALES)
def figures_2_1_to_2_3(request):
    """PCA, and linear and nonlinear autoencoders and VAEs, on one point cloud."""
    from tfdisent.analysis import principal_directions
    from tfdisent.data import curved_sheet

    planned = {
        f"{kind} {name}": PlannedRun(
            (_SHEET,),
            (f"hidden_units={units}", f"training.train.model=@models.{model}", *request.scale.bindings),
            measures=(sheet_axes,),
            title=f"{kind} {name} of the sheet",
            together=True,  # tiny models
        )
        for kind, units in (("linear", "()"), ("nonlinear", "(40, 20)"))
        for name, model in (("autoencoder", "Autoencoder"), ("VAE", "VAE"))
    }
    runs = make_runs(request, list(planned.values()))
    made = {name: runs[each] for name, each in planned.items() if each in runs}

    cloud = curved_sheet().to_memory()
    mean, directions = cloud.mean(axis=0), principal_directions(cloud, 2)  # [3, 2]
    deviations = (cloud - mean) @ directions
    reconstructions = deviations @ directions.T + mean
    rows = [
        {
            "model": "PCA",
            "angle of the axes": 90.0,
            "angle with PCA": 0.0,
            "mean squared error": float(np.mean((cloud - reconstructions) ** 2)),
        },
        *({"model": name, **each.measures} for name, each in made.items()),
    ]
    plane = _plane(mean, directions * deviations.std(axis=0))
    surfaces = {name: _surface(each.trained().model, cloud) for name, each in made.items()}
    groups = {
        "_2_1": {"PCA": plane},
        "_2_2": {name: surface for name, surface in surfaces.items() if "autoencoder" in name},
        "_2_3": {name: surface for name, surface in surfaces.items() if "VAE" in name},
    }
    drawn = {ending: pictures.surfaces_in_space(cloud, group) for ending, group in groups.items() if group}
    asked = next(iter(made.values())).results["asked"]
    facts = {
        "data": f"{len(cloud):,} points on a curved sheet, computed by tfdisent; the thesis does not give its own",
        "training": f"{asked['steps']:,} steps of {asked['batch_size']}, one seed",
        "angles": "degrees, at the mean code; largest angle of an axis with its principal direction",
        "scale": request.scale.label,
    }
    title = "Figures 2.1 to 2.3: PCA, autoencoder and VAE on one point cloud"
    return write_item(request.output, title, facts, rows, drawn, _table(rows))


def _plane(mean, axes):
    """Grid [S, S, 3] and two axes [S, 3] of the plane spanned by the columns of `axes` [3, 2]."""
    values = np.linspace(-2, 2, 21)
    first, second = np.meshgrid(values, values, indexing="ij")
    grid = mean + first[..., None] * axes[:, 0] + second[..., None] * axes[:, 1]
    return grid, [mean + values[:, None] * axes[:, i] for i in (0, 1)]


def _surface(model, cloud):
    """The decoded grid [S, S, 3] of codes within two standard deviations, and its two axes [S, 3]."""
    codes = model.represent(cloud)
    grid, axes = _plane(codes.mean(axis=0), np.diag(codes.std(axis=0)))  # of codes: [S, S, 2], [S, 2]

    def decoded(points):
        flat = points.reshape(-1, 2).astype(np.float32)
        return np.asarray(model.decode(flat)).reshape(*points.shape[:-1], 3)

    return decoded(grid), [decoded(axis) for axis in axes]


@item("figure_2_4", "what a singular value decomposition does")
def figure_2_4(request):
    """What the factors of a singular value decomposition do to the unit circle and its axes, one after another."""
    left, values, right = np.linalg.svd(np.array([[1.6, 0.5], [0.2, 0.8]]))
    rows = [
        {"singular value": float(value), "row of V^T": row.tolist()}
        for value, row in zip(values, right, strict=True)
    ]
    facts = {"scale": "an illustration; the arrows are the images of the latent axes"}
    title = "Figure 2.4: the singular value decomposition"
    return write_item(request.output, title, facts, rows, {"": pictures.singular_values(left, values, right)})


@item("figures_3_1_to_3_3", "prior and posterior, volumes, the landscape of the KL")
def figures_3_1_to_3_3(request):
    """Prior and posterior, the volume that columns span, and the landscape of the KL term."""
    drawn = {"_3_1": pictures.posteriors(), "_3_2": pictures.volumes(), "_3_3": pictures.kl_landscape()}
    facts = {
        "scale": "illustrations, computed from eqs. (2.6) and (3.24); the volume is the product of lengths and sine"
    }
    rows = [{"figure": name[1:].replace("_", "."), "file": f"figures_3.1_to_3.3{name}.png"} for name in drawn]
    title = "Figures 3.1 to 3.3: what breaks the symmetry"
    return write_item(request.output, title, facts, rows, drawn)


@item("section_3_2_4", "the numbers of the hands-on example")
def section_3_2_4(request):
    """The hands-on example: what the noise costs two decoders that differ by a rotation, and the least it can cost."""
    from tfdisent.analysis import best_variances, least_stochastic_loss

    rows = []
    for name, matrix in (("M1", EXAMPLE), ("M2", ROTATED)):
        variances = best_variances(matrix, 0.0)
        rows.append(
            {
                "decoder": name,
                "squared column lengths": ", ".join(f"{v:g}" for v in np.sum(matrix**2, axis=0).round(6)),
                "product of the columns": round(float(matrix[:, 0] @ matrix[:, 1]), 6),
                "best ratio of variances": float(variances[0] / variances[1]),
                "least cost, times exp(C/2)": least_stochastic_loss(matrix, 0.0),
                "printed, times exp(C)": EXAMPLE_COSTS[name],
            }
        )
    bound = 2 * np.sqrt(np.linalg.det(EXAMPLE.T @ EXAMPLE))
    facts = {"scale": "computed, nothing trained", "least over all rotations": f"{bound:.2f} exp(-C/2)"}
    notes = [
        "The thesis prints exp(-C) where the budget (3.19), the sum of -log of the two variances, gives exp(-C/2), and "
        "a^2 = 50 sigma_x where sigma_x^2 is meant.",
        "The columns of M1 are not orthogonal (their product is -4), so that M1 is close to the optimum and not at it.",
    ]
    title = "Section 3.2.4: the hands-on example"
    return write_item(request.output, title, facts, rows, {}, _table(rows), notes)


def _table(rows):
    return list(rows[0]), [list(row.values()) for row in rows]
