"""Images of a few separate Gaussian spikes, whose amplitudes and places are known."""

import numpy as np

from tfdisent.checks import number, whole_number
from tfdisent.data.arguments import check_random_state, check_seed
from tfdisent.data.ground_truth import TableData
from tfdisent.errors import UserError

__all__ = ["Spikes"]

_MARGIN = 3.0  # standard deviations between a spike and the border
_AMPLITUDES = (0.5, 1.0)
_MOST_ROUNDS = 10_000


class Spikes(TableData):
    """Sums of one to `max_spikes` Gaussian spikes on a dark ground, never close to each other.

    The authors' own images, "spikes_repulsive_all_k", are not public; of them only the width of 2.8 pixels, the size
    and the number of blocks are known. Here the number of spikes is uniform on 1 ... max_spikes, the peaks are uniform
    on [0.5, 1], the places uniform among those that keep the distance.

    Factors are amplitude_j, x_j, y_j for j = 1 ... max_spikes, real numbers; x and y in pixels from the centre of the
    first pixel, x to the right, y down. A spike that is not there has amplitude 0 and lies in the middle.

    Args:
        image_size: side in pixels.
        max_spikes: K.
        sigma: standard deviation of a spike in pixels.
        min_distance: between two spikes in pixels; six sigma unless given.
        num_images: N.
        seed: of the spikes.

    Attributes:
        spikes: float64 [N, K, 3], amplitude, x and y.

    Raises:
        UserError: for settings out of their range, and more spikes than have room.

    References: Newson & Traonmilin, supplement, Fig. 3 and Sec. VI.
    """

    def __init__(
        self, image_size=128, max_spikes=10, sigma=2.8, min_distance=None, num_images=20_000, seed=0
    ):
        image_size = whole_number("image_size", image_size, 1, 10_000)
        max_spikes = whole_number("max_spikes", max_spikes, 1, 10_000)
        num_images = whole_number("num_images", num_images, 1, 10**8)
        self.seed = check_seed(seed)
        self.sigma = number("sigma", sigma, above=0)
        if self.sigma >= (image_size - 1) / (2 * _MARGIN):
            raise UserError(
                f"sigma must be positive, and below a sixth of the {image_size} pixels of a side. Received: {sigma!r}"
            )
        self.min_distance = 6 * self.sigma
        if min_distance is not None:
            self.min_distance = number("min_distance", min_distance, 0)
        self.spikes = _draw_spikes(
            image_size, max_spikes, self.sigma, self.min_distance, num_images, np.random.RandomState(seed)
        )
        names = [f"{name}_{j}" for j in range(1, max_spikes + 1) for name in ("amplitude", "x", "y")]
        source = f"{num_images:,} images drawn by tfdisent, up to {max_spikes} spikes of sigma {sigma}, seed {seed}"
        values = [len(np.unique(column)) for column in self.spikes.reshape(num_images, -1).T]
        super().__init__(
            "spikes", source, names, ["continuous"] * len(names), values, (image_size, image_size, 1)
        )

    @property
    def size(self):
        return len(self.spikes)

    def factors(self, indices):
        """float64 [N, 3 K]."""
        return self.spikes[self.check_indices(indices)].reshape(-1, self.num_factors)

    def observations(self, indices):
        return self.draw(self.spikes[self.check_indices(indices)])

    def sample_observations_from_factors(self, factors, random_state):
        """Images of any `factors` [num, 3 K], not only those of the set."""
        check_random_state(random_state, needed=False)
        return self.draw(self.check_factors(factors).reshape(-1, self.num_factors // 3, 3))

    def draw(self, spikes):
        """Images float32 [N, H, W, 1] of spikes [N, K, 3], clipped at 1."""
        places = np.arange(self.observation_shape[0])
        across, down = (
            np.exp(-0.5 * ((places - spikes[:, :, axis, None]) / self.sigma) ** 2).astype(np.float32)
            for axis in (1, 2)
        )  # [N, K, H]
        weighted = down * spikes[:, :, :1].astype(np.float32)
        images = np.matmul(np.swapaxes(weighted, 1, 2), across)  # [N, H, W]
        return np.minimum(images, 1.0)[..., np.newaxis]


def _draw_spikes(image_size, max_spikes, sigma, min_distance, num_images, random_state):
    """Spike after spike, in all images at once; a place too near to those before is drawn again."""
    numbers = random_state.randint(1, max_spikes + 1, num_images)
    spikes = np.zeros((num_images, max_spikes, 3))
    spikes[:, :, 1:] = (image_size - 1) / 2
    ends = _MARGIN * sigma, image_size - 1 - _MARGIN * sigma
    for j in range(max_spikes):
        waiting = np.flatnonzero(numbers > j)
        for _ in range(_MOST_ROUNDS):
            places = random_state.uniform(*ends, (len(waiting), 2))
            apart = np.linalg.norm(places[:, None] - spikes[waiting, :j, 1:], axis=-1)  # [waiting, j]
            free = (apart >= min_distance).all(axis=1)
            spikes[waiting[free], j, 1:] = places[free]
            waiting = waiting[~free]
            if not len(waiting):
                break
        else:
            raise UserError(
                f"{max_spikes} spikes at least {min_distance:g} pixels apart have no room on {image_size} x "
                f"{image_size}; take fewer, or a smaller min_distance. Received: max_spikes={max_spikes}"
            )
        there = numbers > j
        spikes[there, j, 0] = random_state.uniform(*_AMPLITUDES, there.sum())
    return spikes
