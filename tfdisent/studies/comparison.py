"""Scores of many models in one table, beside those that others have published; needs no TensorFlow."""

import collections
import csv
import dataclasses
import io
import itertools
import math
from pathlib import Path

import numpy as np

from tfdisent.checks import shown
from tfdisent.errors import UserError
from tfdisent.evaluation.aggregation import aggregate, to_columns
from tfdisent.files import write_json, write_whole
from tfdisent.studies.experiments import experiments
from tfdisent.studies.models_table import ModelsTable, spread
from tfdisent.studies.scored_models import main_value, scored_models

__all__ = ["Comparison", "compare", "rank_correlation", "rank_correlations"]

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
        models: `ModelsTable`, the same in one row a model and one column a score.
    """

    rows: list
    correlations: list
    notes: list
    results: list
    models: ModelsTable

    def table(self):
        """Headers and rows for a terminal: a row a model, a column a score, "mean ± std (count)" in the cells."""
        return self.models.as_texts()

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
        """Writes the tables and a page into a folder.

        These are comparison.html; comparison_table in CSV, Markdown and LaTeX, which is `table`; comparison.csv and
        rank_correlation.csv with all values; and aggregated_results.json.

        Returns:
            Path of the HTML page.
        """
        output = Path(output)
        _write_csv(output / "comparison.csv", self.rows, _MODEL)
        _write_csv(output / "rank_correlation.csv", self.correlations, _CORRELATION)
        for ending, text in self.models.as_files().items():
            write_whole(output / f"comparison_table.{ending}", text)
        write_json(output / "aggregated_results.json", to_columns(self.results))
        return self._write_page(output / "comparison.html")

    def _write_page(self, path):
        from tfdisent import plots

        blocks = [
            plots.Heading("Scores"),
            *(plots.Paragraph(note) for note in self.notes),
            self.models.as_html_table(),
            plots.Paragraph(
                "The same table is in comparison_table.csv, comparison_table.md and comparison_table.tex; "
                "comparison.csv has all values, also those of single factors and of training."
            ),
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

    Seeds of an experiment are models whose whole configuration is the same but for the seed, and what changes no
    result; models that differ in anything else stand in rows of their own, which say in what they differ.

    Args:
        sources: ours: run folders, folders of these, or aggregated JSON (`aggregation.aggregate`).
        with_sources: theirs, likewise; disentanglement_lib's aggregated results, for example.

    Returns:
        `Comparison`. Ours and theirs stand in one row where data set, method, settings, representation and score
        agree; the columns of the training (steps, batch size, latents, loss, and what tells it from others) say
        whether that agrees as well.

    Raises:
        UserError: for sources without results, and for two sides that have nothing in common.
    """
    results = aggregate(sources)
    if not results:
        raise UserError(
            f"There are no results to compare; give at least one run. Received: {shown(sources)}."
        )
    ours, our_notes = experiments(scored_models(results))
    theirs, their_notes = experiments(scored_models(aggregate(with_sources)), "theirs")
    values, their_values = _by_value(ours), _by_value(theirs)
    notes = [
        "std is the standard deviation over the seeds, with one less than their number in the denominator. "
        "Seeds of one model have the same configuration in all else.",
        *our_notes,
        *their_notes,
    ]
    if with_sources:
        rows = _side_by_side(values, their_values)
        both = [place for place in values if place in their_values]
        if not both:
            raise UserError(
                "The two sides have no model and score in common, so there is nothing to compare. Received: "
                f"{_models(values)} on one side, {_models(their_values)} on the other."
            )
        pairs = [pair for place in both for pair in itertools.product(values[place], their_values[place])]
        unlike = sum(our.model.training != their.model.training for (our, _), (their, _) in pairs)
        if unlike:
            notes.append(
                f"In {unlike} of the {len(pairs)} rows that both have, the training differs; see its columns."
            )
    else:
        rows = [
            dict(zip((*_MODEL, *_OURS), (*place, *side), strict=True))
            for place in sorted(values)
            for side in _sides(values[place])
        ]
    correlations = rank_correlations(_seeds(ours), "ours") + rank_correlations(_seeds(theirs), "theirs")
    return Comparison(rows, correlations, notes, results, ModelsTable(ours, theirs if with_sources else None))


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
    columns = collections.defaultdict(dict)  # {(data, representation, score): {run: value}}
    for model in scored:
        value = model.values.get(main_value(model.score, model.values), math.nan)
        if math.isfinite(value):
            columns[model.group.data, model.representation, model.score][model.run] = value
    rows = []
    for (*place, score), (*other_place, other) in itertools.combinations(sorted(columns), 2):
        first, second = columns[*place, score], columns[*other_place, other]
        runs = [run for run in first if run in second]
        if place != other_place or len(runs) < 3:
            continue
        rho = rank_correlation([first[run] for run in runs], [second[run] for run in runs])
        rows.append(dict(zip(_CORRELATION, (source, *place, score, other, rho, len(runs)), strict=True)))
    return rows


def rank_correlation(first, second):
    """Spearman's rank correlation of two scores of the same N models, None where one is the same for all.

    Args:
        first, second: [N]; models of which one is not finite do not count, and at least 3 must be left.
    """
    from scipy.stats import rankdata

    both = np.array([first, second], float)
    both = both[:, np.isfinite(both).all(axis=0)]
    if both.shape[1] < 3 or not np.ptp(both, axis=1).all():
        return None
    return float(np.corrcoef(rankdata(both, axis=1))[0, 1])


def _seeds(found):
    """The single models of experiments; a score that is computed in several ways is one score each."""
    return [
        dataclasses.replace(model, score=f"{each.score} ({each.variant})") if each.variant else model
        for each in found
        for model in each.models
    ]


def _by_value(found):
    """{(data, method, settings, representation, score, key): [(experiment, key)]}."""
    values = collections.defaultdict(list)
    for each in found:
        place = each.model.data, each.model.method, each.model.settings, each.representation, each.score
        for key in dict.fromkeys(key for model in each.models for key in model.values):
            values[*place, key].append((each, key))
    return values


def _side_by_side(values, their_values):
    headers = (*_MODEL, *_OURS, *_THEIRS, "difference")
    rows = []
    for model in sorted({*values, *their_values}):
        nothing = [(None, None, None, None)]
        pairs = itertools.product(
            _sides(values.get(model, [])) or nothing, _sides(their_values.get(model, [])) or nothing
        )
        for ours, theirs in pairs:
            known = ours[1] is not None and theirs[1] is not None
            difference = ours[1] - theirs[1] if known else None
            rows.append(dict(zip(headers, (*model, *ours, *theirs, difference), strict=True)))
    return rows


def _sides(found):
    """[(training, mean, std, count)] of [(experiment, key)]."""
    return [
        (", ".join(filter(None, (each.training, each.variant))), *spread(each.models, key))
        for each, key in found
    ]


def _models(values, most=3):
    names = list(
        dict.fromkeys(f"{method} {settings} on {data}" for data, method, settings, *_ in sorted(values))
    )
    return ", ".join(names[:most]) + (f" and {len(names) - most} others" if len(names) > most else "")


def _write_csv(path, rows, headers):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else list(headers), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())
