"""What all attacks ask for: where the answer is to go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.parameters import (
    Essential,
    Help,
    Range,
    Steerable,
    TargetText,
    Title,
    Unit,
)
from nnviz.engine.attacks.norms import Norm

LEVELS = 255
"""Steps of an 8-bit pixel: epsilon is told in 1/255."""


StepSize = Annotated[
    float,
    Range(0.01, 2550, log=True),
    Title("Step size"),
    Unit("/255"),
    Steerable(),
    Help("Length of a step, measured as epsilon is."),
]
ImageCount = Annotated[
    int,
    Title("Pictures at most"),
    Range(10, 5000, log=True),
    Help("How many of the folder's photographs are taken, evenly from all."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalParams:
    """What the network is to say."""

    goal: Annotated[
        Literal["away", "towards"],
        Essential(),
        Help("Away from the class, whatever it is taken for then, or towards it."),
    ] = "away"
    target: Annotated[
        TargetText,
        Essential(),
        Title("Class"),
        Help(
            "The class, or several with | between them; left empty, the one that is "
            "predicted is to be left."
        ),
    ] = ""

    @property
    def towards(self) -> bool:
        """Whether the answer is to be the class."""
        return self.goal == "towards"


@dataclass(frozen=True, slots=True, kw_only=True)
class BallParams(GoalParams):
    """What the network is to say, and how much may be changed for it."""

    epsilon: Annotated[
        float,
        Essential(),
        Range(0.1, 2550, log=True),
        Unit("/255"),
        Help(
            "How much may be changed: each pixel by this much (linf), or all pixels "
            "together, as the length of the noise (l2)."
        ),
    ] = 4.0
    norm: Annotated[
        Norm,
        Essential(),
        Help("How the noise is measured: its largest number, or its length."),
    ] = "linf"


def as_arrays(**tensors: Tensor) -> dict[str, NDArray[Any]]:
    """Return tensors as a state keeps them, in memory of their own."""
    return {
        name: each.detach().to("cpu", copy=True).numpy()
        for name, each in tensors.items()
    }


def as_tensor(state: Mapping[str, NDArray[Any]], name: str, like: Tensor) -> Tensor:
    """Return a tensor of a state, of the type and on the device of another."""
    return torch.from_numpy(state[name].copy()).to(like.device, like.dtype)
