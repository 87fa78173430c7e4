"""What is computed from a trained toroidal autoencoder."""

import math

import numpy as np

from tfdisent.papers.runs import held_out

__all__ = ["NUM_POINTS", "angle_pairs", "digits_passed", "uniformity"]

NUM_POINTS = 5_000  # held-out images
_NUM_BATCHES = 200  # over which the spring loss is averaged
_NUM_ARCS = 12  # of the histogram of two angles


def uniformity(trained):
    """How uniform and independent the angles of held-out images are, and how far the radii are from those asked for.

    Args:
        trained: `TrainedModel`.

    Returns:
        {quantity: [value, expectation for independent uniform angles and the radii asked for, or None]}.
    """
    from tfdisent import analysis, objectives

    images, factors = held_out(trained, NUM_POINTS)
    model, batch = trained.model, min(trained.run.asked()["batch_size"], len(images))
    radius_squared, angles = model.angles_of(images)
    random_state = np.random.RandomState(0)
    springs = [
        float(objectives.spring_loss(angles[random_state.choice(len(angles), batch, replace=False)]))
        for _ in range(_NUM_BATCHES)
    ]
    uniform, floor = 8 * math.pi**2 * model.angles / (batch + 1), 4 * math.pi**2 * model.angles / batch
    dependence = list(analysis.angle_dependence(angles, _NUM_ARCS).values())
    measured = {
        "spring loss of a batch": (float(np.mean(springs)), uniform),
        "spring loss over that of uniform angles": (float(np.mean(springs)) / uniform, 1.0),
        "spring loss at equal spacing, the floor": (floor, None),
        "reconstruction, nats": (trained.results["reconstruction"], None),
    }
    root = math.sqrt(len(angles))
    kuiper = math.sqrt(math.pi / 2) / (root + 0.155 + 0.24 / root)  # its mean (Stephens 1970)
    for i, statistic in enumerate(analysis.kuiper_statistic(angles), start=1):
        measured[f"Kuiper's statistic of angle {i}"] = float(statistic), kuiper
    for i, radii in enumerate(radius_squared.T, start=1):
        measured[f"mean of squared radius {i}"] = float(radii.mean()), 1.0
        measured[f"standard deviation of squared radius {i}"] = float(radii.std()), model.radius_stddev
    chance = {  # of independent uniform angles
        "mutual_information": 0.0,
        "circular_covariance": 0.94 / root,  # half the mean of a chi distribution with 4 degrees of freedom
        "empty_share": (1 - 1 / _NUM_ARCS**2) ** len(angles),
    }
    for name, expected in chance.items():
        quantity = name.replace("_", " ") + " of two angles, mean over pairs"
        measured[quantity] = float(np.mean([each[name] for each in dependence])), expected
    if model.num_classes:
        accuracy = float((_read_digits(model, angles) == factors[:, 0]).mean())
        measured["accuracy of the classifier on the angles"] = accuracy, None
    return measured


def angle_pairs(model, images):
    """{title: (angle i, angle j)} of all pairs, the title with their mutual information."""
    from tfdisent import analysis

    _, angles = model.angles_of(images)
    return {
        f"angles {i + 1}, {j + 1}: {both['mutual_information']:.2f} nats": (angles[:, i], angles[:, j])
        for (i, j), both in analysis.angle_dependence(angles).items()
    }


def digits_passed(model, path):
    """The digits that the classifier reads along a path of codes [N, D], as text; None for a model without one."""
    if not model.num_classes:
        return None
    _, angles = model.polar(path.astype(np.float32))
    return " ".join(map(str, _read_digits(model, angles)))


def _read_digits(model, angles):
    return np.argmax(model.classifier(np.asarray(angles, np.float32))["logits"], axis=-1)
