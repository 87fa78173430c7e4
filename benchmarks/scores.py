"""tfdisent's scores beside those of the package disentanglement-lib: same draws, same codes, both values.

    python -m pip install --no-deps --target DIR disentanglement-lib==1.5
    python benchmarks/scores.py --theirs DIR

compares on the scikit-learn that is installed (`sklearn_era="current"`). For the values of the papers' time,
give a Python 3.7 that has scikit-learn 0.21.3 (and numpy, absl-py, six); theirs runs there, ours here:

    python benchmarks/scores.py --theirs DIR --paper-python OLD/bin/python

Both see a toy data set with factors of 3, 6, 10, 8 and 4 values through four representations. TensorFlow and
gin, which theirs imports, are replaced by stand-ins. Ends with 1 if a difference exceeds its bound. The half of
this file that runs theirs keeps to Python 3.7. With boosted trees it takes about ten minutes; --scores chooses.

    python benchmarks/scores.py --theirs DIR --their-tests mig irs dci       # their tests on our modules
    python benchmarks/scores.py --theirs DIR --boosters 30                   # DCI by LightGBM beside ours
"""

import argparse
import functools
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import types
import warnings

import numpy as np

SIZES = (3, 6, 10, 8, 4)
REPRESENTATIONS = ("aligned", "rotated", "noisy", "more codes")
SEED = 0


class Toy:
    """Factors, and observations: the factors followed by five columns of noise from the same state."""

    num_factors = len(SIZES)
    factors_num_values = list(SIZES)
    factor_names = [f"factor_{i}" for i in range(len(SIZES))]
    observation_shape = [len(SIZES) + 5]

    def sample_factors(self, num, random_state):
        return np.stack([random_state.randint(n, size=num) for n in SIZES], axis=1)

    def sample_observations_from_factors(self, factors, random_state):
        return np.concatenate([factors, random_state.standard_normal((len(factors), 5))], axis=1)

    def sample(self, num, random_state):
        factors = self.sample_factors(num, random_state)
        return factors, self.sample_observations_from_factors(factors, random_state)

    def sample_observations(self, num, random_state):
        return self.sample(num, random_state)[1]


def representation(name):
    """Observations [N, 10] -> codes [N, D], float32 as those of a network where it matters."""
    random_state = np.random.RandomState(7)
    rotation = np.linalg.qr(random_state.standard_normal((5, 5)))[0]
    mixing = random_state.standard_normal((10, 12))
    centre, scale = (np.array(SIZES) - 1) / 2.0, np.array(SIZES) / np.sqrt(12.0)

    def encode(observations):
        factors, noise = (observations[:, :5] - centre) / scale, observations[:, 5:]
        if name == "aligned":
            return factors + 0.01 * noise
        if name == "rotated":
            return factors.dot(rotation).astype(np.float32)
        if name == "noisy":
            return (factors + 0.5 * factors.dot(rotation) + 0.7 * noise).astype(np.float32)
        return np.tanh(0.3 * np.concatenate([factors, noise], axis=1).dot(mixing))

    return encode


