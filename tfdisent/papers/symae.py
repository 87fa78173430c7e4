"""The figures of the SymAE paper, each from its configuration to the picture, and its claims in one table.

The runs lie in the folder "trained" beside the items' own folders, for all items. Pictures of redatuming are made with
the statistics of batch normalisation as training left them; "_calibrated", with those of codes without noise; and
"_mean_over_noise", as the mean over draws of the noise, which the decoder was trained on (`symae_runs.MODES`). Those of
Examples 1, 2 and 5 are made with further decoders (`symae_runs.DECODERS`), after which they are named.

References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder".
"""

import functools

import numpy as np

from tfdisent.papers import symae_runs as runs
from tfdisent.papers.symae_claims import make_claims
from tfdisent.papers.symae_digits import make_digits
from tfdisent.papers.symae_runs import SCALES as _SCALES
from tfdisent.papers.symae_runs import Example
from tfdisent.papers.tables import write_item

__all__ = ["ITEMS", "SCALES"]

SCALES = ("paper", "long", "quick")
_STATES = {i: f"state {i + 1}" for i in range(6)}
_ENDINGS = {"as trained": "", "calibrated": "_calibrated", "mean over noise": "_mean_over_noise"}
_NUM_FRESH = 100  # bags whose coherent codes are drawn
_SNAPSHOTS = (100, 500, 2000, 4000)


def _figure_1(output):
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
    rows = [{"answer": name, "shift of the square": s, "mean": float(a.mean())} for name, s, a in zip(
        list(lines)[1:], (0, 25), answers, strict=True)]  # fmt: skip
    label = "Data: two of the six signals computed by tfdisent; nothing was trained."
    return write_item(output, "Figure 1: two admissible redatumings", label, rows, {"": figure})


def _redatuming(number, title, output, seeds=None, scale="paper"):
    """Figs. 2, 6, 10, 12, 14: six states by ten shifts."""
    from tfdisent import analysis, plots

    figures, footnotes, rows, labels = {}, {}, [], []
    for decoder in runs.DECODERS.get(number, [""]):
        for seed in range(seeds or 1):
            example = Example(number, decoder, seed)
            opened = runs.open_example(example, output, scale)
            labels.append(opened.label())
            for mode in runs.MODES:
                grid = runs.redatumed(opened, mode)
                aligned = analysis.shift_aligned_mse(grid["redatuming"], grid["truth"])
                own = np.mean((grid["reconstruction"] - grid["truth"]) ** 2, axis=(1, 2))
                run = {
                    "decoder": example.decoder_name,
                    "seed": seed,
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
                if seed == 0:
                    columns = [f"shift {10 * j}" for j in range(1, 11)]
                    ending = example.ending() + _ENDINGS[mode]
                    heading = f"{example.title()}, inference {mode}"
                    figures[ending] = plots.signal_grid(grid, list(_STATES.values()), columns, heading)
                    if number == 5:
                        figures[f"{ending}_spectrum"], found = _spectrum(grid)
                        rows += [{**row, **run} for row in found]
                    footnotes |= dict.fromkeys(set(figures) - set(footnotes), opened.label())
    return write_item(output, title, _joined(labels), rows, figures, footnotes=footnotes)


def _spectrum(grid):
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
        {"frequency": int(f), **{f"amplitude, {name}": spectra[name][f] for name in ("truth", "found")},
         "error / power": spectra["error"][f]}
        for f in frequencies
    ]  # fmt: skip
    return figure, rows


def _codes(number, title, output, scale="paper", coherent=False):
    """Figs. 4, 7 and 11: codes in the plane of their principal components."""
    from tfdisent import analysis, plots
    from tfdisent.data import mra

    figures, footnotes, rows = {}, {}, []
    for decoder in ("", "code") if number in (1, 2) else ("",):
        example = Example(number, decoder)
        opened = runs.open_example(example, output, scale)
        opened.model.calibrate(opened.data.to_memory())
        planes, texts, found = {}, {}, []
        if coherent:
            fresh = mra(_NUM_FRESH, *opened.data.observation_shape, seed=1)
            points = analysis.principal_codes(opened.model.codes(fresh.bags)[0])
            _add_plane(planes, found, f"coherent codes of {_NUM_FRESH} fresh bags", points, fresh.states)
        _add_nuisance(planes, texts, found, "nuisance codes", opened.model)
        figures[example.ending()] = plots.code_planes(planes, _STATES, texts, curves=not coherent)
        rows += [{"decoder": example.decoder_name, **row} for row in found]
        footnotes[example.ending()] = opened.label()
    return write_item(output, title, _joined(footnotes.values()), rows, figures, footnotes=footnotes)


