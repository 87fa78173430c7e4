"""What is computed from a trained example: errors of redatuming, codes, and how digits are read."""

import numpy as np

from tfdisent.papers.symae.examples import open_at

__all__ = [
    "MODES",
    "code_growth",
    "diagnosis",
    "digit_scores",
    "measure_digits",
    "measure_signals",
    "redatumed",
    "state_codes",
]

MODES = ("as trained", "calibrated", "mean over noise")  # of inference
_NUM_DRAWS = 16  # of the noise, for its mean
_FRESH_SEED = 1000  # of bags that no model was trained on
_NUM_SWAPS = 1_000  # of digits
_NUM_LEARNT = 8_000  # digits the classifier learns from


def measure_signals(trained, step, all_shifts=True):
    """Numbers of a trained example of shifted signals at one step.

    Args:
        trained: `TrainedModel`.
        step: as in `open_at`.
        all_shifts: whether signals are redatumed to all of their shifts, or only to ten.

    Returns:
        {"step <step>": dict}: "diagnosis", the mean squared error over the variance of the signals {what: number}; and
        for each of `MODES`: "redatuming" and "reconstruction", the shift-aligned error of each state over its variance;
        "shift", the common one; "own shifts", the redatuming error with each instance aligned by itself; "dependence",
        J of all shifts over the mean distance of codes; "range", the largest distance of two codes; "low power", that
        of the reconstruction over the signal's at frequencies 1 and 2, and "high power", above 5.
    """
    import tensorflow as tf

    from tfdisent import analysis
    from tfdisent.objectives import energy_dependence

    opened = open_at(trained.run.path, step)
    model, measured = opened.model, {"diagnosis": diagnosis(opened)}
    length = opened.data.observation_shape[1]
    for mode in MODES:
        few = not all_shifts or mode == "mean over noise"  # which takes 16 times as long
        grid = redatumed(opened, mode, None if few else np.arange(1, length + 1))
        spectra = analysis.amplitude_spectra(grid["truth"], grid["reconstruction"])
        codes = state_codes(model)
        flat = codes.reshape(-1, codes.shape[-1])  # [6 k, q]
        distances = np.linalg.norm(flat[:, None] - flat, axis=-1)
        aligned = analysis.shift_aligned_mse(grid["redatuming"], grid["truth"])
        own = np.mean((grid["reconstruction"] - grid["truth"]) ** 2, axis=(1, 2))
        measured[mode] = {
            "redatuming": aligned["relative"].tolist(),
            "shift": aligned["shift"].tolist(),
            "own shifts": aligned["instance relative"].tolist(),
            "reconstruction": (own / (aligned["mse"] / aligned["relative"])).tolist(),
            "dependence": float(energy_dependence(tf.constant(codes)) / distances.mean()),
            "range": float(distances.max()),
            "low power": _power(spectra, slice(1, 3)),
            "high power": _power(spectra, slice(6, None)),
        }
    return {f"step {step}": measured}


def _power(spectra, band):
    ours, truth = (float(np.sum(spectra[name][band] ** 2)) for name in ("found", "truth"))
    return ours / truth


def diagnosis(opened):
    """Where training and inference part: mean squared error over the variance of the signals, the model left as it was.

    "training": with noise and the batch's statistics, what is minimised; "mean over noise": the mean of what is decoded
    from 16 draws, which by convexity is no worse; "no noise": decoded from the code itself, by the batch's statistics.
    That is the centre of the points the decoder was trained on, none of which it is: what it lacks there against the
    mean over noise is no matter of statistics. "inference": moving statistics; "fresh bags": the same on bags it was
    not trained on; the last two again with calibrated statistics.

    Args:
        opened: `Opened`.

    Returns:
        {what: number}.
    """
    import tensorflow as tf

    from tfdisent.data import mra

    model, bags = opened.model, opened.data.to_memory()
    fresh = mra(*bags.shape, seed=_FRESH_SEED + model.seed).bags
    weights = [weight.numpy() for weight in model.weights]

    def error(outputs, truth):
        variance = truth.var(axis=-1).mean()
        return float(np.mean((np.asarray(outputs) - truth) ** 2) / variance)

    def reset():
        for weight, value in zip(model.weights, weights, strict=True):
            weight.assign(value)

    coherent, nuisance = model.encode(tf.constant(bags), training=True)
    draws = [
        model.decode(coherent, model.regularise(nuisance, stream), training=True).numpy()
        for stream in range(1, _NUM_DRAWS + 1)
    ]
    errors = {
        "training": error(model.decode(coherent, model.regularise(nuisance), training=True), bags),
        "no noise": error(model.decode(coherent, nuisance, training=True), bags),
        "mean over noise": error(np.mean(draws, axis=0), bags),
    }
    reset()
    errors["inference"], errors["fresh bags"] = error(model(bags), bags), error(model(fresh), fresh)
    model.calibrate(bags)
    errors["inference, calibrated"] = error(model(bags), bags)
    errors["fresh bags, calibrated"] = error(model(fresh), fresh)
    reset()
    return errors


