"""Where original files lie, npz archives, and the idx format of MNIST."""

import contextlib
import gzip
import os
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

from tfdisent.checks import path_like
from tfdisent.errors import UserError

__all__ = ["ROOT_VARIABLE", "data_root", "not_found", "read_idx", "read_npz", "reading"]

ROOT_VARIABLE = "DISENTANGLEMENT_LIB_DATA"


def data_root(data_dir=None):
    """The folder of original files: `data_dir`, else $DISENTANGLEMENT_LIB_DATA, else the current folder."""
    root = os.environ.get(ROOT_VARIABLE) or "." if data_dir is None else path_like("data_dir", data_dir)
    root = Path(root).expanduser()
    if root.is_file():
        raise UserError(
            f"data_dir, or {ROOT_VARIABLE}, must be a folder. Received: {str(root)!r}, which is a file."
        )
    return root


def not_found(name, path, url, command=None, tfds=True):
    """A `UserError`: where a missing file was looked for and how to get it; its `by_hand` has the latter alone.

    Args:
        name: of the set.
        path: the file, in a folder of its own under the root.
        url: of the file, in curl's syntax.
        command: what fetches it, where that is more than curl with this url.
        tfds: whether TensorFlow Datasets was asked too.
    """
    command = command or f"curl -L --create-dirs --output-dir '{path.parent}' -O '{url}'"
    place = f"{path.parent.name}/{path.name}"
    get = f", or by `tfdisent data get {name.split()[0]}` (download=True)" if tfds else ""
    error = UserError(
        f"{name} is not at {path}{', nor prepared by TensorFlow Datasets' if tfds else ''}: set "
        f"{ROOT_VARIABLE} (or data_dir=) to the folder that holds {place}, or fetch it with `{command}`{get}. "
        f"Received: {ROOT_VARIABLE}={os.environ.get(ROOT_VARIABLE)!r}"
    )
    error.by_hand = f"`{command}`, and {ROOT_VARIABLE} set to the folder that holds {place}"
    return error


@contextlib.contextmanager
def reading(path, what, url):
    """Turns what goes wrong inside, while `path` is read as `what`, into a `UserError` with the file's `url`."""
    try:
        yield
    except (UserError, MemoryError):
        raise
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise UserError(
            f"{path} is cut short or damaged; fetch it again from {url}. Received: {_first_line(error)}"
        ) from error
    except Exception as error:  # whatever a reader says of a file that is none of its own
        raise UserError(
            f"{path} is not {what}, or has a pickle in place of its arrays, and pickles are never run; "
            f"fetch it from {url}. Received: {_first_line(error)}"
        ) from error


def read_npz(path, keys, what, url):
    """The arrays with these `keys` in an npz archive, read without pickle.

    Raises:
        UserError: if one is missing, or the file is damaged or foreign.
    """
    with reading(path, what, url), np.load(path, allow_pickle=False) as archive:
        if missing := set(keys) - set(archive.files):
            raise UserError(
                f"{path} is not {what}, it lacks {sorted(missing)}; fetch it from {url}. "
                f"Received: entries {archive.files}"
            )
        return [archive[key] for key in keys]


def _first_line(error):
    return str(error).partition("\n")[0] or type(error).__name__


def read_idx(path, num_dims):
    """The array in an idx file of unsigned bytes, plain or gzipped.

    Args:
        path: the file.
        num_dims: dimensions expected; 1 for labels [N], 3 for images [N, H, W].

    Returns:
        uint8 array.

    Raises:
        UserError: if the file is cut short, not gzip though named so, or of another format or shape.

    References: LeCun et al. 1998, http://yann.lecun.com/exdb/mnist, "file formats".
    """
    try:
        content = Path(path).read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        elif str(path).endswith(".gz"):
            raise UserError(
                f"{path} is named .gz but is not gzip; fetch it again. Received: first bytes {content[:8]!r}"
            )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(
            f"{path} is cut short or damaged; fetch it again. Received: {len(content):,} bytes, {error}"
        ) from error
    except OSError as error:
        raise UserError(f"{path} could not be read; look at its permissions. Received: {error}") from error
    if content[:4] != bytes((0, 0, 8, num_dims)):
        raise UserError(
            f"{path} is not an idx file of unsigned bytes in {num_dims} dimensions, which starts with "
            f"{bytes((0, 0, 8, num_dims))!r}; fetch the original. Received: {content[:4]!r}"
        )
    header = 4 + 4 * num_dims
    shape = np.frombuffer(content[4:header].ljust(4 * num_dims, b"\0"), ">u4").astype(np.int64)
    expected = header + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        raise UserError(
            f"{path} says that it holds an array of shape {tuple(shape.tolist())}, {expected:,} bytes; "
            f"fetch it again. Received: {len(content):,} bytes"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
