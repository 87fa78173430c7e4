"""How the manipulation of a data set is learnt: which restarts it is learnt from, training, and what it came to."""

import dataclasses
import functools
import logging
from pathlib import Path

import numpy as np

from tfdisent.checks import whole_number
from tfdisent.data import as_float
from tfdisent.errors import UserError

__all__ = ["Restart", "choose_restarts", "describe_manipulation", "learn_manipulation"]

_LOG = logging.getLogger(__name__)
_CHUNK = 1024  # images looked at together
_READAPTING = 1_000  # updates of the decoders before L_ent - L_dis is read off
_NUM_COSTS = 20_000  # images whose costs are averaged at least, each with S codes
_NUM_MAPS = 256


@dataclasses.dataclass(frozen=True)
class Restart:
    """A trained beta-VAE.

    Attributes:
        model: `LatentModel`.
        mig: its score.
        active: number of its latents with E(sigma^2) < .8.
        name: what a sentence calls it.
    """

    model: object
    mig: float
    active: int
    name: str = ""


def choose_restarts(restarts, num_pairs=1):
    """The most entangled and the most disentangled restarts, by MIG, among those with all latents active.

    A model that has pruned a latent has a low MIG as well, but no axes that could be fostered.

    Args:
        restarts: list of `Restart`.
        num_pairs: K, number of models on each side.

    Returns:
        (entangled, disentangled): K `Restart`s each, the most entangled and the most disentangled one first.

    Raises:
        UserError: for fewer than two restarts, and where fewer than 2 K are left.

    References: Zietlow's thesis, Sec. 4.2.3. It does not say that pruned models are left out.
    """
    num_pairs = whole_number("num_pairs", num_pairs, least=1)
    restarts = list(restarts)
    if len(restarts) < max(2, 2 * num_pairs):
        raise UserError(
            f"A manipulation is learnt from {2 * num_pairs} restarts or more, the {num_pairs} most entangled and the "
            f"{num_pairs} most disentangled ones. Received: {len(restarts)}."
        )
    whole = [each for each in restarts if each.active >= each.model.num_latents]
    whole.sort(key=lambda each: each.mig)
    if len(whole) < 2 * num_pairs:
        raise UserError(
            f"{2 * num_pairs} restarts with all latents active are needed; lower beta, train longer or take more "
            f"restarts. Received: {len(whole)} of {len(restarts)}, the others have pruned a latent."
        )
    return whole[:num_pairs], whole[::-1][:num_pairs]


