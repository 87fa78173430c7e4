"""What the SymAE paper says of its examples, in numbers."""

import numpy as np

from tfdisent.papers import symae_runs as runs
from tfdisent.papers.symae_runs import SCALES, Example
from tfdisent.papers.tables import write_item

__all__ = ["judge", "make_claims"]

GOOD = 0.1  # redatuming error over the variance of the state's signal, up to which a state counts as good
_OVERLAP = 0.01  # energy dependence over the mean distance of codes
_SEEDS = 3  # restarts of Examples 1 and 2 with the decoder of the text; one of all else, unless asked
_EARLY = 500  # a step to compare with
_COMPARED = (("standard", "standard"), ("split", "standard"), ("code", "linear"))  # Examples 1, 2; 5


def make_claims(output, seeds=None, scale="paper"):
    """One row a training, step and way of inference (`symae_runs.MODES`), and a verdict a claim.

    Returns:
        Paths of what was written.
    """
    from tfdisent import plots

    settings = [(number, decoder) for number in range(1, 6) for decoder in runs.DECODERS.get(number, [""])]
    rows, grown = [], {}
    for number, decoder in settings:
        alone = scale == "quick" or number > 2 or decoder
        for seed in range(seeds or (1 if alone else _SEEDS)):
            example = Example(number, decoder, seed)
            end = runs.open_example(example, output, scale)
            for step in dict.fromkeys(
                [min(_EARLY, end.step) if end.step in runs.SNAPSHOTS else end.step, end.step]
            ):
                opened = runs.open_example(example, output, scale, step)
                found = runs.measure(opened, all_shifts=scale != "quick")
                rows += [_row(opened, found, statistics) for statistics in runs.MODES]
            if example.number == 4:
                grown = _growth(example, end, output, scale)
    final = {}
    for row in rows:
        final[row["example"], row["decoder"], row["seed"], row["inference"]] = row
    verdicts = _verdicts(final, grown)
    label = (
        "Data: six signals under cyclic shifts computed by tfdisent; redatuming errors over all shifts. "
        f"Scale: {SCALES[scale].label}. A state counts as good up to {GOOD} of its variance; own shifts: each instance "
        "aligned by itself."
    )
    headers = [key for key in rows[0] if key != "common shifts"]
    table = headers, [[_cell(row[key]) for key in headers] for row in rows]
    figures = {"_verdicts": plots.table_picture(*_verdict_table(verdicts), "Claims, by way of inference")}
    title = "Claims: redatuming error over the variance of the signal, and what the paper says of it"
    return write_item(
        output,
        title,
        label,
        [*rows, *verdicts],
        figures,
        table,
        caption="One row a training, step and way of inference.",
    )


def _verdicts(final, grown):
    """One dict a claim, decoder of its example and way of inference.

    Args:
        final: {(example, decoder, seed, inference): row} of the last steps.
        grown: as in `judge`.
    """
    found = {}
    for inference in runs.MODES:
        for decoder, dense in _COMPARED:
            names = {1: decoder, 2: decoder, 3: "standard", 4: "standard", 5: dense}
            rows = {
                number: [
                    row for (*key, _, kind), row in final.items() if (*key, kind) == (number, name, inference)
                ]
                for number, name in names.items()
            }
            for number, claim, measured, holds in judge(rows, grown):
                found[claim, names[number], inference] = {"measured": measured, "holds": holds}
    names = ("claim", "decoder", "inference")
    return [{**dict(zip(names, key, strict=True)), **verdict} for key, verdict in found.items()]


def _verdict_table(verdicts):
    """(headers, rows): one row a claim and decoder, one column a way of inference."""
    cells = {}
    for verdict in verdicts:
        text = f"{_cell(verdict['holds'])}: {verdict['measured']}"
        cells.setdefault((verdict["claim"], verdict["decoder"]), {})[verdict["inference"]] = text
    rows = [[*key, *(texts[mode] for mode in runs.MODES)] for key, texts in cells.items()]
    return ["claim", "decoder", *runs.MODES], rows


