"""The local axes of a data set: along which change of its factors images change most."""

import numpy as np

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["local_axes"]


def local_axes(images, width=0.0):
    """The principal directions of the images' derivatives by two factors, at each place of the factors' grid.

    With J the derivatives [features, 2] of the images by the two factors, a VAE that spends as little noise as it can
    aligns its latents with the right singular vectors of J. Where these are the factors' own directions the latents
    encode one factor each.

    Args:
        images: [X, Y, ...], an image for each pair of values of the two factors, three values or more of each.
        width: standard deviation, in steps of the grid, of a Gaussian with which the images are averaged over the grid
            before; the noise of a VAE's codes blurs what is finer. At most max(X, Y).

    Returns:
        {"gram": J^T J [X, Y, 2, 2] per step of the grid squared; "angle": [X, Y] degrees in [-45, 45), between the
        direction of the largest change and that of the nearer factor; "ratio": [X, Y] in [0, 1],
        smaller over larger singular value, 1 where no direction stands out}.

    Raises:
        UserError: for fewer values, images that are no numbers, and a width out of its range.

    References: Zietlow's thesis, Sec. 3.2.5 and 4.2.1, of which this is the discrete form.
    """
    from scipy.ndimage import gaussian_filter1d

    images = checks.array("images", images, "X Y ...", finite=True, dtype=np.float64)
    width = checks.number("width", width, least=0, most=max(images.shape[:2]))
    if images.ndim < 3 or min(images.shape[:2]) < 3:
        raise UserError(
            "images must be [X, Y, ...] with three values or more of both factors. "
            f"Received: shape {images.shape}."
        )
    features = images.reshape(*images.shape[:2], -1)
    if width:
        for axis in (0, 1):
            features = gaussian_filter1d(features, width, axis=axis, mode="nearest")
    jacobian = np.stack(np.gradient(features, axis=(0, 1)), axis=-1)  # [X, Y, features, 2]
    gram = np.einsum("xyfi,xyfj->xyij", jacobian, jacobian)
    values, vectors = np.linalg.eigh(gram)  # ascending
    largest = np.degrees(np.arctan2(vectors[..., 1, 1], vectors[..., 0, 1]))
    angle = (largest + 45) % 90 - 45
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.sqrt(np.maximum(values[..., 0], 0) / values[..., 1])
    return {"gram": gram, "angle": angle, "ratio": np.where(values[..., 1] > 0, ratio, 1.0)}
