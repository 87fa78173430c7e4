"""How long the scores take, theirs and ours; called by scores.py with --suite, --mig and --jobs."""

import functools
import inspect
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
import theirs
import toy

TREES, LOGISTIC = "downstream_task_boosted_trees", "downstream_task_logistic_regression"


def study_cases(num_train, num_test):
    """{score: (module, function, settings)} of disentanglement_lib's unsupervised_study_v1, for so many points."""
    both = {"num_train": num_train, "num_test": num_test}
    votes = {"batch_size": 64, "num_train": num_train, "num_eval": num_test}
    sizes = [size for size in (10, 100, 1000) if size < num_train] + [num_train]
    downstream = ("downstream_task", "compute_downstream_task", {"num_train": sizes, "num_test": num_test})
    return {
        "beta_vae_sklearn": ("beta_vae", "compute_beta_vae_sklearn", votes),
        "dci": ("dci", "compute_dci", both),
        TREES: downstream,
        LOGISTIC: downstream,
        "factor_vae_metric": (
            "factor_vae",
            "compute_factor_vae",
            {**votes, "num_variance_estimate": num_train},
        ),
        "mig": ("mig", "compute_mig", {"num_train": num_train}),
        "modularity_explicitness": ("modularity_explicitness", "compute_modularity_explicitness", both),
        "sap_score": ("sap_score", "compute_sap", {**both, "continuous_factors": False}),
        "unsupervised": ("unsupervised_metrics", "unsupervised_metrics", {"num_train": num_train}),
    }


class Counted:
    """A representation function that counts observations and the seconds they take."""

    def __init__(self, encode):
        self.encode, self.observations, self.seconds = encode, 0, 0.0

    def __call__(self, observations):
        start = time.perf_counter()
        codes = self.encode(observations)
        self.seconds += time.perf_counter() - start
        self.observations += len(observations)
        return codes


# ---- the study's scores, end to end ----


def run_suite(args):
    """Time the scores of both sides in turn; what is done stands in the file, and is not done again."""
    cores = os.cpu_count()
    settings = {
        "run": os.path.abspath(args.run or sys.exit("--suite needs --run, the folder of a trained model.")),
        "num_train": args.num_train or 10000,
        "num_test": args.num_test or 5000,
        "era": args.era,
        "n_jobs": args.n_jobs or cores,
        "cores": cores,
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
    }
    record = _read(args.suite) or {"settings": settings, "theirs": {}, "ours": {}}
    if record["settings"] != settings:
        sys.exit(f"{args.suite} was begun with {record['settings']}, not {settings}; give another file.")
    _write(args.suite, record)
    for side in ("theirs", "ours"):
        subprocess.run([sys.executable, __file__, side, args.suite, args.theirs], check=True)
    return _report(_read(args.suite))


def _time_theirs(path, folder):
    record = _read(path)
    settings = record["settings"]
    cases = study_cases(settings["num_train"], settings["num_test"])
    data, encode = _trained(settings["run"])
    gin, modules, utils = theirs.load(folder, {score: case[0] for score, case in cases.items()})
    predictors = {TREES: utils.gradient_boosting_classifier, LOGISTIC: utils.logistic_regression_cv}
    for score, (_, function, chosen) in cases.items():
        if score in record["theirs"]:
            continue
        gin.bindings["predictor.predictor_fn"] = predictors.get(score)
        counted = Counted(encode)
        np.random.seed(1)
        call = functools.partial(
            getattr(modules[score], function), data, counted, artifact_dir=None, **chosen
        )
        record["theirs"][score] = _timed(call, counted, f"theirs: {score}")
        _write(path, record)


def _time_ours(path):
    from tfdisent import metrics
    from tfdisent.evaluation.encoding import CodeTable, draws_by_number

    record = _read(path)
    settings = record["settings"]
    cases = study_cases(settings["num_train"], settings["num_test"])
    if set(cases) <= set(record["ours"]):
        return
    record["ours"] = {}  # the codes belong to all scores together
    data, encode = _trained(settings["run"])
    assert draws_by_number(data), f"{data.name} cannot be encoded once"
    counted = Counted(encode)
    table = CodeTable(data, counted, show=False)
    for score, (module, function, chosen) in cases.items():
        function = getattr(getattr(metrics, module), function)
        extra = {"sklearn_era": settings["era"], "n_jobs": settings["n_jobs"]}
        known = inspect.signature(function).parameters
        chosen = {**chosen, **{key: value for key, value in extra.items() if key in known}}
        if score == LOGISTIC:
            chosen["predictor_fn"] = "logistic_regression_cv"
        call = functools.partial(function, table.data, table, artifact_dir=None, **chosen)
        record["ours"][score] = _timed(call, counted, f"ours: {score}")
        _write(path, record)


def _timed(call, counted, title):
    """What `call` gives and takes, with the state of the machine."""
    before, wall = (counted.observations, counted.seconds), time.perf_counter()
    result = {"load_before": os.getloadavg()[0]}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = call(random_state=np.random.RandomState(0))
        result["values"] = {key: float(np.real(value)) for key, value in values.items()}
    except Exception as error:  # theirs has scores that fail on some data
        result["error"] = f"{type(error).__name__}: {error}"
    result["seconds"] = time.perf_counter() - wall
    result["observations"] = counted.observations - before[0]
    result["encode_seconds"] = counted.seconds - before[1]
    result["load_after"] = os.getloadavg()[0]
    line = f"{title}: {result['seconds']:.2f} s, {result['observations']:,} observations encoded"
    print(f"{line}{'; FAILED: ' + result['error'] if 'error' in result else ''}", flush=True)
    return result


