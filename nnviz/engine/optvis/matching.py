"""Feature matching: an image optimized to share a layer's features with another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from nnviz.base.info import ModelInfo
from nnviz.base.parameters import (
    Essential,
    Help,
    LayerKinds,
    LayerName,
    Range,
    Steerable,
    Title,
    Unit,
)
from nnviz.engine.nn.feature_extractor import FeatureExtractor, Precision
from nnviz.engine.optvis.objectives import Objective
from nnviz.engine.optvis.optimize import Aim, StepRules
from nnviz.engine.optvis.transforms import Geometry, fitted, lucid_gentle

Compare = Callable[[str, Tensor], Objective]
"""From a layer and its output for the image to the objective."""

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonParams:
    """Parameters of feature matching: layer, optimizer, regularization."""

    layer: Annotated[
        LayerName,
        Essential(),
        LayerKinds("spatial"),
        Help(
            "The layer at which the two images are compared. Empty: one in the middle."
        ),
    ] = ""
    steps: Annotated[
        int,
        Essential(),
        Range(1, 4096, log=True),
        Help("Number of optimization steps."),
    ] = 512
    learning_rate: Annotated[
        float, Range(0.0001, 100, log=True), Steerable(), Help("Size of each step.")
    ] = 0.05
    strength: Annotated[
        float,
        Essential(),
        Range(0, 300),
        Unit("%"),
        Steerable(),
        Title("Transform strength"),
        Help(
            "How strongly both images are randomly shifted, scaled and rotated "
            "together; 100 % as in Lucid, 0 not at all."
        ),
    ] = 100.0
    total_variation: Annotated[
        float,
        Range(0, 100),
        Steerable(),
        Help("Weight of the total variation penalty."),
    ] = 0.0
    precision: Annotated[
        Precision,
        Help(
            "bfloat16 is about twice as fast on processors that support it, and less"
            " exact."
        ),
    ] = "float32"

    def rules(self, info: ModelInfo) -> StepRules:
        """Return the rules of an optimization step for a network."""
        return StepRules(
            learning_rate=self.learning_rate,
            transforms=fitted(lucid_gentle(self.strength / _PERCENT), info),
            total_variation=self.total_variation,
        )


def compared(
    look: FeatureExtractor, photograph: Tensor, layer: str, compare: Compare
) -> Aim:
    """Return the aim that compares images with a reference image at a layer.

    Each view transforms the reference as it does the images, as in Lucid: otherwise the
    effect of a shift on the layer would count as a difference.

    Args:
        look: computes outputs of layers from pixels.
        photograph: (1, C, H, W) in [0, 1], of the images' size.
        layer: at which they are compared.
        compare: makes the objective.
    """

    def aim(view: Geometry) -> Objective:
        with torch.no_grad():
            reference = look(view(photograph), frozenset({layer}))[layer]
        return compare(layer, reference)

    return aim
