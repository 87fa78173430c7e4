"""What commands print: tables, and the factors that scores left out."""

import numbers
import shutil
import sys

__all__ = ["constant_factors", "print_table"]

_WIDE = 100_000  # columns, where no terminal has an edge


def print_table(headers, rows):
    """Prints a table as wide as the terminal; into a pipe or file, as wide as it is."""
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(*(Column(str(header), overflow="fold") for header in headers))
    for row in rows:
        table.add_row(*map(_cell, row))
    plain = {"markup": False, "highlight": False, "emoji": False}
    console = Console(width=_WIDE, **plain)
    if sys.stdout is not None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        if console.measure(table).minimum <= width:
            console = Console(width=width, **plain)
    console.print(table)


def _cell(value):
    if value is None:
        return "-"
    if isinstance(value, numbers.Integral) or not isinstance(value, numbers.Real):
        return str(value)
    return f"{value:.2e}" if 0 < abs(value) < 0.001 else f"{value:.3f}"


def constant_factors(models):
    """A line for each set of factors that scores left out because they have one value."""
    scores = {}
    for trained in models.values():
        for score, results in trained.scores.items():
            if factors := results.get("constant_factors"):
                left_out = scores.setdefault(", ".join(map(str, factors)), [])
                left_out += [score] if score not in left_out else []
    return [f"Left out, because they have one value: {each} ({', '.join(scores[each])})." for each in scores]
