"""What chapter 3 of Zietlow's thesis prints, and rows of ours beside it.

References: Zietlow 2022, Tables 3.1, 3.2, 3.3, 3.4, Sec. 3.2.4.
"""

import numpy as np

from tfdisent.papers.tables import mean_and_deviation, ours_and_printed

__all__ = [
    "EXAMPLE",
    "EXAMPLE_COSTS",
    "LATENTS",
    "RATIOS",
    "REGIME",
    "ROTATED",
    "SETTINGS",
    "TABLE_3_3",
    "TITLES",
    "score_row",
    "score_table",
]

TITLES = {
    "dsprites": "dSprites",
    "synth_linear": "Synth. Lin.",
    "synth_nonlinear": "Synth. Non-Lin.",
    "mnist": "MNIST",
    "fashion_mnist": "fMNIST",
    "celeba": "CelebA",
}

# Table 3.1: optimizer, its learning rate, hidden layers of encoder and decoder, latents, epochs, beta.
SETTINGS = {
    "dsprites": ("AdaGrad", 1e-2, "1200 - 1200 (relu)", "1200 - 1200 - 1200 (tanh)", 5, 50, 4.0),
    "synth_linear": ("Adam", 1e-3, "none", "none", 2, 600, 1e-4),
    "synth_nonlinear": ("Adam", 1e-3, "60 - 40 - 20 (tanh)", "60 - 40 - 20 (tanh)", 2, 600, 1e-3),
    "mnist": ("AdaGrad", 1e-2, "400 (relu)", "500 - 500 (tanh)", 6, 400, 1.0),
    "fashion_mnist": ("AdaGrad", 1e-2, "400 (relu)", "500 - 500 (tanh)", 6, 500, 1.0),
    "celeba": (
        "Adam",
        1e-4,
        "[32, 4, 2] - [32, 4, 2] - [64, 4, 2] - [64, 4, 2] (relu)",
        "[64] - [64, 4, 2] - [32, 4, 2] - [32, 4, 2] - [3, 4, 2] (relu)",
        32,
        50,
        4.0,
    ),
}
LATENTS = {row: values[4] for row, values in SETTINGS.items()}

# Table 3.2: percentage of training with delta_kl below 3 % until the end, at the exact number of latents and at 10.
REGIME = {
    "dsprites": (97.8, 90.6),
    "fashion_mnist": (99.8, 97.7),
    "mnist": (99.8, 99.5),
    "synth_linear": (99.8, 96.7),
    "synth_nonlinear": (99.9, 98.5),
}

# Table 3.3: {row: {model: {score: (mean, standard deviation)}}}.
TABLE_3_3 = {
    "dsprites": {
        "beta-VAE": {"DS": (0.33, 0.15), "DtO": (0.76, 0.08)},
        "VAE": {"DS": (0.21, 0.10), "DtO": (1.08, 0.15)},
        "autoencoder": {"DS": (0.09, 0.04), "DtO": (1.62, 0.03)},
        "full-covariance beta-VAE": {"DS": (0.12, 0.06), "DtO": (1.73, 0.14)},
        "random decoder": {"DtO": (1.86, 0.11)},
    },
    "synth_linear": {
        "beta-VAE": {"DS": (0.99, 0.01), "DtO": (0.00, 0.00)},
        "autoencoder": {"DS": (0.71, 0.19), "DtO": (0.33, 0.18)},
        "full-covariance beta-VAE": {"DS": (0.71, 0.31), "DtO": (0.34, 0.35)},
        "random decoder": {"DtO": (0.79, 0.21)},
    },
    "synth_nonlinear": {
        "beta-VAE": {"DS": (0.73, 0.16), "DtO": (0.18, 0.02)},
        "autoencoder": {"DS": (0.59, 0.30), "DtO": (0.54, 0.13)},
        "full-covariance beta-VAE": {"DS": (0.42, 0.24), "DtO": (0.55, 0.02)},
        "random decoder": {"DtO": (0.89, 0.16)},
    },
    "mnist": {
        "VAE": {"DtO": (1.59, 0.08)},
        "autoencoder": {"DtO": (1.83, 0.05)},
        "full-covariance beta-VAE": {"DtO": (1.93, 0.08)},
        "random decoder": {"DtO": (2.11, 0.11)},
    },
    "fashion_mnist": {
        "VAE": {"DtO": (1.36, 0.05)},
        "autoencoder": {"DtO": (1.87, 0.03)},
        "full-covariance beta-VAE": {"DtO": (2.02, 0.08)},
        "random decoder": {"DtO": (2.11, 0.11)},
    },
}

# Table 3.4: scores over the ratio of the two factors' scales.
RATIOS = {
    1.0: {"DS": (0.51, 0.28), "DtO": (0.49, 0.32)},
    1.2: {"DS": (0.76, 0.25), "DtO": (0.20, 0.24)},
    1.5: {"DS": (0.98, 0.06), "DtO": (0.01, 0.06)},
}

# The decoders of Sec. 3.2.4, eq. (3.20) and the one below (3.21): the second is the first, rotated by 45 degrees.
EXAMPLE = np.array([[4.0, 1.0], [-3.0, 1.0], [5.0, -1.0]])
ROTATED = np.sqrt(0.5) * np.array([[3.0, 5.0], [-4.0, -2.0], [6.0, 4.0]])
EXAMPLE_COSTS = {"M1": 24.5, "M2": 52.4}

_HIGHER_IS_BETTER = ("DS", "DS bounded", "regime")
_UNITS = {"PCA angle": " (degrees)", "regime": " (per cent)"}
_NUMBERS = ("ours mean", "ours std", "ours worst", "restarts", "printed mean", "printed std")


def score_row(data, model, score, values, printed=None, **more):
    """A row of numbers over restarts beside what the thesis prints.

    Args:
        data, model, score: texts.
        values: list of numbers, one a restart.
        printed: (mean, standard deviation or None), or None.
        **more: further columns.
    """
    worst = min if score in _HIGHER_IS_BETTER else max
    columns = ours_and_printed(values, printed)
    columns |= {"ours worst": float(worst(values)) if values else None, "restarts": len(values)}
    return {
        "data": data,
        "model": model,
        "score": score,
        **{name: columns[name] for name in _NUMBERS},
        **more,
        "ours": [float(value) for value in values],
    }


def score_table(rows):
    """Headers and rows for a report: one row a model and score."""
    headers = ["data", "model", "score", "ours", "worst", "printed", "restarts"]
    return headers, [
        [
            row["data"],
            row["model"],
            row["score"] + _UNITS.get(row["score"], ""),
            mean_and_deviation(row["ours mean"], row["ours std"] if row["restarts"] > 1 else None),
            row["ours worst"],
            mean_and_deviation(row["printed mean"], row["printed std"], digits=2),
            row["restarts"],
        ]
        for row in rows
    ]
