"""Redatuming of shifted signals: the grid of Fig. 2, its error, the codes' geometry, and curves through them."""

import numpy as np
from scipy.interpolate import CubicSpline
from sklearn.decomposition import PCA

from tfdisent import checks
from tfdisent.data import MRA_PARTNERS, mra_states, shifted
from tfdisent.errors import UserError

__all__ = [
    "amplitude_spectra",
    "decode_curve",
    "periodic_spline",
    "principal_codes",
    "redatuming_grid",
    "shift_aligned_mse",
    "wasserstein_1d",
]


def redatuming_grid(model, shifts=None, partners=MRA_PARTNERS, random_state=None, draws=0):
    """Each state at each shift: the truth, its reconstruction, and the redatuming with another state's nuisance.

    A bag's first instance has the shift asked for and the others random ones, all different. The coherent code comes
    from a bag of the state whose first shift is arbitrary, the nuisance code from the first instance of a bag of the
    state's partner.

    Args:
        model: a `SymAE` of bags (n_tau, k) of `tfdisent.data.mra`.
        shifts: [M]; a tenth of k apart, from k / 10 to k, unless given.
        partners: of each of the 6 states, whose nuisance codes are used; phi of the paper.
        random_state: `np.random.RandomState`; seed 0 unless given.
        draws: of the noise on the codes, as in `SymAE.redatum`.

    Returns:
        dict of float arrays [6, M, k]: "truth", R_l a_i; "reconstruction"; "redatuming".

    Raises:
        UserError: for a model that redatums no bags, and for shifts or partners that are none.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Sec. 3.1.
    """
    if random_state is None:
        random_state = np.random.RandomState(0)
    checks.random_state("random_state", random_state)
    draws = checks.whole_number("draws", draws, least=0)
    num_instances, length = _symae(model, "redatum", "observation_shape").observation_shape
    shifts = np.arange(1, 11) * length // 10 if shifts is None else shifts
    shifts = checks.array("shifts", shifts, "M", whole=True)
    signals = mra_states(length)
    partners = checks.array("partners", partners, "S", {"S": len(signals)}, whole=True)
    if partners.min() < 0 or partners.max() >= len(signals):
        raise UserError(f"partners must be states, 0 to {len(signals) - 1}. Received: {partners.tolist()}.")
    states = np.repeat(np.arange(len(signals)), len(shifts))  # [6 M]
    firsts = np.tile(shifts, len(signals)) % length

    def bags(states, firsts):
        others = np.stack(
            [
                random_state.permutation(np.delete(np.arange(length), first))[: num_instances - 1]
                for first in firsts
            ]
        )
        places = np.concatenate([firsts[:, None], others], axis=1)
        return shifted(signals[states][:, None], places).astype(np.float32)

    own = bags(states, firsts)
    coherent_from = bags(states, random_state.randint(length, size=len(states)))
    nuisance_from = bags(partners[states], firsts)
    shape = len(signals), len(shifts), length
    return {
        "truth": own[:, 0].reshape(shape),
        "reconstruction": model.redatum(own, own, draws=draws)[:, 0].reshape(shape),
        "redatuming": model.redatum(coherent_from, nuisance_from, draws=draws)[:, 0].reshape(shape),
    }


def shift_aligned_mse(redatumed, truth):
    """Mean squared error of each state after the one common shift that makes it smallest.

    A human asked to redatum could not know which shift of a state is its zero; any is right that is the same for all
    of its instances (Remark 2).

    Args:
        redatumed, truth: [S, M, k], M instances of each of S states.

    Returns:
        dict: "mse" [S]; "relative" [S], over the variance of the state's signals; "shift" int [S], l such that R_l of
        the redatumed signals fits; "instance relative" [S], the relative error after the best shift of each instance by
        itself: where it is small and "relative" is not, the state went over and the shift did not.

    Raises:
        UserError: for arrays of other shapes.

    References: Sun, Remark 2.
    """
    sizes = {}
    redatumed = checks.array("redatumed", redatumed, "S M k", sizes, dtype=np.float64)
    truth = checks.array("truth", truth, "S M k", sizes, dtype=np.float64)
    length = truth.shape[-1]
    errors = np.stack(
        [np.mean((np.roll(redatumed, -shift, axis=-1) - truth) ** 2, axis=-1) for shift in range(length)]
    )  # [k, S, M]
    common = errors.mean(axis=-1)
    variance = truth.var(axis=-1).mean(axis=-1)
    variance = np.where(variance > 0, variance, np.nan)
    mse = common.min(axis=0)
    return {
        "mse": mse,
        "relative": mse / variance,
        "shift": common.argmin(axis=0),
        "instance relative": errors.min(axis=0).mean(axis=-1) / variance,
    }


