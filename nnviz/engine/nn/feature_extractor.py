"""Feature extraction: from pixels to several layers' maps, in one forward pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.info import LayerInfo
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.pixel_model import PixelModel, joined

Maps = Mapping[str, Tensor]
"""Outputs of layers, (N, C, h, w) by layer; "" is the network's own output."""
Precision = Literal["float32", "bfloat16"]
"""Of the network's passes."""
_OUTPUT_AXES = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureExtractor:
    """Computes outputs of layers from pixels, by passes that end at the deepest one.

    Attributes:
        model: the network, from pixels.
        layers: by name; the network's own output is not listed.
    """

    model: PixelModel
    layers: Mapping[str, LayerInfo]

    def __call__(self, pixels: Tensor, wanted: frozenset[str]) -> Maps:
        """Return the outputs of some layers, with their graph if gradients are enabled.

        Args:
            pixels: (N, C, H, W), of any size that the network takes.
            wanted: names of layers; "" for the network's own output.

        Raises:
            ModelError: a layer is not run, or does not keep the batch first.
        """
        parts = [self._part(part, wanted) for part in self.model.parts(pixels)]
        return {name: joined([maps[name] for maps in parts]) for name in wanted}

    def _part(self, pixels: Tensor, wanted: frozenset[str]) -> Maps:
        calls = {name: self.layers[name].calls if name else 1 for name in wanted}
        found = self.model.up_to(pixels, calls)
        maps = {name: self._maps(name, output) for name, output in found.items()}
        for name, each_map in maps.items():
            if len(each_map) != len(pixels):
                raise ModelError(name, "mixes the images of a batch", "pick another")
        return maps

    def _maps(self, name: str, output: Tensor) -> Tensor:
        if output.dtype.itemsize < torch.float32.itemsize:
            output = output.float()
        if name:
            return maps_of(output, self.layers[name])
        while output.ndim < _OUTPUT_AXES:
            output = output[..., None]
        return output
