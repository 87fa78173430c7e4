"""Multi-reference alignment: six functions on a circle, each seen under cyclic shifts."""

import numpy as np

from tfdisent.checks import choice, shown, whole_number
from tfdisent.data.arguments import check_seed
from tfdisent.data.bags import BagData
from tfdisent.data.given import as_array
from tfdisent.errors import UserError

__all__ = ["MRA_PARTNERS", "mra", "mra_states", "shifted"]

# phi of Sec. 3.1, 1 -> 2 -> 3 -> 1 and 4 -> 6 -> 5 -> 4: whose nuisance codes each state is redatumed with; from 0.
MRA_PARTNERS = (1, 2, 0, 5, 3, 4)


def mra_states(length=100):
    """The six signals a_i, float64 [6, k], with [a_i]_j = phi_i(j / k) for j = 1, ..., k.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", eq. (7).
    """
    x = np.arange(1, whole_number("length", length, 2, 10**6) + 1) / length
    base = np.stack([x > 0.5, 0.5 + 0.5 * np.cos(2 * np.pi * x), (1 - 2 * x) * (x < 0.5)])
    return np.concatenate([base, 2 * base - 1])


def shifted(signals, shifts):
    """R_l of each signal: place j of the result is place j + l, modulo k, of the signal.

    Args:
        signals: [..., k].
        shifts: whole numbers [...], l; the leading axes of both are broadcast.

    Returns:
        [..., k].
    """
    signals = as_array("signals", signals)
    shifts = np.asarray(shifts) if isinstance(shifts, int) else as_array("shifts", shifts)
    if signals.ndim < 1 or 0 in signals.shape or signals.dtype.kind not in "biuf":
        raise UserError(f"signals must be numbers [..., k]. Received: {shown(signals)}.")
    if shifts.dtype.kind not in "iu":
        raise UserError(f"shifts must be whole numbers. Received: {shown(shifts)}.")
    length = signals.shape[-1]
    places = (np.arange(length) + shifts[..., None]) % length
    try:
        shape = np.broadcast_shapes(signals.shape, places.shape)  # [..., k]
    except ValueError:
        raise UserError(
            f"shifts must have the leading axes of signals {signals.shape}. Received: shape {shifts.shape}."
        ) from None
    return np.take_along_axis(np.broadcast_to(signals, shape), np.broadcast_to(places, shape), axis=-1)


def mra(num_datapoints=18, num_instances=30, length=100, seed=0, sampling="pool"):
    """Bags of cyclic shifts of one of six signals, float32 [n_x, n_tau, k], without noise.

    "iid" is Algorithm 1 as printed: each datapoint draws its state, and its shifts without replacement. Six datapoints
    then show some four of the six states, so the figures need "pool", which the authors' code has: the shifts of a
    state are one pool that its datapoints share. A state whose pool is too small for another datapoint is not drawn
    until all are; then every pool is filled again. With k = 100, 18 datapoints of 30 are three of each state
    (Examples 1, 3, 4, 5), and 6 of 97 are one (Example 2).

    Args:
        num_datapoints: n_x.
        num_instances: n_tau, from 2 to k.
        length: k, points of a signal and number of shifts.
        seed: of states and shifts.
        sampling: "pool" or "iid".

    Returns:
        `BagData` with states 0..5 [n_x] and, as nuisances, shifts 0..k-1 [n_x, n_tau].

    Raises:
        UserError: for more instances than shifts, or settings out of range.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Sec. 3.1 and Algorithm 1.
    """
    num_datapoints = whole_number("num_datapoints", num_datapoints, 1, 10**6)
    num_instances = whole_number("num_instances", num_instances, 2)
    seed = check_seed(seed)
    signals = mra_states(length)
    if num_instances > length:
        raise UserError(
            f"A bag cannot hold more instances than the pool has shifts, {length}; take fewer instances or a larger "
            f"length. Received: num_instances={num_instances}."
        )
    choice("sampling", sampling, ("pool", "iid"))
    random_state = np.random.RandomState(seed)
    states, shifts, pools = [], [], {}
    for _ in range(num_datapoints):
        if sampling == "iid" or not pools:
            pools = {state: random_state.permutation(length) for state in range(len(signals))}
        states.append(random_state.choice(sorted(pools)))
        shifts.append(pools[states[-1]][:num_instances])
        pools[states[-1]] = pools[states[-1]][num_instances:]
        pools = {state: pool for state, pool in pools.items() if len(pool) >= num_instances}
    states, shifts = np.array(states), np.array(shifts)
    bags = shifted(signals[states][:, None], shifts).astype(np.float32)
    source = f"{num_datapoints} bags of {num_instances} shifts computed by tfdisent, sampling {sampling}, seed {seed}"
    data = BagData(bags, states, shifts, name="mra", source=source)
    arguments = {
        "num_datapoints": num_datapoints,
        "num_instances": num_instances,
        "length": length,
        "seed": seed,
    }
    data._made_by = ("mra", {**arguments, "sampling": sampling})
    return data
