"""Table 1, the propositions and the figures of the supplement, and how well the atoms find spikes."""

import functools

import numpy as np

from tfdisent.papers.atomic_autoencoder.measures import held_out_error, match_atoms
from tfdisent.papers.atomic_autoencoder.printed import TABLE_1
from tfdisent.papers.item import QUICK, Scale, item
from tfdisent.papers.runs import held_out, make_runs, open_run, provenance
from tfdisent.papers.tables import write_item
from tfdisent.studies.planned import PlannedRun

SCALES = {
    "paper": Scale("paper", "the paper's code's 1,000,000 steps of 64"),
    "reduced": Scale(
        "reduced",
        "REDUCED: an hour (digits) or an hour and a half (spikes) on one core, a small part of the 1,000,000 steps of "
        "64 of the paper's code; for the spikes Adam's rate is 1e-3 in place of 1e-4",
    ),
    "quick": Scale("quick", QUICK),
}
_BINDINGS = {  # {(data, scale): lines over the shipped configuration}
    ("mnist", "reduced"): (
        "training.train.steps=8000",
        "training.train.batch_size=32",
        "training.train.dtype='mixed_bfloat16'",
    ),
    ("spikes", "reduced"): (
        "training.train.steps=24000",
        "training.train.batch_size=32",
        "training.train.dtype='mixed_bfloat16'",
        "keras.optimizers.Adam.learning_rate=1e-3",
    ),
    ("mnist", "quick"): (
        "training.train.steps=4",
        "training.train.batch_size=4",
        "training.train.log_every=2",
        "models.AtomicAutoencoder.num_blocks=4",
    ),
    ("spikes", "quick"): (
        "training.train.steps=20",
        "training.train.batch_size=8",
        "training.train.log_every=10",
        "data.Spikes.image_size=32",
        "data.Spikes.max_spikes=2",
        "data.Spikes.sigma=1.5",
        "data.Spikes.num_images=400",
    ),
}
_NUM_IMAGES = 10
_NUM_CODES = 256  # that set the range of the navigation
_NAVIGATION = 6  # images a coordinate
_INTERPOLATION = 10  # images
_NUM_TOLD = {"quick": 50}  # held-out images of the mean squared error; 1,000 at the other scales


def plan(data, scale, seed=0, measures=()):
    """The `PlannedRun` on "mnist" or "spikes"."""
    return PlannedRun(
        (f"atomic_autoencoder/{data}.gin",),
        _BINDINGS.get((data, scale.name), ()),
        seed,
        measures=measures,
        title=f"{data}, seed {seed}",
    )


@item("table_1", "layers of the network beside the printed ones")
def table_1(request):
    """The layers with weights beside the printed numbers of filters and neurons."""
    from tfdisent import networks

    built = {
        "encoder": networks.atomic_encoder((128, 128, 1), {"mean": 96}),
        "block decoder": networks.block_decoder(6, (128, 128, 1)),
    }
    rows = []
    for part, network in built.items():
        printed = {kind: iter(TABLE_1[f"{part}, {kind}"]) for kind in ("conv", "dense")}
        for layer in network.layers:
            if not layer.weights:
                continue
            kind = "conv" if hasattr(layer, "filters") else "dense"
            rows.append(
                {
                    "part": part,
                    "layer": f"3x3 conv, stride {layer.strides[0]}" if kind == "conv" else "dense",
                    "ours": layer.filters if kind == "conv" else layer.units,
                    "printed": next(printed[kind]),
                    "output": " x ".join(map(str, layer.output.shape[1:])),
                    "weights": layer.count_params(),
                }
            )
        rows.append({"part": part, "layer": "all", "weights": network.count_params()})
    headers = list(rows[0])
    table = headers, [[row.get(key) for key in headers] for row in rows]
    facts = "Read from the networks as built for 128 x 128 x 1 images, k = 16, d0 = 6; nothing was trained."
    title = "Table 1: layers of the atomic autoencoder"
    return write_item(request.output, title, facts, rows, table=table, draw_table=True)


