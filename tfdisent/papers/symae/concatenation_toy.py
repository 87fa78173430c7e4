"""The concatenation model of 3m + 2 parameters: what becomes of alpha and beta, for many initialisations at once.

States s = 0..9 and nuisances l = 0..19; the nuisance code is n = alpha s + beta l, twice; the decoder is a sum of ReLUs
that is to say l. It is not a `LatentModel`: what is studied is the fate of two weights over a grid of initial values,
so that all are trained side by side in one compiled program.
"""

import dataclasses
import math

import numpy as np
import tensorflow as tf
from scipy.optimize import brentq

from tfdisent.checks import whole_number
from tfdisent.errors import UserError

__all__ = ["ToyState", "balance", "initial_toy", "predicted_beta", "toy_losses", "train_toy"]

NUM_STATES, NUM_NUISANCES = 10, 20
_PAIRS = np.stack(np.meshgrid(np.arange(NUM_STATES), np.arange(NUM_NUISANCES), indexing="ij"), -1).reshape(
    -1, 2
)
_EXPECTED = ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
_GAUSSIAN = ("gaussian", "gaussian_shared", "gaussian_units")
_GROUP = 24  # models at a time
_ADAM = (0.9, 0.999, 1e-7)  # Keras' defaults


@dataclasses.dataclass
class ToyState:
    """R models at one step.

    Attributes:
        code: float32 [R, 2], alpha and beta.
        units: float32 [R, 3, m], a, b, c of each hidden unit.
        moments: of Adam, float32 [2, ...] each for code and units; None with SGD.
        step: updates taken.
    """

    code: np.ndarray
    units: np.ndarray
    moments: tuple | None = None
    step: int = 0


def initial_toy(alpha, beta, width=100, seed=0):
    """R models with these alpha and beta and Glorot uniform decoders, each its own.

    Args:
        alpha, beta: [R].
        width: m.
        seed: of the decoders.

    Returns:
        `ToyState`.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Sec. 4.3.
    """
    code = np.stack(np.broadcast_arrays(np.asarray(alpha, np.float32), np.asarray(beta, np.float32)), -1)
    if code.ndim != 2:
        raise UserError(f"alpha and beta must be lists of equal length. Received: shape {code.shape[:-1]}.")
    limit = math.sqrt(6 / (3 + whole_number("width", width, 1)))
    units = np.random.RandomState(seed).uniform(-limit, limit, (len(code), 3, width))
    return ToyState(code, units.astype(np.float32))


def toy_losses(code, units, masks, scale):
    """Mean squared error of each model, summed over masks.

    With `scale` 1 and times the 200 pairs this is eq. (10), or for one mask (t1, t2) the loss of the Gaussian variant.
    The authors' decoder divides the sum over units by 10 = sqrt(m), without which gradient descent at their learning
    rate diverges; so `train_toy` does.

    Args:
        code: [R, 2], alpha and beta.
        units: [R, 3, m].
        masks: [J, 2], factors of the two nuisance codes, or [J, 2, m], those of each unit.
        scale: of the sum over units.

    Returns:
        [R].

    References: Sun, eq. (10).
    """
    pairs = tf.constant(_PAIRS, code.dtype)  # [P, 2]
    masks = tf.convert_to_tensor(masks, code.dtype)
    masks = masks[..., None] if masks.shape.rank == 2 else masks
    a, b, c = tf.unstack(units, axis=1)  # [R, m]
    weights = masks[:, None, 0] * b + masks[:, None, 1] * c  # [J, R, m]
    from_state = a + weights * code[:, :1]  # factor of s
    from_nuisance = weights * code[:, 1:]  # factor of l
    slopes = tf.stack([from_state, from_nuisance], -1)  # [J, R, m, 2]
    outputs = scale * tf.reduce_sum(
        tf.nn.relu(tf.matmul(slopes, pairs, transpose_b=True)), axis=2
    )  # [J, R, P]
    return tf.reduce_sum(tf.reduce_mean((outputs - pairs[:, 1]) ** 2, axis=2), axis=0)


def train_toy(
    state, steps, masks="expected", optimizer="sgd", learning_rate=1e-3, scale=None, stop_below=1e-5, seed=0
):
    """Trains R models for some more steps, all in one XLA program; each stands still once its loss is small.

    Args:
        state: `ToyState`; it is left as it is.
        steps: how many.
        masks: "expected" for (1, 1), (1, 0) and (0, 1), eq. (10). "gaussian" for one draw (t1, t2) from N(1, 1) a step
            (GaussianDropout of rate 0.5 on the two codes); "gaussian_shared" for t1 = t2, as in the authors' code;
            "gaussian_units" for draws of each hidden unit, as the formula reads.
        optimizer: "sgd", or "adam" with Keras' defaults.
        learning_rate: of either.
        scale: of the sum over units; 1 / sqrt(m) unless given.
        stop_below: loss at which a model stops.
        seed: of the Gaussian draws, which are functions of (seed, step).

    Returns:
        (`ToyState`, losses [R] before the last step).

    Raises:
        UserError: for other masks or optimizers.

    References: Sun, Sec. 4.3; optimizers, scale and stopping as in the authors' code.
    """
    if masks not in ("expected", *_GAUSSIAN) or optimizer not in ("sgd", "adam"):
        raise UserError(
            f"masks must be 'expected' or one of {', '.join(_GAUSSIAN)}, and optimizer 'sgd' or 'adam'. "
            f"Received: masks={masks!r}, optimizer={optimizer!r}."
        )
    scale = 1 / math.sqrt(state.units.shape[-1]) if scale is None else float(scale)
    zeros = (np.zeros((2, *state.code.shape), np.float32), np.zeros((2, *state.units.shape), np.float32))
    arrays = (state.code, state.units, *(zeros if state.moments is None else state.moments))
    *found, losses = _loop(
        *map(tf.constant, arrays), tf.constant(state.step), tf.constant(int(steps)),
        tf.constant(float(learning_rate)), tf.constant(scale, tf.float32), tf.constant(float(stop_below)),
        tf.constant(seed), masks, optimizer == "adam",
    )  # fmt: skip
    code, units, *moments = (array.numpy() for array in found)
    return ToyState(code, units, tuple(moments), state.step + int(steps)), losses.numpy()


