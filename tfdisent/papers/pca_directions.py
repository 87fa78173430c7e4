"""Zietlow's thesis, chapter 3: variational autoencoders pursue the principal directions.

Every item writes CSV, JSON, pictures and `report.html`, with the printed values where there are any. The runs lie in
the folder "trained" beside the items' own folders, for all items. At the scale "reduced" only dSprites and CelebA are
trained less than in the thesis; drawn images stand in where their files are missing, and every file says so.

References: Zietlow 2022, chapter 3; Rolinek, Zietlow & Martius 2019, "Variational Autoencoders Pursue PCA
Directions (by Accident)".
"""

import functools

import numpy as np

from tfdisent.errors import UserError
from tfdisent.papers import pca_directions_drawings as drawings
from tfdisent.papers import pca_directions_figures as figures
from tfdisent.papers import pca_directions_printed as printed
from tfdisent.papers.pca_directions_runs import (
    FILES,
    Setting,
    data_source,
    default_seeds,
    facts,
    measure,
    principal_components_ds,
    random_decoder_dto,
    ratio_setting,
)
from tfdisent.papers.pca_directions_writing import score_row, score_table
from tfdisent.papers.tables import write_item

__all__ = ["ITEMS", "SCALES"]

SCALES = ("paper", "reduced", "quick")
_NUM_NETWORKS = 20  # of which the agreement of principal components and factors is shown
_SCORES = ("DS", "DS bounded", "DtO", "PCA angle")
_SHAPES = {
    "dsprites": (64, 64, 1),
    "synth_linear": (3,),
    "synth_nonlinear": (6,),
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "celeba": (64, 64, 3),
}
_PERFECT_DS = (
    "The printed DS of a perfect representation exceeds 1 a little, because the nearest neighbours in a latent that "
    "knows nothing of a factor predict it worse than its mean does; the bounded variant, clipped at the constant "
    "predictor, stands beside it."
)
_UNKNOWN_NETWORK = (
    "DS depends on the random network that makes the data, which the thesis does not give: it says how far principal "
    "directions and factors agree there. The rows of principal components show by how much, without any training."
)


def _table_3_1(output):
    """The settings of the six data sets, printed and as built from the shipped configurations."""
    rows = []
    for row, values in printed.SETTINGS.items():
        names = ("optimizer", "learning rate", "encoder", "decoder", "latents", "epochs", "beta")
        for name, theirs, ours in zip(names, values, _built_settings(row), strict=True):
            rows.append({"data": printed.TITLES[row], "setting": name, "printed": theirs, "ours": ours})
    table = ["data", "setting", "printed", "ours"], [[_plain(cell) for cell in row.values()] for row in rows]
    facts = {"scale": "settings only: read from the shipped configurations; nothing was trained"}
    return write_item(output, "Table 3.1: settings", facts, rows, table=table)


def _built_settings(row):
    from tfdisent import config

    config.parse([f"pca_directions/{row}.gin"])
    model = config.configured_value("training.train.model")(observation_shape=_SHAPES[row])
    optimizer = config.configured_value("training.train.optimizer")()
    return (
        type(optimizer).__name__,
        float(optimizer.learning_rate),
        *(_layers(network) for network in (model.encoder, model.decoder)),
        model.num_latents,
        config.configured_value("training.train.epochs"),
        model.beta,
    )


def _layers(network):
    """The layers with weights, without the heads, the way Table 3.1 writes them."""
    import keras

    found = [layer for layer in network.layers if layer.weights and not layer.name.endswith("_head")]
    if isinstance(found[-1] if found else None, keras.layers.Dense) and found[-1].name == "output":
        found = found[:-1]
    texts = [
        f"[{layer.filters}, {layer.kernel_size[0]}, {layer.strides[0]}]"
        if hasattr(layer, "filters")
        else f"{layer.units}"
        for layer in found
    ]
    if not texts:
        return "none"
    return f"{' - '.join(texts)} ({found[0].activation.__name__})"


