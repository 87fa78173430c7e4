"""Tables 3.1 to 3.4; importing this module registers the figures and illustrations too."""

from tfdisent.errors import UserError
from tfdisent.papers.item import item
from tfdisent.papers.pca_directions import figures, illustrations, printed  # noqa: F401
from tfdisent.papers.pca_directions.measures import numbers, principal_components_ds, random_decoder_dto
from tfdisent.papers.pca_directions.plans import (
    MODELS,
    RATIO_SETTINGS,
    Setting,
    facts,
    make_settings,
    plan,
    scales,
)
from tfdisent.papers.tables import write_item

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
_FULL = scales(paper=10, quick=1)  # what trains fast enough to be trained as in the thesis


@item("table_3_1", "settings of the six data sets, printed and as built")
def table_3_1(request):
    """The settings of the six data sets, printed and as built from the shipped configurations."""
    names = ("optimizer", "learning rate", "encoder", "decoder", "latents", "epochs", "beta")
    rows = [
        {"data": printed.TITLES[row], "setting": name, "printed": theirs, "ours": ours}
        for row, values in printed.SETTINGS.items()
        for name, theirs, ours in zip(names, values, _built_settings(row), strict=True)
    ]
    table = ["data", "setting", "printed", "ours"], [[_plain(cell) for cell in row.values()] for row in rows]
    told = {"scale": "settings only: read from the shipped configurations; nothing was trained"}
    return write_item(request.output, "Table 3.1: settings", told, rows, table=table)


def _built_settings(row):
    from tfdisent import config

    config.parse([Setting(row).config])
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


@item(
    "table_3_2",
    "share of training in the polarized regime, exact and 10 latents",
    scales=scales(paper=3, reduced=1, quick=1),
    restarts=True,
)
def table_3_2(request):
    """Shares of training in the polarized regime, at the exact number of latents and at 10."""
    from tfdisent import plots

    settings, missing = [], []
    for row in printed.REGIME:
        try:
            plan(Setting(row), request.scale.name, 1)
        except UserError as error:
            missing.append(f"Not measured: {printed.TITLES[row]}. {error}")
        else:
            settings += [Setting(row), Setting(row, "10")]
    found = make_settings(request, dict.fromkeys(settings, request.restarts))
    rows, drawn = [], {}
    for setting, runs in found.items():
        data = printed.TITLES[setting.row]
        latents = 10 if setting.model else printed.LATENTS[setting.row]
        title = f"{data}, {latents} latents"
        each = [numbers(made) for made in runs]
        last = {
            "active": [run["active"] for run in each],
            "below 3 % since": [run.get("since") for run in each],
        }
        values = [run["regime"] for run in each if "regime" in run]
        told = printed.REGIME[setting.row][setting.model == "10"]
        rows.append(printed.score_row(data, title, "regime", values, (told, None), **last))
        if runs and (history := runs[0].directory.history(name="polarized_regime")):
            drawn[f"_{_file_name(title)}"] = plots.polarized_regime({title: history})
    notes = [
        "The share of training from which on the relative error (3.38) of the KL term stayed below 3 per cent, looked "
        "at every 500 steps on 1,000 held-out points; T steps show at most 1 - 500 / T.",
        *missing,
    ]
    title, table = "Table 3.2: share of training in the polarized regime", printed.score_table(rows)
    return write_item(request.output, title, facts(found, request.scale.name), rows, drawn, table, notes)


def _file_name(title):
    return "".join(letter if letter.isalnum() else "_" for letter in title.lower()).replace("__", "_")


def _table_3_3(row, text, scales=_FULL):
    """A decorator: the function is the item of a data set."""
    return item(f"table_3_3_{row}", text, scales=scales, restarts=True, row=row)