@item("propositions", "Lemma I.1 and Propositions II.1, II.2 in numbers")
def propositions(request):
    """Lemma I.1 and Propositions II.1, II.2."""
    from tfdisent import analysis

    rows = analysis.propositions()
    headers = list(rows[0])
    cells = [
        [f"{row[key]:.3g}" if isinstance(row[key], float) else row[key] for key in headers] for row in rows
    ]
    title = "Propositions: Lemma I.1 and Propositions II.1 and II.2 in numbers"
    facts = "Computed for 1,000 random latents of signals of 128 samples; nothing was trained."
    return write_item(request.output, title, facts, rows, table=(headers, cells), draw_table=True)


@item("figure_1", "digits and their reconstructions", scales=SCALES)
def figure_1(request):
    """Held-out digits above their reconstructions, and the error on all held-out ones."""
    from tfdisent import plots

    made = open_run(request, plan("mnist", request.scale, measures=(_error_measure(request.scale),)))
    trained = made.trained()
    images, factors = held_out(trained, _NUM_IMAGES)
    decoded = np.asarray(trained.model(images))
    errors = ((decoded - images) ** 2).mean(axis=(1, 2, 3))
    rows = [
        {"image": i, "digit": int(factors[i, 0]), "mean squared error": float(error)}
        for i, error in enumerate(errors)
    ]
    rows.append({"image": "all held out", "mean squared error": made.measures["held out"]})
    figure = plots.reconstructions(images, {"atomic autoencoder": np.clip(decoded, 0, 1)}, scale=1)
    title = "Figure 1: digits of 128 x 128 and their reconstructions"
    return write_item(request.output, title, provenance(made, request.scale), rows, {"": figure})


@item("figure_2", "interpolation from a 6 to a 2", scales=SCALES)
def figure_2(request):
    """Interpolation between the codes of a held-out 6 and a held-out 2."""
    from tfdisent import plots

    made = open_run(request, plan("mnist", request.scale))
    trained = made.trained()
    model = trained.model
    images, factors = held_out(trained, 500)
    first, last = (int(np.flatnonzero(factors[:, 0] == digit)[0]) for digit in (6, 2))
    codes = model.represent(images[[first, last]])
    weights = np.linspace(0, 1, _INTERPOLATION)
    decoded = np.asarray(model.decode((1 - weights[:, None]) * codes[0] + weights[:, None] * codes[1]))
    atoms = np.asarray(model.decode_atoms(codes))  # [2, k, H, W, 1]
    norms = np.sqrt((atoms**2).sum(axis=(2, 3, 4)))
    rows = [
        {"block": block, "norm of the atom in the 6": float(a), "norm of the atom in the 2": float(b)}
        for block, (a, b) in enumerate(norms.T)
    ]
    figure = plots.traversal_grid(np.clip(decoded, 0, 1)[None], ["6 to 2"], weights, scale=1)
    title = "Figure 2: interpolation from a 6 to a 2"
    return write_item(request.output, title, provenance(made, request.scale), rows, {"": figure})


