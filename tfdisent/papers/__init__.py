"""The tables and figures of the papers: one file a paper, each item from start to picture.

A paper's file has a dict `ITEMS` from an item's name to (one-line description, function). The function takes
(output folder, seeds, scale) and returns the paths it wrote.
"""

import difflib
import importlib
import pkgutil

from tfdisent.errors import UserError

__all__ = ["check_item", "list_items", "reproduce"]


def list_items():
    """{"paper/item": description} of everything that can be made."""
    return {item: text for item, (text, _) in _items().items()}


def check_item(item):
    """UserError with the nearest names when there is no such item."""
    items = _items()
    if item not in items:
        near = difflib.get_close_matches(item, items, cutoff=0.3) or list(items)
        raise UserError(f"There is no item {item!r}; did you mean {', '.join(near)}?")


def reproduce(item, output, seeds=10, scale="paper"):
    """Makes one item.

    Args:
        item: "paper/item".
        output: folder of the runs and results; runs that exist are reused.
        seeds: number of restarts.
        scale: "paper", or "quick" to see that it works.

    Returns:
        The paths of what was written.
    """
    check_item(item)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise UserError(f"seeds must be a whole number, 1 or larger. Received: {seeds!r}.")
    return _items()[item][1](output, seeds, scale)


def _items():
    items = {}
    for module in pkgutil.iter_modules(__path__):
        paper = importlib.import_module(f"{__name__}.{module.name}")
        items.update({f"{module.name}/{name}": entry for name, entry in paper.ITEMS.items()})
    return items
