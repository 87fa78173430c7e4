"""The pictures of a study's report: scores against settings, over pairs of settings, and over seeds."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

from tfdisent import plots
from tfdisent.studies.runs_table import shown, spread

__all__ = ["pictures"]

_MOST_SCORES = 4  # in a picture
_MOST_CURVES = 14  # in a panel
_MOST_VALUES = 24  # of a setting in a picture
_MOST_VIOLINS = 3  # rows of a picture
_MOST_PANELS = 20  # of each kind of picture: many would take minutes
_LONG = 20  # letters of a title in one line


class _Picture(NamedTuple):
    title: str
    panels: int
    draw: Callable
    caption: str


def pictures(table):
    """Headings and `plots.Picture` of a `RunsTable`, as many as a page takes."""
    scores = list(table.main)[:_MOST_SCORES]
    if not scores:
        return []
    values = {axis: table.choices(axis, table.rows()) for axis in table.axes}
    axes = sorted(
        filter(values.get, values), key=lambda axis: isinstance(values[axis][0], str)
    )  # numbers first
    kinds = {
        "Scores against settings": [_curves(table, axis, scores) for axis in axes],
        "Scores over pairs of settings": [
            _heat_map(table, *pair, scores) for pair in itertools.combinations(axes, 2)
        ],
        "Seeds": [_violins(table, axis, scores) for axis in axes],
    }
    few = f" The first {_MOST_SCORES} of {len(table.main)} scores." if len(table.main) > _MOST_SCORES else ""
    blocks = []
    for heading, possible in kinds.items():
        drawn, left_out = _as_many_as_fit(filter(None, possible))
        for picture in drawn:
            blocks += [plots.Heading(heading)] * (picture is drawn[0])
            blocks += [
                plots.Heading(picture.title, 3),
                plots.Picture(picture.draw(), f"{picture.caption}{few}"),
            ]
        if left_out:
            blocks.append(plots.Paragraph(f"Pictures left out: {left_out}; runs.parquet has all numbers."))
    return blocks


def _as_many_as_fit(possible):
    """The pictures that are drawn, and the number of those left out."""
    drawn, room, left_out = [], _MOST_PANELS, 0
    for picture in possible:
        if picture.panels > room:
            left_out += 1
        else:
            drawn.append(picture)
            room -= picture.panels
    return drawn, left_out


def _curves(table, axis, scores):
    """Scores against a setting that is a number: a panel a score, a curve for each choice of the other settings."""
    rows = table.rows(axis)
    values = table.choices(axis, rows)
    if not values or isinstance(values[0], str):
        return None
    choices, averaged = _choices_of_others(table, axis, rows, _MOST_CURVES)

    def draw():
        panels = {
            score: {name: _curve(table, axis, score, values, own) for name, own in choices.items()}
            for score in scores
        }
        wide = values[0] > 0 and values[-1] >= 20 * values[0]
        label = dict.fromkeys(scores, table.labels[axis])
        return plots.comparison_curves(panels, label, dict.fromkeys(scores, ""), scores if wide else ())

    caption = f"Mean over the seeds{_and(averaged)}; the band is one standard deviation."
    return _Picture(table.labels[axis], len(scores), draw, caption)


def _curve(table, axis, score, values, rows):
    spreads = {value: spread(table.of(score, table.rows(axis, value, rows))) for value in values}
    points = {value: found for value, found in spreads.items() if found[0] is not None}
    means, deviations = (
        [mean for mean, *_ in points.values()],
        [each or 0.0 for _, each, _ in points.values()],
    )
    return plots.Curve(list(points), means, deviations)


def _heat_map(table, first, second, scores):
    """Scores over two settings of which each value of one was tried with each of the other."""
    rows = table.rows(second, among=table.rows(first))
    vertical, horizontal = table.choices(first, rows), table.choices(second, rows)
    pairs = {(table.axes[first][row], table.axes[second][row]) for row in rows}
    sizes = len(vertical), len(horizontal)
    if min(sizes) < 2 or max(sizes) > _MOST_VALUES or len(pairs) < sizes[0] * sizes[1]:
        return None

    def draw():
        cells = [[table.rows(second, x, table.rows(first, y, rows)) for x in horizontal] for y in vertical]
        maps = {
            score: [[spread(table.of(score, cell))[0] for cell in line] for line in cells] for score in scores
        }
        texts = [{"": [shown(value) for value in values]} for values in (vertical, horizontal)]
        lower = [_folded(score) for score in scores if table.better(score) == "lower"]
        return plots.heat_maps({"": maps}, *texts, (table.labels[first], table.labels[second]), lower)

    others = [table.labels[other] for other in _others(table, (first, second), rows)]
    title = f"{table.labels[first]} and {table.labels[second]}"
    return _Picture(title, len(scores), draw, f"Mean over the seeds{_and(others)}.")


def _violins(table, axis, scores):
    """How the seeds scatter at each value of a setting: a row for each choice of the other settings."""
    rows = table.rows(axis)
    values = table.choices(axis, rows)
    several = len(rows) > len({table.runs[row].experiment for row in rows})
    if not 2 <= len(values) <= _MOST_VALUES or not several:
        return None
    choices, _ = _choices_of_others(table, axis, rows, len(rows))
    drawn = dict(list(choices.items())[:_MOST_VIOLINS])

    def draw():
        samples = {
            name: {
                _folded(score): {
                    shown(value): list(table.of(score, table.rows(axis, value, own))) for value in values
                }
                for score in scores
            }
            for name, own in drawn.items()
        }
        return plots.violins(samples, table.labels[axis])

    some = f" The first {len(drawn)} of {len(choices)} choices of the other settings." * (
        len(choices) > len(drawn)
    )
    return _Picture(table.labels[axis], len(drawn) * len(scores), draw, f"Each dot is a run.{some}")


def _choices_of_others(table, axis, rows, most):
    """({name of a choice of the other settings: rows that have it}, names of settings that are averaged over)."""
    others, averaged = _others(table, (axis,), rows), []
    while True:
        choices = {}
        for row in rows:
            choices.setdefault(tuple(table.axes[other][row] for other in others), []).append(row)
        if len(choices) <= most:
            break
        widest = max(others, key=lambda other: len(table.choices(other, rows)))
        others.remove(widest)
        averaged.append(table.labels[widest])
    labels = [table.labels[other] for other in others]
    return {_name(labels, choice): own for choice, own in choices.items()}, averaged


def _name(labels, choice):
    parts = [
        shown(value) if isinstance(value, str) else f"{label} {shown(value)}"
        for label, value in zip(labels, choice, strict=True)
        if value is not None
    ]
    return ", ".join(parts) or "mean"


def _others(table, axes, rows):
    """The other settings that vary among rows."""
    return [
        axis
        for axis, values in table.axes.items()
        if axis not in axes and len({values[row] for row in rows}) > 1
    ]


def _folded(score):
    """A long name in two lines."""
    if len(score) <= _LONG or "_" not in score:
        return score
    places = [place for place, letter in enumerate(score) if letter == "_"]
    middle = min(places, key=lambda place: abs(place - len(score) / 2))
    return f"{score[: middle + 1]}\n{score[middle + 1 :]}"


def _and(names):
    return f" and over {', '.join(names)}" if names else ""
