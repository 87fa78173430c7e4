"""Which models are trained at which scale, and how."""

import dataclasses
import functools
import itertools
from collections.abc import Callable

from tfdisent.papers.item import Scale
from tfdisent.papers.stand_ins import data_name
from tfdisent.papers.tcwae import measures
from tfdisent.papers.tcwae.printed import BEST, GRIDS, PAIRS, SIGMA_L1
from tfdisent.papers.tcwae.settings import METHODS, TCWAES, Setting

__all__ = [
    "DRAWN",
    "ORIGINALS",
    "SCALES",
    "TCWAEScale",
    "ablations",
    "best",
    "configuration",
    "grid",
    "over_beta",
    "planned_run",
    "qualitative",
    "rows_of_table_1",
]

ORIGINALS = {
    "dsprites": "dsprites_full",
    "smallnorb": "smallnorb",
    "chairs3d": "chairs3d",
    "celeba": "celeba",
}
DRAWN = {
    "dsprites": "dsprites_drawn"
}  # on the grid of the original, so that it serves at the paper's scale too
_OTHER_DRAWN = "shapes3d_drawn"  # in place of all others, at smaller scales
_SMALL = (  # for every data set at quick scale
    "training.train.data=@data.DSpritesDrawn()",
    "data.DSpritesDrawn.image_size=32",
    "data.DSpritesDrawn.num_positions=8",
    "data.DSpritesDrawn.num_orientations=8",
)
_WITH_FACTORS = ("dsprites", "smallnorb")
_SPLIT = (0.9, 0.05, 0.05)  # the authors hold out 10,000 images
_ABLATION_STEPS = 300_000
# The paper prints no weights for chairs and faces: those of smallNORB with the squared L2 cost.
_QUALITATIVE = {
    ("chairs3d", "TCWAE-MWS"): (4, 8),
    ("chairs3d", "TCWAE-GAN"): (4, 1),
    ("celeba", "TCWAE-MWS"): (4, 8),
    ("celeba", "TCWAE-GAN"): (4, 1),
    ("celeba", "β-TCVAE"): (4,),
    ("celeba", "FactorVAE"): (10,),
}


@dataclasses.dataclass(frozen=True)
class TCWAEScale(Scale):
    """How much is trained, and which models of the grids.

    Attributes:
        grids: "whole" as printed, "corners" of the first value and the best, or the "best" alone.
        scores: the measure `measures.scores`, with fewer points than disentanglement_lib takes where it says so.
        instead: {setting of the paper's tables: the one trained in its place}.
        penalised: data sets on which Table 1 has the Wasserstein autoencoders a second time, with `SIGMA_L1`.
    """

    grids: str = "whole"
    scores: Callable = measures.scores
    instead: dict = dataclasses.field(default_factory=dict)
    penalised: tuple = ()

    def values(self, grid, *best):
        """The values of a grid that are trained at this scale."""
        corners = tuple(sorted({grid[0], *best}))
        return {"whole": tuple(grid), "corners": corners, "best": best}[self.grids]


_ALL_SCALES = (
    TCWAEScale("paper", "the paper's", restarts=5),
    TCWAEScale(
        "reduced",
        "REDUCED: 20,000 steps of 64 in mixed_bfloat16, far fewer than the paper's; Adam's epsilon 1e-8 as in the "
        "authors' code, not the printed 8e-4",
        bindings=(
            "training.train.steps=20000",
            "training.train.batch_size=64",
            "training.train.dtype='mixed_bfloat16'",
            "keras.optimizers.Adam.epsilon=1e-8",
        ),
        grids="corners",
        # The printed weights belong to the authors' code before June 2020, which took variances for their logarithms.
        # With the objective as printed each nat of information costs 50 to 100 nats, more than it saves of the
        # reconstruction, and in batches of 64 the model decodes one image (seen for 900 steps).
        instead={Setting("dsprites", "TCWAE-MWS", (50, 100)): Setting("dsprites", "TCWAE-MWS", (10, 5))},
        # Without the code's penalty TCWAE-GAN and WAE-MMD make their encoders deterministic (standard deviations of the
        # posterior under 1e-3), and codes hide their dependence from the discriminators in scales too fine for them.
        penalised=("dsprites",),
    ),
    TCWAEScale(
        "quick",
        "QUICK: a few steps, which show only that everything works; no number means anything",
        bindings=(
            "training.train.steps=20",
            "training.train.batch_size=16",
            "training.train.log_every=10",
            "training.train.steps_per_execution=10",
        ),
        grids="best",
        scores=functools.partial(
            measures.scores,
            mig={"num_train": 1_000},
            factor_vae={"num_train": 300, "num_eval": 200, "num_variance_estimate": 1_000},
            sap={"num_train": 500, "num_test": 200},
        ),
    ),
)
SCALES = {scale.name: scale for scale in _ALL_SCALES}