def judge(rows, grown):
    """(example, claim, what was measured, whether it holds) of the paper's statements.

    Args:
        rows: {example: its rows}, of one decoder and way of inference.
        grown: {"range": growth of the codes of Example 4, "shape": correlation of their distances early and late}, or
            empty.
    """
    states = {number: np.mean([[row[f"state {i}"] for i in range(1, 7)] for row in found], axis=0) for number, found in
              rows.items()}  # fmt: skip
    means = {number: float(errors.mean()) for number, errors in states.items()}
    own = {
        number: np.mean([row["redatuming, own shifts"] for row in found]) for number, found in rows.items()
    }
    good = {number: [i + 1 for i in range(6) if errors[i] <= GOOD] for number, errors in states.items()}
    dependence = max(row["J / distance"] for row in rows[2])
    high, low = (np.mean([row[key] for row in rows[5]]) for key in ("high power", "low power"))

    def found(number):
        states = ", ".join(map(str, good[number])) or "none"
        return f"mean {means[number]:.2f}, own shifts {own[number]:.2f}, good states {states}"

    yield 1, "Example 1 redatums well", found(1), len(good[1]) == 6
    best = min(means, key=means.get)
    measured = f"mean {means[2]:.2f}, own shifts {own[2]:.2f}, best is {best}"
    yield 2, "Example 2 is the best", measured, best == 2
    overlap = f"J / distance at most {dependence:.4f}"
    yield 2, "Example 2's six curves overlap", overlap, bool(dependence < _OVERLAP)
    yield 3, "Example 3 is good in states 1, 2, 3, 6 and bad in 4, 5", found(3), good[3] == [1, 2, 3, 6]
    yield 4, "Example 4 fails in every state", found(4), not good[4]
    if grown:
        size, shape = grown["range"], grown["shape"]
        yield (
            4,
            "Example 4's codes grow some twentyfold from step 100 on",
            f"{size:.1f}-fold",
            bool(size > 10),
        )
        kept = f"correlation of distances {shape:.2f}"
        yield 4, "Example 4's curves keep their shape", kept, bool(shape > 0.9)
    both = f"power above frequency 5 {high:.0%}, up to 2 {low:.0%}"
    yield 5, "Example 5 gets only low frequencies", both, bool(high < 0.1 and low > 0.5)


def _row(opened, found, statistics):
    numbers, example = found[statistics], opened.example
    return {
        "example": example.number,
        "decoder": example.decoder_name,
        "seed": example.seed,
        "step": opened.step,
        "inference": statistics,
        **{f"state {i}": value for i, value in enumerate(numbers["redatuming"], 1)},
        "redatuming": float(np.mean(numbers["redatuming"])),
        "redatuming, own shifts": float(np.mean(numbers["own shifts"])),
        "reconstruction": float(np.mean(numbers["reconstruction"])),
        "J / distance": numbers["dependence"],
        "range of codes": numbers["range"],
        "low power": numbers["low power"],
        "high power": numbers["high power"],
        **{f"error, {name}": value for name, value in found["diagnosis"].items()},
        "common shifts": numbers["shift"],
    }


def _growth(example, end, output, scale):
    """How the nuisance codes of Example 4 change from the first kept step to the last."""
    from scipy.spatial.distance import pdist

    steps = [step for step in runs.SNAPSHOTS if step <= end.step]
    if len(steps) < 2:
        return {}
    distances = [
        pdist(runs.state_codes(runs.open_example(example, output, scale, step).model)[:, ::5].reshape(-1, 10))
        for step in (steps[0], min(_EARLY, end.step), end.step)
    ]
    return {
        "range": float(distances[2].max() / distances[0].max()),
        "shape": float(np.corrcoef(distances[1], distances[2])[0, 1]),
    }


def _cell(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else value
