"""What chapter 4 trains: seven methods on each version of two data sets, at several scales."""

import dataclasses
import functools

from tfdisent.papers.demystifying_biases import measures
from tfdisent.papers.demystifying_biases.printed import DATA, HYPERPARAMETERS, METHODS
from tfdisent.papers.item import QUICK, Scale
from tfdisent.papers.stand_ins import data_name
from tfdisent.studies.planned import PlannedRun

__all__ = ["SCALES", "BiasScale", "Learning", "Setting", "data_bindings", "planned_run", "scales_with"]

_CLASSES = {
    "autoencoder": "Autoencoder",
    "beta-VAE": "VAE",
    "FactorVAE": "FactorVAE",
    "TC-VAE": "BetaTCVAE",
    "SlowVAE": "SlowVAE",
    "PCL": "PCL",
    "weakly supervised GAN": "WeaklySupervisedGAN",
}
_ORIGINALS = {"dsprites": ("dsprites_full", "dsprites_drawn"), "shapes3d": ("shapes3d", "shapes3d_drawn")}


@dataclasses.dataclass(frozen=True)
class Learning:
    """How a manipulation is learnt (`manipulations.learn_manipulation`).

    Attributes:
        epsilon: the largest change of a pixel.
        num_pairs: K models on each side.
        restarts: of the beta-VAE, from which they are chosen, at least.
        steps, batch_size, learning_rate: of m.
    """

    epsilon: float
    num_pairs: int = 1
    restarts: int = 10
    steps: int = 30_000
    batch_size: int = 256
    learning_rate: float = 1e-4


@dataclasses.dataclass(frozen=True)
class BiasScale(Scale):
    """How much is trained, and on which images.

    Attributes:
        drawn: {data: (class of tfdisent.data, {argument: value})} of what is drawn instead of the originals.
        num_latents: {data: number}, where it is not that of the configuration.
        learning: {data: `Learning`}.
        values: {method: primary hyperparameter}, where it is not the printed one.
        methods: {method: bindings}.
        num_train: points of which scores are computed; None for disentanglement_lib's numbers.
        together: whether seeds train in one program.
    """

    drawn: dict = dataclasses.field(default_factory=dict)
    num_latents: dict = dataclasses.field(default_factory=dict)
    learning: dict = dataclasses.field(default_factory=dict)
    values: dict = dataclasses.field(default_factory=dict)
    methods: dict = dataclasses.field(default_factory=dict)
    num_train: int | None = None
    together: bool = False


def _dense(method):
    """Bindings of dense networks of 128 and 64 units."""
    name = f"models.{_CLASSES[method]}"
    if method == "weakly supervised GAN":
        parts = ("generator", "discriminator", "encoder")
        functions = ("gan_generator", "pair_discriminator", "gan_encoder")
        chosen = [
            f"{name}.{part}=@networks.{function}" for part, function in zip(parts, functions, strict=True)
        ]
        sizes = [f"networks.{function}.filters=()" for function in functions]
        sizes += [
            "networks.gan_generator.dense_units=(64, 128)",
            "networks.gan_encoder.dense_units=(128, 64)",
        ]
        return (
            *chosen,
            *sizes,
            "networks.pair_discriminator.dense_units=(128,)",
            "networks.pair_discriminator.pair_units=(128, 128)",
        )
    bindings = [f"{name}.encoder=@networks.dense_encoder", "networks.dense_encoder.hidden_units=(128, 64)"]
    if method != "PCL":
        bindings += [
            f"{name}.decoder=@networks.dense_decoder",
            "networks.dense_decoder.hidden_units=(64, 128)",
        ]
    if method == "FactorVAE":
        bindings += [f"{name}.discriminator=@networks.dense_discriminator"]
        bindings += ["networks.dense_discriminator.hidden_units=(128, 128)"]
    return tuple(bindings)