def learn_manipulation(
    restarts,
    data,
    folder,
    *,
    num_pairs=1,
    epsilon=0.1,
    steps=30_000,
    batch_size=256,
    learning_rate=1e-4,
    seed=0,
    progress=True,
    **settings,
):
    """Learns a manipulation, or continues to; the same call finds it again.

    Args:
        restarts: list of `Restart`, from which `choose_restarts` chooses.
        data: the data set that they were trained on.
        folder: of the training run, and of the npz beside it.
        num_pairs: K models on each side.
        epsilon: the largest change of a pixel.
        steps, batch_size: of `tfdisent.models.Manipulation`; the thesis does not give them.
        learning_rate: of Adam, for m and for the decoders.
        seed: of m's weights, the batches and the noise.
        progress: show a bar.
        **settings: further arguments of `Manipulation`.

    Returns:
        (path of the npz, {name: number} of `describe_manipulation`).

    Raises:
        UserError: for restarts that cannot be chosen from, and settings that make no manipulation.
    """
    import keras

    from tfdisent import models, training
    from tfdisent.data import PerturbedData
    from tfdisent.studies.kept import read_kept, write_kept

    entangled, disentangled = choose_restarts(restarts, num_pairs)
    _LOG.info(
        "The manipulation fosters restarts with MIG %s and diminishes those with %s.",
        ", ".join(f"{each.mig:.2f}" for each in entangled),
        ", ".join(f"{each.mig:.2f}" for each in disentangled),
    )
    adam = functools.partial(keras.optimizers.Adam, learning_rate)
    make = functools.partial(
        models.Manipulation,
        entangled=[each.model for each in entangled],
        disentangled=[each.model for each in disentangled],
        factors_num_values=tuple(data.factors_num_values),
        epsilon=epsilon,
        decoder_optimizer=adam,
        **settings,
    )
    run = training.train(
        make,
        data,
        folder,
        optimizer=adam,
        steps=steps,
        batch_size=batch_size,
        seed=seed,
        sampling="replacement",
        log_every=max(steps // 20, 1),
        checkpoint_every=max(steps // 5, 1),
        progress=progress,
    )
    path = Path(folder) / "manipulation.npz"
    asked = [steps, num_pairs, [each.mig for each in (*entangled, *disentangled)]]
    numbers = read_kept(path.with_suffix(".json"), asked) if path.exists() else None
    if numbers is None:
        run.model.save_table(path, data, _NUM_MAPS)
        numbers = describe_manipulation(run.model, data, PerturbedData(data, path), batch_size)
        numbers["MIG of the entangled"] = float(np.mean([each.mig for each in entangled]))
        numbers["MIG of the disentangled"] = float(np.mean([each.mig for each in disentangled]))
        write_kept(path.with_suffix(".json"), asked, numbers)
    return path, numbers


def describe_manipulation(model, data, perturbed, batch_size=256):
    """What a manipulation came to.

    The decoders take 1,000 further updates with m held, then both costs are averaged over the whole set.

    Args:
        model: a trained `Manipulation`; its decoders are trained on.
        data: the original set.
        perturbed: the `PerturbedData` of it.
        batch_size: of the updates.

    Returns:
        {"L_ent - L_dis", "L_ent", "L_dis": nats; "rms of m": root of the mean square of x' - x; "rms of m over
        images": the same without the mean of x' - x over images; "rms of the data over images": that of x;
        "table error": largest difference between x' from the table and from the networks; "corr(neuron, <factor>)":
        Pearson's}.
    """
    entangled, disentangled = _readapted_costs(model, data, perturbed, batch_size)
    totals, error, mean_change, mean_image = np.zeros(2), 0.0, 0.0, 0.0
    for part in _parts(data.size):
        images, altered = as_float(data.observations(part)).astype(np.float64), perturbed.observations(part)
        exact = model.alter(np.float32(images), data.factors(part)).numpy()
        error = max(error, float(np.abs(altered - exact).max()))
        share = len(part) / data.size
        totals += share * np.array([((altered - images) ** 2).mean(), (images**2).mean()])
        mean_change, mean_image = (
            mean_change + share * (altered - images).mean(axis=0),
            mean_image + share * images.mean(axis=0),
        )
    factors, scalars = data.factors(np.arange(data.size)), model.scalars(data)
    correlations = {
        f"corr(neuron, {name})": float(np.corrcoef(scalars, column)[0, 1])
        for name, column in zip(data.factor_names, factors.T, strict=True)
        if np.ptp(column) > 0 and np.ptp(scalars) > 0
    }
    return {
        "L_ent - L_dis": entangled - disentangled,
        "L_ent": entangled,
        "L_dis": disentangled,
        "rms of m": float(np.sqrt(totals[0])),
        "rms of m over images": float(np.sqrt(max(totals[0] - (mean_change**2).mean(), 0))),
        "rms of the data over images": float(np.sqrt(max(totals[1] - (mean_image**2).mean(), 0))),
        "table error": error,
        **correlations,
    }


def _readapted_costs(model, data, perturbed, batch_size):
    """(L_ent, L_dis) over the whole set, after further updates of the decoders with m held."""
    import tensorflow as tf

    from tfdisent.training.stream import BatchStream

    stream = BatchStream(data, min(batch_size, data.size), model.seed + 1, "replacement", with_labels=True)

    @tf.function
    def update(observations, factors):
        model.optimizer.iterations.assign_add(1)  # the noise follows it
        model.update_decoders(*model.inputs((observations, factors)))

    @tf.function
    def costs(observations, altered):
        model.optimizer.iterations.assign_add(1)
        return tf.stack(model.difference(model.costs(observations, altered)))

    for step in range(_READAPTING):
        update(*map(tf.constant, stream.batch(step)))
    total, draws = np.zeros(2), max(1, _NUM_COSTS // data.size)
    for part in _parts(data.size):
        images = tf.constant(as_float(data.observations(part)))
        altered = tf.constant(perturbed.observations(part))
        drawn = [costs(images, altered).numpy() for _ in range(draws)]
        total += len(part) / data.size * np.mean(drawn, axis=0, dtype=np.float64)
    return tuple(map(float, total))


def _parts(size):
    return (np.arange(start, min(start + _CHUNK, size)) for start in range(0, size, _CHUNK))
