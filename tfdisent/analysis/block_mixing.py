"""The statements on ideal atomic autoencoders, in numbers: signals of two atoms whose latents can be read off exactly.

A family has k = 2 blocks of d0 = 2 latents, theta [N, 2, 2], signals phi(theta) = psi(theta_1) + psi(theta_2) on a
line, the ideal encoder zeta, and the map h of the cube [0, 1]^4 onto the set of latents.
"""

import numpy as np

from tfdisent import checks

__all__ = ["PairsOfBumps", "SpikesOnALine", "propositions", "swapped"]

_LENGTH, _WIDTH = 128, 1.2  # samples
_LINE = np.arange(_LENGTH)


def swapped(theta):
    """rho: latents [N, 2, 2] with the second of block 1 and the first of block 2 exchanged; its own inverse.

    References: Newson & Traonmilin, supplement, Prop. II.2.
    """
    return np.swapaxes(theta, 1, 2)


class _Family:
    """What the two families share. `starts` and `widths` [2, 2] are those of the intervals of the latents."""

    def latents(self, cube):
        """h: [N, 2, 2] of points [N, 2, 2] of the cube, with slopes of 1/2 to 3/2 times the widths."""
        return self.starts + self.widths * (cube**2 + cube) / 2

    def cube(self, latents):
        """The inverse of h; outside the cube for what is no latent."""
        share = (latents - self.starts) / self.widths
        return (np.sqrt(np.maximum(1 + 8 * share, 0.0)) - 1) / 2

    def decode(self, latents):
        """phi: signals [N, length]."""
        return self.atom(latents[:, 0]) + self.atom(latents[:, 1])


