"""Feature visualizations of units: the key of the cache, and what it holds."""

import hashlib
import json
from dataclasses import dataclass
from types import MappingProxyType

from nnviz.base.images import Colors
from nnviz.base.info import ModelInfo
from nnviz.base.parameters import Value

METHOD = "activation_maximization"
_VALUES: MappingProxyType[str, Value] = MappingProxyType({"steps": 96})
"""Parameters besides layer and channel: few steps; all others keep their defaults."""


@dataclass(frozen=True, slots=True)
class UnitKey:
    """The key of a unit's feature visualization in the cache.

    Attributes:
        network: hash of the weights and preprocessing, on which the images depend.
        layer: dotted path.
        unit: channel of the layer.
    """

    network: str
    layer: str
    unit: int

    @property
    def values(self) -> dict[str, Value]:
        """The parameters of activation maximization for this unit."""
        return {**_VALUES, "layer": self.layer, "channel": self.unit}

    @property
    def name(self) -> str:
        """The file's name, which contains a hash of the parameters."""
        told = json.dumps([METHOD, self.values], sort_keys=True)
        return f"{self.unit}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.png"


@dataclass(frozen=True, slots=True, eq=False)
class FoundUnitImage:
    """The cache's answer: a unit's image, or none.

    Attributes:
        unit_key: the unit.
        pixels: uint8 (H, W, 3); None where it is not cached.
    """

    unit_key: UnitKey
    pixels: Colors | None


def network_key(info: ModelInfo) -> str:
    """Return a hash of weights and preprocessing: the network's folder in the cache."""
    preprocess = json.dumps(info.preprocess.to_json(), sort_keys=True)
    told = f"{info.reference if not info.sha256 else info.sha256} {preprocess}"
    return hashlib.sha256(told.encode()).hexdigest()[:24]