def _plain(cell):
    return f"{cell:g}" if isinstance(cell, float) else cell


def _table_3_2(output, seeds=None, scale="paper"):
    """Shares of training in the polarized regime, at the exact number of latents and at 10."""
    seeds = seeds or {"paper": 3}.get(scale, 1)
    found, missing = _measure_rows(printed.REGIME, [("", ()), ("10", ())], output, seeds, scale)
    rows, histories = [], {}
    for setting, measured in found.items():
        told = printed.REGIME[setting.row][setting.kind == "10"]
        latents = 10 if setting.kind else printed.LATENTS[setting.row]
        title = f"{printed.TITLES[setting.row]}, {latents} latents"
        values = [each["regime"] for each in measured if "regime" in each]
        last = {
            "active": [each["active"] for each in measured],
            "below 3 % since": [e.get("since") for e in measured],
        }
        rows.append(score_row(printed.TITLES[setting.row], title, "regime", values, (told, None), **last))
        if measured:
            histories[title] = _regime_history(measured[0]["run"])
    pictures = {
        f"_{_file_name(title)}": _regime_picture(title, rows_) for title, rows_ in histories.items() if rows_
    }
    notes = [
        "The share of training from which on the relative error (3.38) of the KL term stayed below 3 per cent, looked "
        "at every 500 steps on 1,000 held-out points; T steps show at most 1 - 500 / T.",
        *(f"Not measured: {sentence}" for sentence in missing),
    ]
    title = "Table 3.2: share of training in the polarized regime"
    return write_item(output, title, facts(found, scale), rows, pictures, score_table(rows), notes)


def _regime_history(folder):
    from tfdisent.training import RunDirectory

    return RunDirectory(folder).history(name="polarized_regime")


def _regime_picture(title, rows):
    from tfdisent import plots

    return plots.polarized_regime({title: rows})


def _file_name(title):
    return "".join(letter if letter.isalnum() else "_" for letter in title.lower()).replace("__", "_")


def _table_3_3(row, output, seeds=None, scale="paper"):
    """DS and DtO of every model of a data set, and of decoders that are not trained."""
    kinds = {FILES[kind]: kind for kind in ("", "vae", "autoencoder", "full_covariance")}
    settings = {
        name: Setting(row, kinds[name]) for name in printed.TABLE_3_3[row] if name != "random decoder"
    }
    found = measure(list(settings.values()), output, seeds, scale)
    rows = []
    for name, setting in settings.items():
        rows += _score_rows(row, name, found[setting], printed.TABLE_3_3[row][name])
    number = seeds or default_seeds(row, scale)
    shape = _observation_shape(found)
    random = [random_decoder_dto(row, shape, seed) for seed in range(number)]
    told = printed.TABLE_3_3[row]["random decoder"]["DtO"]
    rows.append(score_row(printed.TITLES[row], "random decoder", "DtO", random, told))
    title = f"Table 3.3: DS and DtO, {printed.TITLES[row]}"
    if row == "synth_nonlinear":
        rows += _principal_components()
    notes = [
        _order(rows),
        "Printed random decoders do not follow from the printed formula; compare with ours, drawn beside it.",
        *([_PERFECT_DS] if any(each["score"] == "DS" for each in rows) else []),
        *([_UNKNOWN_NETWORK] if row == "synth_nonlinear" else []),
    ]
    return write_item(output, title, facts(found, scale), rows, {}, score_table(rows), notes)


def _principal_components():
    """DS of principal components: of the network trained on, and over other ones."""
    ds = [principal_components_ds(network) for network in range(_NUM_NETWORKS)]
    title = printed.TITLES["synth_nonlinear"]
    return [
        score_row(title, "principal components, this network", "DS", ds[:1]),
        score_row(title, f"principal components, {_NUM_NETWORKS} networks", "DS", ds),
    ]


