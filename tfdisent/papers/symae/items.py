"""The figures of the paper but those of its toy model, each from its trainings to the picture.

Pictures of redatuming are made with the statistics of batch normalisation as training left them; "_calibrated", with
those of codes without noise; and "_mean_over_noise", as the mean over draws of the noise, which the decoder was trained
on (`measures.MODES`). Those of Examples 1, 2 and 5 are made with further decoders (`examples.DECODERS`), after which
they are named.
"""

import numpy as np

from tfdisent.errors import UserError
from tfdisent.papers.item import item
from tfdisent.papers.runs import make_runs, open_run
from tfdisent.papers.symae import claims, toy_figures  # noqa: F401  (their items)
from tfdisent.papers.symae.examples import DECODERS, SCALES, SHORT_SCALES, Example, open_at
from tfdisent.papers.symae.measures import MODES, digits_of, measure_digits, redatumed, state_codes
from tfdisent.papers.tables import write_item

_EXAMPLES = {
    1: "Example 1",
    2: "Example 2 (energy penalty)",
    3: "Example 3 (concatenation)",
    4: "Example 4 (Gaussian noise)",
    5: "Example 5 (dense decoder)",
}
_STATES = {i: f"state {i + 1}" for i in range(6)}
_ENDINGS = {"as trained": "", "calibrated": "_calibrated", "mean over noise": "_mean_over_noise"}
_NUM_FRESH = 100  # bags whose coherent codes are drawn
_SHOWN_STEPS = (100, 500, 2000, 4000)  # of Figure 13
_NUM_STYLES = 5


@item("figure_1", "two admissible redatumings")
def figure_1(request):
    """A state and a shift of two bags, and two answers that fit both."""
    from tfdisent import plots
    from tfdisent.data import mra_states, shifted

    square, cosine = mra_states()[:2]
    nothing = np.full(100, np.nan)
    lines = {
        "given": [[square, cosine, nothing, nothing]],
        "one answer": [[nothing, nothing, shifted(square, 0), nothing]],
        "another answer": [[nothing, nothing, nothing, shifted(square, 25)]],
    }
    headers = ["state of this", "shift of this", "if the cosine is not shifted", "if it is shifted by 25"]
    figure = plots.signal_grid({name: np.array(array) for name, array in lines.items()}, [""], headers)
    answers = shifted(np.stack([square, square]), [0, 25])
    rows = [
        {"answer": name, "shift of the square": shift, "mean": float(answer.mean())}
        for name, shift, answer in zip(list(lines)[1:], (0, 25), answers, strict=True)
    ]
    facts = "Data: two of the six signals computed by tfdisent; nothing was trained."
    return write_item(request.output, "Figure 1: two admissible redatumings", facts, rows, {"": figure})


@item(
    "figure_2", "redatuming of moving functions, 6 states x 10 shifts, with three decoders",
    scales=SCALES, restarts=True, figure=2, number=1,
)  # fmt: skip
@item("figure_6", "redatuming with the energy penalty", scales=SCALES, restarts=True, figure=6, number=2)
@item(
    "figure_10", "redatuming with the concatenating decoder",
    scales=SCALES, restarts=True, figure=10, number=3,
)  # fmt: skip
@item(
    "figure_12", "redatuming with Gaussian noise in place of dropout",
    scales=SCALES, restarts=True, figure=12, number=4,
)  # fmt: skip
@item(
    "figure_14", "redatuming with two dense decoders, and their spectra",
    scales=SCALES, restarts=True, figure=14, number=5,
)  # fmt: skip
def redatuming(request, figure, number):
    """Six states by ten shifts."""
    from tfdisent import analysis, plots

    decoders, seeds = DECODERS.get(number, [""]), range(request.restarts)
    examples = [Example(number, decoder, seed) for decoder in decoders for seed in seeds]
    figures, footnotes, rows, labels = {}, {}, [], []
    for example, opened in _open(request, examples):
        labels.append(example.label(opened, request.scale))
        for mode in MODES:
            grid = redatumed(opened, mode)
            aligned = analysis.shift_aligned_mse(grid["redatuming"], grid["truth"])
            own = np.mean((grid["reconstruction"] - grid["truth"]) ** 2, axis=(1, 2))
            run = {
                "decoder": example.decoder_name,
                "seed": example.seed,
                "step": opened.step,
                "inference": mode,
            }
            rows += [
                {
                    "state": state + 1,
                    **run,
                    "redatuming error / variance": aligned["relative"][state],
                    "the same, own shifts": aligned["instance relative"][state],
                    "common shift": int(aligned["shift"][state]),
                    "redatuming error": aligned["mse"][state],
                    "reconstruction error": own[state],
                }
                for state in _STATES
            ]
            if example.seed == 0:
                columns = [f"shift {10 * j}" for j in range(1, 11)]
                ending = example.ending() + _ENDINGS[mode]
                heading = f"{example.title()}, inference {mode}"
                figures[ending] = plots.signal_grid(grid, list(_STATES.values()), columns, heading)
                if number == 5:
                    figures[f"{ending}_spectrum"], spectrum = _spectrum(grid)
                    rows += [{**row, **run} for row in spectrum]
                footnotes |= dict.fromkeys(set(figures) - set(footnotes), labels[-1])
    title = f"Figure {figure}: redatuming, {_EXAMPLES[number]}"
    return write_item(request.output, title, _joined(labels), rows, figures, footnotes=footnotes)