def principal_codes(codes, num=2):
    """Codes [..., q] in the plane of their `num` principal components, fitted on all of them together.

    Returns:
        dict: "points" [..., num]; "explained" [num], shares of the variance.

    Raises:
        UserError: for more components than there are.

    References: Sun, Figs. 4, 7, 11, 13.
    """
    codes = checks.array("codes", codes, "... q", dtype=np.float64)
    flat = codes.reshape(-1, codes.shape[-1])
    name = f"num, of the components of {len(flat)} codes of {flat.shape[1]} numbers,"
    num = checks.whole_number(name, num, 1, min(flat.shape))
    pca = PCA(num, random_state=0).fit(flat)
    points = pca.transform(flat).reshape(*codes.shape[:-1], num)
    return {"points": points, "explained": pca.explained_variance_ratio_}


def periodic_spline(codes, shifts, length, num=100):
    """A closed cubic curve through nuisance codes in the order of their shifts.

    Args:
        codes: [T, q].
        shifts: [T], all different, modulo `length`.
        length: k, the period.
        num: points of the curve.

    Returns:
        (curve [num, q], its shifts [num] from 0 to below k).

    Raises:
        UserError: for fewer than two codes, or shifts that repeat.

    References: Sun, Sec. 4.1 and Fig. 5; the order, and that the curve closes, are our reading.
    """
    sizes = {}
    codes = checks.array("codes", codes, "T q", sizes, dtype=np.float64)
    length = checks.number("length", length, above=0)
    num = checks.whole_number("num", num, 1, 10**6)
    shifts = checks.array("shifts", shifts, "T", sizes) % length
    if len(codes) < 2 or len(set(shifts.tolist())) < len(shifts):
        raise UserError(
            "A closed curve needs two or more codes [T, q], each with a shift of its own. "
            f"Received: codes {codes.shape}, {len(set(shifts.tolist()))} different shifts."
        )
    order = np.argsort(shifts)
    knots = np.append(shifts[order], shifts[order[0]] + length)
    spline = CubicSpline(knots, codes[np.append(order, order[0])], bc_type="periodic")
    at = np.arange(num) * length / num
    return spline(at), at


def decode_curve(model, coherent, curve):
    """What a `SymAE` makes of nuisance codes [num, q] in the state of a coherent code [p]: [num, ...].

    Raises:
        UserError: for a model that decodes no pairs of codes, and for codes that are not its own.
    """
    _symae(model, "decode", "coherent_dim", "nuisance_dim")
    coherent = checks.array("coherent", coherent, "p", {"p": model.coherent_dim})
    curve = checks.array("curve", curve, "num q", {"q": model.nuisance_dim}, dtype=np.float32)
    return model.decode(coherent[None], curve[None]).numpy()[0]


def amplitude_spectra(truth, found):
    """How much of each frequency is found again.

    Args:
        truth, found: signals [..., k].

    Returns:
        dict of [k // 2 + 1]: "truth" and "found", root mean squares of the Fourier amplitudes; "error", the squared
        error at each frequency over the squared amplitude of the truth, NaN where that is nothing.

    Raises:
        UserError: for signals of different shapes.

    References: Sun, Example 5, "Spectral Bias".
    """
    sizes = {}
    truth, found = (
        np.fft.rfft(checks.array(name, signals, "... k", sizes), axis=-1, norm="forward")
        for name, signals in (("truth", truth), ("found", found))
    )
    axes = tuple(range(truth.ndim - 1))
    power, error = np.mean(np.abs(truth) ** 2, axis=axes), np.mean(np.abs(found - truth) ** 2, axis=axes)
    visible = power > 1e-6 * power.max()
    relative = np.divide(error, power, out=np.full_like(power, np.nan), where=visible)
    return {
        "truth": np.sqrt(power),
        "found": np.sqrt(np.mean(np.abs(found) ** 2, axis=axes)),
        "error": relative,
    }


def wasserstein_1d(x, y, p=1):
    """The p-Wasserstein distance of two samples of equal size on the line: that of their sorted values.

    Args:
        x, y: [N].
        p: 1 to 100.

    Raises:
        UserError: for samples of different sizes, or another p.

    References: Sun, Sec. 4.2.1.
    """
    sizes, p = {}, checks.number("p", p, 1, 100)
    x = np.sort(checks.array("x", x, "N", sizes, dtype=np.float64))
    y = np.sort(checks.array("y", y, "N", sizes, dtype=np.float64))
    return float(np.mean(np.abs(x - y) ** p) ** (1 / p))


def _symae(model, *needed):
    """The model, if it has what is needed of a `SymAE`."""
    if isinstance(model, type) or not all(hasattr(model, each) for each in needed):
        raise UserError(f"model must be a SymAE, with {', '.join(needed)}. Received: {checks.shown(model)}.")
    return model