@_table_3_3("synth_linear", "DS and DtO on the linear synthetic set (6 minutes on 2 cores for 10 seeds)")
@_table_3_3(
    "synth_nonlinear", "DS and DtO on the nonlinear synthetic set (11 minutes on 2 cores for 10 seeds)"
)
@_table_3_3("mnist", "DtO on MNIST")
@_table_3_3("fashion_mnist", "DtO on Fashion-MNIST")
@_table_3_3("dsprites", "DS and DtO on dSprites", scales(paper=10, reduced=2, quick=1))
def table_3_3(request, row):
    """DS and DtO of every model of a data set, and of decoders that are not trained."""
    named = {name: model for model, name in MODELS.items()}
    models = printed.TABLE_3_3[row]
    settings = {name: Setting(row, named[name]) for name in models if name != "random decoder"}
    found = make_settings(request, dict.fromkeys(settings.values(), request.restarts))
    rows = []
    for name, setting in settings.items():
        rows += _score_rows(row, name, found[setting], models[name])
    made = next(made for runs in found.values() for made in runs)
    shape = made.directory.asked()["data"]["observation_shape"]
    random = [random_decoder_dto(row, shape, seed) for seed in range(request.restarts)]
    told = models["random decoder"]["DtO"]
    rows.append(printed.score_row(printed.TITLES[row], "random decoder", "DtO", random, told))
    if row == "synth_nonlinear":
        rows += _principal_components()
    notes = [
        _order(rows),
        "Printed random decoders do not follow from the printed formula; compare with ours, drawn beside it.",
        *([_PERFECT_DS] if any(each["score"] == "DS" for each in rows) else []),
        *([_UNKNOWN_NETWORK] if row == "synth_nonlinear" else []),
    ]
    title = f"Table 3.3: DS and DtO, {printed.TITLES[row]}"
    table = printed.score_table(rows)
    return write_item(request.output, title, facts(found, request.scale.name), rows, {}, table, notes)


def _score_rows(row, name, runs, told):
    """One row a score; where the decoder is linear, also its largest angle with a principal direction."""
    each = [numbers(made) for made in runs]
    return [
        printed.score_row(
            printed.TITLES[row], name, score, [run[score] for run in each if score in run], told.get(score)
        )
        for score in _SCORES
        if any(score in run for run in each)
    ]


def _principal_components():
    """DS of principal components: of the network trained on, and over other ones."""
    ds = [principal_components_ds(network) for network in range(_NUM_NETWORKS)]
    title = printed.TITLES["synth_nonlinear"]
    return [
        printed.score_row(title, "principal components, this network", "DS", ds[:1]),
        printed.score_row(title, f"principal components, {_NUM_NETWORKS} networks", "DS", ds),
    ]


def _order(rows):
    """The models by their mean DtO, and whether that is the printed order."""
    means = {row["model"]: row["ours mean"] for row in rows if row["score"] == "DtO" and row["restarts"]}
    told = [name for name in printed.TABLE_3_3["dsprites"] if name in means]  # the same for every data set
    ours = sorted(means, key=means.get)
    verdict = "the printed order" if ours == told else f"printed: {', '.join(told)}"
    return f"By DtO, best first: {', '.join(ours)} ({verdict})."


@item(
    "table_3_4",
    "DS and DtO where principal directions are nearly degenerate (6 minutes on 2 cores for 10 seeds)",
    scales=_FULL,
    restarts=True,
)
def table_3_4(request):
    """DS and DtO of the linear beta-VAE where the two principal directions are nearly degenerate."""
    found = make_settings(request, dict.fromkeys(RATIO_SETTINGS.values(), request.restarts))
    rows = []
    for ratio, setting in RATIO_SETTINGS.items():
        rows += _score_rows("synth_linear", f"ratio {ratio:.1f}", found[setting], printed.RATIOS[ratio])
    title, table = "Table 3.4: degenerate singular values", printed.score_table(rows)
    return write_item(request.output, title, facts(found, request.scale.name), rows, {}, table, [_PERFECT_DS])
