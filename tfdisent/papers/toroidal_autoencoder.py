"""Mikulski & Duda, Toroidal AutoEncoder: its figures, and in numbers what they show.

The paper prints no numbers and no settings; gin_configs/toroidal_autoencoder/mnist.gin says which are taken.
"""

import dataclasses
import math

import numpy as np

from tfdisent.papers.single_runs import held_out, told_of, trained_run
from tfdisent.papers.tables import write_item

__all__ = ["ITEMS", "SCALES"]

_CONFIG = "toroidal_autoencoder/mnist.gin"
_MODEL = "models.ToroidalAutoencoder"
_VARIANTS = {  # {name: bindings}
    "as in the paper": (),
    "with the correlation penalty": (f"{_MODEL}.correlation_weight=100.0",),
    "with the sliced penalty": (f"{_MODEL}.sliced_weight=1000.0",),
}
_NUM_POINTS = 5_000  # held-out images
_NUM_BATCHES = 200  # of them, over which the spring loss is averaged
_NUM_STEPS = 12  # images of a path
_NUM_PAIRS = 9
_BALLS = 12
_NUM_ARCS = 12  # of the histogram of two angles


@dataclasses.dataclass(frozen=True)
class _Scale:
    label: str
    bindings: tuple = ()


_SCALES = {
    "paper": _Scale("5,000 steps of 256; the paper does not say how long it trained"),
    "quick": _Scale(
        "QUICK: a few steps, which show only that everything works; no number means anything",
        (
            "training.train.steps=20",
            "training.train.batch_size=32",
            "training.train.log_every=10",
            "training.train.steps_per_execution=10",
        ),
    ),
}
SCALES = tuple(_SCALES)


def _trained(output, scale, variant="as in the paper", seed=0):
    name = f"{scale}/{variant.replace(' ', '_')}"
    return trained_run(output, name, _CONFIG, (*_SCALES[scale].bindings, *_VARIANTS[variant]), seed)


def _figure_2(output):
    """Springs between uniform angles, and when their energy is least."""
    from tfdisent import objectives, plots

    angles = np.random.RandomState(1).uniform(-math.pi, math.pi, _BALLS)
    equal = angles[0] + 2 * math.pi * np.arange(_BALLS) / _BALLS
    panels, rows = {}, []
    for name, drawn in {"drawn uniformly": angles, "equally spaced": equal}.items():
        energy = float(objectives.spring_loss(drawn[:, None]))
        panels[f"{name}: {energy:.2f}"] = drawn
        rows.append({"angles": name, "S": _BALLS, "spring loss": energy})
    rows.append({"angles": "least, 4 pi^2 / S", "S": _BALLS, "spring loss": 4 * math.pi**2 / _BALLS})
    rows.append({"angles": "mean of uniform ones", "S": _BALLS, "spring loss": 8 * math.pi**2 / (_BALLS + 1)})
    told = "Computed from eq. (2) for 12 angles; nothing was trained."
    return write_item(output, "Figure 2: the springs of the loss", told, rows, {"": plots.springs(panels)})


def _figure_3(output, scale="paper"):
    """Codes of held-out digits in each plane, and pairs of angles."""
    from tfdisent import plots

    trained = _trained(output, scale)
    images, factors = held_out(trained, _NUM_POINTS)
    codes, digits = trained.model.represent(images), factors[:, 0]
    d = trained.model.angles
    planes = {f"x{i + 1}, y{i + 1}": (codes[:, i], codes[:, d + i]) for i in range(d)}
    figures = {
        "_planes": plots.class_scatter(planes, digits, (-1.6, 1.6)),
        "_angles": plots.class_scatter(_pairs(trained.model, images), digits, (-math.pi, math.pi)),
    }
    radius_squared, angles = trained.model.angles_of(images)
    rows = [
        {
            "digit": int(digit),
            **{f"angle {i + 1}": float(angle) for i, angle in enumerate(angles_of_one)},
            **{f"squared radius {i + 1}": float(radius) for i, radius in enumerate(radii)},
        }
        for digit, angles_of_one, radii in zip(digits, angles, radius_squared, strict=True)
    ]
    title = "Figure 3: codes of held-out digits"
    return write_item(output, title, told_of(trained, _SCALES[scale].label), rows, figures)


