"""The report of a study: one page of tables and pictures, and all its numbers in two files; needs no TensorFlow."""

from tfdisent import plots
from tfdisent.errors import UserError
from tfdisent.evaluation.aggregation import write_columns
from tfdisent.studies.comparison import rank_correlation
from tfdisent.studies.processes import Call, Processes
from tfdisent.studies.runs_table import read_runs, shown, spread
from tfdisent.studies.study_folder import open_study
from tfdisent.studies.study_pictures import pictures

__all__ = ["report_study"]

_MOST_ROWS = 1000  # of a table
_MOST_NAMED = 12  # values of a setting


def report_study(folder):
    """Writes DIR/report of the runs that are done.

    These are report.html; runs.parquet, one row a run and one column a setting, score, measure or loss term; and
    aggregated_results.json, one row a score of a run, as disentanglement_lib's aggregated results.

    Args:
        folder: of the study.

    Returns:
        Path of the page.

    Raises:
        UserError: when there is no study, or none of its runs has ended.
    """
    found = open_study(folder)
    table = read_runs(found)
    output = found.path / "report"
    table.write_parquet(output / "runs.parquet")
    with Processes() as beside:  # the JSON of thousands of runs takes as long as the page
        beside.start("json", Call("json", _write_json, (found, output / "aggregated_results.json")))
        blocks = [
            _facts(found, table),
            *_failures(table),
            *_experiments(table),
            *pictures(table),
            *_correlations(table),
        ]
        page = plots.write_report(output / "report.html", f"Study {found.path.resolve().name}", blocks)
        if failure := beside.wait()[1].failure:
            raise UserError(failure)
    return page


def _write_json(found, path):
    files = [found.runs / run.name / "metrics" / "aggregated_results.json" for run in found.listed]
    write_columns([file for file in files if file.is_file()], path)


def _facts(found, table):
    axes = {
        axis if label == axis else f"{label} ({axis})": _named(table.choices(axis, table.rows()))
        for axis, label in table.labels.items()
    }
    return plots.Facts(
        {
            "runs": f"{len(table.runs):,} done, {len(table.failed):,} failed, {table.missing:,} still to be made",
            "configurations": ", ".join(map(str, found.arguments.get("configs", ()))),
            "data": "; ".join(f"{name}: {source}" for name, source in table.sources.items()),
            "steps": _named(sorted({int(steps) for steps in table.numbers.get("steps", ())})),
            **axes,
            "files": "beside this page: runs.parquet (a row a run), aggregated_results.json (a row a score of a run)",
        }
    )


def _failures(table):
    if not table.failed:
        return []
    rows = [[str(run), sentence] for run, sentence in list(table.failed.items())[:_MOST_ROWS]]
    caption = f"The same `tfdisent study run` tries these again.{_cut(table.failed)}"
    return [plots.Heading("Failures"), plots.Table(["run", "why"], rows, caption, stacked=True)]


def _experiments(table):
    """Mean and deviation over the seeds of each configuration."""
    experiments = table.experiments()[:_MOST_ROWS]
    if not experiments or not table.main:
        return []
    names = [
        [shown(values[rows[0]]) for values in table.axes.values()] or ["as configured"]
        for rows in experiments
    ]
    scores = {score: [spread(table.of(score, rows)) for rows in experiments] for score in table.main}
    best = {score: _best(table, score, spreads, experiments) for score, spreads in scores.items()}
    rows = [
        [*name, *(_cell(scores[score][place], place in best[score]) for score in scores)]
        for place, name in enumerate(names)
    ]
    columns = ", ".join(
        f"{score}: {column.removeprefix(f'{score}.')}" for score, column in table.main.items()
    )
    caption = (
        f"Mean \N{PLUS-MINUS SIGN} standard deviation over the seeds (their number); {columns}. The best of each column"
        f"{' and data set' * bool(table.data_axis)} is emphasised where it is known whether more or less is better. "
        f"Click a header to sort.{_cut(table.experiments())}"
    )
    directions = {score: better for score in scores if (better := table.better(score))}
    headers = list(table.labels.values()) or ["model"]
    return [
        plots.Heading("Experiments"),
        plots.Table([*headers, *scores], rows, caption, directions, sortable=True),
    ]


def _best(table, score, spreads, experiments):
    """The places of those experiments that are the best of their data set."""
    choose = {"higher": max, "lower": min}.get(table.better(score))
    if choose is None:
        return set()
    groups = {}
    for place, (mean, *_) in enumerate(spreads):
        if mean is not None:
            data = table.data_axis and table.axes[table.data_axis][experiments[place][0]]
            groups.setdefault(data, []).append((mean, place))
    return {choose(group)[1] for group in groups.values() if len(group) > 1}


def _correlations(table):
    """How the scores rank the runs, a table for each data set."""
    if len(table.main) < 2:
        return []
    groups = {"": table.rows()}
    if data := table.data_axis:
        groups = {shown(value): table.rows(data, value) for value in table.choices(data, table.rows())}
    caption = "Spearman's rank correlation over the runs, each seed a run of its own."
    blocks = [plots.Heading("How scores rank the runs")]
    for name, rows in groups.items():
        values = {score: table.of(score, rows) for score in table.main}
        cells = [
            [score, *(rank_correlation(own, other) for other in values.values())]
            for score, own in values.items()
        ]
        blocks += [plots.Heading(name, 3)] * bool(name)
        blocks.append(plots.Table(["score", *values], cells, caption, decimals=2))
    return blocks


def _cell(value, best):
    mean, deviation, number = value
    if mean is None:
        return None
    return plots.Cell(mean, f"\N{PLUS-MINUS SIGN} {deviation:.3f} ({number})" if number > 1 else "(1)", best)


def _named(values):
    names = [shown(value) for value in values]
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _cut(rows):
    if len(rows) <= _MOST_ROWS:
        return ""
    return f" These are the first {_MOST_ROWS:,} of {len(rows):,}; runs.parquet has the numbers of all."
