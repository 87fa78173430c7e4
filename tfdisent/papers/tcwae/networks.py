"""The networks, optimizers and data sets that the paper's settings are compared with."""

import logging

from tfdisent.errors import UserError
from tfdisent.papers.tcwae.plans import DRAWN, ORIGINALS, SCALES, configuration

__all__ = ["built_model", "described_data", "layer_text", "layers"]

_LOG = logging.getLogger(__name__)


def built_model(setting):
    """The model of a setting with its optimizers, after one step on drawn images that leaves no files."""
    from tfdisent import config

    name, bindings = configuration(setting, SCALES["quick"])
    config.parse([name], (*bindings, "data.DSpritesDrawn.image_size=64", "training.train.steps=1"))
    return config.train_configured(None, progress=False).model


def described_data(data):
    """`tfdisent.data.describe` of the original, of what is drawn on its grid, or None where there is neither."""
    from tfdisent.data import describe, get_named_ground_truth_data

    try:
        return describe(get_named_ground_truth_data(ORIGINALS[data]))
    except UserError as error:
        if data in DRAWN:
            return describe(get_named_ground_truth_data(DRAWN[data]))
        _LOG.warning("%s", error)
        return None


def layer_text(kind, units, activation, stride):
    """Such as "4x4 conv, 32, relu, stride 2"."""
    return f"{kind}, {units}, {activation}" + (f", stride {stride}" if stride else "")


def layers(network):
    """Columns of a row on each layer that has weights."""
    import keras

    for layer in network.layers:
        if isinstance(layer, keras.layers.Dense):
            kind, units, stride = "dense", layer.units, None
        elif hasattr(layer, "filters"):
            height, width = layer.kernel_size
            kind, units, stride = f"{height}x{width} conv", layer.filters, layer.strides[0]
        else:
            continue
        text = layer_text(kind, units, layer.activation.__name__, stride)
        shape = " x ".join(map(str, layer.output.shape[1:]))
        yield {"ours": text, "output": shape, "weights": layer.count_params()}
