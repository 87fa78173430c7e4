"""Bags: several observations of one state under different nuisances, as one datapoint."""

import numpy as np

from tfdisent.checks import shown, whole_number
from tfdisent.data.arguments import check_seed
from tfdisent.data.files import data_root
from tfdisent.data.given import as_array
from tfdisent.data.ground_truth import TableData
from tfdisent.data.mnist import mnist
from tfdisent.errors import UserError

__all__ = ["BagData", "mnist_bags"]


class BagData(TableData):
    """Datapoints [n_x, n_tau, ...] of n_tau instances each, which share a state and differ in a nuisance.

    To a model a datapoint is one observation. The state is its one factor.

    Args:
        bags: [n_x, n_tau, k] or [n_x, n_tau, H, W, C], or a list of n_x arrays of equal shape; uint8 (0..255 for
            0..1) or floats.
        states: whole numbers [n_x], of what stays the same within a bag.
        nuisances: [n_x, n_tau], of what differs; None where nobody knows.
        state_name: name of the factor.
        name: what to call the set.
        source: one sentence that says where the observations came from.

    Attributes:
        bags, states, nuisances: as given.

    Raises:
        UserError: for bags of unequal size, of one instance, or with values that are not finite, and for states or
            nuisances that do not belong to them.
    """

    def __init__(self, bags, states, nuisances=None, state_name="state", name="bags", source=None):
        try:
            shapes = {np.shape(bag) for bag in bags}
        except (TypeError, ValueError):
            raise UserError(
                f"Bags must be an array [n_x, n_tau, ...] or a list of arrays of equal shape. Received: {shown(bags)}."
            ) from None
        if len(shapes) != 1:
            raise UserError(
                "All bags must have the same number of instances of one shape; cut them to the smallest. "
                f"Received: bags of shapes {sorted(shapes)[:3]}."
            )
        self.bags = as_array("Bags", bags)
        if self.bags.dtype.kind not in "biuf":
            raise UserError(f"Bags must be numbers. Received: {shown(self.bags)}.")
        if self.bags.dtype != np.uint8:
            self.bags = self.bags.astype(np.float32)
        if self.bags.ndim not in (3, 5) or 0 in self.bags.shape or not np.isfinite(self.bags).all():
            raise UserError(
                "Bags must be finite numbers [n_x, n_tau, k] or [n_x, n_tau, H, W, C]. "
                f"Received: shape {self.bags.shape}."
            )
        whole_number("num_instances", self.bags.shape[1], 2)
        self.states = as_array("states", states)
        self.nuisances = None if nuisances is None else as_array("nuisances", nuisances)
        if self.states.shape != self.bags.shape[:1] or self.states.dtype.kind not in "iu":
            raise UserError(
                f"states must be a whole number for each of the {len(self.bags)} bags. "
                f"Received: {self.states.dtype} of shape {self.states.shape}."
            )
        if self.nuisances is not None and self.nuisances.shape[:2] != self.bags.shape[:2]:
            raise UserError(
                f"nuisances must have shape [{self.bags.shape[0]}, {self.bags.shape[1]}]. "
                f"Received: {self.nuisances.shape}."
            )
        if self.states.min() < 0:
            raise UserError(f"states must be 0 or larger. Received: {self.states.min()}.")
        self._made_by = (
            BagData,
            {
                "bags": self.bags, "states": self.states, "nuisances": self.nuisances, "state_name": state_name,
                "name": name, "source": source,
            },
        )  # fmt: skip
        source = f"{len(self.bags):,} bags from arrays given" if source is None else source
        num_states = int(self.states.max()) + 1
        super().__init__(name, source, [state_name], ["categorical"], [num_states], self.bags.shape[1:])

    @property
    def size(self):
        return len(self.bags)

    def factors(self, indices):
        return self.states[self.check_indices(indices), None].astype(np.int64)

    def observations(self, indices):
        return self.bags[self.check_indices(indices)]


def mnist_bags(num_instances=21, num_images=10_000, data_dir=None, seed=None):
    """Bags of handwritten digits of one class, [n_x, n_tau, 28, 28, 1] uint8.

    The first `num_images` images are sorted by digit, in their order, and cut into bags; what is left of a digit is
    dropped.

    Args:
        num_instances: n_tau, images a bag.
        num_images: how many are taken.
        data_dir: root of the files; default $DISENTANGLEMENT_LIB_DATA.
        seed: shuffles the images first; None keeps the files' order.

    Returns:
        `BagData` with the digits as states.

    Raises:
        UserError: if the images are not found, or too few for one bag of each digit.

    References: Sun, "Interpretable Style Swapping with a Symmetric Autoencoder", Sec. 3.2; bags as in its code.
    """
    num_instances = whole_number("num_instances", num_instances, 2)
    num_images = whole_number("num_images", num_images, 1)
    if seed is not None:
        seed = check_seed(seed)
    data = mnist(data_dir)
    if num_images > data.size:
        raise UserError(f"num_images must be at most {data.size:,}, {data.source}. Received: {num_images}.")
    order = np.arange(data.size) if seed is None else np.random.RandomState(seed).permutation(data.size)
    indices = order[:num_images]
    digits = data.factors(indices)[:, 0]
    bags, states = [], []
    for digit in range(10):
        found = indices[digits == digit]
        count = len(found) // num_instances
        if not count:
            raise UserError(
                f"{len(indices):,} images hold {len(found)} of the digit {digit}, too few for a bag; take more "
                f"images or smaller bags. Received: num_instances={num_instances}."
            )
        bags.append(found[: count * num_instances].reshape(count, num_instances))
        states += [digit] * count
    bags = np.concatenate(bags)
    source = f"{len(bags):,} bags of {num_instances} images; {data.source}"
    images = data.observations(bags.reshape(-1)).reshape(*bags.shape, *data.observation_shape)
    bags = BagData(images, states, state_name="digit", name="mnist_bags", source=source)
    bags._made_by = (
        "mnist_bags",
        {
            "num_instances": num_instances,
            "num_images": num_images,
            "data_dir": data_dir and str(data_root(data_dir).resolve()),
            "seed": seed,
        },
    )
    return bags
