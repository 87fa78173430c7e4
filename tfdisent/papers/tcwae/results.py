"""What the trained models of an item measured, as rows and tables beside the printed numbers."""

import dataclasses

import numpy as np

from tfdisent.papers.runs import make_runs
from tfdisent.papers.tables import mean_and_deviation, ours_and_printed, write_item
from tfdisent.papers.tcwae.plans import ORIGINALS, planned_run
from tfdisent.papers.tcwae.printed import SCORES, printed_scores

__all__ = ["Results", "make_results", "rows_of", "score_table", "write_comparison", "write_results"]

_FACTS = ("restarts", "steps", "batch size", "dtype", "source", "stand-in", "scale")
_TWO_DIGITS = ("Rec", "FactorVAE")  # as the paper prints them; the others have three


def make_results(request, settings):
    """Trains and measures models, all seeds of all settings side by side.

    A model that cannot be trained, such as one whose loss diverges, is logged and left out.

    Args:
        request: `Request`.
        settings: list of `Setting`.

    Raises:
        UserError: when data is missing, or no model could be trained.
    """
    planned = {
        setting: [planned_run(setting, request.scale, seed) for seed in range(request.restarts)]
        for setting in settings
    }
    made = make_runs(request, [run for runs in planned.values() for run in runs])
    runs = {setting: [made[run] for run in runs if run in made] for setting, runs in planned.items()}
    return Results(runs, request.scale, request.restarts)


@dataclasses.dataclass(frozen=True)
class Results:
    """What was measured for an item.

    Attributes:
        runs: {setting: list of `MadeRun`, one a restart that could be trained}.
        scale: `TCWAEScale`.
        restarts: number asked for.
    """

    runs: dict
    scale: object
    restarts: int

    def values(self, setting, key):
        """A measure of each restart; [] where the model has no such measure."""
        runs = self.runs.get(setting, ())
        return [run.measures[key] for run in runs if key in run.measures]

    def mean(self, setting, key):
        """Over the restarts; NaN where nothing was measured."""
        values = self.values(setting, key)
        return float(np.mean(values)) if values else np.nan

    def deviation(self, setting, key):
        """Standard deviation over the restarts; NaN where nothing was measured."""
        values = self.values(setting, key)
        return float(np.std(values)) if values else np.nan

    def facts_of(self, setting):
        """How the numbers of a setting came about: columns of a row."""
        runs = self.runs.get(setting)
        facts = dict.fromkeys(_FACTS)
        if runs:
            results = runs[0].results
            steps, batch_size, dtype = (results["asked"][key] for key in ("steps", "batch_size", "dtype"))
            stand_in = results["data"] != ORIGINALS[setting.data]
            facts |= {"steps": steps, "batch size": batch_size, "dtype": dtype}
            facts |= {"source": results["source"], "stand-in": stand_in}
        return facts | {"restarts": len(runs or ()), "scale": self.scale.label}

    def rows(self, setting, values):
        """A row for each of {name: list of numbers, one a restart}, beside what the paper prints."""
        paper = self.paper_setting(setting)
        printed = printed_scores(paper)
        rows = []
        for name, numbers in values.items():
            columns = ours_and_printed(numbers, printed.get(name))
            if len(numbers) < 2:
                columns["ours std"] = None
            rows.append(
                {
                    "data": setting.data,
                    "method": setting.method,
                    "weights": setting.named_weights,
                    "printed weights": paper.named_weights if printed else None,
                    "cost": setting.named_cost,
                    "score": name,
                    **columns,
                    "ours": [float(number) for number in numbers],
                    **self.facts_of(setting),
                }
            )
        return rows

    def paper_setting(self, setting):
        """The setting of the paper that this one stands for: itself, unless the scale takes another in its place."""
        setting = dataclasses.replace(setting, sigma_l1=0.0)
        return next((paper for paper, taken in self.scale.instead.items() if taken == setting), setting)

    def label(self):
        """One sentence each on data, training and scale."""
        facts = [self.facts_of(setting) for setting, runs in self.runs.items() if runs]
        sources = _each_once(f"{'STAND-IN: ' if fact['stand-in'] else ''}{fact['source']}" for fact in facts)
        training = _each_once(
            f"{fact['steps']:,} steps of {fact['batch size']}, {fact['dtype']}" for fact in facts
        )
        restarts = _each_once(str(fact["restarts"]) for fact in facts)
        return f"Data: {sources}. Trained: {training}. Restarts: {restarts}. Scale: {self.scale.label}."


def rows_of(results, names):
    """A row for each setting and measure of these names."""
    return [
        row
        for setting in results.runs
        for row in results.rows(setting, {name: results.values(setting, name) for name in names})
    ]


def score_table(results):
    """Headers and rows of a table: one row a setting, each score ours and printed."""
    rows = []
    for setting in results.runs:
        paper = results.paper_setting(setting)
        row = {"method": setting.method, "weights": setting.named_weights, "cost": setting.named_cost}
        row["weights, printed"] = paper.named_weights if paper.weights != setting.weights else None
        printed = printed_scores(paper)
        for score in SCORES:
            mean, deviation = results.mean(setting, score), results.deviation(setting, score)
            row[f"{score}, ours"] = mean_and_deviation(
                mean if np.isfinite(mean) else None, deviation if results.restarts > 1 else None
            )
            digits = 2 if score in _TWO_DIGITS else 3
            row[f"{score}, printed"] = mean_and_deviation(*printed.get(score, (None,)), digits=digits)
        rows.append(row)
    headers = [header for header in rows[0] if any(row[header] is not None for row in rows)]
    return headers, [[row[header] for header in headers] for row in rows]


def write_results(request, title, results, rows, figures=None, table=None, draw_table=False):
    """`write_item` of measured numbers, with their label."""
    caption = "Mean and standard deviation over the restarts." if results.restarts > 1 else ""
    label = results.label()
    return write_item(
        request.output, title, label, rows, figures, table, caption=caption, draw_table=draw_table
    )


def write_comparison(request, title, label, rows):
    """`write_item` of printed settings and ours; the facts that all rows share stand in the label alone."""
    headers = [key for key in dict.fromkeys(key for row in rows for key in row) if key not in _FACTS]
    cells = [[row.get(key) for key in headers] for row in rows]
    table = headers, [[f"{cell:g}" if isinstance(cell, float) else cell for cell in row] for row in cells]
    return write_item(request.output, title, label, rows, table=table, draw_table=True)


def _each_once(texts):
    return "; ".join(dict.fromkeys(texts))