def _figure_5(output, scale="paper"):
    from tfdisent import analysis, plots
    from tfdisent.data import mra_states, shifted

    figures, footnotes, rows = {}, {}, []
    for decoder in ("", "code"):
        example = Example(1, decoder)
        opened = runs.open_example(example, output, scale)
        footnotes[example.ending()] = opened.label()
        opened.model.calibrate(opened.data.to_memory())
        place = int(np.flatnonzero(opened.data.states == 4)[0])
        coherent, nuisance = opened.model.codes(opened.data.bags[[place]])
        shifts, length = opened.data.nuisances[place], opened.data.observation_shape[1]
        curve, at = analysis.periodic_spline(nuisance[0], shifts, length)
        decoded = analysis.decode_curve(opened.model, coherent[0], curve)
        truth = shifted(mra_states(length)[4], np.rint(at).astype(int))
        rows += [
            {"decoder": example.decoder_name, "shift": float(shift), "seen": bool(np.isin(shift, shifts)),
             "squared error / variance": float(np.mean((found - true) ** 2) / true.var())}
            for shift, found, true in zip(at, decoded, truth, strict=True)
        ]  # fmt: skip
        heading = f"State 5, along a closed curve through {len(shifts)} codes"
        figures[example.ending()] = plots.coloured_curves(decoded[::4], at[::4], heading, "shift")
    title = "Figure 5: interpolation in latent space"
    return write_item(output, title, _joined(footnotes.values()), rows, figures, footnotes=footnotes)


def _figure_13(output, scale="paper"):
    """Nuisance codes of Example 4 over the epochs."""
    from tfdisent import plots

    planes, texts, rows, labels = {}, {}, [], []
    last = runs.open_example(Example(4), output, scale).step
    for step in [s for s in _SNAPSHOTS if s <= last] or [last]:
        opened = runs.open_example(Example(4), output, scale, step)
        labels.append(opened.label())
        _add_nuisance(planes, texts, rows, f"step {step:,}", opened.model)
    figure = plots.code_planes(planes, _STATES, texts, curves=True)
    return write_item(
        output,
        "Figure 13: nuisance codes over the epochs, Gaussian noise",
        _joined(labels[-1:]),
        rows,
        {"": figure},
    )


def _figure_8(output, scale="paper"):
    from tfdisent.models.concatenation_toy import initial_toy, predicted_beta, train_toy

    found = runs.toy("expected", output, scale)
    corners = np.stack(np.meshgrid(np.linspace(-0.9, 0.9, 6), np.linspace(-0.9, 0.9, 6)), -1).reshape(-1, 2)
    other, _ = train_toy(initial_toy(*corners.T), min(3000, found["steps"]), scale=1 / 6.6)
    further = {  # what makes |beta| 1.4 here and 1 in print?
        "|beta| predicted for a decoder divided by 10": predicted_beta(),
        "|beta| predicted for a decoder divided by 6.6": predicted_beta(scale=1 / 6.6),
        "median |beta|, 36 models, decoder divided by 6.6": float(np.median(np.abs(other.code[:, 1]))),
    }
    maps = {"α at the end": found["alpha"], "β at the end": found["beta"]}
    title = "Figure 8: the concatenation model, expected masks"
    return _write_toy(output, title, {"SGD": found}, maps, scale, further)


def _figure_9(output, scale="paper"):
    trainings = {"SGD": "gaussian", "Adam": "gaussian_adam"}
    found = {optimizer: runs.toy(kind, output, scale) for optimizer, kind in trainings.items()}
    maps = {f"α at the end, {optimizer}": each["alpha"] for optimizer, each in found.items()}
    title = "Figure 9: the concatenation model, Gaussian masks"
    return _write_toy(output, title, found, maps, scale)