def _spectrum(grid):
    """The figure and the rows of amplitudes by frequency."""
    from tfdisent import analysis, plots

    spectra = analysis.amplitude_spectra(grid["truth"], grid["reconstruction"])
    frequencies = np.arange(len(spectra["truth"]))
    shown = frequencies[1:26]
    panels = {
        "amplitude": {name: plots.Curve(shown, spectra[name][1:26]) for name in ("truth", "found")},
        "error over the truth": {"found": plots.Curve(shown, spectra["error"][1:26])},
    }
    figure = plots.comparison_curves(
        panels, dict.fromkeys(panels, "frequency"), {name: name for name in panels}
    )
    rows = [
        {
            "frequency": int(f),
            **{f"amplitude, {name}": spectra[name][f] for name in ("truth", "found")},
            "error / power": spectra["error"][f],
        }
        for f in frequencies
    ]
    return figure, rows


@item("figure_4", "principal components of coherent and nuisance codes", scales=SCALES, figure=4, number=1)
@item("figure_7", "nuisance codes with the energy penalty", scales=SCALES, figure=7, number=2)
@item("figure_11", "nuisance codes with the concatenating decoder", scales=SCALES, figure=11, number=3)
def codes(request, figure, number):
    """Nuisance codes in the plane of their principal components, and of Example 1 coherent codes too."""
    from tfdisent import analysis, plots
    from tfdisent.data import mra

    coherent = number == 1
    figures, footnotes, rows = {}, {}, []
    for example, opened in _open(request, _two_decoders(number)):
        opened.model.calibrate(opened.data.to_memory())
        planes, texts, own = {}, {}, []
        if coherent:
            fresh = mra(_NUM_FRESH, *opened.data.observation_shape, seed=1)
            points = analysis.principal_codes(opened.model.codes(fresh.bags)[0])
            _add_plane(planes, own, f"coherent codes of {_NUM_FRESH} fresh bags", points, fresh.states)
        _add_nuisance(planes, texts, own, "nuisance codes", opened.model)
        figures[example.ending()] = plots.code_planes(planes, _STATES, texts, curves=not coherent)
        rows += [{"decoder": example.decoder_name, **row} for row in own]
        footnotes[example.ending()] = example.label(opened, request.scale)
    title = f"Figure {figure}: {'' if coherent else 'nuisance '}codes of {_EXAMPLES[number]}"
    facts = _joined(footnotes.values())
    return write_item(request.output, title, facts, rows, figures, footnotes=footnotes)


@item("figure_5", "a closed curve through the nuisance codes of one datapoint", scales=SCALES)
def figure_5(request):
    """What is decoded along a closed curve through the nuisance codes of a bag of state 5."""
    from tfdisent import analysis, plots
    from tfdisent.data import mra_states, shifted

    figures, footnotes, rows = {}, {}, []
    for example, opened in _open(request, _two_decoders(1)):
        footnotes[example.ending()] = example.label(opened, request.scale)
        opened.model.calibrate(opened.data.to_memory())
        place = int(np.flatnonzero(opened.data.states == 4)[0])
        coherent, nuisance = opened.model.codes(opened.data.bags[[place]])
        shifts, length = opened.data.nuisances[place], opened.data.observation_shape[1]
        curve, at = analysis.periodic_spline(nuisance[0], shifts, length)
        decoded = analysis.decode_curve(opened.model, coherent[0], curve)
        truth = shifted(mra_states(length)[4], np.rint(at).astype(int))
        rows += [
            {
                "decoder": example.decoder_name,
                "shift": float(shift),
                "seen": bool(np.isin(shift, shifts)),
                "squared error / variance": float(np.mean((signal - true) ** 2) / true.var()),
            }
            for shift, signal, true in zip(at, decoded, truth, strict=True)
        ]
        heading = f"State 5, along a closed curve through {len(shifts)} codes"
        figures[example.ending()] = plots.coloured_curves(decoded[::4], at[::4], heading, "shift")
    facts = _joined(footnotes.values())
    title = "Figure 5: interpolation in latent space"
    return write_item(request.output, title, facts, rows, figures, footnotes=footnotes)


