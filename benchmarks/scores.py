"""tfdisent's scores beside those of the package disentanglement-lib: same draws, same codes, both values.

    python -m pip install --no-deps --target DIR disentanglement-lib==1.5
    python benchmarks/scores.py --theirs DIR

compares on the scikit-learn that is installed (`sklearn_era="current"`). For the values of the papers' time,
give a Python 3.7 that has scikit-learn 0.21.3 (and numpy, absl-py, six); theirs runs there, ours here:

    python benchmarks/scores.py --theirs DIR --paper-python OLD/bin/python

Both see a toy data set with factors of 3, 6, 10, 8 and 4 values through four representations, and, with --run, the data
and the codes of a trained model; theirs encodes 16 or 64 observations at a time, ours each once. TensorFlow and
gin, which theirs imports, are replaced by stand-ins. Ends with 1 if a difference exceeds its bound. The half of
this file that runs theirs keeps to Python 3.7. With boosted trees it takes about ten minutes; --scores chooses.
Trees break ties by chance: "seeds" is how far two runs of theirs are apart, twice which is in bounds, and the scores
"one seed" give ours scikit-learn's own trees with the seed of theirs.

    python benchmarks/scores.py --theirs DIR --run RUN --scores mig irs      # RUN: a folder that `tfdisent train` wrote
    python benchmarks/scores.py --theirs DIR --run RUN --suite suite.json    # how long the study's scores take
    python benchmarks/scores.py --theirs DIR --run RUN --mig 5               # how long one score takes
    python benchmarks/scores.py --theirs DIR --jobs 1 2                      # DCI in one and in two processes
    python benchmarks/scores.py --theirs DIR --their-tests mig irs dci       # their tests on our modules
    python benchmarks/scores.py --theirs DIR --boosters 30                   # DCI by LightGBM beside ours
"""

import argparse
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
import theirs
from toy import SIZES, Toy, representation

REPRESENTATIONS = ("aligned", "rotated", "noisy", "more codes")
TRAINED = "trained"
NOT_TRAINED = ("downstream LR", "unified", "downstream GBT one seed", "reduced one seed", "fairness one seed")
SEED = 0


def subjects(names, run=None, once=False):
    """{representation: (data, function)}; with `once` the trained model's codes are looked up in a table."""
    found = {name: (Toy(), representation(name)) for name in names if name != TRAINED}
    if TRAINED in names:
        from tfdisent.evaluation.encoding import Encoder
        from tfdisent.evaluation.scoring import load_run

        trained = load_run(run)
        found[TRAINED] = trained.data, trained.model.represent
        if once:
            encoder = Encoder(trained.model, trained.data, show=False)
            found[TRAINED] = encoder.data, encoder.representation_function()
    return found


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
        "downstream GBT": (
            "downstream_task",
            "compute_downstream_task",
            {"num_train": [train], "num_test": test},
        ),
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
        "dci": 0.05,  # trees that break ties by chance
        "downstream GBT": 0.05,
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
            or (part == "one seed" and score.endswith(part))
            or (part in ("explicitness", "accuracy_svm") and part in key)
        ):
            return value
    return 1e-9


# ---- theirs (Python 3.7) ----


def their_scores(folder, names, representations, sizes, run=None, global_seed=1):
    """{score: {representation: (dict, seconds)}} of the package in `folder`."""
    from sklearn.ensemble import GradientBoostingClassifier

    found = subjects(representations, run)
    gin, modules, utils = theirs.load(folder, {score: cases(sizes)[score][0] for score in names})
    results = {}
    for score in names:
        _, function, settings = cases(sizes)[score]
        module = modules[score]
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
        modules["dci"].ensemble = types.SimpleNamespace(GradientBoostingClassifier=trees)
        gin.bindings["reduced_representation.correlation_measure"] = getattr(
            module, "compute_factorwise_dci", None
        )
        results[score] = {}
        for name in representations:
            if name == TRAINED and score in NOT_TRAINED:
                continue
            data, encode = found[name]
            np.random.seed(global_seed)
            random_state = np.random.RandomState(SEED)
            seed[0] = _seed_after_draws(score, settings, data)
            start = time.time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = getattr(module, function)(data, encode, random_state, None, **settings)
            values = {key: float(np.real(value)) for key, value in values.items()}
            results[score][name] = (values, time.time() - start)
    return results


