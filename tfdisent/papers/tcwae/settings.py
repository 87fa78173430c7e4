"""The models of the paper: a data set, a method, its weights and its reconstruction cost."""

import dataclasses

__all__ = ["METHODS", "TCWAES", "Setting"]

# Method: (class in tfdisent.models, names of its weights, what the paper calls them).
METHODS = {
    "WAE-MMD": ("WAEMMD", ("weight",), ("λ",)),
    "TCWAE-MWS": ("TCWAEMWS", ("beta", "gamma"), ("β", "γ")),
    "TCWAE-GAN": ("TCWAEGAN", ("beta", "gamma"), ("β", "γ")),
    "β-TCVAE": ("BetaTCVAE", ("beta",), ("β",)),
    "FactorVAE": ("FactorVAE", ("gamma",), ("γ",)),
}
TCWAES = ("TCWAE-MWS", "TCWAE-GAN")
_COSTS = {"bernoulli": "cross-entropy", "l1": "L1", "squared_l2": "squared L2"}


@dataclasses.dataclass(frozen=True)
class Setting:
    """One model of the paper.

    Attributes:
        data: "dsprites", "smallnorb", "chairs3d" or "celeba".
        method: a key of `METHODS`.
        weights: of the latent terms, in the order of `METHODS`.
        cost: "bernoulli", "l1" or "squared_l2".
        ablation: whether it is one of Sec. 4.3, which train for 300,000 steps.
        sigma_l1: weight of the penalty on the logarithm of the posterior's variance.
    """

    data: str
    method: str
    weights: tuple
    cost: str = "bernoulli"
    ablation: bool = False
    sigma_l1: float = 0.0

    @property
    def named_weights(self):
        """Such as "β = 50, γ = 100"."""
        pairs = [*zip(METHODS[self.method][2], self.weights, strict=True)]
        if self.sigma_l1:
            pairs.append(("σ penalty", self.sigma_l1))
        return ", ".join(f"{name} = {value:g}" for name, value in pairs)

    @property
    def named_cost(self):
        return _COSTS[self.cost]

    def __str__(self):
        return f"{self.method} ({self.named_weights}, {self.named_cost})"
