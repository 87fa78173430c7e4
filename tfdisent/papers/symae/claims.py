"""What the paper says of its examples, in numbers."""

import functools

import numpy as np

from tfdisent.papers.item import item
from tfdisent.papers.runs import make_runs
from tfdisent.papers.symae.examples import DECODERS, SCALES, SNAPSHOTS, Example
from tfdisent.papers.symae.measures import MODES, code_growth, measure_signals
from tfdisent.papers.tables import write_item

__all__ = ["judge"]

_GOOD = 0.1  # redatuming error over the variance of the state's signal, up to which a state counts as good
_OVERLAP = 0.01  # energy dependence over the mean distance of codes
_SEEDS = 3  # restarts of Examples 1 and 2 with the decoder of the text; one of all else, unless asked
_EARLY = 500  # a step to compare with
_COMPARED = (("standard", "standard"), ("split", "standard"), ("code", "linear"))  # Examples 1, 2; 5


@item(
    "claims", "what the paper says of Examples 1 to 5, and whether it holds, in one table",
    scales=SCALES, restarts=True,
)  # fmt: skip
def claims(request):
    """One row a training, step and way of inference (`measures.MODES`), and a verdict a claim."""
    from tfdisent import plots

    examples = [
        Example(number, decoder, seed)
        for number in range(1, 6)
        for decoder in DECODERS.get(number, [""])
        for seed in range(_restarts(request, number, decoder))
    ]
    planned = {each: each.plan(request.scale, _measures(each, request.scale)) for each in examples}
    made = make_runs(request, list(planned.values()))
    rows, final, growth = [], {}, {}
    for example, run in planned.items():
        if run not in made:
            continue
        measured = made[run].measures
        for step in _steps(example, request.scale):
            for mode in MODES:
                rows.append(_row(example, step, measured[f"step {step}"], mode))
                final[example.number, example.decoder_name, example.seed, mode] = rows[-1]
        growth = measured.get("growth", growth)
    verdicts = _verdicts(final, growth)
    facts = (
        "Data: six signals under cyclic shifts computed by tfdisent; redatuming errors over all shifts. "
        f"Scale: {request.scale.label}. A state counts as good up to {_GOOD} of its variance; own shifts: each "
        "instance aligned by itself."
    )
    headers = [key for key in rows[0] if key != "common shifts"]
    table = headers, [[_cell(row[key]) for key in headers] for row in rows]
    figures = {}
    if verdicts:
        picture = plots.table_picture(*_verdict_table(verdicts), "Claims, by way of inference")
        figures["_verdicts"] = picture
    title = "Claims: redatuming error over the variance of the signal, and what the paper says of it"
    caption = "One row a training, step and way of inference."
    return write_item(request.output, title, facts, [*rows, *verdicts], figures, table, caption=caption)


def _restarts(request, number, decoder):
    several = number in (1, 2) and not decoder and request.scale.name != "quick"
    return request.seeds or (_SEEDS if several else 1)


def _steps(example, scale):
    """Steps that are measured: an early one and the last."""
    last = example.steps(scale)
    return (_EARLY, last) if last > _EARLY else (last,)


def _measures(example, scale):
    steps = _steps(example, scale)
    measures = [
        functools.partial(measure_signals, step=step, all_shifts=scale.name != "quick") for step in steps
    ]
    if example.number == 4 and len(steps) > 1:
        measures.append(functools.partial(code_growth, steps=(SNAPSHOTS[0], *steps)))
    return tuple(measures)


def _verdicts(final, growth):
    """One dict a claim, decoder of its example and way of inference.

    Args:
        final: {(example, decoder, seed, inference): row} of the last steps.
        growth: as in `judge`.
    """
    verdicts = {}
    for inference in MODES:
        for decoder, dense in _COMPARED:
            names = {1: decoder, 2: decoder, 3: "standard", 4: "standard", 5: dense}
            rows = {
                number: [
                    row for (*key, _, kind), row in final.items() if (*key, kind) == (number, name, inference)
                ]
                for number, name in names.items()
            }
            if all(rows.values()):  # of every example some training went through
                for number, claim, measured, holds in judge(rows, growth):
                    verdicts[claim, names[number], inference] = {"measured": measured, "holds": holds}
    names = ("claim", "decoder", "inference")
    return [{**dict(zip(names, key, strict=True)), **verdict} for key, verdict in verdicts.items()]


