"""Figures, moving pictures and the HTML report: arrays in, pictures out; never imports TensorFlow.

Pictures of images (`reconstructions`, `traversal_grid`, `image_grid`) are Pillow images with every pixel as
it was given; plots (`loss_curves`, `codes_scatter`) are matplotlib figures. `save_figure` writes either,
`write_report` puts them together.
"""

from tfdisent.plots.animation import traversal_gif
from tfdisent.plots.codes import codes_scatter, explained_variance
from tfdisent.plots.curves import loss_curves
from tfdisent.plots.files import save_figure
from tfdisent.plots.pictures import image_grid, reconstructions, traversal_grid
from tfdisent.plots.report import Facts, Heading, Paragraph, Picture, Preformatted, Table, write_report

__all__ = [
    "Facts",
    "Heading",
    "Paragraph",
    "Picture",
    "Preformatted",
    "Table",
    "codes_scatter",
    "explained_variance",
    "image_grid",
    "loss_curves",
    "reconstructions",
    "save_figure",
    "traversal_gif",
    "traversal_grid",
    "write_report",
]
