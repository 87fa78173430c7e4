"""The folder of a run, in disentanglement_lib's layout, and what makes two runs the same.

.lock                                 while somebody writes: who (`Lock`)
model/run.json                        what was asked for: model, data, optimizer, steps, seed
model/lives.json                      when, where and at which step each start of the command began (`Lives`)
model/checkpoints/step-*.npz
model/tensorboard/
model/ended.json                      where a callback ended training early, and why
model/history.csv                     the loss terms over the steps
model/polarized_regime.csv            where `PolarizedRegime` looked on
model/model.keras                     the trained model, written last
model/results/{gin,json,aggregate}/   train.gin, train_config.json, train_results.json, train.json
postprocessed/<representation>/results/{gin,json,aggregate}/
postprocessed/<representation>/codes.npz    codes of the observations that were asked for
metrics/<representation>/<metric>/results/{gin,json,aggregate}/
metrics/<representation>/<metric>/asked.json  what was asked for: settings, seed, model and data
metrics/aggregated_results.json             one row a score, column by column
study/*.json                          what a study asked of the run (`tfdisent.studies.run_state`)
report.html
"""

import csv
import io
import json
import shutil
from pathlib import Path

from tfdisent.checks import path_like, shown
from tfdisent.errors import UserError
from tfdisent.files import is_leftover, read_json, remove_leftovers, write_json, write_whole
from tfdisent.lock import Lock
from tfdisent.training.counted_names import renumbered
from tfdisent.training.lives import Lives
from tfdisent.training.model_file import load_model_file, save_model_file

__all__ = ["RunDirectory"]

_LOCK = ".lock"
_FOLDERS = (
    "study",
    "metrics",
    "postprocessed",
    "visualizations",
    "model",
)  # the model, which makes it a run, goes last
_FILES = ("report.html", "traversals.gif")
_ASKED = {  # what `run.json` holds at least
    "model": {"class": str},
    "optimizer": {"class": str},
    "data": {"name": str, "observation_shape": [int], "size": (int, None)},
    "steps": int,
    "batch_size": int,
    "seed": int,
    "split": (list, None),
    "sampling": str,
    "dtype": (str, None),
}


