"""Parameters that attacks share: goal, norm, budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.parameters import (
    Essential,
    FormerChoices,
    Help,
    Range,
    Steerable,
    TargetText,
    Title,
    Unit,
)
from nnviz.engine.attacks.norms import Norm

LEVELS = 255
"""Steps of an 8-bit pixel: epsilon is given in 1/255."""


StepSize = Annotated[
    float,
    Range(0.01, 2550, log=True),
    Title("Step size"),
    Unit("/255"),
    Steerable(),
    Help("Length of a step, in the same unit as epsilon."),
]
ImageCount = Annotated[
    int,
    Title("Maximum images"),
    Range(10, 5000, log=True),
    Help("Number of images from the folder, evenly sampled."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalParams:
    """Parameters: the goal of an attack."""

    goal: Annotated[
        Literal["away", "toward"],
        FormerChoices({"towards": "toward"}),
        Essential(),
        Help("Away from the class, whatever the result, or toward it."),
    ] = "away"
    target: Annotated[
        TargetText,
        Essential(),
        Title("Class"),
        Help("The class, or several separated by |. Empty: the predicted class."),
    ] = ""

    @property
    def towards(self) -> bool:
        """Whether the goal is to reach the class."""
        return self.goal == "toward"


@dataclass(frozen=True, slots=True, kw_only=True)
class BallParams(GoalParams):
    """Parameters: the goal of an attack, its norm and budget."""

    epsilon: Annotated[
        float,
        Essential(),
        Range(0.1, 2550, log=True),
        Unit("/255"),
        Help(
            "Maximum change: per pixel (L∞), or of all pixels together as the norm of"
            " the perturbation (L2)."
        ),
    ] = 4.0
    norm: Annotated[
        Norm,
        Essential(),
        Help(
            "How the perturbation is measured: its largest value (L∞), or its "
            "Euclidean norm (L2)."
        ),
    ] = "linf"


def as_arrays(**tensors: Tensor) -> dict[str, NDArray[Any]]:
    """Return tensors as numpy copies, as recorded states store them."""
    return {
        name: each.detach().to("cpu", copy=True).numpy()
        for name, each in tensors.items()
    }


def as_tensor(state: Mapping[str, NDArray[Any]], name: str, like: Tensor) -> Tensor:
    """Return a recorded array as a tensor of the type and device of another."""
    return torch.from_numpy(state[name].copy()).to(like.device, like.dtype)
