"""Printed values of the thesis' chapter 3 and ours, in rows and in a table."""

import numpy as np

__all__ = ["score_row", "score_table"]

_HIGHER_IS_BETTER = ("DS", "DS bounded", "regime")


def score_row(data, model, score, values, printed=None, **more):
    """A row of numbers over restarts beside what the thesis prints.

    Args:
        data, model, score: texts.
        values: list of numbers, one a restart.
        printed: (mean, standard deviation or None), or None.
        **more: further columns.
    """
    worst = min if score in _HIGHER_IS_BETTER else max
    return {
        "data": data,
        "model": model,
        "score": score,
        "ours mean": float(np.mean(values)) if values else None,
        "ours std": float(np.std(values)) if values else None,
        "ours worst": float(worst(values)) if values else None,
        "restarts": len(values),
        "printed mean": printed[0] if printed else None,
        "printed std": printed[1] if printed else None,
        **more,
        "ours": [float(value) for value in values],
    }


def score_table(rows):
    """Headers and rows for a report: one row a model and score."""
    headers = ["data", "model", "score", "ours", "worst", "printed", "restarts"]
    table = []
    for row in rows:
        if row["ours mean"] is None:
            ours = None
        else:
            ours = f"{row['ours mean']:.3f}" + _plus_minus(row["ours std"], 3) * (row["restarts"] > 1)
        told = row["printed mean"]
        if told is not None:
            told = f"{told:.2f}" + (
                _plus_minus(row["printed std"], 2) if row["printed std"] is not None else ""
            )
        unit = {"PCA angle": " (degrees)", "regime": " (per cent)"}.get(row["score"], "")
        cells = [row["data"], row["model"], row["score"] + unit, ours, row["ours worst"], told]
        table.append([*cells, row["restarts"]])
    return headers, table


def _plus_minus(value, digits):
    return f"\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{value:.{digits}f}"
