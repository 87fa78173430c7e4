"""Pictures of many sizes made small, once, and kept in a file that is mapped into memory."""

import io
import logging
import math
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tfdisent.errors import UserError

__all__ = ["decode", "prepared", "resize"]

_BLOCK = 512
_log = logging.getLogger(__name__)


def resize(image, box=None, size=64):
    """An image uint8 [size, size, ...] of an array or picture, or of its part in `box` (left, top, right, bottom).

    Lanczos' filter, as Pillow's, which averages where it reduces.
    """
    from PIL import Image

    picture = Image.fromarray(np.asarray(image)) if not isinstance(image, Image.Image) else image
    picture = picture if box is None else picture.crop(box)
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))


def decode(content, name, box=None, mode="RGB"):
    """An image uint8 [64, 64, C] of the bytes of a picture file, or of its part in `box`.

    Raises:
        UserError: if they are no picture, or cut short; the sentence names the file `name`.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            if box is not None and (picture.width < box[2] or picture.height < box[3]):
                raise UserError(
                    f"{name} must be a picture of at least {box[2]}x{box[3]} pixels; fetch the original. "
                    f"Received: {picture.width}x{picture.height}"
                )
            return resize(picture.convert(mode), box)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(
            f"{name} is no picture, or is cut short; fetch it again. Received: {error}"
        ) from error


def prepared(path, names, read, box=None):
    """The pictures `names` made 64x64x3, as an array of bytes that lies in the file `path`.

    The file is written the first time, whole or not at all, and mapped into memory from then on; where it
    cannot be written, the array is in memory only.

    Args:
        path: of the npy file.
        names: N names of pictures, in the order of the array.
        read: function that gives the bytes of a name's picture file.
        box: part of each picture that is kept (left, top, right, bottom); None for the whole.

    Returns:
        uint8 [N, 64, 64, 3].
    """
    shape = (len(names), 64, 64, 3)
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
        if images.shape == shape and images.dtype == np.uint8:
            return images
    except (OSError, ValueError, EOFError):
        pass  # not there yet, or not ours: made anew
    if not os.access(path.parent, os.W_OK):
        return np.concatenate(list(_blocks(names, read, box)))
    _log.info("Making %s pictures small, once; they are kept in %s.", f"{len(names):,}", path)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for block in _blocks(names, read, box):
                file.write(block.tobytes())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except OSError as error:
        raise UserError(
            f"{path} could not be written ({error.strerror or error}); make room for {math.prod(shape):,} bytes, "
            f"or make the folder read-only to keep the images in memory. Received: {path}"
        ) from error
    finally:
        if os.path.exists(beside):
            os.unlink(beside)
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _blocks(names, read, box):
    """The small pictures uint8 [at most 512, 64, 64, 3], in order."""
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(names), _BLOCK):
            block = names[start : start + _BLOCK]
            contents = [read(name) for name in block]
            yield np.stack(list(pool.map(lambda *picture: decode(*picture, box), contents, block)))
            if start and start % (40 * _BLOCK) == 0:
                _log.info("%s of %s pictures", f"{start:,}", f"{len(names):,}")
