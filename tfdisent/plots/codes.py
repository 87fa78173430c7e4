"""Which latent follows which factor, seen at a glance."""

import numpy as np
from matplotlib import colors

from tfdisent import checks
from tfdisent.plots.pictures import row_labels
from tfdisent.plots.style import ACCENT, COLOURS, FAINT, INK, MUTED, PAPER, new_axes

__all__ = ["codes_scatter", "explained_variance"]

_MOST_LEVELS = 40
_BINS = 20
_MOST_DOTS = 1000


def codes_scatter(codes, factors, factor_names=None, latent_labels=None):
    """Every latent against every factor: a disentangled latent answers to one and is flat for all others.

    Args:
      codes: float [N, D], codes of N observations; a few thousand are plenty, and the first 1000 become dots.
      factors: [N, F], the factors that made them.
      factor_names: F texts; "factor 0", ... unless given.
      latent_labels: D texts; "z0", ... unless given.

    Returns:
      Matplotlib figure with rows for factors and columns for latents, all on one scale, so that an inactive
      latent is a flat line. Dots are observations; the line is the mean code for each value of the factor.
      The number, and the strength of the background, is the part of the latent's variance that the factor
      explains (`explained_variance`).

    Raises:
      UserError: for arrays of another shape.
    """
    codes, factors = _checked(codes, factors)
    num_latents, num_factors = codes.shape[1], factors.shape[1]
    if factor_names is None:
        factor_names = [f"factor {index}" for index in range(num_factors)]
    factor_names = row_labels(factor_names, num_factors, "factor_names")
    latent_labels = row_labels(latent_labels, num_latents, "latent_labels")
    explained = explained_variance(codes, factors)
    figure, axes = new_axes(
        num_factors, num_latents, 1.15 * num_latents + 0.9, 1.15 * num_factors + 0.5, sharey=True
    )
    tint = colors.LinearSegmentedColormap.from_list("tint", [PAPER, "#b9d7f5"])
    jitter = np.random.RandomState(0).uniform(-0.3, 0.3, len(codes))
    for row in range(num_factors):
        levels, index = _levels(factors[:, row])
        spread = jitter if len(levels) <= 6 else 0.5 * jitter
        for column in range(num_latents):
            panel = axes[row, column]
            panel.set_facecolor(tint(explained[row, column]))
            panel.spines[:].set_visible(False)
            dots = (index + spread)[:_MOST_DOTS], codes[:_MOST_DOTS, column]
            panel.scatter(*dots, s=2, color=MUTED, alpha=0.25, linewidths=0, rasterized=True)
            means = _group_means(codes[:, [column]], index, len(levels))[:, 0]
            panel.plot(means, color=COLOURS[0], linewidth=1.6)
            strong = explained[row, column] >= 0.5
            emphasis = {"color": ACCENT, "fontweight": "bold"} if strong else {"color": MUTED}
            place = {"transform": panel.transAxes, "ha": "right", "va": "top"}
            panel.text(0.96, 0.95, f"{explained[row, column]:.2f}", fontsize=8, **place, **emphasis)
            panel.set_xticks([])
            panel.tick_params(left=column == 0, color=FAINT)
            panel.margins(x=0.06)
            if row == 0:
                panel.set_title(latent_labels[column], fontsize=9, color=INK, parse_math=False)
        axes[row, 0].set_ylabel(factor_names[row], fontsize=9, color=INK, parse_math=False)
    return figure


def explained_variance(codes, factors):
    """The part of each latent's variance that each factor explains, whatever the shape of the dependence.

    Var(E[z_d | v_f]) / Var(z_d), with the conditional mean taken within each value of the factor; a factor
    with more than 40 values is cut into 20 bins of equal counts.

    Args:
      codes: float [N, D].
      factors: [N, F].

    Returns:
      float64 [F, D] in [0, 1]; 0 for a latent that does not vary.

    References: Pearson 1905, the correlation ratio (its square).
    """
    codes, factors = _checked(codes, factors)
    variance = codes.var(axis=0)  # [D]
    ratios = []
    for factor in factors.T:
        levels, index = _levels(factor)
        means = _group_means(codes, index, len(levels))[index]  # [N, D]
        ratios.append(
            np.divide(means.var(axis=0), variance, out=np.zeros_like(variance), where=variance > 1e-12)
        )
    return np.clip(ratios, 0.0, 1.0)


def _levels(factor):
    """The values (or bins) of a factor [N], and each observation's place among them [N]."""
    levels, index = np.unique(factor, return_inverse=True)
    if len(levels) > _MOST_LEVELS:
        edges = np.unique(np.quantile(factor, np.linspace(0.0, 1.0, _BINS + 1)))
        levels, index = np.unique(np.digitize(factor, edges[1:-1]), return_inverse=True)
    return levels, index


def _group_means(codes, index, number):
    """Mean codes [number, D] of the observations [N, D] in each group."""
    sums = np.zeros((number, codes.shape[1]))
    np.add.at(sums, index, codes)
    return sums / np.bincount(index, minlength=number)[:, None]


def _checked(codes, factors):
    sizes = {}
    codes = checks.array("codes", codes, "N D", sizes, dtype=np.float64)
    if (
        isinstance(factors, np.ndarray) and factors.dtype.kind == "U" and factors.ndim == 2
    ):  # texts by their order
        factors = np.unique(factors, return_inverse=True)[1].reshape(factors.shape)
    return codes, checks.array("factors", factors, "N F", sizes)
