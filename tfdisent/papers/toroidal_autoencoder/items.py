"""The figures of the paper, and a table of what they show."""

import math

import numpy as np

from tfdisent.papers.item import QUICK, Scale, item
from tfdisent.papers.runs import held_out, make_runs, open_run, provenance
from tfdisent.papers.tables import write_item
from tfdisent.papers.toroidal_autoencoder.measures import NUM_POINTS, angle_pairs, digits_passed, uniformity
from tfdisent.studies.planned import PlannedRun

SCALES = {
    "paper": Scale("paper", "5,000 steps of 256; the paper does not say how long it trained"),
    "quick": Scale(
        "quick",
        QUICK,
        bindings=(
            "training.train.steps=20",
            "training.train.batch_size=32",
            "training.train.log_every=10",
            "training.train.steps_per_execution=10",
        ),
    ),
}
AS_PRINTED = "as in the paper"
VARIANTS = {  # {name: bindings}
    AS_PRINTED: (),
    "with the correlation penalty": ("models.ToroidalAutoencoder.correlation_weight=100.0",),
    "with the sliced penalty": ("models.ToroidalAutoencoder.sliced_weight=1000.0",),
}
_BALLS = 12  # that springs hold apart
_NUM_PAIRS = 9  # of digits
_NUM_STEPS = 12  # images of a path
_ANGLES = (-math.pi, math.pi)  # limits of an axis


def plan(scale, variant=AS_PRINTED, seed=0, measures=()):
    """The `PlannedRun` of a variant."""
    return PlannedRun(
        ("toroidal_autoencoder/mnist.gin",),
        (*scale.bindings, *VARIANTS[variant]),
        seed,
        measures=measures,
        title=f"{variant}, seed {seed}",
    )


@item("figure_2", "the springs of the loss, drawn uniformly and equally spaced")
def figure_2(request):
    """Springs between uniform angles, and when their energy is least."""
    from tfdisent import objectives, plots

    angles = np.random.RandomState(1).uniform(*_ANGLES, _BALLS)
    equal = angles[0] + 2 * math.pi * np.arange(_BALLS) / _BALLS
    panels, rows = {}, []
    for name, drawn in {"drawn uniformly": angles, "equally spaced": equal}.items():
        energy = float(objectives.spring_loss(drawn[:, None]))
        panels[f"{name}: {energy:.2f}"] = drawn
        rows.append({"angles": name, "S": _BALLS, "spring loss": energy})
    rows.append({"angles": "least, 4 pi^2 / S", "S": _BALLS, "spring loss": 4 * math.pi**2 / _BALLS})
    rows.append({"angles": "mean of uniform ones", "S": _BALLS, "spring loss": 8 * math.pi**2 / (_BALLS + 1)})
    facts = "Computed from eq. (2) for 12 angles; nothing was trained."
    title = "Figure 2: the springs of the loss"
    return write_item(request.output, title, facts, rows, {"": plots.springs(panels)})


