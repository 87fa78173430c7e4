"""What is computed from a trained atomic autoencoder."""

import numpy as np

from tfdisent.papers.runs import held_out

__all__ = ["held_out_error", "match_atoms"]

_NUM_MATCHED = 500  # held-out images whose atoms are compared with their spikes
_PARTS_OF_SPIKES = ("amplitude", "x", "y")


def held_out_error(trained, count):
    """{"held out": mean squared error a pixel of the first `count` held-out observations}."""
    images, _ = held_out(trained, count)
    decoded = trained.model.in_batches(trained.model.call, images, 50)
    return {"held out": float(((decoded - images) ** 2).mean())}


def match_atoms(trained):
    """How well the atoms of held-out images find their spikes, and what each coordinate of a block stands for.

    Args:
        trained: `TrainedModel` of images of spikes.

    Returns:
        {"numbers": {quantity: value}, "correlations": rows of block, coordinate, quantity and value}.
    """
    from tfdisent import analysis

    model = trained.model
    images, factors = held_out(trained, _NUM_MATCHED)
    true = factors.reshape(len(factors), -1, 3)
    codes = model.represent(images)
    drawn = np.concatenate(
        [
            analysis.spikes_of_atoms(np.asarray(model.decode_atoms(part))[..., 0])
            for part in np.array_split(codes, 25)
        ]
    )
    matched = analysis.match_spikes(drawn, true)
    blocks = np.asarray(model.blocks(codes))  # [N, k, d0]
    correlations = np.abs(analysis.coordinate_correlations(blocks, true, matched["partner"]))
    used = np.isfinite(correlations).all(axis=(1, 2))
    best = correlations[used].max(axis=1) if used.any() else np.full((1, 3), np.nan)
    numbers = {
        "mean squared error of their mean image": float(images.var(axis=0).mean()),
        "share of the spikes found within 3 pixels": matched["share_found"],
        "share of the atoms drawn that are no spike": matched["share_spurious"],
        "mean distance of the spikes found, pixels": matched["mean_distance"],
        "blocks in use": float(used.sum()),
        **{
            f"largest |correlation| of a coordinate with {name}, mean over blocks": float(value)
            for name, value in zip(_PARTS_OF_SPIKES, best.mean(axis=0), strict=True)
        },
    }
    rows = [
        {
            "block": block,
            "coordinate": coordinate,
            "quantity": f"|correlation| with {_PARTS_OF_SPIKES[part]}",
            "value": float(correlations[block, coordinate, part]),
        }
        for block, coordinate, part in np.ndindex(*correlations.shape)
    ]
    return {"numbers": numbers, "correlations": rows}
