"""Illustrations of the thesis' chapters 2 and 3, and the numbers of its hands-on example."""

import functools

import numpy as np

from tfdisent.data.synthetic import rotation_matrix
from tfdisent.papers.tables import write_item

__all__ = ["DRAWINGS", "EXAMPLE", "ROTATED", "point_cloud"]

# The decoders of Sec. 3.2.4, eq. (3.20) and the one below (3.21): the second is the first, rotated by 45 degrees.
EXAMPLE = np.array([[4.0, 1.0], [-3.0, 1.0], [5.0, -1.0]])
ROTATED = np.sqrt(0.5) * np.array([[3.0, 5.0], [-4.0, -2.0], [6.0, 4.0]])
_PRINTED = {"M1": 24.5, "M2": 52.4}
_STEPS = {"paper": 30_000, "quick": 200}
_DEPTH = 0.3  # of the curved cloud


def point_cloud(num_points=2_000, seed=0):
    """A curved sheet in space, float32 [N, 3]: a Gaussian of two different widths, bent along the wider one."""
    random_state = np.random.RandomState(seed)
    wide, narrow = random_state.standard_normal((2, num_points)) * [[1.0], [0.5]]
    bent = _DEPTH * (wide**2 - 1.0) + 0.05 * random_state.standard_normal(num_points)
    turn = rotation_matrix((0.3, 0.2, 1.0), np.pi / 6)
    return (np.stack([wide, narrow, bent], axis=1) @ turn.T).astype(np.float32)


def _figures_2_1_to_2_3(output, scale="paper"):
    """PCA, and linear and nonlinear autoencoders and VAEs, on one point cloud."""
    from tfdisent.analysis import decoder_jacobians, principal_directions

    cloud = point_cloud()
    directions = principal_directions(cloud, 2)  # [3, 2]
    deviations = (cloud - cloud.mean(axis=0)) @ directions
    surfaces = {"PCA": _plane(cloud.mean(axis=0), directions * deviations.std(axis=0))}
    rows = [
        {
            "model": "PCA",
            "angle of the axes": 90.0,
            "angle with PCA": 0.0,
            **_error(cloud, _pca(cloud, directions)),
        }
    ]
    for name, run in _trained_on(cloud, _STEPS[scale]).items():
        codes = run.model.represent(cloud)
        surfaces[name] = _surface(run.model.decode, codes)
        columns = decoder_jacobians(run.model.decode, codes.mean(axis=0, keepdims=True))[0]  # [3, 2]
        rows.append(
            {
                "model": name,
                "angle of the axes": _angle(columns[:, 0], columns[:, 1]),
                "angle with PCA": _angle_with(columns, directions),
                **_error(cloud, np.asarray(run.model(cloud))),
            }
        )
    pictures = {
        "_2_1": _spaces(cloud, {"PCA": surfaces["PCA"]}),
        "_2_2": _spaces(cloud, {name: s for name, s in surfaces.items() if "autoencoder" in name}),
        "_2_3": _spaces(cloud, {name: s for name, s in surfaces.items() if "VAE" in name}),
    }
    facts = {
        "data": f"{len(cloud):,} points on a curved sheet, computed by tfdisent; the thesis does not give its own",
        "training": f"{_STEPS[scale]:,} steps of 50, one seed",
        "angles": "degrees, at the mean code; largest angle of an axis with its principal direction",
        "scale": "an illustration" if scale == "paper" else "QUICK: a few steps; no picture means anything",
    }
    title = "Figures 2.1 to 2.3: PCA, autoencoder and VAE on one point cloud"
    table = list(rows[0]), [list(row.values()) for row in rows]
    return write_item(output, title, facts, rows, pictures, table)


def _trained_on(cloud, steps):
    """{name: Run} of four models with two latents."""
    import keras

    from tfdisent import models, networks, training

    runs = {}
    for kind, units in (("linear", ()), ("nonlinear", (40, 20))):
        build = {
            "num_latents": 2,
            "encoder": functools.partial(networks.dense_encoder, hidden_units=units, activation="tanh"),
            "decoder": functools.partial(networks.dense_decoder, hidden_units=units, activation="tanh"),
            "reconstruction": "squared_l2",
            "output": "linear",
        }
        for name, make in (
            ("autoencoder", functools.partial(models.Autoencoder, **build)),
            ("VAE", functools.partial(models.VAE, **build, beta=0.03)),
        ):
            (runs[f"{kind} {name}"],) = training.train(
                make,
                cloud,
                optimizer=functools.partial(keras.optimizers.Adam, 3e-3),
                steps=steps,
                batch_size=50,
                seed=(0,),  # one of "several", which are compiled
                progress=False,
            )
    return runs


def _pca(cloud, directions):
    centred = cloud - cloud.mean(axis=0)
    return centred @ directions @ directions.T + cloud.mean(axis=0)


def _error(cloud, reconstructions):
    return {"mean squared error": float(np.mean((cloud - reconstructions) ** 2))}


