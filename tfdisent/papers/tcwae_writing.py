"""Printed values of the TCWAE paper and ours, with data source, steps and restarts."""

import dataclasses

import numpy as np

from tfdisent.papers.tables import write_item
from tfdisent.papers.tcwae_printed import SCORES, printed_scores
from tfdisent.papers.tcwae_runs import SCALES

__all__ = ["FACTS", "Results", "score_rows", "score_table", "write_results"]

FACTS = ("restarts", "steps", "batch size", "dtype", "source", "stand-in", "scale")
_FIXED = "SETTINGS ONLY: read from the shipped configuration and the data set; nothing was trained"


class Results:
    """What was measured for an item.

    Args:
        measured: {setting: [dict of numbers of each restart]}.
        seeds: number of restarts asked for.
        scale: a key of `SCALES`.
    """

    def __init__(self, measured, seeds, scale):
        self.measured, self.seeds, self.scale = measured, seeds, scale

    def values(self, setting, key):
        """One entry of each restart."""
        return [found[key] for found in self.measured.get(setting, ()) if key in found]

    def mean(self, setting, key):
        values = self.values(setting, key)
        return float(np.mean(values)) if values else np.nan

    def spread(self, setting, key):
        return float(np.std(self.values(setting, key))) if self.values(setting, key) else np.nan

    def means(self, setting):
        """{score: mean} of the four scores."""
        return {score: self.mean(setting, score) for score in SCORES}

    def facts_of(self, setting):
        """How the numbers of a setting came about."""
        found = self.measured[setting][0] if self.measured.get(setting) else {}
        told = (found.get(key) for key in ("steps", "batch_size", "dtype", "source", "stand_in"))
        values = (len(self.measured.get(setting, ())), *told, SCALES[self.scale].label)
        return dict(zip(FACTS, values, strict=True))

    def rows(self, setting, values):
        """A row for each of {name: list of numbers}, beside what the paper prints."""
        original = self.original(setting)
        printed = printed_scores(original)
        rows = []
        for name, numbers in values.items():
            mean, spread = printed.get(name, (None, None))
            rows.append(
                {
                    "data": setting.data,
                    "method": setting.method,
                    "weights": setting.named_weights,
                    "printed weights": original.named_weights if printed else None,
                    "cost": setting.named_cost,
                    "score": name,
                    "ours mean": float(np.mean(numbers)) if len(numbers) else None,
                    "ours std": float(np.std(numbers)) if len(numbers) > 1 else None,
                    "printed mean": mean,
                    "printed std": spread,
                    "ours": [float(number) for number in numbers],
                    **self.facts_of(setting),
                }
            )
        return rows

    def original(self, setting):
        """The setting of the paper that this one stands for: itself, unless the scale takes another in its place."""
        setting = dataclasses.replace(setting, sigma_l1=0.0)
        instead = SCALES[self.scale].instead
        return next((paper for paper, taken in instead.items() if taken == setting), setting)

    def label(self):
        """One sentence on data, training and scale that goes into every output."""
        facts = [self.facts_of(setting) for setting, found in self.measured.items() if found]
        if not facts:
            return _FIXED
        sources = _together(
            f"STAND-IN: {fact['source']}" if fact["stand-in"] else fact["source"] for fact in facts
        )
        training = _together(
            f"{fact['steps']:,} steps of {fact['batch size']}, {fact['dtype']}" for fact in facts
        )
        restarts = _together(str(fact["restarts"]) for fact in facts)
        return (
            f"Data: {sources}. Trained: {training}. Restarts: {restarts}. Scale: {SCALES[self.scale].label}."
        )


def score_rows(results):
    """Rows of the four scores of every setting."""
    return [
        row
        for setting in results.measured
        for row in results.rows(setting, {score: results.values(setting, score) for score in SCORES})
    ]


def score_table(results):
    """Headers and rows of a table: one row a setting, each score ours and printed."""
    rows = []
    for setting in results.measured:
        original = results.original(setting)
        row = {"method": setting.method, "weights": setting.named_weights, "cost": setting.named_cost}
        row["weights, printed"] = original.named_weights if original.weights != setting.weights else None
        printed = printed_scores(original)
        for score in SCORES:
            row[f"{score}, ours"] = _with_spread(
                results.mean(setting, score), results.spread(setting, score), results
            )
            row[f"{score}, printed"] = _decimals(score).format(*printed[score]) if score in printed else None
        rows.append(row)
    headers = [header for header in rows[0] if any(row[header] is not None for row in rows)]
    return headers, [[row[header] for header in headers] for row in rows]


def write_results(output, title, results, rows, figures=None, table=None, draw_table=False):
    """`write_item` of measured numbers, with their label."""
    caption = "Mean and standard deviation over the restarts." if results.seeds > 1 else ""
    return write_item(
        output, title, results.label(), rows, figures, table, caption=caption, draw_table=draw_table
    )


def _with_spread(mean, spread, results):
    if not np.isfinite(mean):
        return None
    return f"{mean:.3f}" + (f" ± {spread:.3f}" if results.seeds > 1 else "")


def _decimals(score):
    return {"Rec": "{:.2f} ± {:.2f}", "FactorVAE": "{:.2f} ± {:.2f}"}.get(score, "{:.3f} ± {:.3f}")


def _together(texts):
    return "; ".join(dict.fromkeys(texts))