def _figure_4(output, scale="paper"):
    """Nine pairs of held-out digits with the eight paths between each."""
    from tfdisent import analysis, plots

    trained = _trained(output, scale)
    model = trained.model
    images, factors = held_out(trained, _NUM_POINTS)
    chosen = np.random.RandomState(0).choice(len(images), (_NUM_PAIRS, 2), replace=False)
    blocks, rows = [], []
    for number, (first, second) in enumerate(chosen):
        codes = model.represent(images[[first, second]])
        drawn = analysis.morphings(model.decode, *codes, _NUM_STEPS, model.angles)  # [8, 12, H, W, 1]
        blocks.append(np.concatenate(np.concatenate(drawn, axis=1), axis=1))
        paths, turns = analysis.torus_paths(*codes, _NUM_STEPS, model.angles)
        shortest, _ = analysis.shortest_path(*codes, model.angles)
        for place, (path, turn) in enumerate(zip(paths, turns, strict=True)):
            angles = np.unwrap(
                np.arctan2(path[:, model.angles : 2 * model.angles], path[:, : model.angles]), axis=0
            )
            rows.append(
                {
                    "pair": number,
                    "from": int(factors[first, 0]),
                    "to": int(factors[second, 0]),
                    "k": " ".join(map(str, turn)),
                    "length in radians": float(np.linalg.norm(angles[-1] - angles[0])),
                    "shortest": place == shortest,
                    "digits passed, by the classifier": _digits_passed(model, path),
                }
            )
    # Blocks of 8 x 12 images, three by three.
    columns = [np.stack(blocks[column::3]) for column in range(3)]
    figure = plots.image_grid(np.stack(columns, axis=1).reshape(-1, *blocks[0].shape), columns=3, scale=1)
    title = "Figure 4: nine pairs of digits, eight paths of twelve images each"
    return write_item(output, title, told_of(trained, _SCALES[scale].label), rows, {"": figure})


def _figure_5(output, scale="paper"):
    """Pairs of angles, with how much one tells of the other."""
    from tfdisent import analysis, plots

    trained = _trained(output, scale)
    images, factors = held_out(trained, _NUM_POINTS)
    figure = plots.class_scatter(_pairs(trained.model, images), factors[:, 0], (-math.pi, math.pi))
    _, angles = trained.model.angles_of(images)
    rows = [
        {"angles": f"{i + 1}, {j + 1}", **found}
        for (i, j), found in analysis.angle_dependence(angles).items()
    ]
    title = "Figure 5: correlations and gaps between angles"
    return write_item(output, title, told_of(trained, _SCALES[scale].label), rows, {"": figure})


def _uniformity(output, seeds=None, scale="paper"):
    """What the figures show, in numbers, with and without the penalties that the paper proposes as further work."""
    from tfdisent import plots

    seeds = seeds or 1
    measured, figures = {}, {}
    for variant in _VARIANTS:
        for seed in range(seeds):
            trained = _trained(output, scale, variant, seed)
            measured.setdefault(variant, []).append(_measured(trained))
            if seed == 0:
                images, factors = held_out(trained, _NUM_POINTS)
                figures[f"_{variant.replace(' ', '_')}"] = plots.class_scatter(
                    _pairs(trained.model, images), factors[:, 0], (-math.pi, math.pi)
                )
    rows = []
    for variant, found in measured.items():
        for quantity, (_, expected) in found[0].items():
            values = [each[quantity][0] for each in found]
            rows.append(
                {
                    "model": variant,
                    "quantity": quantity,
                    "ours mean": float(np.mean(values)),
                    "ours std": float(np.std(values)) if seeds > 1 else None,
                    "expected": expected,
                    "ours": values,
                }
            )
    quantities = list(dict.fromkeys(row["quantity"] for row in rows))
    cells = [
        [
            quantity,
            *(np.mean([each[quantity][0] for each in measured[variant]]).item() for variant in measured),
            measured["as in the paper"][0][quantity][1],
        ]
        for quantity in quantities
    ]
    table = ["on held-out digits", *measured, "uniform and independent"], cells
    told = told_of(trained, _SCALES[scale].label, seeds)
    return write_item(
        output, "Uniformity: of the code on the torus", told, rows, figures, table, draw_table=True
    )


