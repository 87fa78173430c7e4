"""Scores of models in one row a model and one column a score: for the terminal, the page, CSV, Markdown and LaTeX."""

import collections
import csv
import io
import itertools
import math
import re
import unicodedata

import numpy as np

from tfdisent.studies.scored_models import direction, main_value

__all__ = ["ModelsTable", "as_csv", "as_latex", "as_markdown", "spread"]

_PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\N{EN DASH}": "--",
    "\N{MINUS SIGN}": "$-$", _PLUS_MINUS: r"$\pm$", "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    **{letter: f"{{{letter}}}" for letter in "[]*"},  # an option of the line break where they begin a line
}  # fmt: skip


class ModelsTable:
    """The main value of each score of each model.

    Args:
        ours: list of `Experiment`.
        theirs: likewise, or None where there is one side only.
    """

    def __init__(self, ours, theirs=None):
        self._two_sides = theirs is not None
        self._main = _main_keys([*ours, *(theirs or ())])
        self._scores = sorted(
            {_score(each) for each in (*ours, *(theirs or ())) if self._main.get(each.score) is not None}
        )
        by_name = collections.defaultdict(lambda: ({}, {}))
        for side, found in enumerate((ours, theirs or ())):
            for each in found:
                name = each.model.data, each.model.method, each.model.settings
                group = by_name[name][side].setdefault((each.difference, each.configuration), {})
                group[_score(each)] = spread(each.models, self._main.get(each.score))
        # [(data, model, source, {score: (mean, std, count)})]
        self._rows = [row for name, sides in sorted(by_name.items()) for row in self._rows_of(name, *sides)]

    @property
    def headers(self):
        """Names of the columns; those of the scores say which representation and settings, where there are several."""
        several = len({representation for representation, _, _ in self._scores}) > 1
        scores = [
            score + "".join(f" ({text})" for text in (several and representation, variant) if text)
            for representation, score, variant in self._scores
        ]
        return ["model", "data", *(["source"] if self._two_sides else []), *scores]

    def as_texts(self):
        """Headers and rows of texts; None for what is not there."""
        return self.headers, [
            [*names, *(_text(row.get(score)) for score in self._scores)] for names, row in self._named_rows()
        ]

    def as_files(self):
        """{ending: text} of the table as CSV, Markdown and LaTeX; the best of a column is bold in the last two."""
        headers, rows = self.as_texts()
        best = [[False] * (len(headers) - len(self._scores)) + flags for flags in self._best()]
        return {
            "csv": as_csv(headers, rows),
            "md": as_markdown(headers, rows, best),
            "tex": as_latex(headers, rows, best),
        }

    def as_html_table(self):
        """A `plots.Table` that a click sorts."""
        from tfdisent import plots

        rows = []
        for (names, row), flags in zip(self._named_rows(), self._best(), strict=True):
            cells = [
                None if row.get(score) is None else plots.Cell(row[score][0], _note(*row[score][1:]), best)
                for score, best in zip(self._scores, flags, strict=True)
            ]
            rows.append([*names, *cells])
        headers = self.headers
        scores = headers[len(headers) - len(self._scores) :]
        directions = {
            header: self._direction(score) for header, score in zip(scores, self._scores, strict=True)
        }
        values = ", ".join(f"{score}: {self._main[score]}" for _, score, _ in self._scores)
        caption = (
            f"Mean {_PLUS_MINUS} standard deviation (number of seeds) of the main value of each score ({values}). "
            "The best of each column and data set is emphasised where it is known whether more or less is better. "
            "Click a header to sort."
        )
        best = {header: found for header, found in directions.items() if found}
        return plots.Table(headers, rows, caption, best, sortable=True, together=2 * self._two_sides)

    def _rows_of(self, name, ours, theirs):
        data, method, settings = name
        label = f"{method} {settings}".strip()
        rows = []
        for source, groups in (("ours", ours), ("theirs", theirs)):
            for (difference, _), values in sorted(groups.items()):
                model = label if self._two_sides else ", ".join(filter(None, (label, difference)))
                said = f"{source}, {difference}" if difference else source
                rows.append((data, model, said, values))
        for ((our, _), mine), ((their, _), other) in itertools.product(
            sorted(ours.items()), sorted(theirs.items())
        ):
            said = ", ".join(filter(None, (our and f"ours {our}", their and f"theirs {their}")))
            rows.append((data, label, f"difference{f' ({said})' if said else ''}", _less(mine, other)))
        return rows

    def _named_rows(self):
        """[(texts of the first columns, {score: (mean, std, count)})]."""
        return [
            ([model, data, *([source] if self._two_sides else [])], row)
            for data, model, source, row in self._rows
        ]

    def _direction(self, score):
        return direction(self._main[score[1]])

    def _best(self):
        """For each row, whether each score is the best of its data set; differences do not compete."""
        found = collections.defaultdict(list)
        for data, _, source, row in self._rows:
            for score, (mean, *_) in row.items():
                if mean is not None and not source.startswith("difference"):
                    found[data, score].append(mean)
        best = {
            (data, score): (max if self._direction(score) == "higher" else min)(means)
            for (data, score), means in found.items()
            if self._direction(score) and len(means) > 1
        }
        return [
            [
                row.get(score) is not None
                and not source.startswith("difference")
                and row[score][0] is not None
                and row[score][0] == best.get((data, score))
                for score in self._scores
            ]
            for data, _, source, row in self._rows
        ]