def _verdict_table(verdicts):
    """(headers, rows): one row a claim and decoder, one column a way of inference."""
    cells = {}
    for verdict in verdicts:
        text = f"{_cell(verdict['holds'])}: {verdict['measured']}"
        cells.setdefault((verdict["claim"], verdict["decoder"]), {})[verdict["inference"]] = text
    rows = [[*key, *(texts[mode] for mode in MODES)] for key, texts in cells.items()]
    return ["claim", "decoder", *MODES], rows


def judge(rows, growth):
    """(example, claim, what was measured, whether it holds) of the paper's statements.

    Args:
        rows: {example: its rows}, of one decoder and way of inference.
        growth: {"range": growth of the codes of Example 4, "shape": correlation of their distances early and late}, or
            empty.
    """
    states = {
        number: np.mean([[row[f"state {i}"] for i in range(1, 7)] for row in own], axis=0)
        for number, own in rows.items()
    }
    means = {number: float(errors.mean()) for number, errors in states.items()}
    aligned = {
        number: np.mean([row["redatuming, own shifts"] for row in own]) for number, own in rows.items()
    }
    good = {number: [i + 1 for i in range(6) if errors[i] <= _GOOD] for number, errors in states.items()}
    dependence = max(row["J / distance"] for row in rows[2])
    high, low = (np.mean([row[key] for row in rows[5]]) for key in ("high power", "low power"))

    def measured(number):
        states = ", ".join(map(str, good[number])) or "none"
        return f"mean {means[number]:.2f}, own shifts {aligned[number]:.2f}, good states {states}"

    yield 1, "Example 1 redatums well", measured(1), len(good[1]) == 6
    best = min(means, key=means.get)
    ranked = f"mean {means[2]:.2f}, own shifts {aligned[2]:.2f}, best is {best}"
    yield 2, "Example 2 is the best", ranked, best == 2
    overlap = f"J / distance at most {dependence:.4f}"
    yield 2, "Example 2's six curves overlap", overlap, bool(dependence < _OVERLAP)
    yield 3, "Example 3 is good in states 1, 2, 3, 6 and bad in 4, 5", measured(3), good[3] == [1, 2, 3, 6]
    yield 4, "Example 4 fails in every state", measured(4), not good[4]
    if growth:
        size, shape = growth["range"], growth["shape"]
        grown = "Example 4's codes grow some twentyfold from step 100 on"
        yield 4, grown, f"{size:.1f}-fold", bool(size > 10)
        kept = f"correlation of distances {shape:.2f}"
        yield 4, "Example 4's curves keep their shape", kept, bool(shape > 0.9)
    both = f"power above frequency 5 {high:.0%}, up to 2 {low:.0%}"
    yield 5, "Example 5 gets only low frequencies", both, bool(high < 0.1 and low > 0.5)


def _row(example, step, measured, mode):
    numbers = measured[mode]
    return {
        "example": example.number,
        "decoder": example.decoder_name,
        "seed": example.seed,
        "step": step,
        "inference": mode,
        **{f"state {i}": value for i, value in enumerate(numbers["redatuming"], 1)},
        "redatuming": float(np.mean(numbers["redatuming"])),
        "redatuming, own shifts": float(np.mean(numbers["own shifts"])),
        "reconstruction": float(np.mean(numbers["reconstruction"])),
        "J / distance": numbers["dependence"],
        "range of codes": numbers["range"],
        "low power": numbers["low power"],
        "high power": numbers["high power"],
        **{f"error, {name}": value for name, value in measured["diagnosis"].items()},
        "common shifts": numbers["shift"],
    }


def _cell(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else value
