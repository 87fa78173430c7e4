"""Data sets: observations and the factors that made them. Needs numpy only."""

from tfdisent.data.adapted import as_ground_truth_data
from tfdisent.data.arguments import as_float
from tfdisent.data.arrays import ArrayData
from tfdisent.data.bags import BagData, mnist_bags
from tfdisent.data.dsprites import DSprites
from tfdisent.data.dummy import DummyData, IdentityObservationsData
from tfdisent.data.grid import GridData, HiddenFactorData
from tfdisent.data.ground_truth import (
    FACTOR_KINDS,
    GroundTruthData,
    Subset,
    TableData,
    describe,
    observations_and_factors,
    sixteen_observations,
)
from tfdisent.data.mra import MRA_PARTNERS, mra, mra_states, shifted
from tfdisent.data.named import get_named_ground_truth_data, named_data
from tfdisent.data.pairs import (
    ChangedFactor,
    ChangedFactors,
    GivenPairs,
    LaplaceTransitions,
    PairLaw,
    RankedFactors,
    SharedFactor,
    given_pairs,
)
from tfdisent.data.perturbed import NoisyData, PerturbedData
from tfdisent.data.recipes import (
    checksum_of_16_observations,
    from_recipe,
    load_data,
    recipe,
    store_data,
)
from tfdisent.data.resized import Resized
from tfdisent.data.rooms import Shapes3DDrawn
from tfdisent.data.spikes import Spikes
from tfdisent.data.sprite_variants import ColorDSprites, NoisyDSprites, ScreamDSprites
from tfdisent.data.sprites import DSpritesDrawn
from tfdisent.data.synthetic import SyntheticLinear, SyntheticNonlinear, curved_sheet

__all__ = [
    "ArrayData",
    "BagData",
    "ChangedFactor",
    "ChangedFactors",
    "ColorDSprites",
    "DSprites",
    "DSpritesDrawn",
    "DummyData",
    "FACTOR_KINDS",
    "GivenPairs",
    "GridData",
    "GroundTruthData",
    "HiddenFactorData",
    "IdentityObservationsData",
    "LaplaceTransitions",
    "MRA_PARTNERS",
    "NoisyDSprites",
    "NoisyData",
    "PairLaw",
    "PerturbedData",
    "RankedFactors",
    "Resized",
    "ScreamDSprites",
    "Shapes3DDrawn",
    "SharedFactor",
    "Spikes",
    "Subset",
    "SyntheticLinear",
    "SyntheticNonlinear",
    "TableData",
    "as_float",
    "as_ground_truth_data",
    "checksum_of_16_observations",
    "curved_sheet",
    "describe",
    "from_recipe",
    "get_named_ground_truth_data",
    "given_pairs",
    "load_data",
    "mnist_bags",
    "mra",
    "mra_states",
    "named_data",
    "observations_and_factors",
    "recipe",
    "shifted",
    "sixteen_observations",
    "store_data",
]
