"""Latent traversals: what the decoder draws while one latent moves and all the others stay."""

import numpy as np

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["latent_traversals", "traversal_values"]

_INTERVALS = ("fixed", "minmax", "quantile", "std")
_MOST_STEPS = 10_000
_QUANTILES = (0.02, 0.98)


def traversal_values(codes, num_steps=11, interval="fixed", limit=2.0):
    """The values each latent takes along its traversal.

    Args:
      codes: float [N, D], codes of many observations; they set the range of every interval except "fixed".
      num_steps: S, the number of values, 2 to 10,000.
      interval: "fixed" for [-limit, limit]; "minmax" from the smallest to the largest code of each latent;
        "quantile" for evenly spaced quantiles of the codes from 2 % to 98 %, so that each step passes as many
        codes as the next; "std" for mean - limit * std to mean + limit * std.
      limit: half the width of the interval, in latent units ("fixed") or standard deviations ("std").

    Returns:
      float64 [D, S], increasing along S.

    Raises:
      UserError: for an unknown interval, fewer than two steps, or codes of another shape.

    References: Locatello et al. 2019, disentanglement_lib, `visualize_model` (its "fixed_interval" is
    "fixed", its "minmax_interval" is "minmax", its "conf_interval" is "std").
    """
    codes = checks.array("codes", codes, "N D", dtype=np.float64)
    num_steps = checks.whole_number("num_steps", num_steps, 2, _MOST_STEPS)
    checks.choice("interval", interval, _INTERVALS)
    limit = checks.number("limit", limit, above=0)
    if interval == "fixed":
        ends = np.broadcast_to([[-limit], [limit]], (2, codes.shape[1]))
    elif interval == "minmax":
        ends = np.stack([codes.min(axis=0), codes.max(axis=0)])
    elif interval == "std":
        mean, width = codes.mean(axis=0), limit * codes.std(axis=0)
        ends = np.stack([mean - width, mean + width])
    else:
        return np.quantile(codes, np.linspace(*_QUANTILES, num_steps), axis=0).T  # [D, S]
    return np.linspace(ends[0], ends[1], num_steps, axis=1)  # [D, S]


def latent_traversals(
    decode, codes, num_steps=11, interval="fixed", limit=2.0, reference=None, order=None, batch_size=256
):
    """Decoded observations along every latent, around each base code.

    Args:
      decode: function from float32 [B, D] to observations [B, H, W, C] (or [B, features]), as an array
        or a tensor.
      codes: float [N, D], the base codes; a single code [D] counts as N = 1.
      num_steps: S, the number of values along a latent.
      interval, limit: see `traversal_values`.
      reference: float [M, D], the codes from which "minmax", "quantile" and "std" take their range; the base
        codes themselves unless given, so give the codes of a few thousand observations when there are few
        base codes.
      order: the latents to traverse, in the order of the rows; all D in their own order unless given. Most
        important first: `np.argsort(-kl)`; only the six most important: `np.argsort(-kl)[:6]`.
      batch_size: codes per call of `decode`, at most.

    Returns:
      float32 [N, D', S, H, W, C] (or [N, D', S, features]) with D' = len(order); entry [n, i, s] is the
      observation decoded from `codes[n]` with latent `order[i]` set to its value number s.

    Raises:
      UserError: for a setting outside its range, or a `decode` that returns another number of observations.

    References: Higgins et al. 2017 (beta-VAE), whose figures are such traversals.
    """
    checks.function("decode", decode)
    batch_size = checks.whole_number("batch_size", batch_size, least=1)
    sizes = {}
    codes = np.atleast_2d(checks.array("codes", codes, "... D", dtype=np.float64))
    num_codes, num_latents = checks.array("codes", codes, "N D", sizes).shape
    if reference is None:
        reference = codes
    reference = checks.array("reference", reference, "M D", sizes, dtype=np.float64)
    order = np.arange(num_latents) if order is None else order
    order = np.atleast_1d(checks.array("order", order, "...", whole=True))
    if order.ndim > 1 or order.min() < 0 or order.max() >= num_latents:
        raise UserError(
            f"order must list latents by number, 0 to {num_latents - 1}. Received: {order.tolist()}."
        )
    values = traversal_values(reference, num_steps, interval, limit)
    moved = np.broadcast_to(codes[:, None, None, :], (num_codes, len(order), num_steps, num_latents)).copy()
    for row, latent in enumerate(order):
        moved[:, row, :, latent] = values[latent]  # [N, S]
    flat = moved.reshape(-1, num_latents).astype(np.float32)  # [N * D' * S, D]
    decoded = np.concatenate(
        [_decoded(decode, flat[start : start + batch_size]) for start in range(0, len(flat), batch_size)]
    )
    return decoded.reshape(*moved.shape[:3], *decoded.shape[1:])


def _decoded(decode, codes):
    name = "What decode returns, one observation a code,"
    return checks.array(name, decode(codes), "B P ...", {"B": len(codes)}, finite=False, dtype=np.float32)
