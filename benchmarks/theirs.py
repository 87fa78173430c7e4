"""disentanglement-lib 1.5 on today's Python and on 3.7: its metrics and their tests, without TensorFlow 1."""

import contextlib
import functools
import importlib
import inspect
import os
import re
import sys
import types

METRICS = "disentanglement_lib.evaluation.metrics."
STAND_INS = (
    "tensorflow", "tensorflow.compat", "tensorflow.compat.v1", "pandas", "seaborn", "matplotlib",
    "matplotlib.pyplot", "simplejson",
) + (("distutils", "distutils.dir_util") if sys.version_info >= (3, 12) else ())  # fmt: skip


@contextlib.contextmanager
def stand_ins():
    """Stand-ins for gin, TensorFlow, pandas and seaborn, while their modules are imported; gives that of gin."""
    before = {name: sys.modules.get(name) for name in ("gin", "gin.tf") + STAND_INS}
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
    yield gin
    for name, module in before.items():  # others look for these as well
        sys.modules.pop(name) if module is None else sys.modules.update({name: module})


def load(folder, names):
    """gin's stand-in, {score: module}, with "dci" in any case, and utils of the package in `folder`.

    Args:
        folder: where disentanglement-lib was installed.
        names: {score: name of its module}.
    """
    sys.path.insert(0, folder)
    with stand_ins() as gin:
        modules = {
            score: importlib.import_module(METRICS + module)
            for score, module in {**names, "dci": "dci"}.items()
        }
        utils = importlib.import_module(METRICS + "utils")
    gin.bindings.update(
        {
            "discretizer.discretizer_fn": utils._histogram_discretize,
            "discretizer.num_bins": 20,
            "prune_dims.threshold": 0.05,
            "predictor.predictor_fn": utils.gradient_boosting_classifier,
        }
    )
    return gin, modules, utils


def run_tests(folder, names):
    """Their own tests of modules (or "module.test"), with the package's name changed; 1 if one fails."""
    import unittest

    sys.path.insert(0, folder)
    suite, loader = unittest.TestSuite(), unittest.TestLoader()
    with stand_ins() as gin:
        ours = importlib.import_module("tfdisent.metrics.strong_downstream_task")
        ours.compute_strong_downstream_task = gin.configurable("strong_downstream_task")(
            ours.compute_strong_downstream_task
        )
        for name in names:
            name, _, test = name.partition(".")
            path = os.path.join(folder, "disentanglement_lib", "evaluation", "metrics", name + "_test.py")
            with open(path) as file:
                source = file.read().replace("disentanglement_lib.evaluation.metrics", "tfdisent.metrics")
            # there the name is that of the module, here of the function in it
            source = re.sub(
                r"from tfdisent\.metrics import (\w+)",
                r'import importlib; \1 = importlib.import_module("tfdisent.metrics.\1")',
                source,
            )
            module = types.ModuleType(name + "_test")
            exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102
            loader.testNamePatterns = [f"*{test}*"] if test else None
            suite.addTests(loader.loadTestsFromModule(module))
    return int(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
