"""What the atoms of an atomic autoencoder are: spikes found in them, and what each coordinate of a block does."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["coordinate_correlations", "match_spikes", "spikes_of_atoms"]


def spikes_of_atoms(atoms, radius=8):
    """The highest point of each atom as a spike: its height, and the centre of what lies around it.

    Args:
        atoms: [..., H, W].
        radius: pixels around the highest one whose centre of mass is the position; negative values count as 0.

    Returns:
        float64 [..., 3]: amplitude, x and y in pixels from the centre of the first pixel, x to the right.

    Raises:
        UserError: for what are no images.
    """
    atoms = checks.array("atoms", atoms, "... H W")
    radius = min(checks.whole_number("radius", radius, least=0), max(atoms.shape[-2:]))
    *lead, height, width = atoms.shape
    found = np.zeros((int(np.prod(lead, dtype=int)), 3))
    for row, image in enumerate(atoms.reshape(-1, height, width)):
        peak_y, peak_x = np.unravel_index(np.argmax(image), image.shape)
        top, left = max(peak_y - radius, 0), max(peak_x - radius, 0)
        near = np.maximum(image[top : peak_y + radius + 1, left : peak_x + radius + 1], 0.0)
        mass = near.sum()
        ys, xs = np.arange(top, top + near.shape[0]), np.arange(left, left + near.shape[1])
        x, y = (near.sum(0) @ xs / mass, near.sum(1) @ ys / mass) if mass > 0 else (peak_x, peak_y)
        found[row] = image[peak_y, peak_x], x, y
    return found.reshape(*lead, 3)


def match_spikes(found, true, least_amplitude=0.1, largest_distance=3.0):
    """Pairs atoms with true spikes, image by image, by the assignment of least total distance.

    Args:
        found: [N, k, 3], amplitude, x and y of each atom; those below `least_amplitude` are not used.
        true: [N, K, 3], likewise; an amplitude of 0 is no spike.
        least_amplitude: of an atom that counts as drawn.
        largest_distance: pixels within which a spike counts as found.

    Returns:
        dict with
            share_found: of the true spikes, those with their atom within `largest_distance`;
            share_spurious: of the atoms drawn, those without a spike so near;
            mean_distance: pixels, over the spikes found;
            partner: int [N, k], the true spike of each atom, -1 for none so near.

    Raises:
        UserError: for arrays that do not belong together.
    """
    sizes = {}
    found = checks.array("found", found, "N k 3", sizes, dtype=np.float64)
    true = checks.array("true", true, "N K 3", sizes, dtype=np.float64)
    least_amplitude = checks.number("least_amplitude", least_amplitude)
    largest_distance = checks.number("largest_distance", largest_distance, least=0)
    partner = np.full(found.shape[:2], -1)
    distances, num_drawn, num_true = [], 0, 0
    for row, (atoms, spikes) in enumerate(zip(found, true, strict=True)):
        drawn, there = np.flatnonzero(atoms[:, 0] >= least_amplitude), np.flatnonzero(spikes[:, 0] > 0)
        num_drawn, num_true = num_drawn + len(drawn), num_true + len(there)
        apart = np.linalg.norm(atoms[drawn, None, 1:] - spikes[None, there, 1:], axis=-1)
        # Far is far: a spike without its atom must not pull other pairs apart.
        for i, j in zip(*linear_sum_assignment(np.minimum(apart, 4 * largest_distance)), strict=True):
            if apart[i, j] <= largest_distance:
                partner[row, drawn[i]] = there[j]
                distances.append(apart[i, j])
    return {
        "share_found": len(distances) / max(num_true, 1),
        "share_spurious": 1.0 - len(distances) / max(num_drawn, 1),
        "mean_distance": float(np.mean(distances)) if distances else float("nan"),
        "partner": partner,
    }


def coordinate_correlations(blocks, true, partner, least_number=20):
    """Correlation of each coordinate of each block with amplitude, x and y of the spike that the block draws.

    Args:
        blocks: [N, k, d0], codes.
        true: [N, K, 3], true spikes.
        partner: int [N, k] of `match_spikes`.
        least_number: of images in which a block has a spike; NaN for blocks with fewer.

    Returns:
        float64 [k, d0, 3] in [-1, 1]; 0 for a coordinate that does not vary.

    Raises:
        UserError: for arrays that do not belong together.
    """
    sizes = {}
    blocks = checks.array("blocks", blocks, "N k d0", sizes, dtype=np.float64)
    true = checks.array("true", true, "N K 3", sizes)
    partner = checks.array("partner", partner, "N k", sizes, whole=True)
    least_number = checks.whole_number("least_number", least_number, least=1)
    if partner.min() < -1 or partner.max() >= sizes["K"]:
        raise UserError(
            f"partner must hold places of spikes, -1 to {sizes['K'] - 1}. "
            f"Received: {partner.min()} to {partner.max()}."
        )
    result = np.full((*blocks.shape[1:], 3), np.nan)
    for block in range(blocks.shape[1]):
        rows = np.flatnonzero(partner[:, block] >= 0)
        if len(rows) < least_number:
            continue
        codes, spikes = blocks[rows, block], true[rows, partner[rows, block]]
        codes, spikes = codes - codes.mean(0), spikes - spikes.mean(0)
        scale = np.sqrt((codes**2).sum(0))[:, None] * np.sqrt((spikes**2).sum(0))
        result[block] = np.divide(codes.T @ spikes, scale, out=np.zeros_like(scale), where=scale > 0)
    return result
