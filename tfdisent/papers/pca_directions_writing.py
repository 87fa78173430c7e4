"""The files of an item of the thesis' chapter 3: printed values and ours, with data source, steps and restarts."""

import csv
import io
from pathlib import Path

import numpy as np

__all__ = ["score_row", "score_table", "write_item"]

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


def write_item(output, title, facts, rows, figures=None, table=None, notes=()):
    """Writes CSV, JSON, pictures and `report.html` of an item.

    Args:
        output: their folder.
        title: such as "Table 3.2: the polarized regime"; what stands before the colon names the files.
        facts: {name: text}: data, training, restarts, scale.
        rows: list of dicts.
        figures: {what to add to a file's name: figure}; each gets the facts as a footnote.
        table: (headers, rows) for the report.
        notes: sentences below the table.

    Returns:
        Their paths.
    """
    from tfdisent import plots
    from tfdisent.files import write_json, write_whole

    output, name = Path(output), title.partition(":")[0].lower().replace(" ", "_").replace(",", "")
    headers = list(
        dict.fromkeys(key for row in rows for key in row if not isinstance(row[key], (list, dict)))
    )
    text = io.StringIO()
    writer = csv.DictWriter(text, headers, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    paths = [
        write_whole(output / f"{name}.csv", text.getvalue()),
        write_json(output / f"{name}.json", {"title": title, "facts": facts, "rows": rows}),
    ]
    blocks = [plots.Facts(facts)]
    if table:
        blocks.append(plots.Table(*table))
    blocks += [plots.Paragraph(note) for note in notes]
    label = " ".join(f"{key.capitalize()}: {value}." for key, value in facts.items())
    for ending, figure in (figures or {}).items():
        path = plots.save_figure(plots.with_footnote(figure, label), output / f"{name}{ending}.png")
        paths.append(path)
        blocks.append(plots.Picture(path, f"{title}{ending.replace('_', ' ')}"))
    return [*paths, plots.write_report(output / "report.html", title, blocks)]


def _plus_minus(value, digits):
    return f"\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{value:.{digits}f}"
