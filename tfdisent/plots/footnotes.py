"""A line below a picture that says what was done to get it, so that it cannot be taken for something else."""

import textwrap

from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from tfdisent import checks
from tfdisent.errors import UserError
from tfdisent.plots.arguments import text as checked_text
from tfdisent.plots.style import FONT_PATH, MUTED, PAPER

__all__ = ["with_footnote"]

_FONT_SIZE = 12  # pixels, of Pillow images
_POINTS = 7  # of matplotlib figures
_LINE = 0.14  # inches, of matplotlib figures
_CHARACTER = 0.62  # mean width of a character, in font sizes


def with_footnote(picture, text):
    """The picture with a text below it, broken at its width.

    Args:
      picture: `PIL.Image.Image`, or a matplotlib figure, which is changed.
      text: such as the data source and the number of training steps.

    Returns:
      A new Pillow image, or the figure.

    Raises:
      UserError: for what is no picture, or no text.
    """
    checked_text("text", text)
    if not isinstance(picture, (Figure, Image.Image)):
        raise UserError(
            f"picture must be a matplotlib Figure or a Pillow image. Received: {checks.shown(picture)}."
        )
    if isinstance(picture, Figure):
        return _below_figure(picture, text)
    lines = textwrap.wrap(text, max(20, int(picture.width / (_FONT_SIZE * _CHARACTER))))
    step = int(1.4 * _FONT_SIZE)
    page = Image.new("RGB", (picture.width, picture.height + step * len(lines) + step // 2), PAPER)
    page.paste(picture, (0, 0))
    pen, font = ImageDraw.Draw(page), ImageFont.truetype(FONT_PATH, _FONT_SIZE)
    for number, line in enumerate(lines):
        pen.text((step // 2, picture.height + number * step), line, fill=MUTED, font=font)
    return page


def _below_figure(figure, text):
    width, height = figure.get_size_inches()
    lines = textwrap.wrap(text, max(20, int(width * 72 / (_POINTS * _CHARACTER))))
    added = _LINE * (len(lines) + 0.5)
    figure.set_figheight(height + added)
    place = {"ha": "left", "fontsize": _POINTS, "color": MUTED, "parse_math": False}
    if figure.get_layout_engine() is not None:
        figure.supxlabel("\n".join(lines), x=0.01, **place)
        return figure
    for panel in figure.axes:  # they keep their size and stand above
        x, y, panel_width, panel_height = panel.get_position().bounds
        scale = height / (height + added)
        panel.set_position((x, (y * height + added) / (height + added), panel_width, panel_height * scale))
    figure.text(0.15 / width, 0.5 * _LINE / (height + added), "\n".join(lines), va="bottom", **place)
    return figure