def _angle(first, second):
    """Angle between two lines, degrees from 0 to 90."""
    cosine = abs(first @ second) / (np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


def _angle_with(columns, directions):
    """The largest angle of the columns [3, 2] with the directions [3, 2], in the better order."""
    orders = ((0, 1), (1, 0))
    return min(max(_angle(columns[:, i], directions[:, j]) for i, j in enumerate(order)) for order in orders)


def _plane(mean, axes):
    """Grid [S, S, 3] and axes {.: [S, 3]} of the plane spanned by the columns of `axes` [3, 2]."""
    values = np.linspace(-2, 2, 21)
    first, second = np.meshgrid(values, values, indexing="ij")
    grid = mean + first[..., None] * axes[:, 0] + second[..., None] * axes[:, 1]
    return grid, [mean + values[:, None] * axes[:, i] for i in (0, 1)]


def _surface(decode, codes):
    """The decoded grid [S, S, 3] of codes within two standard deviations, and its two axes [S, 3]."""
    mean, deviation = codes.mean(axis=0), codes.std(axis=0)
    values = np.linspace(-2, 2, 21)
    first, second = np.meshgrid(values, values, indexing="ij")
    grid = mean + deviation * np.stack([first, second], axis=-1)  # [S, S, 2]

    def decoded(points):
        flat = points.reshape(-1, 2).astype(np.float32)
        return np.asarray(decode(flat)).reshape(*points.shape[:-1], 3)

    axes = [mean + deviation * values[:, None] * np.eye(2)[i] for i in (0, 1)]
    return decoded(grid), [decoded(axis) for axis in axes]


def _spaces(cloud, surfaces):
    """Points, surface and axes in space, one panel a model."""
    from tfdisent.plots.style import COLOURS, INK, PAPER, NotebookFigure

    figure = NotebookFigure(figsize=(4.2 * len(surfaces), 4.2), layout="constrained", facecolor=PAPER)
    for place, (name, (grid, axes)) in enumerate(surfaces.items(), 1):
        panel = figure.add_subplot(1, len(surfaces), place, projection="3d")
        panel.plot_surface(*np.moveaxis(grid, -1, 0), color=COLOURS[4], alpha=0.35, linewidth=0)
        panel.scatter(*cloud[:400].T, s=2, color=COLOURS[2], alpha=0.5, linewidths=0)
        for axis, colour in zip(axes, (COLOURS[0], COLOURS[1]), strict=True):
            panel.plot(*axis.T, color=colour, linewidth=2.5)
        panel.set_title(name, fontsize=10, color=INK)
        low, high = np.percentile(cloud, (0.5, 99.5), axis=0)
        panel.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
        panel.set_box_aspect(high - low)
        panel.view_init(elev=32, azim=-62)
        panel.set(xticks=[], yticks=[], zticks=[])
    return figure


def _figure_2_4(output):
    """What the factors of a singular value decomposition do to the unit circle and its axes, one after another."""
    from tfdisent.plots.style import COLOURS, INK, MUTED, new_axes

    matrix = np.array([[1.6, 0.5], [0.2, 0.8]])
    left, values, right = np.linalg.svd(matrix)
    steps = [np.eye(2), right, np.diag(values) @ right, left @ np.diag(values) @ right]
    names = ["z", "V^T z: turned", "S V^T z: stretched", "U S V^T z: turned again"]
    angles = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    figure, axes = new_axes(1, 4, 10.4, 2.3, sharex=True, sharey=True)
    for panel, name, step in zip(axes[0], names, steps, strict=True):
        panel.plot(*(step @ circle), color=MUTED, linewidth=1.2)
        for column, colour in zip(step.T, COLOURS, strict=False):
            panel.annotate(
                "", column, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 2}
            )
        panel.set_aspect("equal")
        panel.set_title(name, fontsize=10, color=INK, loc="left", parse_math=False)
    rows = [
        {"singular value": float(value), "row of V^T": row.tolist()}
        for value, row in zip(values, right, strict=True)
    ]
    facts = {"scale": "an illustration; the arrows are the images of the latent axes"}
    return write_item(output, "Figure 2.4: the singular value decomposition", facts, rows, {"": figure})


def _figures_3_1_to_3_3(output):
    """Prior and posterior, the volume that columns span, and the landscape of the KL term."""
    pictures = {"_3_1": _prior_and_posterior(), "_3_2": _volumes(), "_3_3": _kl_landscape()}
    facts = {
        "scale": "illustrations, computed from eqs. (2.6) and (3.24); the volume is the product of lengths and sine"
    }
    rows = [
        {"figure": name[1:].replace("_", "."), "file": f"figures_3.1_to_3.3{name}.png"} for name in pictures
    ]
    return write_item(output, "Figures 3.1 to 3.3: what breaks the symmetry", facts, rows, pictures)


