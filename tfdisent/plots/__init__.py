"""Figures, moving pictures and the HTML report: arrays in, pictures out; never imports TensorFlow.

Pictures of images (`reconstructions`, `traversal_grid`, `image_grid`) are Pillow images with every pixel as
it was given; plots (`loss_curves`, `codes_scatter`, `heat_maps`) are matplotlib figures. `save_figure` writes either,
`write_report` puts them together.
"""

from tfdisent.plots.animation import traversal_gif
from tfdisent.plots.classes import class_scatter, springs
from tfdisent.plots.codes import codes_scatter, explained_variance
from tfdisent.plots.comparisons import Curve, comparison_curves, violins
from tfdisent.plots.curves import loss_curves
from tfdisent.plots.files import save_figure
from tfdisent.plots.footnotes import with_footnote
from tfdisent.plots.heat_maps import heat_maps
from tfdisent.plots.pictures import image_grid, reconstructions, traversal_grid
from tfdisent.plots.polarized_regime import polarized_regime
from tfdisent.plots.report import Cell, Facts, Heading, Paragraph, Picture, Preformatted, Table, write_report
from tfdisent.plots.signals import code_planes, coloured_curves, contour_maps, signal_grid
from tfdisent.plots.table_picture import table_picture

__all__ = [
    "Cell",
    "Curve",
    "Facts",
    "Heading",
    "Paragraph",
    "Picture",
    "Preformatted",
    "Table",
    "class_scatter",
    "code_planes",
    "codes_scatter",
    "coloured_curves",
    "comparison_curves",
    "contour_maps",
    "explained_variance",
    "heat_maps",
    "image_grid",
    "loss_curves",
    "polarized_regime",
    "reconstructions",
    "save_figure",
    "signal_grid",
    "springs",
    "table_picture",
    "traversal_gif",
    "traversal_grid",
    "violins",
    "with_footnote",
    "write_report",
]
