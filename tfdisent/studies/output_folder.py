"""The folder of one search, one item of a paper or the like: the same work is continued there, other work refused."""

import json
from pathlib import Path

from tfdisent.checks import path_like, shown
from tfdisent.errors import UserError
from tfdisent.files import read_json, write_json

__all__ = ["claim_output"]


def claim_output(output, record, work, asked):
    """Takes a folder for the work that `asked` describes; nothing is written where that is refused.

    Args:
        output: the folder; made where it is missing.
        record: name of the file in it that keeps `asked`.
        work: what the sentences call it, such as "search".
        asked: {name: plain value}.

    Returns:
        `pathlib.Path` of the folder.

    Raises:
        UserError: when the folder is a file, cannot be written, or holds other work or other files.
    """
    output = Path(path_like("output", output))
    path, asked = output / record, json.loads(json.dumps(asked))
    try:
        if output.exists() and not output.is_dir():
            raise UserError(f"{output} is a file; choose a folder for the {work}.")
        if path.exists():
            _check_same(output, work, read_json(path), asked)
        elif output.exists() and any(not inside.name.startswith(".") for inside in output.iterdir()):
            raise UserError(f"{output} holds other files and no {work}; choose an empty folder.")
    except OSError as error:
        raise UserError(f"{output} cannot be read ({error.strerror}); choose another folder.") from error
    write_json(path, asked)
    return output


def _check_same(output, work, found, asked):
    if not isinstance(found, dict):
        raise UserError(f"{output} holds no {work} that can be continued; choose another folder.")
    for key in sorted({*found, *asked}):
        if found.get(key) != asked.get(key):
            raise UserError(
                f"{output} holds another {work}: {key} was {shown(found.get(key))} there and is "
                f"{shown(asked.get(key))} now; choose another folder."
            )
