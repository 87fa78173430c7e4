"""Scores of many models in one table, beside those that others have published; needs no TensorFlow."""

import collections
import csv
import dataclasses
import io
import itertools
import math
from pathlib import Path

import numpy as np

from tfdisent.errors import UserError
from tfdisent.files import write_json, write_whole
from tfdisent.studies.aggregation import aggregate, to_columns
from tfdisent.studies.scored_models import is_detail, main_value, scored_models

__all__ = ["Comparison", "compare", "rank_correlations"]

_MODEL = ("data", "method", "settings", "representation", "score", "value")
_OURS = ("training", "mean", "std", "count")
_THEIRS = tuple(f"their {name}" for name in _OURS)
_CORRELATION = ("source", "data", "representation", "score", "other score", "rank correlation", "models")


@dataclasses.dataclass
class Comparison:
    """Scores of ours, and those of theirs beside them.

    Attributes:
        rows: list of dicts, one for each model, representation and value of a score: "data", "method", "settings",
            "representation", "score", "value" (its key), "training", "mean", "std", "count", and with theirs
            "their training", "their mean", "their std", "their count", "difference"; None for what is not there.
        correlations: list of dicts, see `rank_correlations`.
        notes: sentences on what to mind.
        results: what was read of ours, see `aggregation.aggregate`.
    """

    rows: list
    correlations: list
    notes: list
    results: list

    def main_rows(self):
        """The rows of values that are not of single factors or codes, extremes, of training, or counts."""
        return [row for row in self.rows if not is_detail(row["value"])]

    def table(self):
        """Headers and rows for a terminal: the main rows, "mean ± std (count)" for ours and theirs."""
        sides = [("ours", "")] + (
            [("theirs", "their ")] if self.rows and "their mean" in self.rows[0] else []
        )
        rows = [
            [
                row["data"],
                f"{row['method']} {row['settings']}".strip(),
                row["representation"],
                f"{row['score']} {row['value']}",
                *(_spread(row, side) for _, side in sides),
            ]
            for row in self.main_rows()
        ]
        return ["data", "model", "codes", "score", *(name for name, _ in sides)], rows

    def matrices(self):
        """{title: (headers, rows)} of the rank correlations, a table for each source, data set and representation."""
        pairs = collections.defaultdict(dict)
        for row in self.correlations:
            title = f"{row['source']}, {row['data']}, {row['representation']} representation"
            pairs[title][row["score"], row["other score"]] = row["rank correlation"]
        tables = {}
        for title, found in pairs.items():
            scores = list(dict.fromkeys(score for pair in found for score in pair))
            both = {
                **found,
                **{(b, a): rho for (a, b), rho in found.items()},
                **{(s, s): 1.0 for s in scores},
            }
            tables[title] = ["score", *scores], [[a, *(both.get((a, b)) for b in scores)] for a in scores]
        return tables

    def write(self, output):
        """Writes comparison.csv, rank_correlation.csv, comparison.html and aggregated_results.json into a folder.

        Returns:
            Path of the HTML page.
        """
        output = Path(output)
        _write_csv(output / "comparison.csv", self.rows, _MODEL)
        _write_csv(output / "rank_correlation.csv", self.correlations, _CORRELATION)
        write_json(output / "aggregated_results.json", to_columns(self.results))
        return self._write_page(output / "comparison.html")

    def _write_page(self, path):
        from tfdisent import plots

        rows = self.main_rows()
        headers = list(rows[0]) if rows else list(_MODEL)
        blocks = [
            plots.Heading("Scores"),
            *(plots.Paragraph(note) for note in self.notes),
            plots.Table(headers, [list(row.values()) for row in rows], decimals=4),
            plots.Paragraph("comparison.csv has all values, also those of single factors and of training."),
        ]
        for title, (headers, rows) in self.matrices().items():
            caption = "Spearman's rank correlation over the models, each seed a model of its own."
            blocks += [
                plots.Heading(f"How scores rank models: {title}"),
                plots.Table(headers, rows, caption, decimals=2),
            ]
        return plots.write_report(path, "Scores compared", blocks)


