"""Newson & Traonmilin, Disentangled latent representations of images with atomic autoencoders: the supplement.

It prints no numbers beside Table I; gin_configs/atomic_autoencoder says which settings are taken.
"""

import dataclasses

import numpy as np

from tfdisent.papers.single_runs import held_out, told_of, trained_run
from tfdisent.papers.tables import write_item

__all__ = ["ITEMS", "SCALES", "TABLE_1"]

# As printed: what each layer has, its output, and the weights that follow from it with biases.
TABLE_1 = {
    "encoder, conv": (32, 16, 8, 8),
    "encoder, dense": (512, 96),  # the first 512 of the table is the flattened 8 x 8 x 8
    "block decoder, dense": (32, 32),
    "block decoder, conv": (8, 8, 8, 16, 32, 1),
}
_NUM_IMAGES = 10
_NUM_CODES = 256  # that set the range of the navigation
_NAVIGATION = 6  # images a coordinate
_INTERPOLATION = 10  # images
_NUM_MATCHED = 500  # held-out images whose atoms are compared with their spikes


@dataclasses.dataclass(frozen=True)
class _Scale:
    label: str
    bindings: dict  # {data: lines over the shipped configuration}


_SCALES = {
    "paper": _Scale("the paper's code's 1,000,000 steps of 64", {"mnist": (), "spikes": ()}),
    "reduced": _Scale(
        "REDUCED: an hour (digits) or an hour and a half (spikes) on one core, a small part of the 1,000,000 steps of "
        "64 of the paper's code; for the spikes Adam's rate is 1e-3 in place of 1e-4",
        {
            "mnist": (
                "training.train.steps=8000",
                "training.train.batch_size=32",
                "training.train.dtype='mixed_bfloat16'",
            ),
            "spikes": (
                "training.train.steps=24000",
                "training.train.batch_size=32",
                "training.train.dtype='mixed_bfloat16'",
                "keras.optimizers.Adam.learning_rate=1e-3",
            ),
        },
    ),
    "quick": _Scale(
        "QUICK: a few steps, which show only that everything works; no number means anything",
        {
            "mnist": (
                "training.train.steps=4",
                "training.train.batch_size=4",
                "training.train.log_every=2",
                "models.AtomicAutoencoder.num_blocks=4",
            ),
            "spikes": (
                "training.train.steps=20",
                "training.train.batch_size=8",
                "training.train.log_every=10",
                "data.Spikes.image_size=32",
                "data.Spikes.max_spikes=2",
                "data.Spikes.sigma=1.5",
                "data.Spikes.num_images=400",
            ),
        },
    ),
}
SCALES = tuple(_SCALES)


def _trained(output, data, scale, seed=0):
    name = f"{scale}/{data}"
    return trained_run(output, name, f"atomic_autoencoder/{data}.gin", _SCALES[scale].bindings[data], seed)


def _table_1(output):
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
    told = "Read from the networks as built for 128 x 128 x 1 images, k = 16, d0 = 6; nothing was trained."
    title = "Table 1: layers of the atomic autoencoder"
    return write_item(output, title, told, rows, table=table, draw_table=True)


def _propositions(output):
    """Lemma I.1 and Propositions II.1, II.2."""
    from tfdisent import analysis

    rows = analysis.propositions()
    headers = list(rows[0])
    cells = [
        [f"{row[key]:.3g}" if isinstance(row[key], float) else row[key] for key in headers] for row in rows
    ]
    title = "Propositions: Lemma I.1 and Propositions II.1 and II.2 in numbers"
    told = "Computed for 1,000 random latents of signals of 128 samples; nothing was trained."
    table = headers, cells
    return write_item(output, title, told, rows, table=table, draw_table=True)


def _figure_1(output, scale="paper"):
    """Held-out digits above their reconstructions, and the error on all held-out ones."""
    from tfdisent import plots

    trained = _trained(output, "mnist", scale)
    images, factors = held_out(trained, _NUM_IMAGES)
    model = trained.model
    decoded = np.asarray(model(images))
    errors = ((decoded - images) ** 2).mean(axis=(1, 2, 3))
    rows = [
        {"image": i, "digit": int(factors[i, 0]), "mean squared error": float(error)}
        for i, error in enumerate(errors)
    ]
    rows.append({"image": "all held out", "mean squared error": _held_out_error(trained, scale)})
    figure = plots.reconstructions(images, {"atomic autoencoder": np.clip(decoded, 0, 1)}, scale=1)
    told = told_of(trained, _SCALES[scale].label)
    return write_item(
        output, "Figure 1: digits of 128 x 128 and their reconstructions", told, rows, {"": figure}
    )


def _figure_2(output, scale="paper"):
    """Interpolation between the codes of a held-out 6 and a held-out 2."""
    from tfdisent import plots

    trained = _trained(output, "mnist", scale)
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
    row = np.clip(decoded, 0, 1)[None]
    figure = plots.traversal_grid(row, ["6 to 2"], weights, scale=1)
    told = told_of(trained, _SCALES[scale].label)
    return write_item(output, "Figure 2: interpolation from a 6 to a 2", told, rows, {"": figure})


