"""Encoding once: codes stand in a table, and every score draws from it; needs no TensorFlow."""

import copy
import hashlib
import io
import logging
import time
import zipfile

import numpy as np
from tqdm.auto import tqdm

from tfdisent.data import as_float, sixteen_observations
from tfdisent.errors import UserError
from tfdisent.files import write_whole

__all__ = ["CodeTable", "Encoder", "draws_by_number", "fingerprint"]

_LOG = logging.getLogger(__name__)
_BASE = 2**20  # numbers travel as two float32, which are exact below 2**24
_BATCH = 256  # observations encoded at once
_SHOWN = 2_000  # observations, from which on a bar is shown
_MOST_OBSERVATIONS = 10_000_000  # of a table; larger sets are encoded as they are drawn
_SAVE_EVERY = 60  # seconds


class CodeTable:
    """The codes of an enumerable data set: each observation is encoded when it is first asked for, and never again.

    A score takes `table.data`, whose observations are only their numbers, and the table itself as the representation
    function: `metrics.compute_mig(table.data, table, random_state)`. It draws the same points and sees the same codes
    as with the images. Once a quarter of the set is known, the rest is encoded at once, because scores that came so
    far go on to ask for most of it.

    A single observation is encoded twice in one batch: a batch of one takes another path through TensorFlow, and its
    code may differ in the last bit. So the codes do not depend on which score asked first.

    Args:
        data: a `GroundTruthData` that is enumerable and whose observations are a function of their number
            (`draws_by_number`).
        encode: observations float32 [B, ...] -> array [B, D].
        show: whether to show a bar while many observations are encoded.
        keep: function of the table, called every minute of encoding.

    Attributes:
        data: the data set with numbers for observations.
        num_known: how many observations have been encoded.
    """

    def __init__(self, data, encode, show=True, keep=None):
        self.data = _numbered(data)
        self.num_known = 0
        self._source, self._encode_batch, self._show, self._keep = data, encode, show, keep
        self._known = np.zeros(data.size, bool)
        self._codes = None
        self._saved = 0

    def __call__(self, numbers):
        """Codes [B, D] of observations of `self.data` [B, 2]."""
        indices = _indices(numbers)
        missing = np.unique(indices[~self._known[indices]])
        if len(missing):
            if 4 * self.num_known > len(self._known):
                missing = np.flatnonzero(~self._known)
            self._encode(missing)
        return self._codes[indices]

    def _encode(self, indices):
        bar = tqdm(
            total=len(indices),
            desc="encode",
            unit=" observations",
            mininterval=0.5,
            leave=False,
            disable=not self._show or len(indices) < _SHOWN,
        )
        kept = time.monotonic()
        with bar:
            for start in range(0, len(indices), _BATCH):
                chunk = indices[start : start + _BATCH]
                observations = as_float(self._source.observations(np.resize(chunk, max(2, len(chunk)))))
                self._enter(chunk, np.asarray(self._encode_batch(observations))[: len(chunk)])
                bar.update(len(chunk))
                if self._keep and time.monotonic() - kept > _SAVE_EVERY:
                    self._keep(self)
                    kept = time.monotonic()

    def _enter(self, indices, codes):
        if codes.ndim != 2 or len(codes) != len(indices):
            raise UserError(
                f"The representation function must return one row of codes per observation, shape "
                f"[{len(indices)}, D]. Received: shape {codes.shape}."
            )
        if self._codes is None:
            self._codes = np.zeros((len(self._known), codes.shape[1]), codes.dtype)
        self._codes[indices] = codes
        self._known[indices] = True
        self.num_known += len(indices)

    def save(self, path, mark):
        """Writes the codes known so far, if there are new ones; `mark` is what they belong to (`fingerprint`)."""
        if self.num_known == self._saved:
            return
        file = io.BytesIO()
        indices = np.flatnonzero(self._known)
        np.savez(file, mark=np.array(mark), indices=indices, codes=self._codes[indices])
        write_whole(path, file.getbuffer())
        self._saved = self.num_known

    def load(self, path, mark):
        """Takes over the codes that `save` wrote, unless they are of something else or damaged."""
        try:
            with np.load(path, allow_pickle=False) as file:
                if str(file["mark"]) != mark:
                    return
                self._enter(self._source.check_indices(file["indices"]), file["codes"])
        except FileNotFoundError:
            return
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            _LOG.warning("%s is damaged (%s); its codes are computed again.", path, type(error).__name__)
            return
        self._saved = self.num_known