@item("figure_3", "navigation in one block of the code of spikes", scales=SCALES)
def figure_3(request):
    """The coordinates of one block of an image of spikes, moved one by one."""
    from tfdisent import analysis, plots

    made = open_run(request, plan("spikes", request.scale))
    trained = made.trained()
    model = trained.model
    images, _ = held_out(trained, _NUM_CODES)
    codes = model.represent(images)
    blocks = np.asarray(model.blocks(codes))  # [N, k, d0]
    image = 0
    spikes = analysis.spikes_of_atoms(np.asarray(model.decode_atoms(codes[: image + 1]))[..., 0])[image]
    block = int(np.argmax(spikes[:, 0]))
    moved = np.repeat(codes[[image]], model.block_dim * _NAVIGATION, axis=0)
    moved = moved.reshape(model.block_dim, _NAVIGATION, model.num_blocks, model.block_dim)
    for c in range(model.block_dim):
        values = np.linspace(blocks[:, block, c].min(), blocks[:, block, c].max(), _NAVIGATION)
        moved[c, :, block, c] = values
    flat = moved.reshape(-1, model.num_latents)
    decoded = np.asarray(model.decode(flat))
    spikes = analysis.spikes_of_atoms(np.asarray(model.decode_atoms(flat))[:, block, ..., 0])
    rows = [
        {
            "block": block,
            "coordinate": place // _NAVIGATION,
            "value": float(
                moved.reshape(-1, model.num_blocks, model.block_dim)[place, block, place // _NAVIGATION]
            ),
            **dict(zip(("amplitude", "x", "y"), map(float, spike), strict=True)),
        }
        for place, spike in enumerate(spikes)
    ]
    grid = np.clip(decoded, 0, 1).reshape(model.block_dim, _NAVIGATION, *decoded.shape[1:])
    labels = [f"block {block}, z{c}" for c in range(model.block_dim)]
    figure = plots.traversal_grid(
        grid, labels, moved[range(model.block_dim), :, block, range(model.block_dim)], scale=1
    )
    title = "Figure 3: navigation in one block of the code of spikes"
    return write_item(request.output, title, provenance(made, request.scale), rows, {"": figure})


@item("blocks", "one image a block, and their sum, for digits and spikes", scales=SCALES)
def blocks(request):
    """Each block's atom by itself, for digits and for spikes."""
    from tfdisent import plots

    planned = {data: plan(data, request.scale) for data in ("mnist", "spikes")}
    made = make_runs(request, list(planned.values()))
    figures, footnotes, rows = {}, {}, []
    for data, run in planned.items():
        if run not in made:
            continue
        trained = made[run].trained()
        images, _ = held_out(trained, 5)
        codes = trained.model.represent(images)
        atoms = np.asarray(trained.model.decode_atoms(codes))
        total = np.asarray(trained.model.decode(codes))
        rows += [
            {
                "data": data,
                "image": i,
                "block": j,
                "sum of the atom": float(atom.sum()),
                "largest": float(atom.max()),
            }
            for i, image in enumerate(atoms)
            for j, atom in enumerate(image)
        ]
        shown = np.concatenate([images[:, None], total[:, None], atoms], axis=1)  # [N, 2 + k, H, W, 1]
        labels = ["image, sum, atoms", *[""] * (len(images) - 1)]
        figures[f"_{data}"] = plots.traversal_grid(np.clip(shown, 0, 1), labels, scale=1)
        footnotes[f"_{data}"] = provenance(made[run], request.scale)
    title = "Blocks: the atoms of an image one by one"
    return write_item(request.output, title, " ".join(footnotes.values()), rows, figures, footnotes=footnotes)


@item(
    "spikes",
    "share of the spikes found, and what each coordinate of a block does",
    scales=SCALES,
    restarts=True,
)
def spikes(request):
    """Spikes found by the atoms, and what each coordinate of a block stands for."""
    measures = (_error_measure(request.scale), match_atoms)
    planned = [plan("spikes", request.scale, seed, measures) for seed in range(request.restarts)]
    made = make_runs(request, planned)
    rows, cells = [], []
    for run in made.values():
        seed, measured = run.planned.seed, run.measures
        numbers = {"mean squared error, held out": measured["held out"], **measured["numbers"]}
        rows += [
            {"seed": seed, "block": None, "coordinate": None, "quantity": name, "value": value}
            for name, value in numbers.items()
        ]
        rows += [{"seed": seed, **row} for row in measured["correlations"]]
        cells += [[seed, name, f"{value:.3g}"] for name, value in numbers.items()]
    facts = provenance(run, request.scale, len(made))
    table = ["seed", "quantity", "value"], cells
    return write_item(request.output, "Spikes: found by the atoms", facts, rows, table=table, draw_table=True)


def _error_measure(scale):
    return functools.partial(held_out_error, count=_NUM_TOLD.get(scale.name, 1000))
