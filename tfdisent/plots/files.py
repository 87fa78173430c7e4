"""Pictures to bytes, and to files."""

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.files import write_whole

__all__ = ["encode", "save_figure"]

DOTS_PER_INCH = 160


def save_figure(figure, path):
    """Writes a matplotlib figure or a Pillow image; the ending of `path` decides the format.

    Args:
      figure: `matplotlib.figure.Figure` or `PIL.Image.Image`.
      path: where to; folders that are missing are made. A failing write leaves an older file as it was.

    Returns:
      `pathlib.Path` of the file.

    Raises:
      UserError: if the format is unknown, or the file cannot be written.
    """
    path = Path(checks.path_like("path", path))
    return write_whole(path, encode(figure, path.suffix.lstrip(".").lower()))


def encode(figure, kind):
    """The bytes of a figure or image as a file of the given kind ("png", "jpg", "pdf", ...)."""
    if not isinstance(figure, (Figure, Image.Image)):
        raise UserError(
            f"Only a matplotlib Figure or a Pillow image can be saved. Received: {type(figure).__name__}."
        )
    is_plot = isinstance(figure, Figure)
    formats = dict.fromkeys(figure.canvas.get_supported_filetypes(), kind) if is_plot else _pillow_formats()
    if kind not in formats:
        raise UserError(
            f"A {type(figure).__name__} is saved as one of {', '.join(sorted(formats))}. Received: {kind!r}."
        )
    buffer = io.BytesIO()
    if is_plot:
        figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH)
    else:
        figure.save(buffer, format=formats[kind], optimize=True)
    return buffer.getvalue()


def _pillow_formats():
    return {
        ending[1:]: kind
        for ending, kind in Image.registered_extensions().items()
        if kind in ("PNG", "GIF", "JPEG")
    }