@item("figure_3", "codes of held-out digits, coloured by digit", scales=SCALES)
def figure_3(request):
    """Codes of held-out digits in each plane, and pairs of angles."""
    from tfdisent import plots

    made, trained, images, factors = _opened(request)
    codes, digits = trained.model.represent(images), factors[:, 0]
    d = trained.model.angles
    planes = {f"x{i + 1}, y{i + 1}": (codes[:, i], codes[:, d + i]) for i in range(d)}
    figures = {
        "_planes": plots.class_scatter(planes, digits, (-1.6, 1.6)),
        "_angles": plots.class_scatter(angle_pairs(trained.model, images), digits, _ANGLES),
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
    return write_item(request.output, title, provenance(made, request.scale), rows, figures)


@item("figure_4", "nine pairs of digits with the eight paths between them on the torus", scales=SCALES)
def figure_4(request):
    """Nine pairs of held-out digits with the eight paths between each."""
    from tfdisent import analysis, plots

    made, trained, images, factors = _opened(request)
    model = trained.model
    chosen = np.random.RandomState(0).choice(len(images), (_NUM_PAIRS, 2), replace=False)
    blocks, rows = [], []
    for number, (first, second) in enumerate(chosen):
        codes = model.represent(images[[first, second]])
        drawn = analysis.morphings(model.decode, *codes, _NUM_STEPS, model.angles)  # [8, 12, H, W, 1]
        blocks.append(np.concatenate(np.concatenate(drawn, axis=1), axis=1))
        paths, turns = analysis.torus_paths(*codes, _NUM_STEPS, model.angles)
        shortest, _ = analysis.shortest_path(*codes, model.angles)
        for place, (path, turn) in enumerate(zip(paths, turns, strict=True)):
            x, y = path[:, : model.angles], path[:, model.angles : 2 * model.angles]
            angles = np.unwrap(np.arctan2(y, x), axis=0)
            rows.append(
                {
                    "pair": number,
                    "from": int(factors[first, 0]),
                    "to": int(factors[second, 0]),
                    "k": " ".join(map(str, turn)),
                    "length in radians": float(np.linalg.norm(angles[-1] - angles[0])),
                    "shortest": place == shortest,
                    "digits passed, by the classifier": digits_passed(model, path),
                }
            )
    # Blocks of 8 x 12 images, three by three.
    columns = [np.stack(blocks[column::3]) for column in range(3)]
    figure = plots.image_grid(np.stack(columns, axis=1).reshape(-1, *blocks[0].shape), columns=3, scale=1)
    title = "Figure 4: nine pairs of digits, eight paths of twelve images each"
    return write_item(request.output, title, provenance(made, request.scale), rows, {"": figure})


@item("figure_5", "pairs of angles: correlations and gaps", scales=SCALES)
def figure_5(request):
    """Pairs of angles, with how much one tells of the other."""
    from tfdisent import analysis, plots

    made, trained, images, factors = _opened(request)
    figure = plots.class_scatter(angle_pairs(trained.model, images), factors[:, 0], _ANGLES)
    _, angles = trained.model.angles_of(images)
    rows = [
        {"angles": f"{i + 1}, {j + 1}", **both} for (i, j), both in analysis.angle_dependence(angles).items()
    ]
    title = "Figure 5: correlations and gaps between angles"
    return write_item(request.output, title, provenance(made, request.scale), rows, {"": figure})


@item(
    "uniformity",
    "spring loss, Kuiper's statistics, radii, and dependence with each penalty",
    scales=SCALES,
    restarts=True,
)
def uniformity_table(request):
    """What the figures show, in numbers, with and without the penalties that the paper proposes as further work."""
    from tfdisent import plots

    planned = {
        variant: [plan(request.scale, variant, seed, (uniformity,)) for seed in range(request.restarts)]
        for variant in VARIANTS
    }
    made = make_runs(request, [run for runs in planned.values() for run in runs])
    finished = {variant: [made[run] for run in runs if run in made] for variant, runs in planned.items()}
    finished = {variant: runs for variant, runs in finished.items() if runs}
    rows, means, figures = [], {}, {}
    for variant, runs in finished.items():
        for quantity, (_, expected) in runs[0].measures.items():
            values = [run.measures[quantity][0] for run in runs]
            rows.append(
                {
                    "model": variant,
                    "quantity": quantity,
                    "ours mean": float(np.mean(values)),
                    "ours std": float(np.std(values)) if len(runs) > 1 else None,
                    "expected": expected,
                    "ours": values,
                }
            )
            means.setdefault((quantity, expected), []).append(rows[-1]["ours mean"])
        trained = runs[0].trained()
        images, factors = held_out(trained, NUM_POINTS)
        figures[f"_{variant.replace(' ', '_')}"] = plots.class_scatter(
            angle_pairs(trained.model, images), factors[:, 0], _ANGLES
        )
    headers = ["on held-out digits", *finished, "uniform and independent"]
    table = headers, [[quantity, *own, expected] for (quantity, expected), own in means.items()]
    facts = provenance(runs[0], request.scale, len(runs))
    title = "Uniformity: of the code on the torus"
    return write_item(request.output, title, facts, rows, figures, table, draw_table=True)


def _opened(request):
    """(`MadeRun`, `TrainedModel`, images, factors) of the paper's model and its held-out digits."""
    made = open_run(request, plan(request.scale))
    trained = made.trained()
    return made, trained, *held_out(trained, NUM_POINTS)