def _measured(trained):
    """{quantity: (value, expectation for independent uniform angles and the radii asked for)}."""
    from tfdisent import analysis, objectives

    images, factors = held_out(trained, _NUM_POINTS)
    model, batch = trained.model, min(trained.run.asked()["batch_size"], len(images))
    radius_squared, angles = model.angles_of(images)
    random_state = np.random.RandomState(0)
    springs = [
        float(objectives.spring_loss(angles[random_state.choice(len(angles), batch, replace=False)]))
        for _ in range(_NUM_BATCHES)
    ]
    uniform, floor = 8 * math.pi**2 * model.angles / (batch + 1), 4 * math.pi**2 * model.angles / batch
    dependence = list(analysis.angle_dependence(angles, _NUM_ARCS).values())
    found = {
        "spring loss of a batch": (float(np.mean(springs)), uniform),
        "spring loss over that of uniform angles": (float(np.mean(springs)) / uniform, 1.0),
        "spring loss at equal spacing, the floor": (floor, None),
        "reconstruction, nats": (trained.results["reconstruction"], None),
    }
    root = math.sqrt(len(angles))
    kuiper = math.sqrt(math.pi / 2) / (root + 0.155 + 0.24 / root)  # its mean (Stephens 1970)
    for i, statistic in enumerate(analysis.kuiper_statistic(angles), start=1):
        found[f"Kuiper's statistic of angle {i}"] = float(statistic), kuiper
    for i, radii in enumerate(radius_squared.T, start=1):
        found[f"mean of squared radius {i}"] = float(radii.mean()), 1.0
        found[f"standard deviation of squared radius {i}"] = float(radii.std()), model.radius_stddev
    chance = {  # of independent uniform angles
        "mutual_information": 0.0,
        "circular_covariance": 0.94 / root,  # half the mean of a chi distribution with 4 degrees of freedom
        "empty_share": (1 - 1 / _NUM_ARCS**2) ** len(angles),
    }
    for name, expected in chance.items():
        text = name.replace("_", " ") + " of two angles, mean over pairs"
        found[text] = float(np.mean([each[name] for each in dependence])), expected
    if model.num_classes:
        digits = np.argmax(model.classifier(angles.astype(np.float32))["logits"], axis=-1)
        found["accuracy of the classifier on the angles"] = float((digits == factors[:, 0]).mean()), None
    return found


def _pairs(model, images):
    """{title: (angle i, angle j)} of all pairs."""
    from tfdisent import analysis

    _, angles = model.angles_of(images)
    return {
        f"angles {i + 1}, {j + 1}: {found['mutual_information']:.2f} nats": (angles[:, i], angles[:, j])
        for (i, j), found in analysis.angle_dependence(angles).items()
    }


def _digits_passed(model, path):
    if not model.num_classes:
        return None
    _, angles = model.polar(path.astype(np.float32))
    return " ".join(map(str, np.argmax(model.classifier(angles)["logits"], axis=-1)))


ITEMS = {
    "figure_2": ("the springs of the loss, drawn uniformly and equally spaced", _figure_2),
    "figure_3": ("codes of held-out digits, coloured by digit", _figure_3),
    "figure_4": ("nine pairs of digits with the eight paths between them on the torus", _figure_4),
    "figure_5": ("pairs of angles: correlations and gaps", _figure_5),
    "uniformity": ("spring loss, Kuiper's statistics, radii, and dependence with each penalty", _uniformity),
}
