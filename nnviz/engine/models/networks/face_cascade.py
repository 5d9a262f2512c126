"""OpenCV's face detector behind the interface of networks that detect."""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from nnviz.engine.nn.detection import Candidates, Size, clipped

if TYPE_CHECKING:
    import cv2

_STEP = 1.1
"""Ratio of successive window sizes."""
_AGREEING = 3
"""Minimum number of overlapping windows for a face."""
_SMALLEST = 28
"""px of the input: the smallest window.  Smaller ones would double the time."""
_MIDDLE, _SLOPE = 55.4, 2.5
"""Margin of the last stage at which the score is 0.5, and the slope of the score there:
99 of 100 faces of Caltech-101 have a larger margin."""
_HEAD = (-0.28, -0.49, 0.31, 0.35)
"""Extension of the window to the head at the left, top, right and bottom, relative to
its sides: the medians over Caltech-101's faces, whose boxes include hair and chin."""


class FaceCascade(nn.Module):
    """Boosted cascade of Haar features (Viola & Jones 2001; Lienhart & Maydt 2002).

    Not a network: it has no layers, no torch weights, and no gradients.

    Args:
        cascade: name of one of the files that come with OpenCV.
    """

    def __init__(self, cascade: str) -> None:
        super().__init__()
        self.cascade = cascade

    @property
    def file(self) -> Path:
        """Path of the cascade file in OpenCV."""
        import cv2.data

        return Path(cv2.data.haarcascades, f"{self.cascade}.xml")

    def forward(self, x: Tensor) -> Tensor:
        """Detect faces in a gray image (1, 1, H, W) in [0, 1].

        Returns:
            (1, M, 5): left, top, right, bottom of the head, px, and a score in (0, 1).
        """
        import cv2

        gray = (x[0, 0].cpu().clamp(0, 1) * 255).round().to(torch.uint8).numpy()
        windows, _levels, margins = _classifier(self.file).detectMultiScale3(
            cv2.equalizeHist(gray),
            scaleFactor=_STEP,
            minNeighbors=_AGREEING,
            minSize=(_SMALLEST, _SMALLEST),
            outputRejectLevels=True,
        )
        found = [
            _head(window, margin)
            for window, margin in zip(windows, np.ravel(margins), strict=True)
        ]
        return x.new_tensor(found).reshape(1, -1, 5)

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return the faces above a score."""
        (found,) = outputs[0]
        found = found[found[:, 4] > min_score]
        classes = torch.zeros(len(found), dtype=torch.int64, device=found.device)
        sources = torch.arange(len(found), device=found.device)
        return Candidates(clipped(found[:, :4], size), found[:, 4], classes, sources)


def _head(window: Sequence[int], margin: float) -> tuple[float, ...]:
    """Return the head's box around a window of the cascade, and its score."""
    left, top, width, height = window
    lacks = _HEAD
    score = 1 / (1 + math.exp(-_SLOPE * (margin - _MIDDLE)))
    return (
        left + lacks[0] * width,
        top + lacks[1] * height,
        left + width + lacks[2] * width,
        top + height + lacks[3] * height,
        score,
    )


@lru_cache(maxsize=2)
def _classifier(file: Path) -> "cv2.CascadeClassifier":
    import cv2

    return cv2.CascadeClassifier(str(file))