def _order(rows):
    """The models by their mean DtO, and whether that is the printed order."""
    means = {row["model"]: row["ours mean"] for row in rows if row["score"] == "DtO" and row["restarts"]}
    told = [name for name in printed.TABLE_3_3["dsprites"] if name in means]  # the same for every data set
    ours = sorted(means, key=means.get)
    verdict = "the printed order" if ours == told else f"printed: {', '.join(told)}"
    return f"By DtO, best first: {', '.join(ours)} ({verdict})."


def _observation_shape(found):
    from tfdisent.training import RunDirectory

    folder = next(each["run"] for measured in found.values() for each in measured)
    return tuple(RunDirectory(folder).asked()["data"]["observation_shape"])


def _table_3_4(output, seeds=None, scale="paper"):
    """DS and DtO of the linear beta-VAE where the two principal directions are nearly degenerate."""
    settings = {ratio: ratio_setting(ratio) for ratio in printed.RATIOS}
    found = measure(list(settings.values()), output, seeds, scale)
    rows = []
    for ratio, setting in settings.items():
        rows += _score_rows("synth_linear", f"ratio {ratio:.1f}", found[setting], printed.RATIOS[ratio])
    title = "Table 3.4: degenerate singular values"
    return write_item(output, title, facts(found, scale), rows, {}, score_table(rows), [_PERFECT_DS])


def _score_rows(row, name, measured, told):
    """One row a score; where the decoder is linear, also its largest angle with a principal direction."""
    measured = [{**each, **_angle(each["run"], row)} for each in measured]
    return [
        score_row(
            printed.TITLES[row],
            name,
            score,
            [each[score] for each in measured if score in each],
            told.get(score),
        )
        for score in _SCORES
        if any(score in each for each in measured)
    ]


def _angle(folder, row):
    """{"PCA angle": degrees}: the largest angle between a column of a linear decoder and its direction.

    References: Zietlow 2022, Theorem 2.
    """
    if row != "synth_linear":
        return {}
    from tfdisent.analysis import linear_decoder_matrix, pca_alignment
    from tfdisent.evaluation.scoring import load_run

    trained = load_run(folder)
    matrix = linear_decoder_matrix(trained.model.decode, trained.model.num_latents)
    return {"PCA angle": float(np.max(pca_alignment(matrix, trained.data.to_memory())["angles"]))}


def _measure_rows(rows, kinds, output, seeds, scale):
    """({setting: numbers}, [why a data set is missing]) of some kinds of model on several data sets."""
    settings, missing = [], []
    for row in rows:
        try:
            data_source(row, scale)
            settings += [Setting(row, kind, change=change) for kind, change in kinds]
        except UserError as error:
            missing.append(f"{printed.TITLES[row]}. {error}")
    return measure(settings, output, seeds, scale), missing


_make = functools.partial
_FULL = ("paper", "quick")  # what is quick enough to be trained as in the thesis
ITEMS = {
    "table_3_1": ("settings of the six data sets, printed and as built", _table_3_1),
    "table_3_2": ("share of training in the polarized regime, exact and 10 latents", _table_3_2),
    **{
        f"table_3_3_{row}": (text, _make(_table_3_3, row), scales)
        for row, text, scales in (
            (
                "synth_linear",
                "DS and DtO on the linear synthetic set (6 minutes on 2 cores for 10 seeds)",
                _FULL,
            ),
            (
                "synth_nonlinear",
                "DS and DtO on the nonlinear synthetic set (11 minutes on 2 cores for 10 seeds)",
                _FULL,
            ),
            ("mnist", "DtO on MNIST", _FULL),
            ("fashion_mnist", "DtO on Fashion-MNIST", _FULL),
            ("dsprites", "DS and DtO on dSprites", SCALES),
        )
    },
    "table_3_4": (
        "DS and DtO where principal directions are nearly degenerate (6 minutes on 2 cores for 10 seeds)",
        _table_3_4,
        _FULL,
    ),
    **figures.PICTURES,
    **drawings.DRAWINGS,
}
