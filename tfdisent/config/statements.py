"""Gin text taken apart without importing or calling anything."""

import dataclasses
import tokenize
from pathlib import Path

from gin import config_parser

from tfdisent.checks import nearest
from tfdisent.errors import UserError

__all__ = [
    "SHIPPED",
    "Binding",
    "Import",
    "Macro",
    "Reference",
    "Source",
    "as_text",
    "decode",
    "find_config",
    "is_ours",
    "parse_binding",
    "parse_value",
    "read_bindings",
    "read_file",
    "read_given",
    "read_text",
    "resolve",
    "shipped_names",
    "walk",
]

_PACKAGE = Path(__file__).parents[1]
# Inside the package where it is installed, beside it in the repository.
SHIPPED = next(
    (f for f in (_PACKAGE / "gin_configs", _PACKAGE.parent / "gin_configs") if f.is_dir()), _PACKAGE
)
_OURS = "__gin__.dynamic_registration"
_DEEPEST = 50  # lists within lists


@dataclasses.dataclass(frozen=True)
class Reference:
    """`@name`, or `@name()` when called; printed it is gin text again."""

    name: str
    called: bool = False

    def __repr__(self):
        return f"@{self.name}{'()' if self.called else ''}"


@dataclasses.dataclass(frozen=True)
class Macro:
    """`%name`; printed it is gin text again."""

    name: str

    def __repr__(self):
        return f"%{self.name}"


@dataclasses.dataclass(frozen=True)
class Import:
    """One import of a file.

    Attributes:
        module: its dotted name; of `from a import b` it is "a.b".
        where: the file and the line, in words.
    """

    module: str
    where: str


@dataclasses.dataclass
class Source:
    """One file, or what was given with a command.

    Attributes:
        where: in words.
        symbols: {symbol: dotted name it stands for}, from the imports; None for what a person gives with a command,
            who writes `models.VAE` without importing.
        imports: list of `Import`.
        dynamic: whether it has the line with which a configuration of tfdisent begins.
        folder: where the file lies, or None.
    """

    where: str
    symbols: dict | None = dataclasses.field(default_factory=dict)
    imports: list = dataclasses.field(default_factory=list)
    dynamic: bool = False
    folder: Path | None = None


@dataclasses.dataclass(frozen=True)
class Binding:
    """One line `scope/name.argument = value`, or a macro, whose argument is empty.

    Attributes:
        scope: "" for none.
        name: what is bound, as it is written, such as "models.VAE"; the name of a macro with its scope.
        argument: of the class or function; "" for a macro.
        value: with `Reference` and `Macro` in it.
        source: `Source`.
        where: the file and the line, or the binding that was given, in words.
    """

    scope: str
    name: str
    argument: str
    value: object
    source: Source = dataclasses.field(repr=False)
    where: str = ""

    @property
    def full_name(self):
        """As it is written before the equals sign."""
        scope = f"{self.scope}/" if self.scope and self.argument else ""
        return f"{scope}{self.name}.{self.argument}".rstrip(".")

    @property
    def given(self):
        """Whether a person gave it with a command."""
        return self.source.symbols is None


class _Delegate(config_parser.ParserDelegate):
    def configurable_reference(self, scoped_configurable_name, evaluate):
        return Reference(scoped_configurable_name, evaluate)

    def macro(self, macro_name):
        return Macro(macro_name)


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
    return any(source.dynamic for source in read_file(path)[1])


def read_file(path):
    """Bindings of a file, those of the files it includes in their places, and all these files.

    An included file is looked for beside the including one, in the current folder, and among those shipped.

    Returns:
        List of `Binding`, and list of `Source`.

    Raises:
        UserError: with file, line and reason.
    """
    return _read_file(Path(path), ())


def read_text(text, where, include=None, folder=None):
    """Bindings of gin text, and the sources.

    Args:
        text: that of a file.
        where: in words, such as "in train.gin".
        include: what is called with the name in an `include`; unless given, including is refused.
        folder: of the file.
    """
    source = Source(where, folder=folder)
    bindings, sources = [], [source]
    for statement in _parse(text, where, with_line=True):
        place = f"{where}, line {statement.location.line_num}"
        if isinstance(statement, config_parser.ImportStatement):
            if statement.module == _OURS and statement.is_from:
                source.dynamic = True
            else:
                source.imports.append(Import(statement.module, place))
                symbol = statement.bound_name()
                whole = statement.is_from or statement.alias
                source.symbols[symbol] = statement.module if whole else symbol
        elif isinstance(statement, config_parser.IncludeStatement):
            if include is None:
                raise UserError(f"Nothing can be included here. Received: {statement.filename!r} {place}.")
            inner, files = include(statement.filename, place)
            bindings += inner
            sources += files
        elif isinstance(statement, config_parser.BindingStatement):
            bindings.append(_binding(statement, source, place))
    return bindings, sources