class PairsOfBumps(_Family):
    """Atoms of two bumps, psi(theta_i) = psi~(theta_i1) + psi~(theta_i2): the sum that Prop. II.2 asks for.

    Each latent is the place of a bump in its own quarter of the line.
    """

    starts = np.array([[8.0, 40.0], [72.0, 104.0]])
    widths = np.full((2, 2), 16.0)

    def atom(self, latents):
        return _bump(latents[:, 0]) + _bump(latents[:, 1])

    def encode(self, signals):
        """zeta: the centre of mass of each quarter of the line."""
        quarters, places = signals.reshape(-1, 4, _LENGTH // 4), _LINE.reshape(4, -1)
        return ((quarters * places).sum(-1) / quarters.sum(-1)).reshape(-1, 2, 2)


class SpikesOnALine(_Family):
    """Atoms psi(theta_i) = theta_i1 times a bump at theta_i2: no sum of functions of one latent each."""

    starts = np.array([[0.5, 10.0], [0.5, 74.0]])
    widths = np.array([[0.5, 44.0], [0.5, 44.0]])

    def atom(self, latents):
        return latents[:, :1] * _bump(latents[:, 1])

    def encode(self, signals):
        """zeta: mass and centre of mass of each half of the line."""
        halves, places = signals.reshape(-1, 2, _LENGTH // 2), _LINE.reshape(2, -1)
        mass = halves.sum(-1)
        place = (halves * places).sum(-1) / mass
        return np.stack([mass / (_WIDTH * np.sqrt(2 * np.pi)), place], axis=-1)


def propositions(num_points=1000, seed=0):
    """Lemma I.1 and Propositions II.1 and II.2 as numbers, for random latents.

    Args:
        num_points: N, 2 to 100,000.
        seed: of the latents.

    Returns:
        list of dicts with statement, quantity, expected and found. The trained autoencoder of Prop. II.1 is
        f_E = A zeta, f_D = phi A^-1 with the smooth map A(theta) = theta + 0.4 sin(theta) of each latent.

    References: Newson & Traonmilin, supplement, Lemma I.1, Props. II.1 and II.2.
    """
    num_points = checks.whole_number("num_points", num_points, 2, 100_000)
    random_state = np.random.RandomState(checks.whole_number("seed", seed, 0, 2**32 - 1))
    cube = random_state.uniform(0.02, 0.98, (num_points, 2, 2))
    pairs, spikes = PairsOfBumps(), SpikesOnALine()
    theta = pairs.latents(cube)

    def row(statement, quantity, expected, found):
        return {
            "statement": statement,
            "quantity": quantity,
            "expected": expected,
            "found": float(found),
        }

    # Lemma I.1: h has slopes of at least half the widths, so a step below (distance to the faces) * width / 2 stays in.
    reach = np.minimum(cube, 1 - cube).min(axis=(1, 2), keepdims=True) * pairs.widths / 2
    moved = pairs.cube(theta + reach * random_state.uniform(-1, 1, (20, *theta.shape)))  # [20, N, 2, 2]
    rows = [
        row(
            "Lemma I.1",
            "share of steps from a latent, within its open box, that end at a latent",
            1.0,
            ((moved >= 0) & (moved <= 1)).all(axis=(2, 3)).mean(),
        )
    ]

    # Prop. II.1: h~ = f_E phi h and its inverse h^-1 zeta f_D.
    codes = _bent(pairs.encode(pairs.decode(theta)))  # h~(u)
    back = pairs.cube(pairs.encode(pairs.decode(_straight(codes))))
    slopes = (_bent(pairs.latents(cube + 1e-6)) - _bent(pairs.latents(cube - 1e-6))) / 2e-6 / pairs.widths
    rows += [
        row("Prop. II.1", "largest error of h~^-1 after h~ on the cube", 0.0, np.abs(back - cube).max()),
        row(
            "Prop. II.1",
            "least slope of h~ over the width of a latent (at least 0.3: 0.5 of h, 0.6 of A)",
            None,
            slopes.min(),
        ),
    ]

    # Prop. II.2: f_E = rho zeta and f_D = phi.
    signals = pairs.decode(theta)
    mixed = swapped(pairs.encode(signals))
    moved = mixed.copy()
    moved[:, 0] = np.roll(mixed[:, 0], 1, axis=0)  # another image's first block
    rows += [
        row(
            "Prop. II.2",
            "largest error of the reconstruction with mixed blocks, pairs of bumps",
            0.0,
            np.abs(pairs.decode(mixed) - signals).max(),
        ),
        row(
            "Prop. II.2",
            "share of the second true atom in what the first mixed block changes",
            0.5,
            _share_of_second(pairs, theta, pairs.encode(pairs.decode(moved))),
        ),
    ]
    unmixed = theta.copy()
    unmixed[:, 0] = np.roll(theta[:, 0], 1, axis=0)
    own = spikes.latents(cube)
    rows += [
        row(
            "Prop. II.2",
            "the same share without mixing",
            0.0,
            _share_of_second(pairs, theta, pairs.encode(pairs.decode(unmixed))),
        ),
        row(
            "Prop. II.2",
            "largest error with mixed blocks, spikes (amplitude times a bump: no such sum)",
            None,
            np.abs(spikes.decode(swapped(spikes.encode(spikes.decode(own)))) - spikes.decode(own)).max(),
        ),
    ]
    return rows


def _share_of_second(family, before, after):
    """Of the change of the two true atoms, the part of the second, over all points."""
    changes = [np.abs(family.atom(after[:, i]) - family.atom(before[:, i])).sum() for i in range(2)]
    return changes[1] / sum(changes)


def _bent(theta):
    return theta + 0.4 * np.sin(theta)


def _straight(codes):
    """The inverse of `_bent`, by Newton's method."""
    theta = codes.copy()
    for _ in range(30):
        theta = theta - (_bent(theta) - codes) / (1 + 0.4 * np.cos(theta))
    return theta


def _bump(places):
    """A bump [N, length] at each place [N]."""
    return np.exp(-0.5 * ((_LINE - places[:, None]) / _WIDTH) ** 2)