_TINY_DATA = {
    "dsprites": (
        "DSpritesDrawn",
        {"image_size": 16, "shapes": "ellipse", "num_scales": 1, "num_orientations": 1, "num_positions": 12},
    ),
    "shapes3d": (
        "Shapes3DDrawn",
        {
            "image_size": 16,
            "num_floor_hues": 1,
            "num_wall_hues": 1,
            "num_object_hues": 1,
            "shapes": "cube",
        },
    ),
}
_SMALL_DATA = {
    "dsprites": (
        "DSpritesDrawn",
        {"image_size": 32, "shapes": "ellipse", "num_scales": 4, "num_orientations": 1, "num_positions": 16},
    ),
    "shapes3d": (
        "Shapes3DDrawn",
        {"image_size": 32, "num_floor_hues": 1, "num_object_hues": 1, "shapes": "cube"},
    ),
}
_TINY = (
    "training.train.steps=4000",
    "training.train.batch_size=32",
    "training.train.log_every=1000",
    "training.train.checkpoint_every=4000",
    "keras.optimizers.Adam.learning_rate=1e-3",
)
_ALL_SCALES = (
    BiasScale(
        "paper",
        "that of the thesis: 300,000 steps; the manipulation's own steps are not printed",
        restarts=10,
        learning={
            "dsprites": Learning(epsilon=0.1, restarts=10),
            "shapes3d": Learning(epsilon=0.175, num_pairs=4, restarts=10),
        },
    ),
    BiasScale(
        "reduced",
        "REDUCED: images of 32 x 32, three factors of the sprites and of the rooms",
        restarts=5,
        bindings=(
            "training.train.steps=6000",
            "training.train.checkpoint_every=3000",
            "keras.optimizers.Adam.learning_rate=5e-4",
        ),
        drawn=_SMALL_DATA,
        num_latents={"dsprites": 3, "shapes3d": 3},
        learning={
            "dsprites": Learning(epsilon=0.1, restarts=10, steps=4_000, learning_rate=5e-4),
            "shapes3d": Learning(epsilon=0.175, restarts=10, steps=4_000, learning_rate=5e-4),
        },
        values={"beta-VAE": 4.0, "TC-VAE": 6.0},
        num_train=2_000,
    ),
    BiasScale(
        "tiny",
        "TINY: images of 16 x 16 of which two factors vary, dense networks",
        restarts=10,
        bindings=_TINY,
        drawn=_TINY_DATA,
        num_latents={"dsprites": 2, "shapes3d": 2},
        learning={
            # With one pair m may saturate, and is then little more than a constant, without effect.
            data: Learning(epsilon, 4, restarts=20, steps=3_000, batch_size=128, learning_rate=1e-3)
            for data, epsilon in (("dsprites", 0.1), ("shapes3d", 0.175))
        },
        values={"beta-VAE": 4.0, "TC-VAE": 6.0},
        methods={
            **{method: _dense(method) for method in METHODS},
            "SlowVAE": (*_dense("SlowVAE"), "models.SlowVAE.gamma=2.0", "training.train.steps=6000"),
        },
        num_train=1_000,
        together=True,
    ),
    BiasScale(
        "quick",
        QUICK,
        restarts=2,
        bindings=(*_TINY, "training.train.steps=150", "keras.optimizers.Adam.learning_rate=5e-3"),
        drawn=_TINY_DATA,
        num_latents={"dsprites": 2, "shapes3d": 2},
        learning={
            data: Learning(epsilon=0.1, restarts=4, steps=10, batch_size=64, learning_rate=1e-3)
            for data in DATA
        },
        values={"beta-VAE": 0.1},
        methods={method: _dense(method) for method in METHODS},
        num_train=200,
        together=True,
    ),
)
SCALES = {scale.name: scale for scale in _ALL_SCALES}


def scales_with(**restarts):
    """`SCALES` with other numbers of restarts."""
    return {name: dataclasses.replace(SCALES[name], restarts=number) for name, number in restarts.items()}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A method on one version of a data set.

    Attributes:
        data: "dsprites" or "shapes3d".
        method: a key of `printed.METHODS`.
        version: "original", "modified", "noise", "shuffled", "mean", or "aligned:" and the name of a factor.
        times: by which the primary hyperparameter is multiplied.
        attempt: which of several manipulations; a seed of m.
    """

    data: str
    method: str
    version: str = "original"
    times: float = 1.0
    attempt: int = 0

    @property
    def needs_manipulation(self):
        return self.version not in ("original", "noise")

    def __str__(self):
        scaled = "" if self.times == 1 else f", {self.times:g} times the hyperparameter"
        return f"{self.method} on {DATA[self.data]}, {self.version}{scaled}"


def planned_run(setting, scale, seed, manipulation=None, with_dto=False):
    """The `PlannedRun` of a setting.

    Args:
        setting: `Setting`.
        scale: `BiasScale`.
        seed: of the run.
        manipulation: path of the npz; needed for versions that are made of one.
        with_dto: whether the distance to orthogonality is measured too.

    Raises:
        UserError: at the paper's scale, when nothing can stand for a data set.
    """
    bindings = [*scale.bindings, *scale.methods.get(setting.method, ())]
    if setting.method in HYPERPARAMETERS:
        parameter, *printed = HYPERPARAMETERS[setting.method]
        value = scale.values.get(setting.method, dict(zip(DATA, printed, strict=True))[setting.data])
        bindings.append(f"{parameter}={float(value * setting.times)}")
    if setting.data in scale.num_latents:
        bindings.append(f"num_latents={scale.num_latents[setting.data]}")
    return PlannedRun(
        (f"demystifying_biases/{setting.data}_{METHODS[setting.method]}.gin",),
        (*bindings, *data_bindings(setting.data, scale, setting.version, manipulation)),
        seed,
        measures=(_scores(scale.num_train, with_dto),),
        title=f"{setting}, seed {seed}",
        together=scale.together and setting.method != "weakly supervised GAN",
    )


@functools.cache  # so that equal runs have equal measures
def _scores(num_train, with_dto):
    return functools.partial(measures.scores, num_train=num_train, with_dto=with_dto)


def data_bindings(data, scale, version="original", manipulation=None):
    """Bindings that make `training.train.data` a version of a data set at a scale."""
    inner, settings = _original(data, scale)
    epsilon = scale.learning[data].epsilon
    kind, _, factor = version.partition(":")
    if kind == "original":
        return (f"training.train.data={inner}", *settings)
    if kind == "noise":
        altered, arguments = "NoisyData", {"epsilon": epsilon}
    else:
        altered, arguments = "PerturbedData", {"manipulation": str(manipulation)}
        arguments |= {} if kind == "modified" else {"control": kind}
        arguments |= {"factor": factor} if factor else {}
    lines = [f"data.{altered}.{name}={value!r}" for name, value in arguments.items()]
    return (f"training.train.data=@data.{altered}()", f"data.{altered}.data={inner}", *lines, *settings)


def _original(data, scale):
    """(value of a gin binding that is the original data set, bindings of its arguments)."""
    if data in scale.drawn:
        name, arguments = scale.drawn[data]
        return f"@data.{name}()", tuple(f"data.{name}.{key}={value!r}" for key, value in arguments.items())
    return repr(_found(data)), ()


@functools.cache  # to look for a data set may mean to read it
def _found(data):
    return data_name(*_ORIGINALS[data])
