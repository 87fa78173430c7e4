"""To import this module is to import TensorFlow, without the lines that it writes of itself.

TensorFlow speaks of CUDA, oneDNN and the processor before any level of logging is in force. What else is written while
it is imported is passed on, and all of it if it cannot be imported. Whoever sets TF_CPP_MIN_LOG_LEVEL to 0 or 1
sees everything. Where TensorFlow has been imported before, nothing is done about its level.
"""

import contextlib
import logging
import os
import re
import sys
import tempfile

__all__ = []

_OF_ITSELF = re.compile(
    r"[IWE]\d{4} [\d:.]+ +\d+ \S+\.cc:\d+\]"  # I0000 00:00:1795545730.119680    9977 cudart_stub.cc:31]
    r"|\d{4}-\d\d-\d\d [\d:.]+: [IWE] \S+\.cc:\d+\]"
    r"|WARNING: All log messages before absl::InitializeLog"
    r"|To enable the following instructions"
)
# TensorFlow counts the compilations of all models as retracings of one function, Keras' step. Within one model Keras
# itself keeps them few (`reduce_retracing`).
_NEW_MODEL = "calls to <function TensorFlowTrainer._make_function."


def _import_tensorflow():
    with tempfile.TemporaryFile() as file:
        try:
            with _stderr_into(file):
                import tensorflow  # noqa: F401
        except BaseException:
            _pass_on(file, lambda line: True)
            raise
        _pass_on(file, lambda line: not _OF_ITSELF.match(line))


@contextlib.contextmanager
def _stderr_into(file):
    """Sends what is written to descriptor 2, also by C++, into the file."""
    with contextlib.suppress(AttributeError, ValueError, OSError):
        sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _pass_on(file, wanted):
    file.seek(0)
    lines = file.read().decode(errors="replace").splitlines(keepends=True)
    if sys.stderr is not None:
        sys.stderr.write("".join(line for line in lines if wanted(line)))


def _is_no_new_model(record):
    return _NEW_MODEL not in record.getMessage()


if "tensorflow" not in sys.modules and os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") not in ("0", "1"):
    _import_tensorflow()
logging.getLogger("tensorflow").addFilter(_is_no_new_model)
