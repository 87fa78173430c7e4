"""Which models are the same experiment but for the seed, and how those that are not are told apart in words."""

import ast
import collections
import dataclasses
import itertools
import math

__all__ = ["Experiment", "differences", "experiments", "short_names"]

_MOST_PAIRS = 60  # bindings of which each pair is tried
_MOST_LETTERS = 40  # of a value in a label


@dataclasses.dataclass(frozen=True)
class Experiment:
    """The models of one configuration, which differ in their seed alone, by one score.

    Attributes:
        model: `scored_models.Group`.
        configuration: of the models, as in `ScoredModel`.
        difference: text of what tells the models from others of the same data, method and settings, or "".
        training: text of the training, and what tells the models from others that agree in it.
        representation, score: as in `ScoredModel`.
        variant: text of what tells how the score is computed from other ways in the table, or "".
        models: list of `ScoredModel`, one a seed.
    """

    model: object
    configuration: tuple
    difference: str
    training: str
    representation: str
    score: str
    variant: str
    models: list


def experiments(scored, side=""):
    """Scores grouped by experiment.

    Args:
        scored: list of `ScoredModel`.
        side: word for the notes, such as "theirs".

    Returns:
        list of `Experiment`, sorted, and a list of notes: on scores that were left out because another of the same
        experiment and seed was there, and on models of which no configuration is known.
    """
    scored, notes = _once_a_seed(scored, side)
    alike, named, variants = (collections.defaultdict(set) for _ in range(3))
    for model in scored:
        alike[_name(model)].add(model.configuration)
        named[model.group].add(model.configuration)
        variants[model.representation, model.score].add(model.settings)
    alike, named, variants = (
        {place: differences(found) for place, found in table.items()} for table in (alike, named, variants)
    )
    groups = collections.defaultdict(list)
    for model in scored:
        variant = variants[model.representation, model.score][model.settings]
        groups[model.group, model.configuration, model.representation, model.score, variant].append(model)
    found = []
    for (group, configuration, representation, score, variant), models in groups.items():
        difference = alike[_name(models[0])][configuration]
        training = ", ".join(filter(None, (group.training, named[group][configuration])))
        found.append(
            Experiment(group, configuration, difference, training, representation, score, variant, models)
        )
    order = lambda each: (each.model, each.training, each.representation, each.score, each.variant)  # noqa: E731
    return sorted(found, key=order), [*notes, *_unknown(scored, side)]


def differences(configurations):
    """The shortest text that tells each of several configurations from the others.

    Args:
        configurations: different ((binding, text), ...).

    Returns:
        {configuration: text such as "learning_rate=0.001"}; empty texts for a single configuration.
    """
    configurations = list(configurations)
    tables = [dict(configuration) for configuration in configurations]
    if len(tables) < 2:
        return dict.fromkeys(configurations, "")
    first = tables[0]
    names = {name for table in tables for name in (*table, *first) if table.get(name) != first.get(name)}
    names = sorted(names, key=lambda name: _obscurity(name, tables))
    chosen = _telling(names, tables)
    values = [_short_values([table.get(name) for table in tables]) for name in chosen]
    texts = (
        ", ".join(f"{name}={value}" for name, value in zip(short_names(chosen), row, strict=True))
        for row in zip(*values, strict=True)
    )
    return dict(zip(configurations, texts, strict=True))


def _name(model):
    return model.group.data, model.group.method, model.group.settings


def _once_a_seed(scored, side):
    """The models, of each experiment, score and seed the first one only, and a note on the others."""
    kept, again, unequal = {}, 0, 0
    for model in scored:
        which = ("run", model.run) if model.seed is None else ("seed", model.seed)
        place = (model.group, model.configuration, model.representation, model.score, model.settings, which)
        if place in kept:
            again += 1
            unequal += not _equal(kept[place].values, model.values)
        kept.setdefault(place, model)
    if not again:
        return scored, []
    note = (
        f"{again} of {'their' if side else 'the'} {len(scored)} results are of an experiment and seed that another "
        f"result is of as well (a run copied or scored twice); the first one counts"
    )
    told = f", and in {unequal} of them the values differ" if unequal else " and the values are the same"
    return list(kept.values()), [f"{note}{told}."]


def _unknown(scored, side):
    runs = {model.run for model in scored if [name for name, _ in model.configuration] == ["run"]}
    if len(runs) < 2:
        return []
    return [
        f"Of {len(runs)} {'of their ' if side else ''}models no configuration is known, so that they may differ in "
        "more than the seed; each stands by itself."
    ]


def _equal(values, others):
    return values.keys() == others.keys() and all(
        math.isclose(value, others[key], rel_tol=1e-9) or (math.isnan(value) and math.isnan(others[key]))
        for key, value in values.items()
    )


def _obscurity(name, tables):
    """Sorts what a reader knows best to the front: settings that all have, of few letters; checksums last."""
    texts = [table.get(name) for table in tables]
    letters = sum(len(text) for text in texts if text is not None)
    return (
        "checksum" in name,
        None in texts,
        any("@" in str(text) for text in texts),
        letters > 200,
        len(name),
        name,
    )


def _telling(names, tables):
    """The first binding, or pair, by which no two tables are alike; else bindings that tell more and more apart."""

    def told(chosen):
        return len({tuple(table.get(name) for name in chosen) for table in tables})

    few = names[:_MOST_PAIRS]
    for chosen in (*((name,) for name in names), *itertools.combinations(few, 2)):
        if told(chosen) == len(tables):
            return list(chosen)
    chosen = []
    while told(chosen) < len(tables):
        chosen.append(max(names, key=lambda name: told([*chosen, name])))
    return chosen


def short_names(names):
    """The last part of each binding, or as many as tell them apart."""
    parts = [name.removeprefix("run_config.").split(".") for name in names]
    for kept in range(1, max(map(len, parts)) + 1):
        short = [".".join(each[-kept:]) for each in parts]
        if len(set(short)) == len(short) and not any(each.isdigit() for each in short):
            return short
    return names


def _short_values(texts):
    """Values as a reader writes them; long ones are cut where they differ."""
    short = [_plain(text) for text in texts]
    if len(set(short)) < len(set(texts)):
        short = [str(text) for text in texts]
    if max(map(len, short)) <= _MOST_LETTERS:
        return short
    same = len(_common_start(short))
    start = max(0, same - 12)
    cut = [text if len(text) <= _MOST_LETTERS else _window(text, start) for text in short]
    numbers = {text: number for number, text in enumerate(dict.fromkeys(short), 1)}
    alike = len(set(cut)) < len(numbers)
    return [f"{each} ({numbers[text]})" if alike else each for each, text in zip(cut, short, strict=True)]


def _window(text, start):
    end = start + _MOST_LETTERS
    dots = "\N{HORIZONTAL ELLIPSIS}"
    return f"{dots if start else ''}{text[start:end]}{dots if end < len(text) else ''}"


def _common_start(texts):
    first, last = min(texts), max(texts)
    return first[: next((i for i, letter in enumerate(first) if letter != last[i : i + 1]), len(first))]


def _plain(text):
    """A value without quotes and with six digits; "default" for a binding that is not there."""
    if text is None:
        return "default"
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text
    if isinstance(value, str):
        return value
    short = f"{value:.6g}" if isinstance(value, float) else text
    return short
