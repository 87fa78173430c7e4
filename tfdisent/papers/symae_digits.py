"""Redatuming of handwritten digits: Figs. 3 and 15, and how often a classifier reads the content's digit."""

import numpy as np

from tfdisent.errors import UserError
from tfdisent.papers import symae_runs as runs
from tfdisent.papers.symae_runs import Example
from tfdisent.papers.tables import write_item
from tfdisent.studies.kept import read_kept, write_kept

__all__ = ["digit_scores", "make_digits"]

_NUM_STYLES = 5
_NUM_SWAPS = 1_000
_NUM_TRAIN = 8_000  # digits the classifier learns from


def make_digits(title, style, contents, output, scale="paper"):
    """A row of styles above, a column of contents on the left, and what redatuming makes of each pair.

    All bags are held out. The rows of numbers are `digit_scores`.

    Returns:
        Paths of what was written.
    """
    from tfdisent import plots
    from tfdisent.data import as_float

    opened = runs.open_example(Example(6), output, scale)
    bags, digits = as_float(opened.held_out.to_memory()), _digits(opened.held_out)
    place = {digit: int(np.flatnonzero(digits == digit)[0]) for digit in set(digits.tolist())}
    missing = {style, *contents} - set(place)
    if missing:
        raise UserError(f"No held-out bag shows the digits {sorted(missing)}; take another seed.")
    styles = bags[place[style]]
    coherent_from = bags[[_other(digits, digit, place[style]) for digit in contents]]
    swapped = opened.model.redatum(coherent_from, np.repeat(styles[None], len(contents), 0))[:, :_NUM_STYLES]
    blank = np.zeros_like(styles[:1])
    rows = [np.concatenate([blank, styles[:_NUM_STYLES]])]
    rows += [np.concatenate([bag[:1], row]) for bag, row in zip(coherent_from, swapped, strict=True)]
    labels = ["style", *(f"content {digit}" for digit in contents)]
    figure = plots.traversal_grid(1 - np.stack(rows), labels)
    scores = _kept_scores(opened)
    table = ["number", "value"], [[name, value] for name, value in scores.items()]
    found = [{"number": name, "value": value} for name, value in scores.items()]
    return write_item(output, title, opened.label(), found, {"": figure}, table, caption="On held-out bags.")


def digit_scores(model, train, held_out, num_swaps=_NUM_SWAPS, random_state=None):
    """How often a support vector machine reads the digit of the content, and that of the style.

    Args:
        model: a `SymAE` of bags of digits.
        train: `GroundTruthData` of bags the classifier learns from.
        held_out: bags that are swapped, content and style of different digits.
        num_swaps: pairs of a content bag and one style image.
        random_state: seed 0 unless given.

    Returns:
        dict of shares in [0, 1]: "accuracy on real digits" (held out), "on reconstructions", "content of redatumed
        images", "style of redatumed images"; and the squared reconstruction error a pixel.
    """
    from sklearn.svm import SVC

    from tfdisent.data import as_float

    random_state = random_state or np.random.RandomState(0)
    images, labels = _instances(train)
    some = random_state.permutation(len(images))[:_NUM_TRAIN]
    classifier = SVC(C=5.0).fit(images[some], labels[some])
    real, real_labels = _instances(held_out)
    bags, digits = as_float(held_out.to_memory()), _digits(held_out)
    again = np.concatenate([np.asarray(model(bags[i : i + 16])) for i in range(0, len(bags), 16)])
    pairs = _pairs(digits, num_swaps, bags.shape[1], random_state)
    content, style, instance = pairs.T
    coherent, nuisance = model.codes(bags)
    swapped = np.asarray(model.decode(coherent[content], nuisance[style, instance][:, None]))[:, 0]
    read = classifier.predict(swapped.reshape(len(swapped), -1))
    return {
        "digits the classifier learnt from": len(some),
        "accuracy on real digits": float(np.mean(classifier.predict(real) == real_labels)),
        "accuracy on reconstructions": float(
            np.mean(classifier.predict(again.reshape(real.shape)) == real_labels)
        ),
        "content of redatumed images": float(np.mean(read == digits[content])),
        "style of redatumed images": float(np.mean(read == digits[style])),
        "swaps": len(pairs),
        "squared reconstruction error a pixel": float(np.mean((again - bags) ** 2)),
    }


def _kept_scores(opened):
    kept, mark = opened.folder / f"digits_{opened.step}.json", opened.mark()
    found = read_kept(kept, mark)
    if found is None:
        found = write_kept(kept, mark, digit_scores(opened.model, opened.data, opened.held_out))
    return found


def _pairs(digits, num, num_instances, random_state):
    """(content bag, style bag, style instance) of different digits, [num, 3]."""
    found = []
    while len(found) < num:
        content, style = random_state.randint(len(digits), size=2)
        if digits[content] != digits[style]:
            found.append((content, style, random_state.randint(num_instances)))
    return np.array(found)


def _other(digits, digit, place):
    """A bag of this digit, another one than `place` where there is one."""
    own = np.flatnonzero(digits == digit)
    return int(next((bag for bag in own if bag != place), own[0]))


def _digits(data):
    return data.factors(np.arange(data.size))[:, 0]


def _instances(data):
    """Images [N, P] in [0, 1] and their digits [N]."""
    from tfdisent.data import as_float

    bags = as_float(data.to_memory())
    return bags.reshape(len(bags) * bags.shape[1], -1), np.repeat(_digits(data), bags.shape[1])
