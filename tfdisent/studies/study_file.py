"""Studies by name: gin files with lines `studies.Study.configs = [...]`, and those that others have published."""

import dataclasses

from tfdisent.checks import nearest
from tfdisent.config.names import Names
from tfdisent.config.statements import (
    decode,
    find_config,
    read_file,
    read_given,
    resolve,
    shipped_names,
)
from tfdisent.errors import UserError
from tfdisent.modules import how_to_trust
from tfdisent.studies import unsupervised_study_v1
from tfdisent.studies.study import Study

__all__ = ["find_study", "list_studies"]

_STUDY = "studies.Study"
_SHIPPED = "studies"  # folder of gin_configs
_ARGUMENTS = [each.name for each in dataclasses.fields(Study) if each.name not in ("of_file", "trust")]


def list_studies():
    """{name: one line} of the studies that come with tfdisent."""
    found = {unsupervised_study_v1.NAME: unsupervised_study_v1.SUMMARY}
    for name in shipped_names(_SHIPPED):
        text = decode(find_config(name, _SHIPPED).read_bytes(), name)
        found[f"{_SHIPPED}/{name}"] = text.splitlines()[0].lstrip("# ").rstrip(".")
    return found


def find_study(name, bindings=(), trust=(), **restriction):
    """A study of a gin file, or a published one; imports no TensorFlow.

    Args:
        name: path of a gin file, name of one that tfdisent ships, such as "studies/beta", or "unsupervised_study_v1".
        bindings: lines that a person gives: of `studies.Study.` in place of the file's, others are added to its
            bindings, in place of those of the same name.
        trust: modules that the person trusts, by name or file; a file of a study names none.
        **restriction: of a published study, such as method="beta_vae"; None for no restriction.

    Returns:
        `Study`.

    Raises:
        UserError: with file, line and reason.
    """
    restriction = {key: value for key, value in restriction.items() if value is not None}
    if name == unsupervised_study_v1.NAME:
        arguments = unsupervised_study_v1.study_arguments(**restriction)
    elif restriction:
        options = ", ".join(f"--{key}" for key in restriction)
        raise UserError(
            f"{options} choose models of {unsupervised_study_v1.NAME}; restrict another study with "
            f'-b "studies.Study.grid={{...}}". Received: {name}.'
        )
    else:
        arguments = _read_study(_find(name))
    return _with_bindings(arguments, bindings, trust)


def _find(name):
    try:
        return find_config(name)
    except UserError:
        known = list_studies()
        short = str(name).removesuffix(".gin")
        if f"{_SHIPPED}/{short}" in known:
            return find_config(short, _SHIPPED)
        near = nearest(short, {each.removeprefix(f"{_SHIPPED}/") for each in known})
        raise UserError(
            f"There is no study {name}; give the path of a gin file, or one of {', '.join(known)}{near}"
        ) from None


def _read_study(path):
    """{argument of `Study`: value} that a gin file gives."""
    lines, _ = read_file(path)
    macros = {line.name: line.value for line in lines if not line.argument}
    used, arguments = set(), {}
    for line in lines:
        if not line.argument:
            continue
        _check_line(line, path, arguments)
        arguments[line.argument] = resolve(line.value, macros, used)
    if not arguments:
        raise UserError(
            f"{path} describes no study: it has no lines such as {_STUDY}.configs = ['demo.gin'] and "
            f"{_STUDY}.grid = {{...}}."
        )
    if "configs" not in arguments:
        raise UserError(f"{path} does not bind {_STUDY}.configs, the list of gin files that all runs share.")
    for macro in macros:
        if macro not in used:
            raise UserError(f"The macro {macro} is used nowhere in {path}{nearest(macro, used)}")
    for name in ("configs", "scores"):
        arguments[name] = _beside(path, arguments.get(name))
    return arguments


def _check_line(line, path, arguments):
    symbol = line.name.partition(".")[0]
    if line.name.removeprefix("tfdisent.") != _STUDY:
        raise UserError(
            f"A study has lines of {_STUDY} only; put the others into {_STUDY}.bindings, or into one of its configs. "
            f"Received: {line.full_name} {line.where}."
        )
    if symbol not in line.source.symbols:
        raise UserError(
            f"'{symbol}' was not provided by an import statement {line.where}; add the line "
            "'from tfdisent import studies'."
        )
    if line.argument not in _ARGUMENTS:
        raise UserError(_no_parameter(line))
    if line.argument in arguments:
        raise UserError(f"{line.full_name} is bound twice, again {line.where}; remove one of them.")


def _beside(path, names):
    """Names of files as paths, where the files lie beside the study."""
    if not isinstance(names, (str, list, tuple)):
        return names
    names = [names] if isinstance(names, str) else names
    is_there = [isinstance(name, str) and (path.parent / name).is_file() for name in names]
    return [str(path.parent / name) if there else name for name, there in zip(names, is_there, strict=True)]


def _with_bindings(arguments, bindings, trust):
    """The `Study`."""
    given = read_given(bindings)
    own = {line.argument: line for line in given if line.name.removeprefix("tfdisent.") == _STUDY}
    for argument, line in own.items():
        if argument not in _ARGUMENTS:
            raise UserError(_no_parameter(line))
    file = Study(**arguments)
    arguments = arguments | {argument: line.value for argument, line in own.items()}
    replaced = {line.full_name for line in given}
    bindings = [
        *(line for line in Study(**arguments).bindings if read_given([line])[0].full_name not in replaced),
        *(text for text, line in zip(bindings, given, strict=True) if line not in own.values()),
    ]
    names = Names(trust)
    names.trust_named(given)
    for module in file.modules():
        if not names.trusts(module):
            advice = how_to_trust(module, file.folders())
            raise UserError(f"The study uses the module {module}, which you have not named. {advice}")
    return Study(**arguments | {"bindings": bindings, "trust": trust, "of_file": file.lines()})


def _no_parameter(line):
    if line.argument == "trust":
        return f"What you trust is given with --trust MODULE, and not {line.where}; remove the line."
    return f"{_STUDY} doesn't have a parameter named '{line.argument}' {line.where}{nearest(line.argument, _ARGUMENTS)}"
