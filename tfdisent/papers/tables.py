"""The files of an item: numbers beside the printed ones, pictures and a page, each with how it came about."""

import csv
import io
from pathlib import Path

__all__ = ["mean_and_deviation", "ours_and_printed", "write_item"]


def write_item(
    output,
    title,
    facts,
    rows,
    figures=None,
    table=None,
    notes=(),
    *,
    caption="",
    draw_table=False,
    footnotes=None,
):
    """Writes CSV, JSON, pictures and `report.html` of an item.

    Args:
        output: their folder.
        title: such as "Table 1a: scores on dSprites"; what stands before the colon names the files.
        facts: on data, training, restarts and scale: a text, or {name: text}. It goes into every output.
        rows: list of dicts.
        figures: {what to add to a file's name: figure}.
        table: (headers, rows) for the report.
        notes: sentences below the table.
        caption: of the table.
        draw_table: whether to draw the table as a picture too, which the report leaves out.
        footnotes: {key of figures: text} of pictures that show less than `facts` says; the others have `facts`.

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
    if isinstance(facts, dict):
        label = " ".join(f"{key.capitalize()}: {value}." for key, value in facts.items())
        told, blocks = {"facts": facts}, [plots.Facts(facts)]
    else:
        label, told, blocks = facts, {"label": facts}, [plots.Paragraph(facts)]
    paths = [
        write_whole(output / f"{name}.csv", text.getvalue()),
        write_json(output / f"{name}.json", {"title": title, **told, "rows": rows}),
    ]

    def save(figure, ending=""):
        footnote = (footnotes or {}).get(ending, label)
        paths.append(plots.save_figure(plots.with_footnote(figure, footnote), output / f"{name}{ending}.png"))
        return paths[-1]

    if table:
        blocks.append(plots.Table(*table, caption=caption))
    if draw_table:
        save(plots.table_picture(*table, title))
    blocks += [plots.Paragraph(note) for note in notes]
    for ending, figure in (figures or {}).items():
        blocks.append(plots.Picture(save(figure, ending), f"{title}{ending.replace('_', ' ')}"))
    return [*paths, plots.write_report(output / "report.html", title, blocks)]


def ours_and_printed(values, printed=None):
    """Columns of numbers over restarts beside what a paper prints.

    Args:
        values: list of numbers, one a restart.
        printed: (mean, standard deviation or None), or None.

    Returns:
        {"ours mean", "ours std", "printed mean", "printed std"}, None where there is no number.
    """
    import numpy as np

    mean, deviation = printed or (None, None)
    return {
        "ours mean": float(np.mean(values)) if len(values) else None,
        "ours std": float(np.std(values)) if len(values) else None,
        "printed mean": mean,
        "printed std": deviation,
    }


def mean_and_deviation(mean, deviation=None, digits=3):
    """Text such as "0.312 ± 0.010" with spaces that do not break; None for no mean."""
    if mean is None:
        return None
    text = f"{mean:.{digits}f}"
    return (
        text
        if deviation is None
        else f"{text}\N{NO-BREAK SPACE}\N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}{deviation:.{digits}f}"
    )
