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
from nnviz.engine.nn.detection import (
    AnchorStage,
    Candidates,
    Size,
    Stages,
    clipped,
    cornered,
)

_BOX = 4
_NDIM = 3
_END_TO_END = 6
_STRIDES = (8, 16, 32)
_MOST_ROWS = 1000
"""Rows of an end-to-end head; 300 is usual."""


@dataclass(frozen=True, slots=True)
class YoloLayout:
    """Layout of the rows of a YOLO-type output.

    Attributes:
        kind: "v5", "v8" or "end-to-end".
        classes: how many are told apart; 0 where the output does not say.
    """

    kind: str
    classes: int

    @property
    def words(self) -> str:
        """The recognized layout, in words."""
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
            (places,) = torch.nonzero(rows[:, 4] > min_score, as_tuple=True)
            kept = rows[places]
            boxes = clipped(kept[:, :4], size)
            classes = kept[:, 5].long()
            return Candidates(boxes, kept[:, 4], classes, places, distinct=True)
        scores = self._scores(rows)
        places, classes = torch.nonzero(scores > min_score, as_tuple=True)
        boxes = clipped(cornered(rows[places, :_BOX]), size)
        return Candidates(boxes, scores[places, classes], classes, places)

    def stages(self, outputs: Sequence[Tensor], size: Size) -> Stages | None:
        """Return the cells behind the boxes; see ``StagedDetector``.

        None where the rows are no whole grids of strides 8, 16 and 32.
        """
        rows = outputs[0][0].float()
        rows = rows.T if self.kind == "v8" else rows
        cells = None if self.kind == "end-to-end" else _cells(len(rows), size)
        if cells is None:
            return None
        cells = cells.to(rows.device)
        moves = (rows[:, :2] - cells[:, :2]) / cells[:, 2:]
        growth = (rows[:, 2:_BOX] / cells[:, 2:]).clamp(min=1e-6).log()
        return Stages(
            AnchorStage(
                anchors=cells,
                offsets=torch.cat((moves, growth), 1),
                boxes=cornered(rows[:, :_BOX]),
                scores=self._scores(rows),
                measure="objectness × class probability"
                if self.kind == "v5"
                else "class probability",
            )
        )

    def _scores(self, rows: Tensor) -> Tensor:
        """Return (A, K) class scores, times the objectness where there is one."""
        if self.kind == "v5":
            return rows[:, _BOX + 1 :] * rows[:, _BOX : _BOX + 1]
        return rows[:, _BOX:]


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


def _cells(count: int, size: Size) -> Tensor | None:
    """Return the cells of grids of strides 8, 16 and 32, as center and size, px.

    None where ``count`` is not that of one or three boxes a cell.  With three, the
    first boxes of all cells of a grid come first (YOLOv5's order).
    """
    grids = [_grid_cells(stride, size) for stride in _STRIDES]
    for boxes in (1, 3):
        cells = torch.cat([grid.repeat(boxes, 1) for grid in grids])
        if len(cells) == count:
            return cells
    return None


def _grid_cells(stride: int, size: Size) -> Tensor:
    y, x = (torch.arange(side // stride) + 0.5 for side in size)
    middles = torch.cartesian_prod(y, x).flip(1) * stride
    return torch.cat((middles, torch.full_like(middles, float(stride))), 1)
