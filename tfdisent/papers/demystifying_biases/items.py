"""Tables 4.1 to 4.5; importing this module registers the figures, the mechanism and chapter 5 too."""

import itertools

from tfdisent.papers.demystifying_biases import figures, mechanism, printed, theory  # noqa: F401
from tfdisent.papers.demystifying_biases.measures import (
    difference_of_means,
    difference_of_samples,
    is_over_pruned,
)
from tfdisent.papers.demystifying_biases.plans import SCALES, Setting
from tfdisent.papers.demystifying_biases.printed import VERSIONS
from tfdisent.papers.demystifying_biases.results import make_results
from tfdisent.papers.item import item
from tfdisent.papers.tables import mean_and_deviation, ours_and_printed, write_item

_PRINTED_RESTARTS = 10
_DIFFERENCES = (("original", "modified"), ("noise", "modified"))


@item("table_4_1", "settings of the models, printed and as built")
def table_4_1(request):
    """The primary hyperparameter of each model, printed and as the shipped configurations have it."""
    rows = [
        {
            "model": method,
            "parameter": binding.rpartition(".")[2],
            "data": title,
            "printed": theirs,
            "ours": _configured(data, method, binding),
        }
        for method, (binding, *values) in printed.HYPERPARAMETERS.items()
        for (data, title), theirs in zip(printed.DATA.items(), values, strict=True)
    ]
    table = (
        list(rows[0]),
        [[f"{cell:g}" if isinstance(cell, float) else cell for cell in row.values()] for row in rows],
    )
    told = {"scale": "settings only: read from the shipped configurations; nothing was trained"}
    return write_item(request.output, "Table 4.1: primary hyperparameters", told, rows, table=table)


def _configured(data, method, binding):
    from tfdisent import config

    config.parse([f"demystifying_biases/{data}_{printed.METHODS[method]}.gin"])
    return config.configured_value(binding)


def _scores_item(number, score):
    text = f"{score} on original, manipulated and noisy data"
    return item(f"table_4_{number}", text, scales=SCALES, restarts=True, number=number, score=score)


@_scores_item(2, "MIG")
@_scores_item(3, "DCI")
@_scores_item(4, "FactorVAE score")
@_scores_item(5, "SAP")
def scores_of_versions(request, number, score):
    """One score of every method on the three versions of both data sets, and Welch's test of the differences."""
    methods = printed.TABLES[score]
    settings = [Setting(*each) for each in itertools.product(printed.DATA, methods, VERSIONS)]
    results = make_results(request, settings)
    rows, cells = [], []
    for setting in settings:
        values = results.values(setting, score)
        row = {
            "data": printed.DATA[setting.data],
            "method": setting.method,
            "version": setting.version,
            "restarts": len(values),
            "over-pruned": sum(map(is_over_pruned, results.runs[setting])),
            **ours_and_printed(values, printed.value(score, setting.data, setting.method, setting.version)),
        }
        rows.append({**row, "values": values})
        cells.append(
            [
                *(row[key] for key in ("data", "method", "version", "restarts", "over-pruned")),
                mean_and_deviation(row["ours mean"], row["ours std"]),
                mean_and_deviation(row["printed mean"], row["printed std"], 2),
            ]
        )
    tests = [
        test
        for data, method in itertools.product(printed.DATA, methods)
        for test in _differences(results, score, data, method)
    ]
    headers = ["data", "method", "version", "restarts", "over-pruned", f"{score}, ours", "printed"]
    notes = [
        "Differences of means with Welch's 95 % interval, ours over the restarts above, the printed ones from their "
        f"means and deviations over {_PRINTED_RESTARTS}:",
        *(f"{test['data']}, {test['method']}, {test['between']}: {test['told']}." for test in tests),
        "Over-pruned: fewer latents with E(sigma^2) < .8 than factors that vary; they count in these tables.",
    ]
    title, facts = f"Table 4.{number}: {score} on original, manipulated and noisy data", results.facts()
    table = headers, cells
    return write_item(
        request.output, title, facts, [*rows, *tests], table=table, notes=notes, draw_table=True
    )


def _differences(results, score, data, method):
    """Rows of Welch's tests of a method, ours and printed."""
    for first, second in _DIFFERENCES:
        told = []
        row = {"data": printed.DATA[data], "method": method, "between": f"{first} - {second}"}
        ours = [results.values(Setting(data, method, version), score) for version in (first, second)]
        theirs = [printed.value(score, data, method, version) for version in (first, second)]
        if found := difference_of_samples(*ours):
            row |= {f"ours {key}": value for key, value in found.items()}
            told.append("ours {difference:.3f} [{low:.3f}, {high:.3f}], p {p:.2g}".format(**found))
        found = difference_of_means(*theirs, number=_PRINTED_RESTARTS)
        row |= {f"printed {key}": value for key, value in found.items()}
        told.append("printed {difference:.2f} [{low:.2f}, {high:.2f}], p {p:.2g}".format(**found))
        yield {**row, "told": "; ".join(told)}
