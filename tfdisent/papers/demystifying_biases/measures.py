"""What is computed from each trained model, and from the numbers of several."""

import numpy as np

__all__ = [
    "SCORES",
    "difference_of_means",
    "difference_of_samples",
    "embedding",
    "is_over_pruned",
    "readable_factors",
    "scores",
]

SCORES = ("MIG", "DCI", "FactorVAE score", "SAP")
_ACTIVE = 0.8  # largest mean posterior variance of an active latent, Sec. 4.3.4
_ENOUGH = 0.8  # of both statistics of an embedding
_JACOBIANS = 500
_POINTS = 10_000  # disentanglement_lib's number


def scores(trained, num_train=None, with_dto=False):
    """Scores of the mean codes on the set that the model was trained on, by disentanglement_lib's protocol.

    Args:
        trained: `TrainedModel` on data with factors.
        num_train: points from which scores are computed, half as many to test on; disentanglement_lib's numbers unless
            given.
        with_dto: whether to compute the distance to orthogonality of the decoder's Jacobians too.

    Returns:
        {"MIG", "DCI", "FactorVAE score", "SAP"; "MIG of <factor>" for each that varies; "linear correlation",
        "second correlation": means over factors of the largest and second largest |correlation| with a latent;
        "active": number of latents with E(sigma^2) < .8, all of a model without posterior; "DtO" where it is asked for
        and there is a decoder}.
    """
    from tfdisent import metrics
    from tfdisent.data import observations_and_factors
    from tfdisent.evaluation import Encoder

    encoder = Encoder(trained.model, trained.data)
    points = {} if num_train is None else {"num_train": num_train}
    tests = {} if num_train is None else {"num_test": num_train // 2}
    votes = {} if num_train is None else {"num_eval": num_train // 2, "num_variance_estimate": num_train}

    def score(function, key, **settings):
        representation, random_state = encoder.representation_function(0), np.random.RandomState(0)
        return float(function(encoder.data, representation, random_state, **settings)[key])

    random_state = np.random.RandomState(0)
    observations, factors = observations_and_factors(trained.data, num_train or _POINTS, random_state)
    codes = np.asarray(trained.model.represent(observations))
    gaps = metrics.mutual_information_gaps(codes, factors)
    largest, second = _largest_correlations(codes, factors)
    return {
        "MIG": score(metrics.compute_mig, "discrete_mig", **points),
        "DCI": score(metrics.compute_dci, "disentanglement", **points, **tests),
        "FactorVAE score": score(metrics.compute_factor_vae, "eval_accuracy", **points, **votes),
        "SAP": score(metrics.compute_sap, "SAP_score", **points, **tests),
        **{
            f"MIG of {name}": float(gap)
            for name, gap in zip(trained.data.factor_names, gaps, strict=True)
            if np.isfinite(gap)
        },
        "linear correlation": largest,
        "second correlation": second,
        "active": _active_latents(trained.model, observations),
        **(_dto(trained.model, codes) if with_dto and hasattr(trained.model, "decode") else {}),
    }


def embedding(trained, cyclic, other):
    """How the two latents that know most of a cyclic factor embed it and another one.

    Args:
        trained: `TrainedModel` on a set that can be enumerated.
        cyclic, other: names of the factors.

    Returns:
        The dict of `tfdisent.analysis.polar_statistics`; "latents": the two; "kind": "polar", "cartesian" or "neither",
        by which of ("angle", "radius") and ("cut", "rest") are both at least .8.
    """
    from tfdisent.analysis import polar_statistics
    from tfdisent.data import observations_and_factors
    from tfdisent.metrics.utils import discrete_mutual_info, histogram_discretize

    random_state = np.random.RandomState(0)
    observations, factors = observations_and_factors(trained.data, _POINTS, random_state)
    codes = np.asarray(trained.model.represent(observations))
    hue, height = (factors[:, trained.data.factor_names.index(name)] for name in (cyclic, other))
    known = discrete_mutual_info(histogram_discretize(codes.T, 20), hue[np.newaxis])[:, 0]
    latents = np.sort(np.argsort(-known)[:2])
    size = trained.data.factors_num_values[trained.data.factor_names.index(cyclic)]
    chosen = codes[:, latents]
    if (np.ptp(chosen, axis=0) == 0).any():
        return {"latents": latents.tolist(), "kind": "neither"}
    found = polar_statistics(chosen, 2 * np.pi * hue / size, height)
    kinds = {"polar": ("angle", "radius"), "cartesian": ("cut", "rest")}
    enough = [kind for kind, keys in kinds.items() if min(found[key] for key in keys) >= _ENOUGH]
    return {**found, "latents": latents.tolist(), "kind": enough[0] if len(enough) == 1 else "neither"}


def readable_factors(data, neighbours=5):
    """{factor: R^2 with which its values are read from the images by the nearest neighbours}, over five folds.

    Args:
        data: a set that can be enumerated, of which at most 10,000 images are looked at.
        neighbours: k.
    """
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.neighbors import KNeighborsRegressor

    from tfdisent.data import observations_and_factors

    if data.size <= _POINTS:
        images, factors = data.observations(np.arange(data.size)), data.factors(np.arange(data.size))
    else:
        images, factors = observations_and_factors(data, _POINTS, np.random.RandomState(0))
    flat, found = images.reshape(len(images), -1), {}
    for name, values in zip(data.factor_names, factors.T, strict=True):
        if np.ptp(values) > 0:
            predicted = cross_val_predict(
                KNeighborsRegressor(neighbours, weights="distance"),
                flat,
                values,
                cv=KFold(5, shuffle=True, random_state=0),
            )
            found[name] = float(1 - np.mean((predicted - values) ** 2) / np.var(values))
    return found


def _dto(model, codes):
    from tfdisent import metrics
    from tfdisent.analysis import decoder_jacobians

    return {"DtO": float(metrics.compute_dto(decoder_jacobians(model.decode, codes[:_JACOBIANS]))["dto"])}


def _largest_correlations(codes, factors):
    """Means over the factors of the largest and the second largest |Pearson correlation| with a latent."""
    varying = factors[:, np.ptp(factors, axis=0) > 0]
    moving = codes[:, np.ptp(codes, axis=0) > 0]
    if not moving.shape[1]:
        return 0.0, 0.0
    both = np.corrcoef(np.concatenate([moving, varying], axis=1).T)
    ordered = -np.sort(-np.abs(both[: moving.shape[1], moving.shape[1] :]), axis=0)
    return float(ordered[0].mean()), float(ordered[1].mean()) if len(ordered) > 1 else 0.0


def _active_latents(model, observations):
    from tfdisent import metrics

    log_var = model.posterior(observations)[1] if hasattr(model, "posterior") else None
    if log_var is None:
        return model.num_latents
    found = metrics.active_units(log_var * 0, log_var, "variance", variance_threshold=_ACTIVE)
    return int(found["count"])


def is_over_pruned(made):
    """Whether a `MadeRun` has fewer active latents than factors that vary, Sec. 4.3.4."""
    return made.measures["active"] < sum(name.startswith("MIG of ") for name in made.measures)


def difference_of_means(first, second, number=10):
    """Welch's test of two means: whether they differ, not assuming one variance.

    Args:
        first, second: (mean, standard deviation with n - 1 in the denominator).
        number: n, values behind each; a pair where they differ.

    Returns:
        {"difference": first - second, "low", "high": its 95 % interval, "p": of no difference}.
    """
    from scipy.stats import t as student
    from scipy.stats import ttest_ind_from_stats

    numbers = number if isinstance(number, tuple) else (number, number)
    p = ttest_ind_from_stats(*first, numbers[0], *second, numbers[1], equal_var=False).pvalue
    errors = [deviation**2 / n for (_, deviation), n in zip((first, second), numbers, strict=True)]
    # Welch & Satterthwaite
    freedom = sum(errors) ** 2 / sum(error**2 / (n - 1) for error, n in zip(errors, numbers, strict=True))
    difference = first[0] - second[0]
    half = student.ppf(0.975, freedom) * sum(errors) ** 0.5
    return {
        "difference": difference,
        "low": float(difference - half),
        "high": float(difference + half),
        "p": float(p),
    }


def difference_of_samples(first, second):
    """`difference_of_means` of two lists of numbers; None for fewer than two numbers, or where none differ."""
    if min(len(first), len(second)) < 2 or max(np.ptp(first), np.ptp(second)) == 0:
        return None
    moments = [(float(np.mean(each)), float(np.std(each, ddof=1))) for each in (first, second)]
    return difference_of_means(*moments, number=(len(first), len(second)))
