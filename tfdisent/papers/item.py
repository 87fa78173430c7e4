"""What an item of a paper is: one table or figure that is made with one command.

A paper's package has a module `items` with functions under `@item`, which says what may be asked of each::

    @item("table_1a", "five methods on dSprites", scales=SCALES, restarts=True, data="dsprites")
    def table_1(request, data): ...

The function gets a `Request` and writes the files of the item into `request.output`.
"""

import dataclasses
import difflib
import importlib
import logging
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path

from tfdisent.checks import shown, whole_number
from tfdisent.errors import UserError

__all__ = [
    "all_items",
    "QUICK",
    "Item",
    "Request",
    "Scale",
    "check_request",
    "find_item",
    "item",
    "list_items",
    "reproduce",
]

QUICK = (
    "QUICK: a few steps, which show only that everything works; no number means anything"  # label of a scale
)
_LOG = logging.getLogger(__name__)
_PAPERS = __name__.rpartition(".")[0]  # the package that holds those of the papers
_ITEMS = {}  # "paper/name" -> Item, filled by `item` when the modules of the papers are imported


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much of a paper's training is done; a paper derives its own where it sets more.

    Attributes:
        name: "paper", "quick", or one of the paper's own between them.
        label: what every output says about it.
        restarts: number of runs of each setting unless asked otherwise.
        bindings: gin bindings over the paper's configuration.
    """

    name: str
    label: str
    restarts: int = 1
    bindings: tuple = ()


@dataclasses.dataclass(frozen=True)
class Item:
    """One table or figure.

    Attributes:
        name: "paper/item".
        text: what it shows, in a line.
        function: `(Request, **settings) -> paths of what was written`.
        scales: {name: `Scale`} of those it can be trained at; empty where nothing is trained.
        restarts: whether each setting may be trained with several seeds.
        makes_runs: whether what it trains are runs of the engine.
        settings: further arguments of the function.
    """

    name: str
    text: str
    function: Callable
    scales: dict
    restarts: bool
    settings: dict
    makes_runs: bool = True


@dataclasses.dataclass(frozen=True)
class Request:
    """What is asked of an item.

    Attributes:
        output: folder of its files; the runs of all items of the paper lie in "trained" beside it.
        scale: `Scale`, None for an item that trains nothing.
        seeds: number of restarts that was asked for; None for those of the scale.
        executor: where runs are made (`tfdisent.studies.executors`); None to choose by their number.
    """

    output: Path
    scale: Scale | None = None
    seeds: int | None = None
    executor: object = None

    @property
    def restarts(self):
        """Number of runs of each setting."""
        return self.seeds or self.scale.restarts


def item(name, text, *, scales=None, restarts=False, makes_runs=True, **settings):
    """Makes a function an item of the paper in whose package it stands; may be repeated with other settings.

    Args:
        name: such as "table_1a".
        text: what it shows, in a line.
        scales: {name: `Scale`}; None for an item that trains nothing, which is the same at every scale.
        restarts: whether `--seeds` means something to it.
        makes_runs: whether what it trains are runs of the engine, and no model of its own.
        **settings: further arguments of the function.
    """

    def register(function):
        paper = function.__module__.removeprefix(f"{_PAPERS}.").split(".")[0]
        whole = f"{paper}/{name}"
        _ITEMS[whole] = Item(whole, text, function, scales or {}, restarts, settings, makes_runs)
        return function

    return register


def list_items():
    """{"paper/item": description} of every item of every paper."""
    return {name: each.text for name, each in all_items().items()}


def find_item(name):
    """The `Item` of a name.

    Raises:
        UserError: when there is none, with the nearest names.
    """
    items = all_items()
    if not isinstance(name, str):
        raise UserError(f"An item is a text such as 'tcwae/table_1a'. Received: {shown(name)}.")
    if name in items:
        return items[name]
    near = [each for each in items if name and each.startswith(name)]
    near = near or difflib.get_close_matches(name, items, cutoff=0.3)
    if not near:
        raise UserError(f"There is no item {shown(name)}; `tfdisent reproduce --list` shows all.")
    raise UserError(f"There is no item {name!r}; did you mean {', '.join(near)}?")


def check_request(name, seeds, scale):
    """The `Item` of a name that can be made so; imports nothing heavy.

    Raises:
        UserError: for what the item cannot honour.
    """
    found = find_item(name)
    if seeds is not None:
        whole_number("seeds", seeds, 1)
        if not found.scales:
            raise UserError(f"{name} trains nothing; leave out --seeds. Received: {seeds}.")
        if seeds > 1 and not found.restarts:
            raise UserError(f"{name} has no restarts; leave out --seeds. Received: {seeds}.")
    known = tuple(found.scales) or _all_scales()
    if scale not in known:
        raise UserError(f"{name} is made at the scales {', '.join(known)}. Received: {shown(scale)}.")
    return found


def reproduce(name, output, seeds=None, scale="paper", executor=None):
    """Makes one item.

    Args:
        name: "paper/item".
        output: folder of the results, of this item at this scale alone; the same call continues it. Runs that exist
            are reused.
        seeds: number of restarts, for items that have some; the paper's unless given.
        scale: "paper", or a smaller one that the item knows: "quick" only shows that it works. Items that train
            nothing are the same at every scale.
        executor: where the runs are made (`tfdisent.studies.executors`); unless given, one process a core where there
            are several, else here.

    Returns:
        The paths of what was written.

    Raises:
        UserError: when the item cannot be made so, or `output` holds something else.
    """
    found = check_request(name, seeds, scale)
    from tfdisent.studies.output_folder import claim_output

    asked = {"item": name, **({"scale": scale} if found.scales else {})}
    output = claim_output(output, "item.json", "item", asked)
    if not found.scales and scale != "paper":
        _LOG.info("%s trains nothing: it is the same at every scale.", name)
    request = Request(output, found.scales.get(scale), seeds, executor)
    return found.function(request, **found.settings)


def all_items():
    """{name: `Item`}, by paper, figure 2 before figure 10."""
    for module in pkgutil.iter_modules(importlib.import_module(_PAPERS).__path__):
        if module.ispkg:
            importlib.import_module(f"{_PAPERS}.{module.name}.items")
    return dict(sorted(_ITEMS.items(), key=lambda each: _with_numbers(each[0])))


def _with_numbers(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _all_scales():
    return tuple(dict.fromkeys(scale for each in all_items().values() for scale in each.scales))
