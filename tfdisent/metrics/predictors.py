"""The classifiers behind the scores, as scikit-learn had them when the published scores were computed, or today.

scikit-learn 0.22 changed the defaults of logistic regression and 1.5 those of `LinearSVC`; scores depend on it.
`sklearn_era="paper"` is how they were before, "current" how scikit-learn has them now.
"""

import os
import warnings

import numpy as np

from tfdisent.checks import choice, shown, whole_number
from tfdisent.errors import UserError
from tfdisent.metrics.boosted_trees import BoostedTrees
from tfdisent.orphans import die_with_parent

__all__ = [
    "Fitted",
    "accuracies",
    "check_era",
    "check_jobs",
    "fit",
    "fit_each",
    "gradient_boosting_classifier",
    "lightgbm_classifier",
    "linear_svc",
    "logistic_regression",
    "logistic_regression_cv",
    "make_predictor_fn",
    "parallel",
]

_ERAS = ("paper", "current")


def check_era(sklearn_era):
    """Raise `UserError` unless `sklearn_era` is "paper" or "current"."""
    choice("sklearn_era", sklearn_era, _ERAS)


def check_jobs(n_jobs):
    """Raise `UserError` unless `n_jobs` is None or a whole number other than 0."""
    if n_jobs is not None and (whole_number("n_jobs", n_jobs, -1024, 1024) == 0):
        raise UserError("n_jobs must be None or a number of processes, -1 for as many as cores. Received: 0.")


def gradient_boosting_classifier(sklearn_era="paper", random_state=0):
    """Gradient boosted trees with scikit-learn's defaults, the same in both eras; the seed breaks ties."""
    check_era(sklearn_era)
    return BoostedTrees(random_state)


def lightgbm_classifier(sklearn_era="paper", random_state=0):
    """LightGBM's boosted trees with the number, depth and learning rate of scikit-learn's: fast, not equal.

    Raises:
        UserError: if LightGBM is not installed.
    """
    check_era(sklearn_era)
    try:
        from lightgbm import LGBMClassifier
    except ImportError:
        raise UserError(
            'LightGBM is not installed; install it with: python -m pip install "tfdisent[lightgbm]". '
            "Received: lightgbm_classifier"
        ) from None
    return LGBMClassifier(
        n_estimators=100,
        max_depth=3,
        num_leaves=8,
        learning_rate=0.1,
        min_child_samples=1,
        importance_type="gain",
        random_state=random_state,
        n_jobs=1,
        verbose=-1,
    )


