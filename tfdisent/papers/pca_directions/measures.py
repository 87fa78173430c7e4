"""Numbers of chapter 3: computed from a trained run, from a decoder that is not trained, or from the data alone."""

import numpy as np

__all__ = [
    "angle",
    "correlation",
    "numbers",
    "polarized_regime",
    "principal_angle",
    "principal_components_ds",
    "random_decoder_dto",
    "sheet_axes",
]


def polarized_regime(trained):
    """{"regime": per cent of training, "since": step or None} with a relative error of the KL term below 3 per cent.

    {} for a model without posterior.

    Args:
        trained: `TrainedModel` of a run with `watch_polarized_regime`.

    References: Zietlow 2022, eq. (3.38), Table 3.2.
    """
    from tfdisent.training import below_since, share_below

    regime = trained.run.history(name="polarized_regime")
    return {"regime": 100 * share_below(regime), "since": below_since(regime)} if regime else {}


def principal_angle(trained):
    """{"PCA angle": degrees}: the largest angle between a column of a linear decoder and its principal direction.

    References: Zietlow 2022, Theorem 2.
    """
    from tfdisent.analysis import linear_decoder_matrix, pca_alignment

    matrix = linear_decoder_matrix(trained.model.decode, trained.model.num_latents)
    return {"PCA angle": float(np.max(pca_alignment(matrix, trained.data.to_memory())["angles"]))}


def numbers(made):
    """{name: number} of a `MadeRun`: "DtO", "active", with factors also "DS" and "DS bounded", and its measures."""
    scores = made.results["scores"]
    found = {
        "DtO": scores["distance_to_orthogonality"]["dto"],
        "active": scores["active_units"]["count"],
        **made.measures,
    }
    if ds := scores.get("disentanglement_score"):
        found |= {"DS": ds["disentanglement_score_paper"], "DS bounded": ds["disentanglement_score_bounded"]}
    return found


def random_decoder_dto(row, shape, seed, num_codes=1_000):
    """DtO of a decoder of Table 3.1 that is not trained, at codes drawn from the prior.

    Args:
        row: of Table 3.1.
        shape: of an observation.
        seed: of weights and codes.
        num_codes: number of Jacobians.
    """
    import tensorflow as tf

    from tfdisent import metrics
    from tfdisent.analysis import decoder_jacobians
    from tfdisent.networks import table_3_1
    from tfdisent.papers.pca_directions.printed import LATENTS

    decoder = table_3_1(row)[1](LATENTS[row], tuple(shape), seed=1000 + seed)
    output = tf.sigmoid if len(shape) == 3 else tf.identity
    codes = np.random.RandomState(seed).standard_normal((num_codes, LATENTS[row])).astype(np.float32)
    return metrics.compute_dto(decoder_jacobians(lambda batch: output(decoder(batch)), codes))["dto"]


def principal_components_ds(network, num_points=5_000):
    """DS of the two principal components of the nonlinear synthetic set, whose random network has this seed.

    It says how far principal directions and factors agree on such data, whatever is trained on it: the thesis does
    not give its network.

    Args:
        network: seed of `SyntheticNonlinear`.
        num_points: number of points encoded and predicted.
    """
    from tfdisent import data, metrics
    from tfdisent.analysis import principal_directions

    square = data.SyntheticNonlinear(num_points, network)
    vectors = square.observations(np.arange(num_points))
    directions = principal_directions(vectors, 2)
    scores = metrics.compute_disentanglement_score(
        square, lambda batch: batch @ directions, np.random.RandomState(0), num_points=None
    )
    return scores["disentanglement_score_paper"]


def correlation(x, y):
    """Pearson's correlation with its 95 % confidence interval (Fisher's z): {"r", "low", "high", "n"}.

    NaN where there are fewer than 4 points, or one of the two does not vary.
    """
    from scipy.stats import pearsonr

    x, y = np.asarray(x, float), np.asarray(y, float)
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return {"r": np.nan, "low": np.nan, "high": np.nan, "n": len(x)}
    result = pearsonr(x, y)
    low, high = result.confidence_interval(0.95)
    return {"r": float(result.statistic), "low": float(low), "high": float(high), "n": len(x)}


def sheet_axes(trained):
    """The axes of a decoder of the curved sheet at the mean code, and its error.

    Returns:
        {"angle of the axes", "angle with PCA": degrees, the latter the largest one of an axis with its principal
        direction; "mean squared error"}.
    """
    from tfdisent.analysis import decoder_jacobians, principal_directions

    cloud, model = trained.data.to_memory(), trained.model
    mean = model.represent(cloud).mean(axis=0, keepdims=True)
    columns = decoder_jacobians(model.decode, mean)[0]  # [3, 2]
    directions = principal_directions(cloud, 2)  # [3, 2]
    orders = ((0, 1), (1, 0))
    angles = [max(angle(columns[:, i], directions[:, j]) for i, j in enumerate(order)) for order in orders]
    return {
        "angle of the axes": angle(columns[:, 0], columns[:, 1]),
        "angle with PCA": min(angles),
        "mean squared error": float(np.mean((cloud - np.asarray(model(cloud))) ** 2)),
    }


def angle(first, second):
    """Angle between two lines, degrees from 0 to 90."""
    cosine = abs(first @ second) / (np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.degrees(np.arccos(min(cosine, 1.0))))