@item("figure_13", "nuisance codes over the epochs with Gaussian noise", scales=SHORT_SCALES)
def figure_13(request):
    """Nuisance codes of Example 4 at several steps."""
    from tfdisent import plots

    example = Example(4)
    made, last = open_run(request, example.plan(request.scale)), example.steps(request.scale)
    planes, texts, rows = {}, {}, []
    for step in [step for step in _SHOWN_STEPS if step <= last] or [last]:
        opened = open_at(made.folder, step)
        _add_nuisance(planes, texts, rows, f"step {step:,}", opened.model)
    figure = plots.code_planes(planes, _STATES, texts, curves=True)
    facts = example.label(opened, request.scale)
    title = "Figure 13: nuisance codes over the epochs, Gaussian noise"
    return write_item(request.output, title, facts, rows, {"": figure})


@item(
    "figure_3", "redatuming of digits, style of 0 on 4, 6, 9, 3",
    scales=SHORT_SCALES, figure=3, style=0, contents=(4, 6, 9, 3),
)  # fmt: skip
@item(
    "figure_15", "redatuming of digits, style of 2 on 2, 4, 5, 1",
    scales=SHORT_SCALES, figure=15, style=2, contents=(2, 4, 5, 1),
)  # fmt: skip
def digits(request, figure, style, contents):
    """A row of styles above, a column of contents on the left, and what redatuming makes of each pair.

    All bags are held out. The rows of numbers are `measures.digit_scores`.
    """
    from tfdisent import plots
    from tfdisent.data import as_float

    example = Example(6)
    made = open_run(request, example.plan(request.scale, (measure_digits,)))
    opened = open_at(made.folder)
    bags, digit_of_bag = as_float(opened.held_out.to_memory()), digits_of(opened.held_out)
    place = {digit: int(np.flatnonzero(digit_of_bag == digit)[0]) for digit in set(digit_of_bag.tolist())}
    missing = {style, *contents} - set(place)
    if missing:
        raise UserError(f"No held-out bag shows the digits {sorted(missing)}; take another seed.")
    styles = bags[place[style]]
    coherent_from = bags[[_other(digit_of_bag, digit, place[style]) for digit in contents]]
    swapped = opened.model.redatum(coherent_from, np.repeat(styles[None], len(contents), 0))[:, :_NUM_STYLES]
    pictures = [np.concatenate([np.zeros_like(styles[:1]), styles[:_NUM_STYLES]])]
    pictures += [np.concatenate([bag[:1], row]) for bag, row in zip(coherent_from, swapped, strict=True)]
    labels = ["style", *(f"content {digit}" for digit in contents)]
    grid = plots.traversal_grid(1 - np.stack(pictures), labels)
    scores = made.measures["digits"]
    table = ["number", "value"], [[name, value] for name, value in scores.items()]
    rows = [{"number": name, "value": value} for name, value in scores.items()]
    facts = example.label(opened, request.scale)
    title, caption = f"Figure {figure}: redatuming of digits, style of a {style}", "On held-out bags."
    return write_item(request.output, title, facts, rows, {"": grid}, table, caption=caption)


def _open(request, examples):
    """(`Example`, `Opened`) of each that was made, one at a time."""
    planned = {example: example.plan(request.scale) for example in examples}
    made = make_runs(request, list(planned.values()))
    for example, run in planned.items():
        if run in made:
            yield example, open_at(made[run].folder, example.steps(request.scale))


def _two_decoders(number):
    return [Example(number, decoder) for decoder in DECODERS.get(number, [""]) if decoder in ("", "code")]


def _add_nuisance(planes, texts, rows, title, model):
    """Adds the plane of the nuisance codes of all states under all shifts."""
    from tfdisent import analysis

    codes = state_codes(model)  # [6, k, q]
    states = np.repeat(np.arange(len(codes)), codes.shape[1])
    shifts = np.tile(np.arange(codes.shape[1]), len(codes))
    points = analysis.principal_codes(codes.reshape(-1, codes.shape[-1]))
    _add_plane(planes, rows, title, points, states, shifts)
    texts[list(planes)[-1]] = [str(shift) if shift % 10 == 0 else "" for shift in shifts]


def _add_plane(planes, rows, title, principal, states, shifts=None):
    shares = " and ".join(f"{share:.0%}" for share in principal["explained"])
    planes[f"{title} ({shares} of the variance)"] = principal["points"], states
    for index, ((x, y), state) in enumerate(zip(principal["points"], states, strict=True)):
        shift = None if shifts is None else int(shifts[index])
        rows.append({"plane": title, "state": int(state) + 1, "shift": shift, "x": float(x), "y": float(y)})


def _joined(labels):
    return " ".join(dict.fromkeys(labels))


def _other(digits, digit, place):
    """A bag of this digit, another one than `place` where there is one."""
    own = np.flatnonzero(digits == digit)
    return int(next((bag for bag in own if bag != place), own[0]))
