"""Numbers that items keep in the folders of their runs; what is damaged or belongs to other settings counts as none."""

import json
import logging
import zlib

from tfdisent.errors import UserError
from tfdisent.files import read_json, write_json

__all__ = ["read_kept", "write_kept"]

_LOG = logging.getLogger(__name__)


def read_kept(path, mark):
    """What `write_kept` wrote under the same mark; None where there is no such file, or it has been changed since.

    Args:
        path: of the file.
        mark: plain value that says what was asked for, such as `PlannedRun.results_name`.
    """
    if not path.exists():
        return None
    try:
        found = read_json(path)
        if found["checksum"] == _checksum(found["mark"], found["value"]):
            return found["value"] if found["mark"] == mark else None
    except (UserError, KeyError, TypeError, RecursionError):
        pass
    _LOG.warning("%s is damaged or of an older version; it is made again.", path)
    return None


def write_kept(path, mark, value):
    """Writes a value that JSON can hold, arrays as lists, and returns it as `read_kept` will."""
    value = json.loads(json.dumps(value, default=lambda array: array.tolist()))
    write_json(path, {"mark": mark, "checksum": _checksum(mark, value), "value": value})
    return value


def _checksum(mark, value):
    return zlib.crc32(json.dumps([mark, value]).encode())