def _seed_after_draws(score, settings, data):
    """The seed that tfdisent gives its trees: it follows from the random state once the points are drawn."""
    random_state = np.random.RandomState(SEED)
    sizes = [settings["num_train"], settings.get("num_test", 0)] if score.endswith("one seed") else []
    for num in sizes:
        num = num[0] if isinstance(num, list) else num
        for begin in range(0, num, 16):
            data.sample(min(16, num - begin), random_state)
    return int(random_state.randint(2**31 - 1))


# ---- ours ----


def our_scores(names, representations, sizes, era, n_jobs, run=None):
    """{score: {representation: (dict, seconds)}} of tfdisent."""
    from tfdisent import metrics

    found, results = subjects(representations, run, once=True), {}
    predictors = metrics.predictors._PREDICTORS
    our_trees = predictors["gradient_boosting_classifier"]
    for score in names:
        module, function, settings = cases(sizes)[score]
        module = getattr(metrics, module)
        function = getattr(module, function)
        known = inspect.signature(function).parameters
        trees = _scikit_learn_trees if score.endswith("one seed") else our_trees
        predictors["gradient_boosting_classifier"] = trees
        results[score] = {}
        for name in representations:
            if name == TRAINED and score in NOT_TRAINED:
                continue
            extra = {"sklearn_era": era, "n_jobs": n_jobs}
            if score.startswith("downstream"):
                extra["predictor_fn"] = "gradient_boosting_classifier"
            if score.endswith("LR"):
                extra["predictor_fn"] = "logistic_regression_cv"
            chosen = {**settings, **{key: value for key, value in extra.items() if key in known}}
            if "matrix_fns" in settings:
                chosen["matrix_fns"] = [getattr(module, each) for each in settings["matrix_fns"]]
            data, encode = found[name]
            start = time.time()
            values = function(data, encode, np.random.RandomState(SEED), None, **chosen)
            results[score][name] = (values, time.time() - start)
    return results


def _scikit_learn_trees(sklearn_era, random_state):
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(random_state=random_state)


def compare_boosters(count, sizes):
    """Print DCI by exact trees and by LightGBM over random representations, and how they rank them."""
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
    print(f"seconds for {count}: exact {seconds[0]:.1f}, LightGBM {seconds[1]:.1f}")


def compare(first, again, ours, era, verbose):
    """Print the table of one era; the number of values beyond their bounds. `again`: theirs, other seed."""
    failures = 0
    print("{:<24} {:<44} {:<10} {:>12} {:>12} {:>9} {:>8} {:>9}".format(
        "score", "value", "codes", "theirs", "ours", "differs", "bound", "seeds"))  # fmt: skip
    for score in first:
        worst = {}
        for name in first[score]:
            (mine, _), (other, _), (third, _) = (side[score][name] for side in (ours, first, again))
            for key, value in other.items():
                difference, spread = (_difference(value, side[key]) for side in (mine, third))
                limit = max(bound(era, score, key), 2 * spread)
                if not difference <= limit * max(1.0, abs(value)):
                    failures += 1
                shown = key if verbose else re.sub("[0-9]+", "#", key)
                row = (difference / limit, difference, limit, spread, shown, name, value, mine[key])
                group = key + name if verbose else re.sub("[0-9]+", "#", key)
                worst[group] = max(worst.get(group, row), row)
        for excess, difference, limit, spread, key, name, value, mine_value in worst.values():
            mark = "" if excess <= max(1.0, abs(value)) else "  BEYOND"
            numbers = f"{value:>12.6g} {mine_value:>12.6g} {difference:>9.1e} {limit:>8.0e} {spread:>9.1e}"
            print(f"{score:<24} {key[-44:]:<44} {name:<10} {numbers}{mark}")
        seconds = [sum(seconds for _, seconds in side[score].values()) for side in (first, ours)]
        print(f"{score:<24} seconds, all together: theirs {seconds[0]:.2f}, ours {seconds[1]:.2f}")
    return failures