def cases(sizes):
    """{score: (their module, function, settings as theirs names them)}"""
    train, test = sizes
    both = {"num_train": train, "num_test": test}
    votes = {"batch_size": 64, "num_train": train // 2, "num_eval": test // 2}
    return {
        "mig": ("mig", "compute_mig", {"num_train": train}),
        "irs": ("irs", "compute_irs", {"num_train": train, "batch_size": 16}),
        "factor_vae": ("factor_vae", "compute_factor_vae", dict(votes, num_variance_estimate=train)),
        "unsupervised": ("unsupervised_metrics", "unsupervised_metrics", {"num_train": train}),
        "sap continuous": ("sap_score", "compute_sap", dict(both, continuous_factors=True)),
        "modularity_explicitness": ("modularity_explicitness", "compute_modularity_explicitness", both),
        "sap": ("sap_score", "compute_sap", dict(both, continuous_factors=False)),
        "beta_vae": ("beta_vae", "compute_beta_vae_sklearn", votes),
        "downstream LR": (
            "downstream_task",
            "compute_downstream_task",
            {"num_train": [20, train // 4], "num_test": test},
        ),
        "unified": (
            "unified_scores",
            "compute_unified_scores",
            dict(both, matrix_fns=["mutual_information_matrix", "accuracy_svm_matrix"]),
        ),
        "dci": ("dci", "compute_dci", both),
        "dci one seed": ("dci", "compute_dci", both),
        "downstream GBT one seed": (
            "downstream_task",
            "compute_downstream_task",
            {"num_train": [train], "num_test": test},
        ),
        "reduced one seed": (
            "reduced_downstream_task",
            "compute_reduced_downstream_task",
            {"num_train": [train // 4], "num_test": test, "num_factors_to_remove": 1},
        ),
        "fairness one seed": (
            "fairness",
            "compute_fairness",
            {"num_train": train // 2, "num_test_points_per_class": 50},
        ),
    }


# What a difference may be: rounding, an optimiser's last digits, or trees that break ties by chance.
BOUNDS = {
    "current": {
        "sap": 1e-6,
        "beta_vae": 1e-6,
        "explicitness": 1e-6,
        "downstream LR": 1e-6,
        "accuracy_svm": 1e-6,
        "dci": 0.05,
    },
    "paper": {  # another numpy as well, whose float32 sums differ
        "irs": 1e-6,
        "unsupervised": 1e-6,
        "sap": 2e-3,
        "beta_vae": 1e-6,
        "explicitness": 1e-6,
        "downstream LR": 0.05,  # of 20 points, where the C that five folds choose hangs on the last digits
        "accuracy_svm": 5e-3,
        "dci": 0.05,
        "one seed": 0.05,  # whose tie-breaking takes other random numbers
    },
}


def bound(era, score, key):
    """The bound of one value; 1e-9 unless a part of its name stands in BOUNDS."""
    if score == "sap continuous":
        return 1e-9
    for part, value in BOUNDS[era].items():
        if (
            part == score
            or score.endswith(part)
            or (part in ("explicitness", "accuracy_svm") and part in key)
        ):
            return value
    return 1e-9


# ---- theirs (Python 3.7) ----

STAND_INS = (
    "tensorflow", "tensorflow.compat", "tensorflow.compat.v1", "pandas", "seaborn", "matplotlib",
    "matplotlib.pyplot", "simplejson",
) + (("distutils", "distutils.dir_util") if sys.version_info >= (3, 12) else ())  # fmt: skip


def install_stand_ins():
    """Stand-ins for gin, TensorFlow, pandas and seaborn, so that their modules can be imported. Returns gin's."""
    gin = types.ModuleType("gin")
    gin.REQUIRED, gin.bindings = object(), {}

    def configurable(name, blacklist=None, **_):
        def decorate(function):
            names = list(inspect.signature(function).parameters)

            @functools.wraps(function)
            def call(*args, **kwargs):
                for key, value in gin.bindings.items():
                    scope, parameter = key.split(".")
                    if scope == name and parameter in names[len(args) :]:
                        kwargs.setdefault(parameter, value)
                return function(*args, **kwargs)

            return call

        return decorate(name) if callable(name) else decorate

    gin.configurable, gin.bind_parameter = configurable, gin.bindings.__setitem__
    gin.tf = gin
    sys.modules["gin"] = sys.modules["gin.tf"] = gin
    for name in STAND_INS:
        module = sys.modules[name] = types.ModuleType(name)
        module.use = lambda *_: None
        module.JSONEncoder = object
        module.gfile = types.SimpleNamespace()
        if "." in name:
            setattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2], module)
    return gin


def their_scores(folder, names, sizes, global_seed=1):
    """{score: {representation: (dict, seconds)}} of the package in `folder`."""
    gin = install_stand_ins()
    sys.path.insert(0, folder)
    metrics = "disentanglement_lib.evaluation.metrics."
    utils = importlib.import_module(metrics + "utils")
    for score in names:
        importlib.import_module(metrics + cases(sizes)[score][0])
    for name in STAND_INS:  # others look for these as well, and must not find stand-ins
        del sys.modules[name]
    from sklearn.ensemble import GradientBoostingClassifier

    gin.bindings.update(
        {
            "discretizer.discretizer_fn": utils._histogram_discretize,
            "discretizer.num_bins": 20,
            "prune_dims.threshold": 0.05,
        }
    )
    results = {}
    for score in names:
        module, function, settings = cases(sizes)[score]
        module = importlib.import_module(metrics + module)
        settings = dict(settings)
        if "matrix_fns" in settings:
            settings["matrix_fns"] = [getattr(module, name) for name in settings["matrix_fns"]]
        seed = [None]
        one_seed = score.endswith("one seed")

        def trees(seed=seed, one_seed=one_seed):
            return GradientBoostingClassifier(random_state=seed[0] if one_seed else None)

        gin.bindings["predictor.predictor_fn"] = (
            utils.logistic_regression_cv if score.endswith("LR") else trees
        )
        dci = importlib.import_module(metrics + "dci")
        dci.ensemble = types.SimpleNamespace(GradientBoostingClassifier=trees)
        gin.bindings["reduced_representation.correlation_measure"] = getattr(
            module, "compute_factorwise_dci", None
        )
        results[score] = {}
        for name in REPRESENTATIONS:
            np.random.seed(global_seed)
            random_state = np.random.RandomState(SEED)
            seed[0] = _seed_after_draws(score, settings)
            start = time.time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = getattr(module, function)(
                    Toy(), representation(name), random_state, None, **settings
                )
            values = {key: float(np.real(value)) for key, value in values.items()}
            results[score][name] = (values, time.time() - start)
    return results


def _seed_after_draws(score, settings):
    """The seed that tfdisent gives its trees: it follows from the random state once the points are drawn."""
    random_state = np.random.RandomState(SEED)
    sizes = [settings["num_train"], settings.get("num_test", 0)] if score.endswith("one seed") else []
    for num in sizes:
        num = num[0] if isinstance(num, list) else num
        for begin in range(0, num, 16):
            Toy().sample(min(16, num - begin), random_state)
    return int(random_state.randint(2**31 - 1))


def run_their_tests(folder, names):
    """Their own tests of modules (or "module.test"), with the package's name changed; 1 if one fails."""
    import unittest

    from tfdisent import metrics

    gin = install_stand_ins()
    sys.path.insert(0, folder)
    ours = metrics.strong_downstream_task
    ours.compute_strong_downstream_task = gin.configurable("strong_downstream_task")(
        ours.compute_strong_downstream_task
    )
    suite = unittest.TestSuite()
    for name in names:
        name, _, test = name.partition(".")
        path = os.path.join(folder, "disentanglement_lib", "evaluation", "metrics", name + "_test.py")
        with open(path) as file:
            source = file.read().replace("disentanglement_lib.evaluation.metrics", "tfdisent.metrics")
        module = types.ModuleType(name + "_test")
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102
        loader = unittest.TestLoader()
        loader.testNamePatterns = [f"*{test}*"] if test else None
        suite.addTests(loader.loadTestsFromModule(module))
    for name in STAND_INS:
        del sys.modules[name]
    return int(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())


# ---- ours ----


def our_scores(names, sizes, era, n_jobs):
    """{score: {representation: (dict, seconds)}} of tfdisent."""
    from tfdisent import metrics

    results = {}
    for score in names:
        module, function, settings = cases(sizes)[score]
        module = getattr(metrics, module)
        function = getattr(module, function)
        known = inspect.signature(function).parameters
        extra = {"sklearn_era": era, "n_jobs": n_jobs}
        if score.startswith("downstream"):
            extra["predictor_fn"] = (
                "logistic_regression_cv" if score.endswith("LR") else "gradient_boosting_classifier"
            )
        settings = {**settings, **{key: value for key, value in extra.items() if key in known}}
        if "matrix_fns" in settings:
            settings["matrix_fns"] = [getattr(module, name) for name in settings["matrix_fns"]]
        results[score] = {}
        for name in REPRESENTATIONS:
            random_state = np.random.RandomState(SEED)
            start = time.time()
            values = function(Toy(), representation(name), random_state, None, **settings)
            results[score][name] = (values, time.time() - start)
    return results


def compare_boosters(count, sizes):
    """Print DCI by scikit-learn's trees and by LightGBM over random representations, and how they rank them."""
    from scipy.stats import spearmanr

    from tfdisent import metrics

    both = {"num_train": sizes[0], "num_test": sizes[1]}
    rows, seconds = [], np.zeros(2)
    for i in range(count):
        random_state = np.random.RandomState(i)
        mixing = np.linalg.qr(random_state.standard_normal((5, 5)))[0] * random_state.random_sample()
        matrix = np.eye(5) + mixing, random_state.random_sample() * np.eye(5)

        def encode(x, matrix=matrix):
            return (x[:, :5] / SIZES).dot(matrix[0]) + 0.3 * x[:, 5:].dot(matrix[1])

        row = []
        for j, booster in enumerate(("gradient_boosting_classifier", "lightgbm_classifier")):
            start = time.time()
            row.append(metrics.compute_dci(Toy(), encode, np.random.RandomState(i), booster=booster, **both))
            seconds[j] += time.time() - start
        rows.append(row)
    for key in rows[0][0]:
        exact, fast = np.array([(row[0][key], row[1][f"{key}_lightgbm"]) for row in rows]).T
        gap = np.abs(exact - fast).max()
        print(f"{key:<24} rank correlation {spearmanr(exact, fast)[0]:.4f}, largest difference {gap:.4f}")
    print(f"seconds for {count}: scikit-learn {seconds[0]:.1f}, LightGBM {seconds[1]:.1f}")


def compare(theirs, ours, era, verbose):
    """Print the table of one era; the number of values beyond their bounds."""
    failures = 0
    print("{:<24} {:<44} {:<10} {:>12} {:>12} {:>9} {:>8}".format(
        "score", "value", "codes", "theirs", "ours", "differs", "bound"))  # fmt: skip
    for score in theirs:
        worst = {}
        for name in REPRESENTATIONS:
            (mine, _), (other, _) = ours[score][name], theirs[score][name]
            for key, value in other.items():
                limit = bound(era, score, key)
                same = value == mine[key] or (np.isnan(value) and np.isnan(mine[key]))
                difference = 0.0 if same else abs(value - mine[key])
                if not difference <= limit * max(1.0, abs(value)):
                    failures += 1
                shown = key if verbose else re.sub("[0-9]+", "#", key)
                row = (difference / limit, difference, limit, shown, name, value, mine[key])
                group = key + name if verbose else re.sub("[0-9]+", "#", key)
                worst[group] = max(worst.get(group, row), row)
        for excess, difference, limit, key, name, value, mine_value in worst.values():
            mark = "" if excess <= max(1.0, abs(value)) else "  BEYOND"
            numbers = f"{value:>12.6g} {mine_value:>12.6g} {difference:>9.1e} {limit:>8.0e}"
            print(f"{score:<24} {key[-44:]:<44} {name:<10} {numbers}{mark}")
        seconds = [sum(results[score][name][1] for name in REPRESENTATIONS) for results in (theirs, ours)]
        print(f"{score:<24} seconds, all four: theirs {seconds[0]:.2f}, ours {seconds[1]:.2f}")
    return failures


def main():
    """Compare on the installed scikit-learn and, where an old Python is given, with the papers' one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--theirs", required=True, help="folder that disentanglement-lib was installed in")
    parser.add_argument("--paper-python", help="Python 3.7 with scikit-learn 0.21.3")
    parser.add_argument("--scores", nargs="+", choices=list(cases((0, 0))), default=list(cases((0, 0))))
    parser.add_argument("--num-train", type=int, default=600)
    parser.add_argument("--num-test", type=int, default=300)
    parser.add_argument("--n-jobs", type=int, default=1, help="processes of ours")
    parser.add_argument("--verbose", action="store_true", help="a row per value and representation")
    parser.add_argument(
        "--their-tests", nargs="+", metavar="MODULE", help="run their tests on our modules instead"
    )
    parser.add_argument("--boosters", type=int, metavar="COUNT", help="rank COUNT codes by LightGBM as well")
    parser.add_argument("--dump", help=argparse.SUPPRESS)  # write theirs to this file, and end
    args = parser.parse_args()
    sizes = (args.num_train, args.num_test)
    if args.boosters:
        compare_boosters(args.boosters, sizes)
        return 0
    if args.their_tests:
        return run_their_tests(args.theirs, args.their_tests)
    if args.dump:
        with open(args.dump, "w") as file:
            json.dump(their_scores(args.theirs, args.scores, sizes), file)
        return 0

    failures = 0
    for era, python in [("current", sys.executable), ("paper", args.paper_python)]:
        if not python:
            continue
        version = subprocess.check_output(
            [python, "-c", "import sklearn; print(sklearn.__version__)"], text=True
        )
        print(f"\n== theirs on scikit-learn {version.strip()}, ours with sklearn_era={era!r}, {sizes} points")
        with tempfile.TemporaryDirectory() as folder:
            dump = os.path.join(folder, "theirs.json")
            command = [python, os.path.abspath(__file__), "--theirs", args.theirs, "--dump", dump]
            command += ["--num-train", str(sizes[0]), "--num-test", str(sizes[1]), "--scores", *args.scores]
            subprocess.run(command, check=True)
            with open(dump) as file:
                theirs = json.load(file)
        failures += compare(theirs, our_scores(args.scores, sizes, era, args.n_jobs), era, args.verbose)
    print(f"\n{failures} values beyond their bounds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