def spread(models, key):
    """(mean, std, count) of a value over models; what is not finite does not count."""
    values = [model.values.get(key, math.nan) for model in models]
    finite = [value for value in values if math.isfinite(value)]
    mean = float(np.mean(finite)) if finite else None
    std = float(np.std(finite, ddof=1)) if len(finite) > 1 else None
    return mean, std, len(finite)


def as_csv(headers, rows):
    """The table as CSV; nothing stands where there is no value."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([headers, *rows])
    return text.getvalue()


def as_markdown(headers, rows, best):
    """The table in GitHub's Markdown; `best`: for each row, which cells are bold."""

    def escaped(text):
        return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))

    lines = [[escaped(header) for header in headers], ["---"] * len(headers)]
    for row, flags in zip(rows, best, strict=True):
        texts = ["\N{EN DASH}" if cell is None else escaped(cell) for cell in row]
        lines.append([f"**{text}**" if bold else text for text, bold in zip(texts, flags, strict=True)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_latex(headers, rows, best):
    """The table as a LaTeX tabular, which needs the package booktabs; `best`: for each row, which cells are bold."""
    first = 3 if headers[2:3] == ["source"] else 2
    columns = "l" * min(first, len(headers)) + "r" * (len(headers) - first)
    lines = [" & ".join(_latex(header) for header in headers)]
    for row, flags in zip(rows, best, strict=True):
        texts = ["--" if cell is None else _latex(cell) for cell in row]
        texts = [f"\\textbf{{{text}}}" if bold else text for text, bold in zip(texts, flags, strict=True)]
        lines.append(" & ".join(texts))
    head, *body = [f"{line} \\\\" for line in lines]
    return "\n".join(
        [
            "% \\usepackage[T1]{fontenc}, \\usepackage{booktabs}",
            f"\\begin{{tabular}}{{{columns}}}",
            "\\toprule",
        ]
        + [head, "\\midrule", *body, "\\bottomrule", "\\end{tabular}", ""]
    )


def _latex(text):
    return "".join(_LATEX.get(letter) or _latex_letter(letter) for letter in text)


def _latex_letter(letter):
    """ASCII as it is, accented letters of Western Europe and Greek as LaTeX knows them, others by their number."""
    if (
        " " <= letter <= "~"
        or "\N{LATIN CAPITAL LETTER A WITH GRAVE}" <= letter <= "\N{LATIN SMALL LETTER Y WITH DIAERESIS}"
    ):
        return letter
    greek = re.fullmatch(r"GREEK SMALL LETTER (\w+)", unicodedata.name(letter, ""))
    if greek and greek[1] != "OMICRON":
        return f"$\\{greek[1].lower().replace('lamda', 'lambda')}$"
    return f"U+{ord(letter):04X}"


def _main_keys(found):
    """{score: the key of its main value}, the one that most models have for their main value."""
    counts = collections.defaultdict(collections.Counter)
    for each in found:
        counts[each.score].update(main_value(model.score, model.values) for model in each.models)
    mains = {
        score: [key for key, _ in counter.most_common() if key is not None]
        for score, counter in counts.items()
    }
    return {score: keys[0] for score, keys in mains.items() if keys}


def _score(each):
    return each.representation, each.score, each.variant


def _less(mine, other):
    """{score: (difference of the means, None, None)} of the scores that both have."""
    return {
        score: (mean - other[score][0], None, None)
        for score, (mean, *_) in mine.items()
        if mean is not None and score in other and other[score][0] is not None
    }


def _note(std, count):
    if count is None:
        return ""
    return (f"{_PLUS_MINUS} {std:.3f} " if std is not None else "") + f"({count})"


def _text(value):
    if value is None or value[0] is None:
        return None
    mean, std, count = value
    return f"{mean:{'+' if count is None else ''}.3f} {_note(std, count)}".strip()
