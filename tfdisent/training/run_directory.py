"""The folder of a run, in disentanglement_lib's layout, and what makes two runs the same.

model/run.json                        what was asked for: model, data, optimizer, steps, seed
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
report.html
"""

import csv
import io
import json
import shutil
import tempfile
from pathlib import Path

from tfdisent.errors import UserError
from tfdisent.files import read_json, write_json, write_whole

__all__ = ["RunDirectory"]

_OURS = ("model", "metrics", "postprocessed", "visualizations", "report.html", "traversals.gif")


class RunDirectory:
    """The folder of one run.

    Args:
        path: the folder.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.model = self.path / "model"
        self.checkpoints = self.model / "checkpoints"
        self.tensorboard = self.model / "tensorboard"

    def claim(self, asked, overwrite=False):
        """Takes the folder for the run described by `asked`, a dict of plain values.

        The same run may be continued, also with more steps than before.

        Args:
            asked: what the run is; "steps" may grow.
            overwrite: delete another run that lies there.

        Raises:
            UserError: when the folder holds another run or other files, or cannot be written.
        """
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f"{self.path} is a file; choose a folder for the run.")
        if overwrite:
            self._clear()
        if (self.model / "run.json").exists():
            self._check_same(read_json(self.model / "run.json"), asked)
        elif self.path.exists() and any(self.path.iterdir()):
            raise UserError(
                f"{self.path} holds other files and no run; choose an empty folder or pass --overwrite."
            )
        write_json(self.model / "run.json", asked)

    def asked(self):
        """What the run is, as `claim` was told."""
        return read_json(self.model / "run.json")

    def write_ended(self, ended):
        """Records that a run ended before its last step: {"step", "steps" that were asked for, "reason"}."""
        write_json(self.model / "ended.json", ended)

    def ended(self):
        """What `write_ended` recorded, or None."""
        path = self.model / "ended.json"
        return read_json(path) if path.exists() else None

    def write_history(self, rows, name="history"):
        """Writes the loss terms, or what else was recorded: a list of dicts with the same keys, "step" first."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["step"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(self.model / f"{name}.csv", text.getvalue())

    def history(self, until=None, name="history"):
        """The loss terms, or what else was recorded, as a list of dicts of numbers, up to and with step `until`."""
        try:
            lines = (self.model / f"{name}.csv").read_text().splitlines()
        except FileNotFoundError:
            return []
        rows = [
            {k: int(v) if k == "step" else float(v) for k, v in row.items()} for row in csv.DictReader(lines)
        ]
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
            aggregate.update({f"{path.stem}.{key}": value for key, value in read_json(path).items()})
        write_json(results_path / "aggregate" / f"{step}.json", aggregate)
        if asked is not None:
            write_json(self.path / folder / "asked.json", asked)

    def results(self, folder, step, asked=None):
        """The results of one step; None where they are not there yet, or `asked` is given and they are of another."""
        path = self.path / folder / "results" / "json" / f"{step}_results.json"
        if asked is not None and self.asked_for(folder) != json.loads(json.dumps(asked)):
            return None
        return read_json(path) if path.exists() else None

    def asked_for(self, folder):
        """What the results in a folder are of, as `write_results` was told, or None."""
        path = self.path / folder / "asked.json"
        return read_json(path) if path.exists() else None

    def scored(self):
        """(representation, score) of the results in `metrics`."""
        return [path.parts[-4:-2] for path in sorted(self.path.glob("metrics/*/*/results/json"))]

    def save_model(self, model):
        """Writes the trained model as `model/model.keras`."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.keras"
            model.save(file)
            write_whole(self.model / "model.keras", file.read_bytes())

    def load_model(self):
        """The trained model.

        Raises:
            UserError: when there is no run, or it has not finished.
        """
        asked = self.asked()
        path = self.model / "model.keras"
        if not path.exists():
            raise UserError(
                f"The run in {self.path} has not finished its {asked['steps']:,} steps; repeat its train command first."
            )
        import keras

        import tfdisent.models  # noqa: F401  (registers the classes)

        try:
            return keras.saving.load_model(path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path} cannot be loaded ({type(error).__name__}); repeat the train command."
            ) from error

    def _check_same(self, found, asked):
        difference = _first_difference(found, json.loads(json.dumps(asked)))
        if difference:
            key, old, new = difference
            raise UserError(
                f"{self.path} holds another run: {key} was {old!r} there and is {new!r} now; "
                "choose another output or pass --overwrite."
            )

    def _clear(self):
        for name in _OURS:
            path = self.path / name
            try:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            except OSError as error:
                raise UserError(f"Cannot remove {path}: {error.strerror}.") from error


def _first_difference(found, asked, name=""):
    """(key, old, new) of the first place where two nested plain values differ, or None; "steps" may grow."""
    if isinstance(found, dict) and isinstance(asked, dict):
        keys = sorted(set(found) | set(asked))
        inner = [(f"{name}.{key}" if name else key, found.get(key), asked.get(key)) for key in keys]
    elif isinstance(found, list) and isinstance(asked, list) and len(found) == len(asked):
        inner = [(f"{name}[{i}]", old, new) for i, (old, new) in enumerate(zip(found, asked, strict=True))]
    elif name == "steps" and asked >= found or found == asked:
        return None
    else:
        return name, found, asked
    return next(
        (difference for key, old, new in inner if (difference := _first_difference(old, new, key))), None
    )
