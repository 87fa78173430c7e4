"""The tables and figures of the papers: one file a paper, each item from start to picture.

A paper's file has a dict `ITEMS` from an item's name to (one-line description, function), and may have `SCALES`, the
names of the scales it knows, or those of one item as its third entry; other modules here only help one. The function
takes the output folder, `seeds` (None for the paper's own number) and `scale`, and returns the paths it wrote.
"""

import difflib
import importlib
import pkgutil

from tfdisent.errors import UserError

__all__ = ["check_item", "check_request", "list_items", "reproduce"]

_NOT_BUILT = {
    "demystifying_biases/table_4_1": "settings of the models",
    "demystifying_biases/table_4_2": "MIG on original, altered and noisy data",
    "demystifying_biases/table_4_3": "DCI on original, altered and noisy data",
    "demystifying_biases/table_4_4": "FactorVAE score on original, altered and noisy data",
    "demystifying_biases/table_4_5": "SAP on original, altered and noisy data",
    "demystifying_biases/figures_4_1_and_4_2": "manifolds, and how the alteration is found",
    "demystifying_biases/figure_4_3": "originals, manipulations and altered images",
    "demystifying_biases/figures_4_4_to_4_7": "scores over scaled hyperparameters",
    "demystifying_biases/figure_4_8": "histograms of MIG on altered rooms",
    "demystifying_biases/figure_4_9": "MIG of each factor",
    "demystifying_biases/figures_4_10_and_4_11": "traversals of two latents, Cartesian and polar",
    "demystifying_biases/chapter_5": "the propositions in numbers",
}


def list_items():
    """{"paper/item": description} of every item of every paper, those not built yet with a word on that."""
    items = {item: text for item, (text, _, _) in _items().items()}
    return items | {item: f"not built yet: {text}" for item, text in _NOT_BUILT.items() if item not in items}


def check_item(item):
    """UserError when there is no such item, with the nearest names, and when it is not built yet."""
    items = _items()
    if item in items:
        return
    if item in _NOT_BUILT:
        raise UserError(f"{item} is not built yet; `tfdisent reproduce --list` shows what can be made.")
    near = [name for name in items if name.startswith(item)]
    near = near or difflib.get_close_matches(item, items, cutoff=0.3) or list(items)
    raise UserError(f"There is no item {item!r}; did you mean {', '.join(near)}?")


def check_request(item, seeds, scale):
    """UserError when the item cannot be made so; imports nothing heavy."""
    check_item(item)
    if seeds is not None and (isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1):
        raise UserError(f"seeds must be a whole number, 1 or larger. Received: {seeds!r}.")
    scales = _items()[item][2]
    if scale not in scales:
        raise UserError(f"{item} is made at the scales {', '.join(scales)}. Received: {scale!r}.")


def reproduce(item, output, seeds=None, scale="paper"):
    """Makes one item.

    Args:
        item: "paper/item".
        output: folder of the results; runs that exist are reused.
        seeds: number of restarts; the paper's unless given.
        scale: "paper", or a smaller one that the item knows: "quick" only shows that it works.

    Returns:
        The paths of what was written.

    Raises:
        UserError: when the item cannot be made so.
    """
    check_request(item, seeds, scale)
    given = {} if seeds is None else {"seeds": seeds}
    return _items()[item][1](output, scale=scale, **given)


def _items():
    """{"paper/item": (description, function, scales)}."""
    items = {}
    for module in pkgutil.iter_modules(__path__):
        paper = importlib.import_module(f"{__name__}.{module.name}")
        scales = getattr(paper, "SCALES", ("paper", "quick"))
        for name, (text, function, *own) in getattr(paper, "ITEMS", {}).items():
            items[f"{module.name}/{name}"] = text, function, tuple(*own or (scales,))
    return items
