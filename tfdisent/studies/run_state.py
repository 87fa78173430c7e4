"""What a run of a study has come to, which its own files say and nothing else does.

runs/<experiment>/seed_<seed>/            the run, in the layout of `tfdisent.training.RunDirectory`
runs/<experiment>/seed_<seed>/study/*.json   its results, one file for each set of scores and measures asked for
runs/<experiment>/seed_<seed>.claim       while somebody makes it: who (`Lock`)
runs/<experiment>/seed_<seed>.crashes     how often its process has died
runs/<experiment>/seed_<seed>.failed      why it was given up
runs/<experiment>/seed_<seed>.progress    how far its training is
"""

import contextlib
from pathlib import Path

from tfdisent.errors import UserError
from tfdisent.files import read_json, remove_leftovers, write_json
from tfdisent.lock import Lock
from tfdisent.studies.kept import read_kept, write_kept

__all__ = ["MOST_TRIES", "RunState"]

MOST_TRIES = 3  # of a run whose process dies


class RunState:
    """The state of one run.

    Args:
        folder: of the runs.
        planned: `PlannedRun`.
    """

    def __init__(self, folder, planned):
        self.planned = planned
        self.run = Path(folder) / planned.name
        self._results = self.run / "study" / planned.results_name
        self._crashes, self._failed, self._progress = (
            self.run.with_name(f"{self.run.name}.{ending}") for ending in ("crashes", "failed", "progress")
        )
        self.claim = Lock(self.run.with_name(f"{self.run.name}.claim"), f"The run {planned}")

    def remove_leftovers(self):
        """Removes what a killed process left half written beside the run; call it with the claim."""
        endings = ("claim", "crashes", "failed", "progress")
        remove_leftovers(self.run.parent, ("lock", *(f"{self.run.name}.{ending}" for ending in endings)))

    def is_done(self):
        """Whether its results stand there."""
        return self._results.exists()

    def results(self):
        """What `write_results` wrote; None where there is nothing, or it is damaged.

        {"scores", "measures", "terms": loss terms on held-out observations, "asked": {"steps", "batch_size", "dtype"},
        "data": name of the data set, "source": where it comes from, "seconds"}.
        """
        return read_kept(self._results, self.planned.results_name)

    def write_results(self, results):
        """Writes the results, which makes the run done, and forgets earlier crashes."""
        written = write_kept(self._results, self.planned.results_name, results)
        self.forget_failures()
        return written

    def remove_results(self):
        """Removes results that are damaged, so that they are made again."""
        with contextlib.suppress(FileNotFoundError):
            self._results.unlink()

    def failure(self):
        """The sentence that says why the run was given up, or None."""
        if not self._failed.exists():
            return None
        with contextlib.suppress(UserError):
            return read_json(self._failed, {"failure": str})["failure"]
        return "Its record of failure is damaged."

    def give_up(self, sentence, traceback=""):
        """Records that the run failed and is not tried again."""
        write_json(self._failed, {"failure": sentence, "traceback": traceback})

    def count_crash(self):
        """Counts one more death of the run's process; returns the number."""
        number = 1
        with contextlib.suppress(UserError):
            number = read_json(self._crashes, {"crashes": int})["crashes"] + 1
        write_json(self._crashes, {"crashes": number})
        return number

    def forget_failures(self):
        """Lets a run that was given up be tried again."""
        for path in (self._failed, self._crashes):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    def progress(self):
        """{"step", "steps", "images_per_second"} of a run that trains, or None."""
        with contextlib.suppress(UserError):
            return read_json(self._progress, {"step": int, "steps": int, "images_per_second": float})
        return None

    def write_progress(self, step, steps, images_per_second):
        """Says how far the training is."""
        write_json(self._progress, {"step": step, "steps": steps, "images_per_second": images_per_second})

    def end_progress(self):
        """Removes what `write_progress` said."""
        with contextlib.suppress(OSError):
            self._progress.unlink()