def best(data, scale):
    """The settings of Table 1 on a data set, or those that are trained in their place."""
    return [scale.instead.get(setting, setting) for setting in BEST if setting.data == data]


def rows_of_table_1(data, scale):
    """`best`, and at some scales the Wasserstein autoencoders a second time, with the penalty of the authors' code."""
    settings = best(data, scale)
    if data in scale.penalised:
        wasserstein = [setting for setting in settings if setting.method in ("WAE-MMD", *TCWAES)]
        settings += [dataclasses.replace(setting, sigma_l1=SIGMA_L1[data]) for setting in wasserstein]
    return settings


def grid(data, cost, scale):
    """Both TCWAEs over beta and gamma."""
    settings = []
    for method in TCWAES:
        weights = _best_weights(data, method, cost, scale)
        betas, gammas = (scale.values(PAIRS[data, cost], weight) for weight in weights)
        settings += [Setting(data, method, pair, cost) for pair in itertools.product(betas, gammas)]
    return settings


def over_beta(data, method, scale):
    """A method over its first weight, the second as in Table 5."""
    first, *others = _best_weights(data, method, "bernoulli", scale)
    values = PAIRS[data, "bernoulli"] if method in TCWAES else GRIDS[method]
    return [Setting(data, method, (value, *others)) for value in scale.values(values, first)]


def ablations(scale):
    """Sec. 4.3: one weight for all latent terms."""
    weights = scale.values(GRIDS["ablation"], 10, 100)
    return [
        Setting("dsprites", method, (weight,) * len(METHODS[method][1]), ablation=True)
        for method in ("WAE-MMD", *TCWAES)
        for weight in weights
    ]


def qualitative(data, methods):
    """The models of chairs or faces, of which only pictures are printed."""
    return [
        Setting(data, method, _QUALITATIVE[data, method], "squared_l2" if method in TCWAES else "bernoulli")
        for method in methods
    ]


def planned_run(setting, scale, seed=0):
    """The `PlannedRun` of a setting.

    Raises:
        UserError: at the paper's scale, when the original data is not there and nothing stands on its grid.
    """
    from tfdisent.studies.planned import PlannedRun

    config, bindings = configuration(setting, scale)
    computed = [measures.losses, measures.divergences]
    if setting.data in _WITH_FACTORS:
        computed.append(scale.scores)
    title = f"{setting} on {setting.data}, seed {seed}"
    return PlannedRun((config,), bindings, seed, measures=tuple(computed), title=title)


def configuration(setting, scale):
    """(name of the shipped configuration of a setting, bindings over it)."""
    model, names, _ = METHODS[setting.method]
    weights = zip(names, setting.weights, strict=True)
    bindings = (
        *((f"training.train.steps={_ABLATION_STEPS}",) if setting.ablation else ()),
        *(f"models.{model}.{name}={float(value)}" for name, value in weights),
        *((f"models.{model}.sigma_l1={setting.sigma_l1}",) if setting.sigma_l1 else ()),
        f"models.{model}.reconstruction='{setting.cost}'",
        f"training.train.split={_SPLIT}",
        *_data_bindings(setting.data, scale.name),
        *scale.bindings,
    )
    return f"tcwae/{setting.data}_{model.lower()}.gin", bindings


@functools.cache  # to look for a data set may mean to read it
def _data_bindings(data, scale):
    """Bindings for the original data, or for what stands in for it at the scale of this name."""
    if scale == "quick":
        return _SMALL
    drawn = DRAWN.get(data)
    if scale == "paper" or drawn is None:
        required = scale == "paper" and drawn is None
        drawn = data_name(ORIGINALS[data], drawn or _OTHER_DRAWN, required)
    return (f"training.train.data='{drawn}'",)


def _best_weights(data, method, cost, scale):
    return next(s.weights for s in best(data, scale) if (s.method, s.cost) == (method, cost))