def _report(record):
    import sklearn

    ours, others = record["ours"], record["theirs"]
    print(f"\n{record['settings']}\nscikit-learn {sklearn.__version__}, Python {platform.python_version()}")
    print(
        f"{'score':<38} {'theirs, s':>10} {'ours, s':>10} {'ratio':>7} {'differs':>9}   observations: theirs, ours"
    )
    for score in ours:
        mine, other = ours[score], others[score]
        shared = [
            abs(value - mine["values"][key])
            for key, value in other.get("values", {}).items()
            if key in mine.get("values", {}) and np.isfinite(value)
        ]
        differs = f"{max(shared):.1e}" if shared else "-"
        numbers = (
            f"{other['seconds']:>10.2f} {mine['seconds']:>10.2f} {other['seconds'] / mine['seconds']:>7.1f}"
        )
        failed = "".join(
            f"; {side} failed" for side, r in (("theirs", other), ("ours", mine)) if "error" in r
        )
        print(
            f"{score:<38} {numbers} {differs:>9}   {other['observations']:,}, {mine['observations']:,}{failed}"
        )
    done = [score for score in ours if "error" not in ours[score] and "error" not in others[score]]
    for key, title in (("seconds", "end to end"), ("encode_seconds", "encoding")):
        totals = [sum(side[score][key] for score in done) for side in (others, ours)]
        print(f"all, {title + ', s':<33} {totals[0]:>10.2f} {totals[1]:>10.2f} {totals[0] / totals[1]:>7.1f}")
    loads = [
        r[key] for side in (others, ours) for r in side.values() for key in ("load_before", "load_after")
    ]
    print(f"load average {min(loads):.1f} to {max(loads):.1f} on {record['settings']['cores']} cores")
    return 0


def _trained(run):
    from tfdisent.evaluation.scoring import load_run

    trained = load_run(run)
    trained.model.represent(
        trained.data.sample_observations(256, np.random.RandomState(0))
    )  # traces and warms up
    return trained.data, trained.model.represent


def _read(path):
    if not os.path.exists(path):
        return None
    with open(path) as file:
        return json.load(file)


def _write(path, record):
    with open(f"{path}.part", "w") as file:
        json.dump(record, file, indent=1)
    os.replace(f"{path}.part", path)


# ---- one score ----


def time_mig(args):
    """MIG of sprites, by a linear map of the pixels and by the trained model; codes computed, and looked up."""
    from tfdisent import metrics
    from tfdisent.data import DSpritesDrawn
    from tfdisent.evaluation.encoding import CodeTable

    num = args.num_train or 10000
    weights = np.random.RandomState(0).standard_normal((4096, 10)).astype(np.float32) / 20
    subjects = {"linear map": (DSpritesDrawn(), lambda images: images.reshape(len(images), -1) @ weights)}
    if args.run:
        subjects["trained"] = _trained(args.run)
    _, modules, _ = theirs.load(args.theirs, {"mig": "mig"})
    for name, (data, encode) in subjects.items():
        table = CodeTable(data, encode, show=False)
        calls = {
            "theirs": lambda data=data, encode=encode: modules["mig"].compute_mig(
                data, encode, np.random.RandomState(0), num_train=num
            ),
            "ours, images encoded": lambda data=data, encode=encode: metrics.compute_mig(
                data, encode, np.random.RandomState(0), num_train=num
            ),
            "ours, codes looked up": lambda table=table: metrics.compute_mig(
                table.data, table, np.random.RandomState(0), num_train=num
            ),
            "theirs, codes looked up": lambda table=table: modules["mig"].compute_mig(
                table.data, table, np.random.RandomState(0), num_train=num
            ),
        }
        calls["ours, codes looked up"]()
        seconds, values = _in_turns(calls, args.mig)
        print(f"MIG of {num:,} points, {name}, {data.observation_shape}; medians of {args.mig} turns")
        for call, taken in seconds.items():
            gap = abs(values[call]["discrete_mig"] - values["theirs"]["discrete_mig"])
            print(
                f"  {call:<26} {taken:>8.3f} s  {seconds['theirs'] / taken:>6.1f} times as fast, differs {gap:.0e}"
            )
    _print_load()
    return 0


def time_jobs(args):
    """DCI of rotated toy codes in several processes, and with scikit-learn's trees in one."""
    from sklearn.ensemble import GradientBoostingClassifier

    from tfdisent import metrics

    data, encode = toy.Toy(), toy.representation("rotated")
    settings = {"num_train": args.num_train or 2000, "num_test": args.num_test or 1000}

    def dci(**chosen):
        return metrics.compute_dci(data, encode, np.random.RandomState(0), **settings, **chosen)

    calls = {"scikit-learn's trees": functools.partial(dci, booster=GradientBoostingClassifier)}
    calls.update({f"n_jobs={jobs}": functools.partial(dci, n_jobs=jobs) for jobs in args.jobs})
    calls[f"n_jobs={args.jobs[-1]}"]()  # starts them
    seconds, values = _in_turns(calls, 3)
    first = values[f"n_jobs={args.jobs[0]}"]
    print(f"DCI, factors of {toy.SIZES} values, {settings}; medians of 3 turns")
    for call, taken in seconds.items():
        gap = max(abs(value - first[key]) for key, value in values[call].items())
        print(f"  {call:<22} {taken:>8.2f} s  differs from n_jobs={args.jobs[0]} by {gap:.0e}")
    _print_load()
    return 0


def _in_turns(calls, turns):
    """{call: median of seconds} and {call: what it gave}, the calls taking turns."""
    seconds, values = {name: [] for name in calls}, {}
    for _ in range(turns):
        for name, call in calls.items():
            start = time.perf_counter()
            values[name] = call()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}, values


def _print_load():
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    if sys.argv[1] == "theirs":
        _time_theirs(sys.argv[2], sys.argv[3])
    else:
        _time_ours(sys.argv[2])