def logistic_regression(sklearn_era="paper", random_state=0):
    """L2-penalised logistic regression: liblinear, one class against the rest, or lbfgs, multinomial."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    check_era(sklearn_era)
    if sklearn_era == "current":
        return LogisticRegression(random_state=random_state)
    return OneVsRestClassifier(LogisticRegression(solver="liblinear", random_state=random_state))


def logistic_regression_cv(sklearn_era="paper", random_state=0):
    """Logistic regression, C chosen by five folds: per class against the rest, or one for all classes."""
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.model_selection import KFold
    from sklearn.multiclass import OneVsRestClassifier

    check_era(sklearn_era)
    classifier = LogisticRegressionCV(Cs=10, cv=KFold(n_splits=5), random_state=random_state)
    return classifier if sklearn_era == "current" else OneVsRestClassifier(classifier)


def linear_svc(sklearn_era="paper", random_state=0):
    """Linear support vector machine of the SAP score: the dual problem, or whichever scikit-learn chooses."""
    from sklearn.svm import LinearSVC

    check_era(sklearn_era)
    dual = "auto" if sklearn_era == "current" else True
    return LinearSVC(C=0.01, class_weight="balanced", dual=dual, random_state=random_state)


_PREDICTORS = {
    "gradient_boosting_classifier": gradient_boosting_classifier,
    "lightgbm_classifier": lightgbm_classifier,
    "logistic_regression_cv": logistic_regression_cv,
}


def make_predictor_fn(predictor_fn, sklearn_era="paper", random_state=0):
    """A function without arguments that gives a fresh classifier.

    Args:
        predictor_fn: "gradient_boosting_classifier", "logistic_regression_cv", "lightgbm_classifier", the
            functions of these names, or any function without arguments that gives a scikit-learn classifier.
        sklearn_era, random_state: of the named classifiers.

    Raises:
        UserError: for another name or something that cannot be called.
    """
    check_era(sklearn_era)
    if isinstance(predictor_fn, str):
        predictor_fn = _PREDICTORS.get(predictor_fn, predictor_fn)
    if predictor_fn in _PREDICTORS.values():
        return lambda: predictor_fn(sklearn_era, random_state)
    if not callable(predictor_fn):
        raise UserError(
            f"predictor_fn must be one of {sorted(_PREDICTORS)} or a function that gives a classifier. "
            f"Received: {predictor_fn!r}"
        )
    return predictor_fn


class Fitted:
    """A fitted classifier of one factor; with a single class it always answers that class.

    Attributes:
        classes: the values of the factor, sorted [K].
        importances: of every latent for the prediction [D], where the classifier has them (shares, but for
            LightGBM, whose gains are not normalised); zeros for a single class.
    """

    def __init__(self, model, classes, num_codes):
        self.model = model
        self.classes = classes
        self.importances = np.zeros(num_codes) if model is None else _importances(model)

    def predict(self, codes):
        """The predicted values [N] of codes [N, D]."""
        if self.model is None:
            return np.full(len(codes), self.classes[0])
        return self.classes[self.model.predict(codes)]

    def predict_proba(self, codes):
        """The probabilities [N, K] of the classes at codes [N, D]."""
        return np.ones((len(codes), 1)) if self.model is None else self.model.predict_proba(codes)


def fit(classifier, codes, factor):
    """A classifier fitted to codes [N, D] and the values of one factor [N], as `Fitted`."""
    classes, labels = np.unique(factor, return_inverse=True)
    if len(classes) == 1:
        return Fitted(None, classes, codes.shape[1])
    folds = getattr(getattr(classifier, "estimator", classifier), "cv", None)
    if len(codes) < getattr(folds, "n_splits", 0):
        raise UserError(
            f"{folds.n_splits}-fold cross validation needs at least {folds.n_splits} training points. "
            f"Received: {len(codes)}"
        )
    if not hasattr(classifier, "fit"):
        raise UserError(
            "A predictor must be a scikit-learn classifier with fit. Received: a function that gives "
            f"{shown(classifier)}."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the iteration limits are part of the published scores
        return Fitted(classifier.fit(codes, labels), classes, codes.shape[1])


def fit_each(make_classifier, codes, factors, n_jobs=None):
    """One classifier per factor, fitted to codes [D, N] and factors [F, N]: F of `Fitted`.

    Each is made with the same seed, so that the result does not depend on the number of processes.

    Args:
        make_classifier: function without arguments.
        n_jobs: processes, as in joblib: None is one, -1 as many as there are cores.
    """
    from joblib import delayed

    check_jobs(n_jobs)
    order = np.argsort([-len(np.unique(factor)) for factor in factors], kind="stable")  # the longest first
    points = codes.T
    fitted = parallel(n_jobs)(delayed(fit)(make_classifier(), points, factors[i]) for i in order)
    return [fitted[place] for place in np.argsort(order)]


def parallel(n_jobs):
    """joblib's `Parallel` whose processes end with this one, whatever kills it."""
    from joblib import Parallel

    return Parallel(n_jobs=n_jobs, initializer=die_with_parent, initargs=(None, os.getpid()))


def accuracies(fitted, codes, factors):
    """Share of points whose factor is predicted, per factor of codes [D, N] and factors [F, N]: list of F."""
    return [float(np.mean(f.predict(codes.T) == y)) for f, y in zip(fitted, factors, strict=True)]


def _importances(model):
    importances = getattr(model, "feature_importances_", None)
    return None if importances is None else np.abs(importances)
