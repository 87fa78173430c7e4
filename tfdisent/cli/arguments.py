"""The parser of all commands, the types of their arguments, and what is checked before anything is loaded."""

import argparse
import os
import re
from pathlib import Path

from tfdisent import checks
from tfdisent.errors import UserError

__all__ = ["Parser", "a_number", "a_text", "a_whole_number", "add_command", "add_ray", "add_trust", "check_configs",
           "check_run", "folder_to_write", "nearest_folder", "start_tensorflow"]  # fmt: skip


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose mistakes are one sentence, and whose options are given once."""

    def __init__(self, **settings):
        super().__init__(**settings)
        for action in (None, "store"):
            self.register("action", action, _StoreOnce)

    def error(self, message):
        message = re.sub(r"^argument (\S+): (?=\1 )", "", message).rstrip(".")
        raise UserError(f"{message[0].upper()}{message[1:]}; `{self.prog} --help` shows what it takes.")

    def parse_known_args(self, args=None, namespace=None):
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = [each for each in self._option_string_actions if each.startswith("--")]
            hint = checks.nearest(unknown[0].partition("=")[0], options).rstrip(".?")
            raise UserError(
                f"{self.prog} does not take {checks.shown(' '.join(unknown))}{hint}{'?' if hint else '.'}"
            )
        return namespace, unknown

    def _check_value(self, action, value):
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(
                action,
                f"must be one of {', '.join(map(str, action.choices))}. Received: {checks.shown(value)}"
                + checks.nearest(value, action.choices).rstrip("."),
            )


class _StoreOnce(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        given = namespace.__dict__.setdefault("_given", set())
        if self.option_strings and self.dest in given:
            raise argparse.ArgumentError(self, "is given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def a_whole_number(name, least=None, most=None):
    """The type of an argument: a whole number within the bounds; `name` is that of the option."""
    return _type(int, lambda value: checks.whole_number(name, value, least, most))


def a_number(name, **bounds):
    """The type of an argument: a finite number within the bounds of `checks.number`."""
    return _type(float, lambda value: checks.number(name, value, **bounds))


def a_text(name):
    """The type of an argument: a text or path that is not empty."""

    def check(text):
        if not text.strip():
            raise UserError(f"{name} must not be empty. Received: {text!r}.")
        return text

    return _type(str, check)


def _type(read, check):
    def convert(text):
        try:
            value = read(text)
        except ValueError:
            value = text
        try:
            return check(value)
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def add_command(commands, name, run, text):
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(run=run)
    return command


def add_ray(command):
    command.add_argument(
        "--ray", type=a_text("--ray"), metavar="ADDRESS",
        help="make the runs as tasks of a Ray cluster: its address, or local to start one here",
    )  # fmt: skip


def add_trust(command):
    command.add_argument(
        "--trust", action="append", default=[], type=a_text("--trust"), metavar="MODULE",
        help="a module, such as my_models or ../my_models.py, whose code configurations and runs may use; may be "
        "repeated",
    )  # fmt: skip


def check_configs(configs, bindings):
    """UserError for files that are missing or no gin, and bindings that are none; imports no TensorFlow."""
    from tfdisent.config.statements import find_config, is_ours, parse_binding

    for config in configs:
        is_ours(find_config(config))
    for binding in bindings:
        parse_binding(binding)


def check_run(path):
    """UserError where no run lies, with the folders whose names are near."""
    folder = Path(path)
    if folder.is_dir():
        if (folder / "model" / "run.json").is_file():
            return
        runs = sorted(str(each.parents[1]) for each in folder.glob("*/model/run.json"))
        inside = f"; give one of those in it: {', '.join(runs[:5])}" if runs else ""
        raise UserError(
            f"{path} holds no run, which has model/run.json; is this the folder of a run?{inside}"
        )
    if folder.exists():
        raise UserError(f"{path} is a file; is this the folder of a run?")
    raise UserError(f"{path} does not exist; is this the folder of a run?{nearest_folder(folder)[1:]}")


def folder_to_write(name, path):
    """Checks that a folder can be made or written, without making it.

    Raises:
        UserError: when a part of the path is a file, or not ours to write in.
    """
    for place in (Path(path), *Path(path).parents):
        if place.is_dir():
            if os.access(place, os.W_OK | os.X_OK):
                return
            raise UserError(
                f"{name} could not be written: {place} is not yours to write in. Received: {path!r}."
            )
        if os.path.lexists(place):
            raise UserError(f"{name} could not be written: {place} is not a folder. Received: {path!r}.")


def nearest_folder(path):
    """The end of a sentence: the folders that are there and have nearly this path, or a full stop."""
    path = Path(path)
    wrong = next((place for place in (*reversed(path.parents), path) if not place.exists()), path)
    rest = path.relative_to(wrong)
    try:
        names = [each.name for each in wrong.parent.iterdir() if each.is_dir()]
    except OSError:
        names = []
    found = checks.nearest(wrong.name, names)
    if found == ".":
        return found
    near = found.removeprefix("; did you mean ").rstrip("?").split(" or ")
    paths = [wrong.parent / name / rest for name in near]
    paths = [
        each if each.exists() else wrong.parent / each.relative_to(wrong.parent).parts[0] for each in paths
    ]
    return f"; did you mean {' or '.join(map(str, paths))}?"


def start_tensorflow():
    """Before gin imports Keras, which would let TensorFlow write about CUDA and the processor."""
    import tfdisent.quiet  # noqa: F401