def redatumed(opened, mode, shifts=None):
    """`tfdisent.analysis.redatuming_grid` of a trained example.

    Args:
        opened: `Opened`; the statistics of its model are set.
        mode: "as trained", with the moving statistics, before any other mode; "calibrated", with those of the codes
            without noise; "mean over noise", the mean over draws of the noise, with the statistics that go with it.
        shifts: as in `redatuming_grid`.
    """
    from tfdisent import analysis

    draws = _NUM_DRAWS if mode == "mean over noise" else 0
    if mode != "as trained":
        opened.model.calibrate(opened.data.to_memory(), noise=draws > 0)
    return analysis.redatuming_grid(opened.model, shifts, draws=draws)


def state_codes(model):
    """Nuisance codes float64 [6, k, q] of every state under every shift, which are functions of the instance alone."""
    from tfdisent.data import mra_states, shifted

    length = model.observation_shape[1]
    instances = shifted(mra_states(length)[:, None], np.arange(length)).reshape(-1, length)
    codes = model.nuisance_encoder(instances.astype(np.float32), training=False)
    return np.asarray(codes, np.float64).reshape(6, length, -1)


def code_growth(trained, steps):
    """How the nuisance codes change over three steps.

    Args:
        trained: `TrainedModel`.
        steps: first, early, last, each as in `open_at`.

    Returns:
        {"growth": {"range": largest distance at the last step over that at the first, "shape": correlation of the
        distances at the early and the last step}}.
    """
    from scipy.spatial.distance import pdist

    first, early, last = (
        pdist(state_codes(open_at(trained.run.path, step).model)[:, ::5].reshape(-1, 10)) for step in steps
    )
    shape = float(np.corrcoef(early, last)[0, 1])
    return {"growth": {"range": float(last.max() / first.max()), "shape": shape}}


def measure_digits(trained):
    """{"digits": `digit_scores`} of a trained example of digits."""
    opened = open_at(trained.run.path)
    return {"digits": digit_scores(opened.model, opened.data, opened.held_out)}


def digit_scores(model, train, held_out, num_swaps=_NUM_SWAPS, random_state=None):
    """How often a support vector machine reads the digit of the content, and that of the style.

    Args:
        model: a `SymAE` of bags of digits.
        train: `GroundTruthData` of bags the classifier learns from.
        held_out: bags that are swapped, content and style of different digits.
        num_swaps: pairs of a content bag and one style image.
        random_state: seed 0 unless given.

    Returns:
        dict of shares in [0, 1]: "accuracy on real digits" (held out), "accuracy on reconstructions", "content of
        redatumed images", "style of redatumed images"; and the squared reconstruction error a pixel.
    """
    from sklearn.svm import SVC

    from tfdisent.data import as_float

    random_state = random_state or np.random.RandomState(0)
    images, labels = _instances(train)
    some = random_state.permutation(len(images))[:_NUM_LEARNT]
    classifier = SVC(C=5.0).fit(images[some], labels[some])
    real, real_labels = _instances(held_out)
    bags, digits = as_float(held_out.to_memory()), digits_of(held_out)
    again = np.concatenate([np.asarray(model(bags[i : i + 16])) for i in range(0, len(bags), 16)])
    pairs = _pairs(digits, num_swaps, bags.shape[1], random_state)
    content, style, instance = pairs.T
    coherent, nuisance = model.codes(bags)
    swapped = np.asarray(model.decode(coherent[content], nuisance[style, instance][:, None]))[:, 0]
    read = classifier.predict(swapped.reshape(len(swapped), -1))
    read_again = classifier.predict(again.reshape(real.shape))
    return {
        "digits the classifier learnt from": len(some),
        "accuracy on real digits": float(np.mean(classifier.predict(real) == real_labels)),
        "accuracy on reconstructions": float(np.mean(read_again == real_labels)),
        "content of redatumed images": float(np.mean(read == digits[content])),
        "style of redatumed images": float(np.mean(read == digits[style])),
        "swaps": len(pairs),
        "squared reconstruction error a pixel": float(np.mean((again - bags) ** 2)),
    }


def digits_of(data):
    """The digit of each bag, int64 [N]."""
    return data.factors(np.arange(data.size))[:, 0]


def _pairs(digits, num, num_instances, random_state):
    """(content bag, style bag, style instance) of different digits, [num, 3]."""
    pairs = []
    while len(pairs) < num:
        content, style = random_state.randint(len(digits), size=2)
        if digits[content] != digits[style]:
            pairs.append((content, style, random_state.randint(num_instances)))
    return np.array(pairs)


def _instances(data):
    """Images [N, P] in [0, 1] and their digits [N]."""
    from tfdisent.data import as_float

    bags = as_float(data.to_memory())
    return bags.reshape(len(bags) * bags.shape[1], -1), np.repeat(digits_of(data), bags.shape[1])