def _difference(value, other):
    same = value == other or (np.isnan(value) and np.isnan(other))
    return 0.0 if same else abs(value - other)


def main():
    """Compare on the installed scikit-learn and, where an old Python is given, with the papers' one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--theirs", required=True, help="folder that disentanglement-lib was installed in")
    parser.add_argument("--paper-python", help="Python 3.7 with scikit-learn 0.21.3")
    parser.add_argument("--run", help="folder of a trained run, for a fifth representation")
    parser.add_argument("--scores", nargs="+", choices=list(cases((0, 0))), default=list(cases((0, 0))))
    parser.add_argument("--num-train", type=int, help="points (default: 600; with --suite the study's 10000)")
    parser.add_argument("--num-test", type=int, help="points (default: 300; with --suite the study's 5000)")
    parser.add_argument("--n-jobs", type=int, help="processes of ours (default: 1; with --suite all cores)")
    parser.add_argument(
        "--era", choices=("current", "paper"), default="current", help="of ours, with --suite"
    )
    parser.add_argument("--verbose", action="store_true", help="a row per value and representation")
    parser.add_argument(
        "--suite", metavar="FILE", help="time the study's scores on --run; FILE keeps what is done"
    )
    parser.add_argument("--mig", type=int, metavar="TURNS", help="time the mutual information gap")
    parser.add_argument("--jobs", type=int, nargs="+", help="time DCI in so many processes")
    parser.add_argument(
        "--their-tests", nargs="+", metavar="MODULE", help="run their tests on our modules instead"
    )
    parser.add_argument("--boosters", type=int, metavar="COUNT", help="rank COUNT codes by LightGBM as well")
    parser.add_argument("--representations", nargs="+", default=list(REPRESENTATIONS), help=argparse.SUPPRESS)
    parser.add_argument("--global-seed", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--dump", help=argparse.SUPPRESS)  # write theirs to this file, and end
    args = parser.parse_args()
    for wanted, mode in ((args.suite, "run_suite"), (args.mig, "time_mig"), (args.jobs, "time_jobs")):
        if wanted:
            import timings

            return getattr(timings, mode)(args)
    sizes = (args.num_train or 600, args.num_test or 300)
    if args.boosters:
        compare_boosters(args.boosters, sizes)
        return 0
    if args.their_tests:
        return theirs.run_tests(args.theirs, args.their_tests)
    if args.dump:
        with open(args.dump, "w") as file:
            json.dump(
                their_scores(
                    args.theirs, args.scores, args.representations, sizes, args.run, args.global_seed
                ),
                file,
            )
        return 0

    failures = 0
    for era, python in [("current", sys.executable), ("paper", args.paper_python)]:
        if not python:
            continue
        names = args.representations + ([TRAINED] if args.run and era == "current" else [])
        version = subprocess.check_output([python, "-c", "import sklearn; print(sklearn.__version__)"])
        version = version.decode().strip()
        print(f"\n== theirs on scikit-learn {version}, ours with sklearn_era={era!r}, {sizes} points")
        first, again = (_run_theirs(python, args, names, sizes, seed) for seed in (1, 2))
        ours = our_scores(args.scores, names, sizes, era, args.n_jobs or 1, args.run)
        failures += compare(first, again, ours, era, args.verbose)
    print(f"\n{failures} values beyond their bounds")
    return 1 if failures else 0


def _run_theirs(python, args, names, sizes, seed):
    with tempfile.TemporaryDirectory() as folder:
        dump = os.path.join(folder, "theirs.json")
        command = [python, os.path.abspath(__file__), "--theirs", args.theirs, "--dump", dump]
        command += ["--num-train", str(sizes[0]), "--num-test", str(sizes[1]), "--scores", *args.scores]
        command += ["--global-seed", str(seed), "--representations", *names]
        command += ["--run", args.run] if args.run else []
        subprocess.run(command, check=True)
        with open(dump) as file:
            return json.load(file)


if __name__ == "__main__":
    sys.exit(main())
