"""What of a manipulation lowers MIG: independent ones, its controls, and what stays readable. Not in the thesis."""

import itertools

import numpy as np

from tfdisent.papers.demystifying_biases import measures
from tfdisent.papers.demystifying_biases.measures import difference_of_samples
from tfdisent.papers.demystifying_biases.plans import Setting, scales_with
from tfdisent.papers.demystifying_biases.results import make_results
from tfdisent.papers.item import item
from tfdisent.papers.tables import mean_and_deviation, write_item

_DATA = "dsprites"
_METHODS = ("beta-VAE", "SlowVAE", "PCL")
_ATTEMPTS = {"tiny": 3, "quick": 1}  # independently learnt manipulations
_CONTROLS = ("shuffled", "mean", "aligned:position_x", "aligned:position_y")


@item(
    "mechanism",
    "what of a manipulation lowers MIG: controls that the thesis lacks",
    scales=scales_with(tiny=20, quick=2),
    restarts=True,
)
def mechanism(request):
    """Several manipulations and their controls: MIG, linear correlations, DtO, and how readable the factors stay."""
    settings = [
        Setting(_DATA, method, version)
        for method, version in itertools.product(_METHODS, ("original", "noise"))
    ]
    for attempt in range(_ATTEMPTS[request.scale.name]):
        settings += [Setting(_DATA, method, "modified", attempt=attempt) for method in _METHODS]
        settings += [Setting(_DATA, "beta-VAE", control, attempt=attempt) for control in _CONTROLS]
    results = make_results(request, settings, with_dto=True)
    rows, cells = [], []
    for setting in settings:
        values = results.values(setting, "MIG")
        row = {"method": setting.method, "version": _version(setting), "restarts": len(values)}
        for name in ("MIG", "linear correlation", "second correlation", "DtO"):
            found = [made.measures[name] for made in results.runs[setting] if name in made.measures]
            row |= {
                name: float(np.mean(found)) if found else None,
                f"{name} std": float(np.std(found, ddof=1)) if len(found) > 1 else None,
            }
        row |= {f"p against {name}": p for name, p in _tests(results, setting).items()}
        readable = measures.readable_factors(results.runs[setting][0].trained().data)
        row["least R^2 of a factor"] = min(readable.values())
        rows.append({**row, "MIG of each run": values})
        cells.append(
            [
                *(row[key] for key in ("method", "version", "restarts")),
                *(
                    mean_and_deviation(row[name], row[f"{name} std"])
                    for name in ("MIG", "linear correlation", "second correlation", "DtO")
                ),
                *(
                    f"{row[key]:.2g}" if row.get(key) is not None else None
                    for key in (f"p against {name}" for name in ("original", "noise", "shuffled"))
                ),
                f"{row['least R^2 of a factor']:.3f}",
            ]
        )
    headers = [
        "method",
        "version",
        "restarts",
        "MIG",
        "correlation with a factor",
        "with the second",
        "DtO",
        "p, original",
        "p, noise",
        "p, shuffled",
        "least R^2",
    ]
    notes = [
        "p: Welch's test of the mean MIG against that of the same method on the original, on noise, and (for a "
        "manipulation) on the same maps given to other images.",
        "aligned: the same maps along one factor alone. If a manipulation lowered MIG because it turns the local axes, "
        "aligned ones would not.",
        "least R^2: with which the worse of the factors is read from the altered images by five nearest neighbours.",
        *(
            f"Manipulation {attempt}: "
            + ", ".join(f"{key} {value:.3g}" for key, value in numbers.items())
            + "."
            for (_, attempt), (_, numbers) in results.manipulations.items()
        ),
    ]
    title = "Mechanism: what of a manipulation lowers MIG"
    return write_item(
        request.output, title, results.facts(), rows, table=(headers, cells), notes=notes, draw_table=True
    )


def _version(setting):
    return setting.version if not setting.needs_manipulation else f"{setting.version}, m{setting.attempt}"


def _tests(results, setting):
    """{version: p of Welch's test of MIG} against the versions that a setting is compared with."""
    others = {"original": Setting(_DATA, setting.method), "noise": Setting(_DATA, setting.method, "noise")}
    if setting.needs_manipulation:
        others["shuffled"] = Setting(_DATA, setting.method, "shuffled", attempt=setting.attempt)
    found = {}
    for name, other in others.items():
        if setting.version == "original" or other == setting or other not in results.runs:
            continue
        if test := difference_of_samples(*(results.values(each, "MIG") for each in (other, setting))):
            found[name] = test["p"]
    return found