def _write_toy(output, title, trainings, maps, scale, further=None):
    """Maps over the initial values, and a row a number and a model of each training {optimizer: `runs.toy`}."""
    from tfdisent import plots

    table, rows = [], []
    for optimizer, found in trainings.items():
        values, alpha, beta = found["values"], found["alpha"], found["beta"]
        start = np.broadcast_to(values[:, None], beta.shape)
        kept = (np.sign(beta) == np.sign(start))[np.abs(start) > 1e-9]
        numbers = {
            "median of |alpha|": float(np.nanmedian(np.abs(alpha))),
            "share of |alpha| < 0.1": float(np.mean(np.abs(alpha) < 0.1)),
            **{f"|alpha|, quartile {q}": float(np.nanquantile(np.abs(alpha), q / 4)) for q in (1, 2, 3)},
            "share where beta keeps its sign (beta_0 not 0)": float(kept.mean()),
            **{f"|beta|, quartile {q}": float(np.nanquantile(np.abs(beta), q / 4)) for q in (1, 2, 3)},
            "median loss": float(np.nanmedian(found["loss"])),
            "share that diverged": float(np.mean(~np.isfinite(alpha))),
            **{f"median of |alpha| at step {int(step):,}": value for step, value in found["history"]},
            **(further or {}),
        }
        table += [[optimizer, name, value] for name, value in numbers.items()]
        rows += [
            {
                "optimizer": optimizer,
                "alpha_0": values[x],
                "beta_0": values[y],
                "alpha": alpha[y, x],
                "beta": beta[y, x],
                "loss": found["loss"][y, x],
            }
            for y in range(len(values))
            for x in range(len(values))
        ]
    headers = ["optimizer", "number", "value"]
    rows = [*(dict(zip(headers, line, strict=True)) for line in table), *rows]
    figure = plots.contour_maps(maps, values, values, ("α at the start", "β at the start"), 1.5)
    label = (
        f"Data: all 200 pairs of 10 states and 20 nuisances. Trained: {values.size**2} models together, "
        f"{found['steps']:,} full-batch steps of {' or '.join(trainings)}, learning rate 1e-3. "
        f"Scale: {_SCALES[scale].label}."
    )
    return write_item(
        output, title, label, rows, {"": figure}, (headers, table), caption="At the end of training."
    )


def _add_nuisance(planes, texts, rows, title, model):
    from tfdisent import analysis

    codes = runs.state_codes(model)  # [6, k, q]
    states = np.repeat(np.arange(len(codes)), codes.shape[1])
    shifts = np.tile(np.arange(codes.shape[1]), len(codes))
    _add_plane(
        planes, rows, title, analysis.principal_codes(codes.reshape(-1, codes.shape[-1])), states, shifts
    )
    texts[list(planes)[-1]] = [str(shift) if shift % 10 == 0 else "" for shift in shifts]


def _add_plane(planes, rows, title, found, states, shifts=None):
    shares = " and ".join(f"{share:.0%}" for share in found["explained"])
    planes[f"{title} ({shares} of the variance)"] = found["points"], states
    for index, ((x, y), state) in enumerate(zip(found["points"], states, strict=True)):
        shift = None if shifts is None else int(shifts[index])
        rows.append({"plane": title, "state": int(state) + 1, "shift": shift, "x": float(x), "y": float(y)})


def _joined(labels):
    return " ".join(dict.fromkeys(labels))


_make = functools.partial
ITEMS = {
    "figure_1": ("two admissible redatumings", _figure_1),
    "figure_2": (
        "redatuming of moving functions, 6 states x 10 shifts, with three decoders",
        _make(_redatuming, 1, "Figure 2: redatuming, Example 1"),
    ),
    "figure_3": (
        "redatuming of digits, style of 0 on 4, 6, 9, 3",
        _make(make_digits, "Figure 3: redatuming of digits, style of a 0", 0, (4, 6, 9, 3)),
    ),
    "figure_4": (
        "principal components of coherent and nuisance codes",
        _make(_codes, 1, "Figure 4: codes of Example 1", coherent=True),
    ),
    "figure_5": ("a closed curve through the nuisance codes of one datapoint", _figure_5),
    "figure_6": (
        "redatuming with the energy penalty",
        _make(_redatuming, 2, "Figure 6: redatuming, Example 2 (energy penalty)"),
    ),
    "figure_7": (
        "nuisance codes with the energy penalty",
        _make(_codes, 2, "Figure 7: nuisance codes of Example 2 (energy penalty)"),
    ),
    "figure_8": ("the toy model's limits over its initial weights", _figure_8),
    "figure_9": ("the toy model with Gaussian dropout, by SGD and by Adam", _figure_9),
    "figure_10": (
        "redatuming with the concatenating decoder",
        _make(_redatuming, 3, "Figure 10: redatuming, Example 3 (concatenation)"),
    ),
    "figure_11": (
        "nuisance codes with the concatenating decoder",
        _make(_codes, 3, "Figure 11: nuisance codes of Example 3 (concatenation)"),
    ),
    "figure_12": (
        "redatuming with Gaussian noise in place of dropout",
        _make(_redatuming, 4, "Figure 12: redatuming, Example 4 (Gaussian noise)"),
    ),
    "figure_13": ("nuisance codes over the epochs with Gaussian noise", _figure_13),
    "figure_14": (
        "redatuming with two dense decoders, and their spectra",
        _make(_redatuming, 5, "Figure 14: redatuming, Example 5 (dense decoder)"),
    ),
    "figure_15": (
        "redatuming of digits, style of 2 on 2, 4, 5, 1",
        _make(make_digits, "Figure 15: redatuming of digits, style of a 2", 2, (2, 4, 5, 1)),
    ),
    "claims": ("what the paper says of Examples 1 to 5, and whether it holds, in one table", make_claims),
}