def read_given(bindings):
    """Bindings that a person gives with a command, as a list of `Binding`."""
    source = Source("in the bindings given", symbols=None)
    return [_binding(parse_binding(line), source, f"in the binding {line!r}") for line in bindings]


def decode(content, where):
    """The text of a gin file: UTF-8 with or without a byte order mark, any line ends.

    Raises:
        UserError: for bytes that are no text.
    """
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UserError(f"There are bytes that are no text {where}; a gin file is text in UTF-8.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def walk(value):
    """All values within one: items of lists, keys and items of dicts, and itself."""
    yield value
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from walk(item)


def as_text(value):
    """Gin text of a value."""
    if isinstance(value, float) and value in (float("inf"), -float("inf")):
        return "1e999" if value > 0 else "-1e999"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_text(key)}: {as_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        items = ", ".join(map(as_text, value))
        if isinstance(value, list):
            return f"[{items}]"
        return f"({items},)" if len(value) == 1 else f"({items})"
    return repr(value)


def read_bindings(paths, bindings=()):
    """{binding: value} of files and then of single bindings, which win; references are kept as `Reference`.

    Imports, such as that of gin.tf, are passed over, and macros replaced by their values.

    Args:
        paths: of files.
        bindings: lines such as "vae.beta = 4".

    Raises:
        UserError: with file, line and reason; for a macro that nothing uses.
    """
    found, macros, used = {}, {}, set()
    for binding in [*(each for path in paths for each in read_file(path)[0]), *read_given(bindings)]:
        (found if binding.argument else macros)[binding.full_name] = binding
    values = {name: binding.value for name, binding in macros.items()}
    resolved = {name: resolve(binding.value, values, used) for name, binding in found.items()}
    for name in macros:
        if name not in used:
            near = nearest(name, [*resolved, *(set(macros) - {name})])
            files = ", ".join(map(str, paths))
            raise UserError(f"{name} is used nowhere in {files}{near}")
    return resolved


def parse_binding(binding):
    """The statement of one binding given by itself.

    Raises:
        UserError: when it is none.
    """
    written = isinstance(binding, str) and "=" in binding
    statements = _parse(binding, f"in the binding {binding!r}") if written else []
    if len(statements) != 1 or not isinstance(statements[0], config_parser.BindingStatement):
        raise UserError(f"A binding is written NAME=VALUE, such as models.VAE.beta=4. Received: {binding!r}.")
    return statements[0]


def parse_value(text):
    """The value that gin text stands for.

    Raises:
        UserError: when it stands for none.
    """
    return parse_binding(f"value = {text}").value


def resolve(value, macros, used, through=()):
    """The value with macros replaced; the names of those met are added to `used`.

    Args:
        macros: {name: value}.

    Raises:
        UserError: for a macro without a value, or one that leads to itself.
    """
    if isinstance(value, Macro):
        used.add(value.name)
        if value.name in through:
            raise UserError(f"The macro %{value.name} leads to itself.")
        if value.name not in macros:
            raise UserError(f"The macro %{value.name} is used and has no value{nearest(value.name, macros)}")
        return resolve(macros[value.name], macros, used, (*through, value.name))
    if isinstance(value, (list, tuple)):
        return type(value)(resolve(item, macros, used, through) for item in value)
    if isinstance(value, dict):
        return {
            resolve(key, macros, used, through): resolve(item, macros, used, through)
            for key, item in value.items()
        }
    return value


def _read_file(path, including):
    where = f"in {path}"
    if path.resolve() in including:
        raise UserError(f"{path} includes itself; remove one of the include lines between the files.")

    def include(name, place):
        beside = path.parent / name
        try:
            found = beside if beside.is_file() else find_config(name)
        except UserError:
            raise UserError(
                f"There is no file {name} to include {place}: it is looked for in {path.parent}, in the current folder "
                f"and in {SHIPPED}."
            ) from None
        return _read_file(found, (*including, path.resolve()))

    try:
        text = decode(path.read_bytes(), where)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    return read_text(text, where, include=include, folder=path.parent)


def _depth(value):
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    return 1 + max(map(_depth, value), default=0) if isinstance(value, (list, tuple)) else 0


def _binding(statement, source, where):
    scope, name = statement.scope, statement.selector
    if not statement.arg_name:
        name = f"{scope}/{name}".lstrip("/")
    if _depth(statement.value) > _DEEPEST:
        raise UserError(f"A value is nested too deeply {where}.")
    return Binding(scope, name, statement.arg_name, statement.value, source, where)


def _parse(text, where, with_line=False):
    try:
        return list(config_parser.ConfigParser(text, _Delegate()))
    except RecursionError as error:
        raise UserError(f"A value is nested too deeply {where}.") from error
    except (SyntaxError, tokenize.TokenError, ValueError, TypeError) as error:
        reason = str(error.args[0]).splitlines()[-1].strip().rstrip(".")
        line = f", line {getattr(error, 'lineno', None) or 1}" if with_line else ""
        hint = "; text needs quotes" if "token" in reason else ""
        raise UserError(f"{reason} {where}{line}{hint}.") from error
