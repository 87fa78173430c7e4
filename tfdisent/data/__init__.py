"""Data sets: observations and the factors that made them. Needs numpy only."""

from tfdisent.data.arrays import ArrayData, as_ground_truth_data
from tfdisent.data.bags import BagData, mnist_bags
from tfdisent.data.dsprites import DSprites
from tfdisent.data.dummy import DummyData, IdentityObservationsData
from tfdisent.data.grid import GridData, HiddenFactorData
from tfdisent.data.ground_truth import FACTOR_KINDS, GroundTruthData, as_float, describe
from tfdisent.data.mra import MRA_PARTNERS, mra, mra_states, shifted
from tfdisent.data.named import get_named_ground_truth_data, named_data
from tfdisent.data.rooms import Shapes3DDrawn
from tfdisent.data.sprite_variants import ColorDSprites, NoisyDSprites, ScreamDSprites
from tfdisent.data.sprites import DSpritesDrawn
from tfdisent.data.synthetic import SyntheticLinear, SyntheticNonlinear
from tfdisent.data.table import Subset, TableData

__all__ = [
    "FACTOR_KINDS",
    "MRA_PARTNERS",
    "ArrayData",
    "BagData",
    "ColorDSprites",
    "DSprites",
    "DSpritesDrawn",
    "DummyData",
    "GridData",
    "GroundTruthData",
    "HiddenFactorData",
    "IdentityObservationsData",
    "NoisyDSprites",
    "ScreamDSprites",
    "Shapes3DDrawn",
    "Subset",
    "SyntheticLinear",
    "SyntheticNonlinear",
    "TableData",
    "as_float",
    "as_ground_truth_data",
    "describe",
    "get_named_ground_truth_data",
    "mnist_bags",
    "mra",
    "mra_states",
    "named_data",
    "shifted",
]