def _prior_and_posterior():
    """A round prior, with posteriors of diagonal covariance at some codes."""
    from matplotlib.patches import Ellipse

    from tfdisent.plots.style import COLOURS, FAINT, INK, new_axes

    random_state = np.random.RandomState(3)
    means, sizes = random_state.uniform(-1.9, 1.9, (14, 2)), random_state.uniform(0.2, 0.8, (14, 2))
    figure, axes = new_axes(1, 2, 7.6, 4.4, sharex=True, sharey=True)
    turns = {"diagonal posteriors, as implemented": 0.0, "the same after a rotation: not allowed": 40.0}
    for panel, (title, degrees) in zip(axes[0], turns.items(), strict=True):
        for radius in (0.75, 1.5, 2.25):
            panel.add_patch(
                Ellipse((0, 0), 2 * radius, 2 * radius, fill=False, edgecolor=FAINT, linewidth=1.5)
            )
        turn = np.radians(degrees)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        for mean, (width, height) in zip(means @ rotation.T, sizes, strict=True):
            for part in (1.0, 0.6):
                look = {"angle": degrees, "color": COLOURS[0], "alpha": 0.35}
                panel.add_patch(Ellipse(mean, part * width, part * height, **look))
        panel.set(xlim=(-2.9, 2.9), ylim=(-2.9, 2.9))
        panel.set_aspect("equal")
        panel.set_title(title, fontsize=10, color=INK, loc="left")
    return figure


def _volumes():
    """Two pairs of columns that span the same area; the orthogonal pair has the smaller product of lengths."""
    from tfdisent.plots.style import COLOURS, INK, new_axes

    stretched = np.diag([2.0, 0.8])
    figure, axes = new_axes(1, 2, 7.6, 2.5, sharex=True, sharey=True)
    for panel, degrees in zip(axes[0], (35.0, 0.0), strict=True):
        turn = np.radians(degrees)
        columns = stretched @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        corners = np.array([[0, 0], columns[:, 0], columns.sum(axis=1), columns[:, 1]])
        panel.fill(*corners.T, color=COLOURS[4], alpha=0.3)
        for column, colour, name in zip(columns.T, COLOURS, ("w1", "w2"), strict=False):
            panel.annotate(
                "", column, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 2}
            )
            panel.text(*(1.04 * column), name, fontsize=9, color=colour)
        product = np.prod(np.linalg.norm(columns, axis=0))
        area = abs(np.linalg.det(columns))
        title = f"product of lengths {product:.2f}, area {area:.2f}"
        panel.set_title(title, fontsize=10, color=INK, loc="left")
        panel.set_aspect("equal")
        panel.margins(0.1)
    return figure


def _kl_landscape():
    """The KL term of one latent over its mean and standard deviation."""
    from tfdisent.plots.style import COLOURS, INK, MUTED, new_axes

    mean, sigma = np.meshgrid(np.linspace(-3, 3, 200), np.linspace(0.05, 2, 200))
    kl = 0.5 * (mean**2 + sigma**2 - 2 * np.log(sigma) - 1)
    figure, axes = new_axes(1, 1, 4.6, 3.6)
    panel = axes[0, 0]
    drawn = panel.contourf(mean, sigma, kl, levels=[0, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 6, 8], cmap="viridis")
    panel.plot(0, 1, "o", color=COLOURS[1], markersize=7)
    figure.colorbar(drawn, ax=panel, label="KL (nats)")
    panel.set_title("least, 0, at mean 0 and sigma 1", fontsize=10, color=INK, loc="left")
    panel.set_xlabel("mean", fontsize=9, color=MUTED)
    panel.set_ylabel("sigma", fontsize=9, color=MUTED)
    return figure


def _section_3_2_4(output):
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
                "printed, times exp(C)": _PRINTED[name],
            }
        )
    bound = 2 * np.sqrt(np.linalg.det(EXAMPLE.T @ EXAMPLE))
    facts = {"scale": "computed, nothing trained", "least over all rotations": f"{bound:.2f} exp(-C/2)"}
    notes = [
        "The thesis prints exp(-C) where the budget (3.19), the sum of -log of the two variances, gives exp(-C/2), and "
        "a^2 = 50 sigma_x where sigma_x^2 is meant.",
        "The columns of M1 are not orthogonal (their product is -4), so that M1 is close to the optimum and not at it.",
    ]
    table = list(rows[0]), [list(row.values()) for row in rows]
    return write_item(output, "Section 3.2.4: the hands-on example", facts, rows, {}, table, notes)


_ONCE = ("paper", "quick")
DRAWINGS = {
    "figures_2_1_to_2_3": ("PCA, autoencoder and VAE on one point cloud", _figures_2_1_to_2_3, _ONCE),
    "figure_2_4": ("what a singular value decomposition does", _figure_2_4),
    "figures_3_1_to_3_3": ("prior and posterior, volumes, the landscape of the KL", _figures_3_1_to_3_3),
    "section_3_2_4": ("the numbers of the hands-on example", _section_3_2_4),
}
