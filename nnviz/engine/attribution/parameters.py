"""Declarations of the parameters that attribution methods have in common."""

from dataclasses import dataclass
from typing import Annotated

from nnviz.base.parameters import (
    Essential,
    Formerly,
    Help,
    Range,
    TargetText,
    Unit,
    When,
)
from nnviz.engine.attribution.baselines import Baseline
from nnviz.engine.attribution.heatmaps import Colors
from nnviz.engine.attribution.regions.region_scores import Fill
from nnviz.engine.attribution.regions.superpixels import Segmentation

AskedTarget = Annotated[
    TargetText,
    Essential(),
    Help("What to explain. Empty: the predicted class."),
]
AttributionColors = Annotated[
    Colors,
    Essential(),
    Formerly("colours"),
    Help("The maximum over colors without sign, or the signed sum over colors."),
]
PathBaseline = Annotated[
    Baseline,
    Essential(),
    Help('The image that stands for "nothing", where the path begins.'),
]
BaselineBlur = Annotated[
    float,
    Range(0.5, 100, log=True),
    Unit("px"),
    Help("Standard deviation of the blur, on the network's input."),
]
"""The blur of a baseline that is the blurred image."""
PathBlur = Annotated[BaselineBlur, When("baseline", ("blur",))]
"""The same, shown only where the baseline is that image."""
PathSteps = Annotated[
    int,
    Essential(),
    Range(2, 1000, log=True),
    Help("Steps along the path; with more steps, the values add up better."),
]
RegionFill = Annotated[Fill, Essential(), Help("Fill of hidden regions.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientParams:
    """Parameters of gradient maps: target, colors reduced to one number."""

    target: AskedTarget = ""
    colors: AttributionColors = "strongest"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineParams:
    """Parameters of methods that compare with a baseline: target, baseline, blur."""

    target: AskedTarget = ""
    baseline: PathBaseline = "black"
    blur: PathBlur = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionParams:
    """Parameters of methods that hide superpixels: target and regions."""

    target: AskedTarget = ""
    segmentation: Annotated[
        Segmentation, Help("Algorithm that divides the image into regions.")
    ] = "SLIC"
    regions: Annotated[
        int,
        Essential(),
        Range(2, 500, log=True),
        Help("Approximate number of regions; quickshift finds its own."),
    ] = 50
