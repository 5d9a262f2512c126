"""What a picture is to have in common with a photograph, seen under the same view."""

from collections.abc import Callable

import torch
from torch import Tensor

from nnviz.engine.ops.ascent import Aim
from nnviz.engine.ops.objectives import MapsPass, Objective
from nnviz.engine.ops.transforms import Geometry

Compare = Callable[[str, Tensor], Objective]
"""From a layer and what it gives for the photograph."""


def compared(look: MapsPass, photograph: Tensor, layer: str, compare: Compare) -> Aim:
    """Return what is made strong in pictures that are compared with a photograph.

    Each view changes the photograph as it does the pictures, as in Lucid: else what a
    shift does to the layer would count as a difference.

    Args:
        look: what layers give for pixels.
        photograph: (1, C, H, W) in [0, 1], as large as the pictures.
        layer: where they are compared.
        compare: makes the objective.
    """

    def aim(view: Geometry) -> Objective:
        with torch.no_grad():
            reference = look(view(photograph), frozenset({layer}))[layer]
        return compare(layer, reference)

    return aim
