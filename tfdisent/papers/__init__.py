"""The tables and figures of the papers: one file a paper, each item from start to picture.

A paper's file has a dict `ITEMS` from an item's name to (one-line description, function), and may have `SCALES`, the
names of the scales it knows, or those of one item as its third entry; other modules here only help one. The function
takes the output folder and returns the paths it wrote. An item that is trained with several restarts takes `seeds`
(None for the paper's own number) as well, and one that depends on how much is trained takes `scale`: what a function
does not take, the item does not have.
"""

import difflib
import importlib
import inspect
import pkgutil
import typing

from tfdisent.checks import shown, whole_number
from tfdisent.errors import UserError
from tfdisent.papers import item as packages  # until all papers are packages

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


class _Item(typing.NamedTuple):
    text: str
    function: typing.Callable
    scales: tuple
    takes: frozenset  # of "seeds", "scale"


def list_items():
    """{"paper/item": description} of every item of every paper, those not built yet with a word on that."""
    items = {name: item.text for name, item in _items().items()}
    return items | packages.list_items()


def check_item(item):
    """UserError when there is no such item, with the nearest names, and when it is not built yet."""
    items = _items()
    if not isinstance(item, str):
        raise UserError(f"An item is a text such as 'tcwae/table_1a'. Received: {shown(item)}.")
    if item in items:
        return
    if item in _NOT_BUILT:
        raise UserError(f"{item} is not built yet; `tfdisent reproduce --list` shows what can be made.")
    near = [name for name in items if name.startswith(item)]
    near = near or difflib.get_close_matches(item, items, cutoff=0.3) or list(items)
    raise UserError(f"There is no item {item!r}; did you mean {', '.join(near)}?")


def check_request(item, seeds, scale):
    """UserError when the item cannot be made so; imports nothing heavy."""
    if isinstance(item, str) and item in packages._all_items():
        packages.check_request(item, seeds, scale)
        return
    check_item(item)
    found = _items()[item]
    if seeds is not None:
        whole_number("seeds", seeds, 1)
        if seeds > 1 and "seeds" not in found.takes:
            raise UserError(f"{item} has no restarts; leave out --seeds. Received: {seeds}.")
    if scale not in found.scales:
        raise UserError(f"{item} is made at the scales {', '.join(found.scales)}. Received: {shown(scale)}.")


def reproduce(item, output, seeds=None, scale="paper", executor=None):
    """Makes one item.

    Args:
        item: "paper/item".
        output: folder of the results, of this item at this scale alone; the same call continues it. Runs that exist
            are reused.
        seeds: number of restarts, for items that have some; the paper's unless given.
        scale: "paper", or a smaller one that the item knows: "quick" only shows that it works. Items that need no
            training are the same at every scale.

    Returns:
        The paths of what was written.

    Raises:
        UserError: when the item cannot be made so, or `output` holds something else.
    """
    check_request(item, seeds, scale)
    if isinstance(item, str) and item in packages._all_items():
        return packages.reproduce(item, output, seeds, scale, executor)
    found = _items()[item]
    given = {"scale": scale} if "scale" in found.takes else {}
    from tfdisent.studies.output_folder import claim_output

    output = claim_output(output, "item.json", "item", {"item": item, **given})
    if seeds is not None and "seeds" in found.takes:
        given["seeds"] = seeds
    return found.function(output, **given)


def _items():
    """{"paper/item": `_Item`}."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        paper = importlib.import_module(f"{__name__}.{module.name}")
        scales = getattr(paper, "SCALES", ("paper", "quick"))
        for name, (text, function, *own) in getattr(paper, "ITEMS", {}).items():
            takes = frozenset(inspect.signature(function).parameters) & {"seeds", "scale"}
            found[f"{module.name}/{name}"] = _Item(text, function, tuple(*own or (scales,)), takes)
    every = tuple(dict.fromkeys(scale for item in found.values() for scale in item.scales))
    return {
        name: item if "scale" in item.takes else item._replace(scales=every) for name, item in found.items()
    }