class Encoder:
    """The data and the representation function that scores of a model take: looked up if possible, else streamed.

    Args:
        model: a `LatentModel`.
        data: a `GroundTruthData`.
        representation: "mean", or "sampled" for a draw from the posterior at every call.
        show: whether to show a bar.

    Raises:
        UserError: for another representation, or a model that has no posterior.
    """

    def __init__(self, model, data, representation="mean", show=True):
        if representation not in ("mean", "sampled"):
            raise UserError(f"representation must be 'mean' or 'sampled'. Received: {representation!r}.")
        if representation == "sampled" and not hasattr(model, "posterior"):
            raise UserError(
                f"{type(model).__name__} has no posterior to sample from; score its mean representation. "
                f"Received: representation={representation!r}."
            )
        self._sampled = representation == "sampled"
        self._num_latents = model.num_latents if self._sampled else None
        self._encode = _posterior(model) if self._sampled else model.represent
        self.mark = fingerprint(model, data)
        self.table = None
        if draws_by_number(data) and data.size <= _MOST_OBSERVATIONS:
            self.table = CodeTable(data, self._encode, show, lambda _: self.save())
        self.data = self.table.data if self.table else data
        self._path = None

    def keep_at(self, path):
        """Takes over the codes in a file, and writes new ones there at every `save`."""
        self._path = path
        if self.table:
            self.table.load(path, self.mark)

    def save(self):
        """Writes the codes known so far."""
        if self.table and self._path:
            self.table.save(self._path, self.mark)

    def representation_function(self, *seeds):
        """Observations of `self.data` [B, ...] -> codes float32 [B, D]; the n-th sample is a function of the seeds."""
        encode = self.table or self._encode
        if not self._sampled:
            return encode
        noise = np.random.RandomState(seeds)
        return lambda observations: _sample(encode(observations), self._num_latents, noise)


def draws_by_number(data):
    """Whether the set is enumerable and what it draws are its numbered observations, unchanged, and nothing else."""
    if not data.enumerable:
        return False
    try:
        factors, numbers, state = _draw(_numbered(data))
        expected_factors, expected, expected_state = _draw(data)
        observations = as_float(data.observations(_indices(numbers)))
    except (ValueError, TypeError, IndexError, AttributeError):
        return False
    pairs = ((factors, expected_factors), (observations, expected), (state, expected_state))
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)


def fingerprint(model, data):
    """A text that tells apart models by their weights, and data sets by name, size and 16 observations."""
    digest = hashlib.sha256(
        f"{type(model).__name__} {data.name} {data.size} {data.observation_shape}".encode()
    )
    for array in (sixteen_observations(data), *model.get_weights()):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _numbered(data):
    """A copy of an enumerable data set whose observations [N, 2] are their own numbers."""
    view = copy.copy(data)
    view.observations = lambda indices: np.stack(
        np.divmod(data.check_indices(indices), _BASE), axis=1
    ).astype(np.float32)
    return view


def _indices(numbers):
    """The indices int64 [N] that the observations [N, 2] of `_numbered` stand for."""
    return numbers.astype(np.int64) @ np.array([_BASE, 1])


def _draw(data, num=8):
    """Factors, observations, and the place of the random state after both ways to draw."""
    random_state = np.random.RandomState(0)
    factors, first = data.sample(num, random_state)
    second = data.sample_observations_from_factors(factors, random_state)
    return factors, np.concatenate([first, second]), random_state.random_sample()


def _posterior(model):
    """Observations -> mean and log-variance, or mean and Cholesky factor, of the posterior in one array [B, P]."""

    def parameters(observations):
        mean, spread = model.in_batches(model.encode, observations)
        return np.concatenate([mean, spread.reshape(len(mean), -1)], axis=1)

    return parameters


def _sample(parameters, num_latents, random_state):
    """One draw float32 [B, D] from every posterior, as `_posterior` gives them."""
    mean, spread = np.split(parameters, [num_latents], axis=1)
    noise = random_state.standard_normal(mean.shape).astype(np.float32)
    if spread.shape == mean.shape:
        return mean + np.exp(spread / 2) * noise
    scale_tril = spread.reshape(len(mean), num_latents, num_latents)
    return mean + np.einsum("bij,bj->bi", scale_tril, noise)
