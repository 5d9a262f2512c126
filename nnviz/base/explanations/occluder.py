"""Occlusion by hand: hide part of an image and run the network again."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.images import Image
from nnviz.base.request_base import ModelRequest, Request
from nnviz.base.results import Ranking

Fill = Literal["mean", "gray", "black", "white", "blur", "inpainted"]
FILLS: tuple[Fill, ...] = ("mean", "gray", "black", "white", "blur", "inpainted")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occluded:
    """The network's answer to an image of which part is hidden.

    Attributes:
        score: score of the target.
        before: score of the whole image.
        words: the target in words, "probability of tabby".
        unit: of the scores.
        ranking: the most likely classes, with their values for the whole image; None
            where the network does not classify.
        share: of the network's input that is hidden, 0 to 1.
        incremental: whether only the values that can have changed were recomputed.
    """

    score: float
    before: float
    words: str
    unit: str
    ranking: Ranking | None
    share: float
    incremental: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OccludeImage(Request[Occluded]):
    """Hide part of an image; ends with an ``Occluded``.

    Attributes:
        model: the network.
        image: the image.
        mask: uint8 (h, w) over the image, of any size; nonzero pixels are hidden.
        fill: what replaces the hidden part.
        target: as in methods.
    """

    model: ModelRequest
    image: Image
    mask: NDArray[np.uint8]
    fill: Fill = "mean"
    target: str = ""