def _figure_3(output, scale="paper"):
    """The coordinates of one block of an image of spikes, moved one by one."""
    from tfdisent import analysis, plots

    trained = _trained(output, "spikes", scale)
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
    drawn = np.asarray(model.decode(flat))
    found = analysis.spikes_of_atoms(np.asarray(model.decode_atoms(flat))[:, block, ..., 0])
    rows = [
        {
            "block": block,
            "coordinate": place // _NAVIGATION,
            "value": float(
                moved.reshape(-1, model.num_blocks, model.block_dim)[place, block, place // _NAVIGATION]
            ),
            **dict(zip(("amplitude", "x", "y"), map(float, spike), strict=True)),
        }
        for place, spike in enumerate(found)
    ]
    grid = np.clip(drawn, 0, 1).reshape(model.block_dim, _NAVIGATION, *drawn.shape[1:])
    labels = [f"block {block}, z{c}" for c in range(model.block_dim)]
    figure = plots.traversal_grid(
        grid, labels, moved[range(model.block_dim), :, block, range(model.block_dim)], scale=1
    )
    told = told_of(trained, _SCALES[scale].label)
    return write_item(
        output, "Figure 3: navigation in one block of the code of spikes", told, rows, {"": figure}
    )


def _blocks(output, scale="paper"):
    """Each block's atom by itself, for digits and for spikes."""
    from tfdisent import plots

    figures, footnotes, rows = {}, {}, []
    for data in ("mnist", "spikes"):
        trained = _trained(output, data, scale)
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
        header = "image, sum, atoms"
        picture = plots.traversal_grid(np.clip(shown, 0, 1), [header, *[""] * (len(images) - 1)], scale=1)
        figures[f"_{data}"] = picture
        footnotes[f"_{data}"] = told_of(trained, _SCALES[scale].label)
    title = "Blocks: the atoms of an image one by one"
    return write_item(output, title, " ".join(footnotes.values()), rows, figures, footnotes=footnotes)


def _spikes(output, seeds=None, scale="paper"):
    """Spikes found by the atoms, and what each coordinate of a block stands for."""

    seeds = seeds or 1
    rows = []
    for seed in range(seeds):
        trained = _trained(output, "spikes", scale, seed)
        rows += [{"seed": seed, **row} for row in _matched(trained, scale)]
    numbers = [row for row in rows if row["block"] is None]
    headers = ["seed", "quantity", "value"]
    table = headers, [[row["seed"], row["quantity"], f"{row['value']:.3g}"] for row in numbers]
    title = "Spikes: found by the atoms"
    told = told_of(trained, _SCALES[scale].label, seeds)
    return write_item(output, title, told, rows, table=table, draw_table=True)


def _matched(trained, scale):
    from tfdisent import analysis

    model = trained.model
    images, factors = held_out(trained, _NUM_MATCHED)
    true = factors.reshape(len(factors), -1, 3)
    codes = model.represent(images)
    found = np.concatenate(
        [
            analysis.spikes_of_atoms(np.asarray(model.decode_atoms(part))[..., 0])
            for part in np.array_split(codes, 25)
        ]
    )
    matched = analysis.match_spikes(found, true)
    blocks = np.asarray(model.blocks(codes))
    correlations = np.abs(analysis.coordinate_correlations(blocks, true, matched["partner"]))
    # The share of a block's best coordinate for each of amplitude, x and y, mean over the blocks in use.
    used = np.isfinite(correlations).all(axis=(1, 2))
    best = correlations[used].max(axis=1) if used.any() else np.full((1, 3), np.nan)
    rows = [
        ("mean squared error, held out", _held_out_error(trained, scale)),
        ("mean squared error of their mean image", float(images.var(axis=0).mean())),
        ("share of the spikes found within 3 pixels", matched["share_found"]),
        ("share of the atoms drawn that are no spike", matched["share_spurious"]),
        ("mean distance of the spikes found, pixels", matched["mean_distance"]),
        ("blocks in use", float(used.sum())),
        *(
            (f"largest |correlation| of a coordinate with {name}, mean over blocks", float(value))
            for name, value in zip(("amplitude", "x", "y"), best.mean(axis=0), strict=True)
        ),
    ]
    table = [{"block": None, "coordinate": None, "quantity": name, "value": value} for name, value in rows]
    for block, coordinate, factor in np.ndindex(*correlations.shape):
        quantity = f"|correlation| with {('amplitude', 'x', 'y')[factor]}"
        value = float(correlations[block, coordinate, factor])
        table.append({"block": block, "coordinate": coordinate, "quantity": quantity, "value": value})
    return table


def _held_out_error(trained, scale):
    """Mean squared error on the held-out observations (50 of them at quick scale)."""
    count = 50 if scale == "quick" else 1000
    images, _ = held_out(trained, count)
    decoded = trained.model.in_batches(trained.model.call, images, 50)
    return float(((decoded - images) ** 2).mean())


ITEMS = {
    "table_1": ("layers of the network beside the printed ones", _table_1),
    "propositions": ("Lemma I.1 and Propositions II.1, II.2 in numbers", _propositions),
    "figure_1": ("digits and their reconstructions", _figure_1),
    "figure_2": ("interpolation from a 6 to a 2", _figure_2),
    "figure_3": ("navigation in one block of the code of spikes", _figure_3),
    "blocks": ("one image a block, and their sum, for digits and spikes", _blocks),
    "spikes": ("share of the spikes found, and what each coordinate of a block does", _spikes),
}
