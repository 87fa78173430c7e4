"""Many runs: described (`Study`), made, kept in folders, and put in tables.

Modules are imported when a name of theirs is first used, so that what needs no TensorFlow starts without it.
"""

import importlib

_MODULES = {
    "Carried": "engine",
    "LiveTable": "status",
    "LocalProcesses": "executors",
    "PlannedRun": "planned",
    "Status": "status",
    "Study": "study",
    "ThisProcess": "executors",
    "carry_out": "engine",
    "compare": "comparison",
    "executor_for": "study_folder",
    "find_study": "study_file",
    "list_studies": "study_file",
    "open_study": "study_folder",
    "plan_study": "study_folder",
    "report_study": "study_report",
    "run_study": "study_folder",
    "study_status": "status",
    "tune_beta": "tuning",
    "work_study": "study_folder",
}

__all__ = [
    "Carried",
    "LiveTable",
    "LocalProcesses",
    "PlannedRun",
    "Status",
    "Study",
    "ThisProcess",
    "carry_out",
    "compare",
    "executor_for",
    "find_study",
    "list_studies",
    "open_study",
    "plan_study",
    "report_study",
    "run_study",
    "study_status",
    "tune_beta",
    "work_study",
]


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__():
    return __all__
