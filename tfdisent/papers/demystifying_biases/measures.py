"""Numbers of chapter 4: differences of means with their interval."""

__all__ = ["difference_of_means"]


def difference_of_means(first, second, number=10):
    """Welch's test of two means: whether they differ, not assuming one variance.

    Args:
        first, second: (mean, standard deviation with n - 1 in the denominator).
        number: n, values behind each.

    Returns:
        {"difference": first - second, "low", "high": its 95 % interval, "p": of no difference}.
    """
    from scipy.stats import t as student
    from scipy.stats import ttest_ind_from_stats

    p = ttest_ind_from_stats(*first, number, *second, number, equal_var=False).pvalue
    errors = [deviation**2 / number for _, deviation in (first, second)]
    freedom = sum(errors) ** 2 / sum(error**2 / (number - 1) for error in errors)  # Welch & Satterthwaite
    difference = first[0] - second[0]
    half = student.ppf(0.975, freedom) * sum(errors) ** 0.5
    return {
        "difference": difference,
        "low": float(difference - half),
        "high": float(difference + half),
        "p": float(p),
    }