def compare(sources, with_sources=()):
    """Mean, standard deviation and count over the seeds of every score of every model, and how scores rank models.

    Args:
        sources: ours: run folders, folders of these, or aggregated JSON (`aggregation.aggregate`).
        with_sources: theirs, likewise; disentanglement_lib's aggregated results, for example.

    Returns:
        `Comparison`. Ours and theirs stand in one row where data set, method, settings, representation and score
        agree; the columns of the training (steps, batch size, latents, loss) say whether that agrees as well.

    Raises:
        UserError: for sources without results, and for two sides that have nothing in common.
    """
    results = aggregate(sources)
    scored, theirs = scored_models(results), scored_models(aggregate(with_sources))
    values, their_values = _by_model(scored), _by_model(theirs)
    notes = [
        "std is the standard deviation over the seeds, with one less than their number in the denominator."
    ]
    if with_sources:
        rows = _side_by_side(values, their_values)
        both = [row for row in rows if row["count"] is not None and row["their count"] is not None]
        if not both:
            raise UserError(
                "The two sides have no model and score in common, so there is nothing to compare. Received: "
                f"{_models(values)} on one side, {_models(their_values)} on the other"
            )
        unlike = sum(row["training"] != row["their training"] for row in both)
        if unlike:
            notes.append(
                f"In {unlike} of the {len(both)} rows that both have, the training differs; see its columns."
            )
    else:
        rows = [
            dict(zip((*_MODEL, *_OURS), (*model, *side), strict=True))
            for model in sorted(values)
            for side in _sides(values[model])
        ]
    correlations = rank_correlations(scored, "ours") + rank_correlations(theirs, "theirs")
    return Comparison(rows, correlations, notes, results)


def rank_correlations(scored, source):
    """Spearman's rank correlation of each pair of scores over models, each seed a model of its own.

    Args:
        scored: list of `ScoredModel`; of each score its main value is taken.
        source: a name for the rows.

    Returns:
        list of dicts with "source", "data", "representation", "score", "other score", "rank correlation" (None where
        a score is the same for all models) and "models", how many have both. Pairs with fewer than 3 are left out.

    References: Locatello et al. 2019, "Challenging Common Assumptions", Sec. 5.3.
    """
    from scipy.stats import rankdata

    columns = collections.defaultdict(dict)  # {(data, representation, score): {run: value}}
    for model in scored:
        value = model.values.get(main_value(model), math.nan)
        if math.isfinite(value):
            columns[model.group.data, model.representation, model.score][model.run] = value
    rows = []
    for (*place, score), (*other_place, other) in itertools.combinations(sorted(columns), 2):
        first, second = columns[*place, score], columns[*other_place, other]
        runs = [run for run in first if run in second]
        if place != other_place or len(runs) < 3:
            continue
        ranks = np.array([rankdata([column[run] for run in runs]) for column in (first, second)])
        rho = float(np.corrcoef(ranks)[0, 1]) if (np.ptp(ranks, axis=1) > 0).all() else None
        rows.append(dict(zip(_CORRELATION, (source, *place, score, other, rho, len(runs)), strict=True)))
    return rows


def _by_model(scored):
    """{(data, method, settings, representation, score, key): {training: values}}."""
    values = collections.defaultdict(lambda: collections.defaultdict(list))
    for model in scored:
        group = model.group
        for key, value in model.values.items():
            place = group.data, group.method, group.settings, model.representation, model.score, key
            values[place][group.training].append(value)
    return values


def _side_by_side(values, their_values):
    headers = (*_MODEL, *_OURS, *_THEIRS, "difference")
    rows = []
    for model in sorted({*values, *their_values}):
        nothing = [(None, None, None, None)]
        pairs = itertools.product(
            _sides(values.get(model, {})) or nothing, _sides(their_values.get(model, {})) or nothing
        )
        for ours, theirs in pairs:
            known = ours[1] is not None and theirs[1] is not None
            difference = ours[1] - theirs[1] if known else None
            rows.append(dict(zip(headers, (*model, *ours, *theirs, difference), strict=True)))
    return rows


def _sides(by_training):
    """[(training, mean, std, count)] of {training: values}; what is not finite does not count."""
    sides = []
    for training, values in sorted(by_training.items()):
        finite = [value for value in values if math.isfinite(value)]
        mean = float(np.mean(finite)) if finite else None
        std = float(np.std(finite, ddof=1)) if len(finite) > 1 else None
        sides.append((training, mean, std, len(finite)))
    return sides


def _models(values, most=3):
    names = list(
        dict.fromkeys(f"{method} {settings} on {data}" for data, method, settings, *_ in sorted(values))
    )
    return ", ".join(names[:most]) + (f" and {len(names) - most} others" if len(names) > most else "")


def _spread(row, side):
    mean, std, count = (row[f"{side}{name}"] for name in ("mean", "std", "count"))
    if mean is None:
        return None
    return f"{mean:.3f}" + (f" ± {std:.3f}" if std is not None else "") + f" ({count})"


def _write_csv(path, rows, headers):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else list(headers), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())