class RunDirectory:
    """The folder of one run.

    Args:
        path: the folder.
    """

    def __init__(self, path):
        self.path = Path(path_like("The folder of a run", path))
        self.model = self.path / "model"
        self.checkpoints = self.model / "checkpoints"
        self.tensorboard = self.model / "tensorboard"
        self.lives = Lives(self.model / "lives.json")
        self.lock = Lock(self.path / _LOCK)

    def locked(self):
        """The lock of the run, as a context manager: inside, nobody else writes there. It may be nested.

        Raises:
            Locked: when entered while another process holds it.
            UserError: for a path that is a file.
        """
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f"{self.path} is a file; choose a folder for the run.")
        return self.lock

    def claim(self, asked, overwrite=False):
        """Takes the folder for the run described by `asked`, a dict of plain values.

        The same run may be continued, also with more steps than before.

        What a killed process left half written is removed. Call it inside `locked`.

        Args:
            asked: what the run is; "steps" may grow.
            overwrite: delete another run that lies there.

        Raises:
            UserError: when the folder holds another run or other files, or cannot be written.
        """
        with self.locked():
            there = (self.model / "run.json").exists()
            remove_leftovers(self.path, (_LOCK.lstrip("."),))
            if there:
                for folder in _FOLDERS:
                    remove_leftovers(self.path / folder)
                remove_leftovers(self.path, _FILES)
            if there and overwrite:
                self.clear()
            elif there:
                self._check_same(self.asked(), asked)
            elif not self._is_free():
                raise UserError(f"{self.path} holds other files and no run; choose an empty folder.")
            write_json(self.model / "run.json", asked)

    def asked(self):
        """What the run is, as `claim` was told.

        Raises:
            UserError: when it is damaged.
        """
        return read_json(self.model / "run.json", _ASKED)

    def write_ended(self, ended):
        """Records that a run ended before its last step: {"step", "steps" that were asked for, "reason"}."""
        write_json(self.model / "ended.json", ended)

    def ended(self):
        """What `write_ended` recorded, or None."""
        path = self.model / "ended.json"
        return read_json(path, {"step": int, "steps": int, "reason": str}) if path.exists() else None

    def write_history(self, rows, name="history"):
        """Writes the loss terms, or what else was recorded: a list of dicts with the same keys, "step" first."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["step"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.lock.check()
        write_whole(self.model / f"{name}.csv", text.getvalue())

    def history(self, until=None, name="history", columns=None):
        """The loss terms, or what else was recorded, as a list of dicts of numbers, up to and with step `until`.

        Args:
            until: step of the last row that is wanted; None for all.
            name: of the file, without ".csv".
            columns: what the file must hold after "step"; None for anything.

        Raises:
            UserError: when the file is damaged or has other columns.
        """
        path = self.model / f"{name}.csv"
        try:
            reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")), strict=True)
            rows = [_row(line) for line in reader]
            wanted = ["step", *columns] if columns is not None else (reader.fieldnames or [])
            steps = [row["step"] for row in rows]
            if reader.fieldnames != wanted or wanted[:1] != ["step"] or len(set(wanted)) < len(wanted):
                raise ValueError(f"its columns are {shown(reader.fieldnames)}")
            if steps != sorted(set(steps)):
                raise ValueError("its steps are not in order")
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
            reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
            raise UserError(
                f"{path} cannot be read ({reason}); put back the file as it was written, or remove it to go on "
                "without what it recorded."
            ) from error
        return [row for row in rows if until is None or row["step"] <= until]

    def write_results(self, folder, step, results, config=None, gin_text="", after=None, asked=None):
        """Writes one step's results the way disentanglement_lib does.

        Args:
            folder: "model", "postprocessed/<representation>" or "metrics/<representation>/<metric>", below the run.
            step: "train", "postprocess" or "evaluation"; the stem of the files.
            results: dict of numbers.
            config: {binding: value as gin text}.
            gin_text: the operative gin configuration.
            after: folder of the step before, whose files are copied.
            asked: what the results are of, for `results`.
        """
        self.lock.check()
        results_path = self.path / folder / "results"
        (self.path / folder / "asked.json").unlink(missing_ok=True)
        if after:
            before = self.path / after / "results"
            for path in (*before.glob("gin/*.gin"), *before.glob("json/*.json")):
                write_whole(results_path / path.relative_to(before), path.read_text())
        write_whole(results_path / "gin" / f"{step}.gin", gin_text)
        write_json(results_path / "json" / f"{step}_config.json", config or {})
        write_json(results_path / "json" / f"{step}_results.json", results)
        aggregate = {}
        for path in sorted((results_path / "json").glob("*.json")):
            aggregate.update({f"{path.stem}.{key}": value for key, value in read_json(path, {}).items()})
        write_json(results_path / "aggregate" / f"{step}.json", aggregate)
        if asked is not None:
            write_json(self.path / folder / "asked.json", asked)

    def results(self, folder, step, asked=None):
        """The results of one step; None where they are not there yet, or `asked` is given and they are of another."""
        path = self.path / folder / "results" / "json" / f"{step}_results.json"
        if asked is not None and self.asked_for(folder) != json.loads(json.dumps(asked)):
            return None
        return read_json(path, {}) if path.exists() else None

    def asked_for(self, folder):
        """What the results in a folder are of, as `write_results` was told, or None."""
        path = self.path / folder / "asked.json"
        return read_json(path, {}) if path.exists() else None

    def scored(self):
        """(representation, score) of the results in `metrics`."""
        return [path.parts[-4:-2] for path in sorted(self.path.glob("metrics/*/*/results/json"))]

    def save_model(self, model):
        """Writes the trained model as `model/model.keras`."""
        self.lock.check()
        save_model_file(model, self.model / "model.keras")

    def load_model(self, trust=()):
        """The trained model.

        Args:
            trust: modules outside Keras and tfdisent whose code the file may name (`load_model_file`).

        Raises:
            UserError: when there is no run, it has not finished, or the file is damaged or holds another model.
        """
        asked = self.asked()
        path = self.model / "model.keras"
        if not path.exists():
            raise UserError(
                f"The run in {self.path} has not finished its {asked['steps']:,} steps; repeat its train command first."
            )
        model = load_model_file(path, trust)
        config = {"class": type(model).__name__, **model.get_config()}
        config = {key: value for key, value in config.items() if key in asked["model"]}
        config = json.loads(json.dumps(config, default=str))
        difference = _first_difference(renumbered(asked["model"]), renumbered(config), "model")
        if difference:
            key, old, new = difference
            raise UserError(
                f"{path} holds another model than run.json beside it: {key} is {new!r} in the file and {old!r} in the "
                "run; remove the file and repeat the train command."
            )
        return model

    def _check_same(self, found, asked):
        difference = _first_difference(_renumbered(found), _renumbered(json.loads(json.dumps(asked))))
        if difference:
            key, old, new = difference
            raise UserError(
                f"{self.path} holds another run: {key} was {old!r} there and is {new!r} now; "
                "choose another output or pass --overwrite."
            )

    def _is_free(self):
        """Whether nothing lies in the folder but what a process left that was stopped at its first write."""
        if not self.path.exists():
            return True
        remove_leftovers(self.model, ("run.json",))
        others = [
            path
            for path in self.path.iterdir()
            if path != self.model and not path.name.startswith(_LOCK) and not is_leftover(path.name, _FILES)
        ]
        inside = self.model.rglob("*") if self.model.is_dir() else [self.model] * self.model.exists()
        return not others and all(path.is_dir() for path in inside)

    def clear(self):
        """Removes the run, where there is one; `run.json` last, so that it stays a run until all of it is gone.

        Raises:
            Locked: while another process writes it.
            UserError: where a file cannot be removed.
        """
        if not (self.model / "run.json").exists():
            return
        with self.locked():
            paths = [self.path / name for name in (*_FILES, *_FOLDERS[:-1])]
            paths += [path for path in self.model.iterdir() if path.name != "run.json"]
            for path in [*paths, self.model / "run.json"]:
                try:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
                except OSError as error:
                    raise UserError(f"Cannot remove {path}: {error.strerror}.") from error


def _row(line):
    """One row of a table of numbers; raises where a number is missing or one too many."""
    if None in line or None in line.values():
        raise ValueError(f"a row has not as many numbers as there are columns: {shown(list(line.values()))}")
    return {key: int(value) if key == "step" else float(value) for key, value in line.items()}


def _renumbered(asked):
    """What was asked for, with the names of layers and optimizers as if Keras had counted nothing before."""
    return {
        key: renumbered(value) if key in ("model", "optimizer") else value for key, value in asked.items()
    }


def _first_difference(found, asked, name=""):
    """(key, old, new) of the first place where two nested plain values differ, or None; "steps" may grow."""
    if isinstance(found, dict) and isinstance(asked, dict):
        keys = sorted(set(found) | set(asked))
        inner = [(f"{name}.{key}" if name else key, found.get(key), asked.get(key)) for key in keys]
    elif isinstance(found, list) and isinstance(asked, list) and len(found) == len(asked):
        inner = [(f"{name}[{i}]", old, new) for i, (old, new) in enumerate(zip(found, asked, strict=True))]
    elif found == asked or (name == "steps" and isinstance(found, int) and asked >= found):
        return None
    else:
        return name, found, asked
    return next(
        (difference for key, old, new in inner if (difference := _first_difference(old, new, key))), None
    )
