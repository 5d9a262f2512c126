"""Boxes of YOLO-type heads: dense rows of a box and scores, recognized by shape.

Three layouts are in use: YOLOv5 (Jocher 2020) gives (N, A, 5 + K) of centre, size, an
objectness and K class scores; YOLOv8 gives (N, 4 + K, A) without an objectness;
end-to-end heads (YOLOv10, Wang et al. 2024, arXiv:2405.14458) give (N, M, 6) of
corners, score and class, which need no suppression.  Scores are probabilities and
boxes px of the input in all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.engine.nn.detection import Candidates, Size, clipped

_BOX = 4
_NDIM = 3
_END_TO_END = 6
_MOST_ROWS = 1000
"""Rows of an end-to-end head; 300 is usual."""


@dataclass(frozen=True, slots=True)
class YoloLayout:
    """How rows lie in a YOLO-type output.

    Attributes:
        kind: "v5", "v8" or "end-to-end".
        classes: how many are told apart; 0 where the output does not say.
    """

    kind: str
    classes: int

    @property
    def words(self) -> str:
        """What was recognized, for people."""
        counted = f" of {self.classes} classes" if self.classes else ""
        return f"boxes are read as a YOLO {self.kind} head{counted}"

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return the boxes of one image above a score; see ``Detector``."""
        rows = outputs[0][0].float()
        if self.kind == "v8":
            rows = rows.T
        if self.kind == "end-to-end":
            kept = rows[rows[:, 4] > min_score]
            return Candidates(clipped(kept[:, :4], size), kept[:, 4], kept[:, 5].long())
        first = _BOX + (self.kind == "v5")
        scores = rows[:, first:]
        if self.kind == "v5":
            scores = scores * rows[:, 4:5]
        places, classes = torch.nonzero(scores > min_score, as_tuple=True)
        boxes = clipped(_corners(rows[places, :_BOX]), size)
        return Candidates(boxes, scores[places, classes], classes)


def yolo_layout(shape: tuple[int, ...], title: str) -> YoloLayout:
    """Return the layout that an output's shape speaks for.

    Args:
        shape: with the batch.
        title: the network's name, for errors.

    Raises:
        ModelError: it is none of those known.
    """
    if len(shape) == _NDIM:
        _, rows, columns = shape
        if columns == _END_TO_END and rows <= _MOST_ROWS:
            return YoloLayout("end-to-end", 0)
        if columns < rows and columns > _BOX + 1:
            return YoloLayout("v5", columns - _BOX - 1)
        if rows < columns and rows > _BOX:
            return YoloLayout("v8", rows - _BOX)
    listed = " x ".join(map(str, shape[1:]))
    raise ModelError(
        title,
        f"gives {listed}, which is no head of boxes that is known",
        "give the network a method candidates() that returns its boxes",
    )


def _corners(centered: Tensor) -> Tensor:
    middle, half = centered[:, :2], centered[:, 2:] / 2
    return torch.cat((middle - half, middle + half), 1)
