"""Gin text taken apart without calling anything, for files of disentanglement_lib."""

import dataclasses
import difflib
import tokenize
from pathlib import Path

from gin import config_parser

from tfdisent.errors import UserError

__all__ = [
    "SHIPPED",
    "Reference",
    "find_config",
    "is_ours",
    "nearest",
    "parse_binding",
    "read_bindings",
    "shipped_names",
]

_PACKAGE = Path(__file__).parents[1]
# Inside the package where it is installed, beside it in the repository.
SHIPPED = next(
    (f for f in (_PACKAGE / "gin_configs", _PACKAGE.parent / "gin_configs") if f.is_dir()), _PACKAGE
)
_OURS = "__gin__.dynamic_registration"


@dataclasses.dataclass(frozen=True)
class Reference:
    """`@name`, or `@name()` when called; printed it is gin text again."""

    name: str
    called: bool = False

    def __repr__(self):
        return f"@{self.name}{'()' if self.called else ''}"


@dataclasses.dataclass(frozen=True)
class _Macro:
    name: str


class _Delegate(config_parser.ParserDelegate):
    def configurable_reference(self, scoped_configurable_name, evaluate):
        return Reference(scoped_configurable_name, evaluate)

    def macro(self, macro_name):
        return _Macro(macro_name)


def shipped_names(folder):
    """Names of the configurations that tfdisent ships in one folder, whatever lies in the current one."""
    return [path.stem for path in sorted((SHIPPED / folder).glob("*.gin"))]


def find_config(name, folder=""):
    """Path of a configuration: a file, or the name of one that tfdisent ships, such as "demo.gin" or "demo".

    Args:
        name: a path, or a name.
        folder: where among those shipped a name is looked for.

    Raises:
        UserError: when there is neither; names the folder of those shipped.
    """
    shipped, name = SHIPPED / folder, str(name)
    short = name.removeprefix("gin_configs/")
    for path in (Path(name), shipped / short, shipped / f"{short}.gin"):
        if path.is_file():
            return path
    names = ", ".join(shipped_names(folder)) if folder else ""
    raise UserError(
        f"There is no configuration {name}; those shipped lie in {shipped}{names and f': {names}'}."
    )


def is_ours(path):
    """Whether a file, or one it includes, imports what it binds; files of disentanglement_lib do not."""
    return any(
        isinstance(statement, config_parser.ImportStatement) and statement.module == _OURS
        for statement in _statements(path)
    )


def read_bindings(paths, bindings=()):
    """{binding: value} of files and then of single bindings, which win; references are kept as `Reference`.

    Imports, such as that of gin.tf, are passed over, and macros replaced by their values.

    Args:
        paths: of files.
        bindings: lines such as "vae.beta = 4".

    Raises:
        UserError: with file, line and reason.
    """
    given = [parse_binding(binding) for binding in bindings]
    found, macros, used = {}, {}, set()
    for statement in [*(statement for path in paths for statement in _statements(path)), *given]:
        if isinstance(statement, config_parser.BindingStatement):
            name = _full_name(statement)
            (found if statement.arg_name else macros)[name] = statement.value
    found = {name: _resolve(value, macros, used) for name, value in found.items()}
    for statement in given:
        name = _full_name(statement)
        if name in macros and name not in used:
            raise UserError(f"{name} is used nowhere in {', '.join(map(str, paths))}{nearest(name, found)}")
    return found


def parse_binding(binding):
    """The statement of one binding given by itself.

    Raises:
        UserError: when it is none.
    """
    statements = _parse(binding, f"in the binding {binding!r}") if "=" in binding else []
    if len(statements) != 1 or not isinstance(statements[0], config_parser.BindingStatement):
        raise UserError(f"A binding is written NAME=VALUE, such as models.VAE.beta=4. Received: {binding!r}.")
    return statements[0]


def nearest(name, known):
    """The end of a sentence: "; did you mean ...?" with the nearest of the known names, or a full stop."""
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else "."


def _statements(path, including=()):
    """All statements of a file, those of the files it includes in their places."""
    path = Path(path)
    if path in including:
        raise UserError(f"{path} includes itself.")
    try:
        text = path.read_text()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no gin file: it holds bytes that are no text.") from error
    for statement in _parse(text, f"in {path}", with_line=True):
        if isinstance(statement, config_parser.IncludeStatement):
            beside = path.parent / statement.filename
            included = beside if beside.is_file() else find_config(statement.filename)
            yield from _statements(included, (*including, path))
        else:
            yield statement


def _parse(text, where, with_line=False):
    try:
        return list(config_parser.ConfigParser(text, _Delegate()))
    except (SyntaxError, tokenize.TokenError) as error:
        reason = str(error.args[0]).splitlines()[-1].strip().rstrip(".")
        line = f", line {getattr(error, 'lineno', None) or 1}" if with_line else ""
        hint = "; text needs quotes" if "token" in reason else ""
        raise UserError(f"{reason} {where}{line}{hint}.") from error


def _full_name(statement):
    scope = f"{statement.scope}/" if statement.scope else ""
    return f"{scope}{statement.selector}.{statement.arg_name}".rstrip(".")


def _resolve(value, macros, used, through=()):
    """The value with macros replaced; the names of those met are added to `used`."""
    if isinstance(value, _Macro):
        used.add(value.name)
        if value.name not in macros or value.name in through:
            raise UserError(f"The macro %{value.name} is used and has no value.")
        return _resolve(macros[value.name], macros, used, (*through, value.name))
    if isinstance(value, (list, tuple)):
        return type(value)(_resolve(item, macros, used, through) for item in value)
    if isinstance(value, dict):
        return {
            _resolve(key, macros, used, through): _resolve(item, macros, used, through)
            for key, item in value.items()
        }
    return value