@tf.function(jit_compile=True, autograph=False)
def _loop(code, units, m_code, m_units, first, steps, learning_rate, scale, stop_below, seed, masks, adam):
    """The steps of all models, one group after the other, so that what a group computes stays in the cache."""
    number = code.shape[0]
    group = max(size for size in range(1, min(number, _GROUP) + 1) if number % size == 0)
    arrays = (code, units, tf.transpose(m_code, [1, 0, 2]), tf.transpose(m_units, [1, 0, 2, 3]))
    grouped = [tf.reshape(array, [-1, group, *array.shape[1:]]) for array in arrays]
    settings = first, first + steps, learning_rate, scale, stop_below, seed, masks, adam
    found = tf.map_fn(
        lambda parts: _group_loop(*parts, *settings),
        grouped,
        fn_output_signature=[tf.float32] * 5,
        parallel_iterations=1,
    )
    code, units, m_code, m_units, losses = (tf.reshape(array, [number, *array.shape[2:]]) for array in found)
    return code, units, tf.transpose(m_code, [1, 0, 2]), tf.transpose(m_units, [1, 0, 2, 3]), losses


def _group_loop(
    code, units, m_code, m_units, first, last, learning_rate, scale, stop_below, seed, masks, adam
):
    weights = (code, units)
    sizes = {"gaussian": (1, 2), "gaussian_shared": (1, 1), "gaussian_units": (1, 2, units.shape[-1])}

    def body(step, weights, moments, _):
        factors = tf.constant(_EXPECTED)
        if masks in sizes:
            drawn = 1.0 + tf.random.stateless_normal(sizes[masks], tf.stack([seed, step]))
            factors = tf.broadcast_to(drawn, [1, 2, *sizes[masks][2:]])
        with tf.GradientTape() as tape:
            tape.watch(weights)
            losses = toy_losses(*weights, factors, scale)
        gradients = tape.gradient(losses, weights)
        moving = losses >= stop_below  # [R]
        if adam:
            updates, moments = _adam(gradients, moments, tf.cast(step + 1, tf.float32))
        else:
            updates = gradients
        weights = tuple(
            tf.where(
                moving[(..., *[None] * (weight.shape.rank - 1))], weight - learning_rate * update, weight
            )
            for weight, update in zip(weights, updates, strict=True)
        )
        return step + 1, weights, moments, losses

    moments = tf.transpose(m_code, [1, 0, 2]), tf.transpose(m_units, [1, 0, 2, 3])
    start = (first, weights, moments, tf.zeros([code.shape[0]]))
    _, weights, (m_code, m_units), losses = tf.while_loop(lambda step, *_: step < last, body, start)
    return [*weights, tf.transpose(m_code, [1, 0, 2]), tf.transpose(m_units, [1, 0, 2, 3]), losses]


def _adam(gradients, moments, count):
    decay, decay_squares, epsilon = _ADAM
    updates, found = [], []
    for gradient, moment in zip(gradients, moments, strict=True):
        mean = decay * moment[0] + (1 - decay) * gradient
        square = decay_squares * moment[1] + (1 - decay_squares) * gradient**2
        step = tf.sqrt(1 - decay_squares**count) / (1 - decay**count)
        updates.append(step * mean / (tf.sqrt(square) + epsilon))
        found.append(tf.stack([mean, square]))
    return updates, tuple(found)


def balance(state):
    """alpha^2 + beta^2 - sum_j (b_j^2 + c_j^2) of each model, [R].

    The decoder sees alpha and beta only through b_j n and c_j n, which stay when (alpha, beta) grows by a factor and
    (b, c) shrinks by it. Gradient flow therefore keeps this number, whatever the loss on the outputs.
    """
    return (state.code**2).sum(1) - (state.units[:, 1:] ** 2).sum((1, 2))


def predicted_beta(width=100, scale=None, code_square=0.67):
    """|beta| at which a decoder of unchanged directions says l, when gradient flow keeps `balance`.

    With alpha = 0 and a = 0, and the units (b, c) longer by a factor g than Glorot's draw, the mean output over the
    three masks is scale beta g S l with S the mean sum of their ReLUs; it is l for beta = 1 / (scale g S). The balance
    then gives one equation for g. With scale 1/10 and m = 100 it is about 1.4, and 1 for scale 1/6.6 or so: the limit
    is no property of the loss but of how the decoder is scaled.

    Args:
        width: m.
        scale: of the sum over units; 1 / sqrt(m) unless given.
        code_square: alpha_0^2 + beta_0^2; the mean over the square [-1, 1]^2 is 2/3.
    """
    scale = 1 / math.sqrt(width) if scale is None else scale
    limit = math.sqrt(6 / (3 + width))
    norm = 2 * width * limit**2 / 3  # sum of b^2 + c^2 at the start
    relu_sum = width * limit * (1 / 4 + 1 / 4 + 1 / 3) / 3  # E relu of b, of c, and of b + c

    def excess(growth):
        return 1 / (scale * growth * relu_sum) ** 2 - code_square + norm - norm * growth**2

    return 1 / (scale * brentq(excess, 1e-3, 1e3) * relu_sum)
