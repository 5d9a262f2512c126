"""YOLO-type heads: dense rows of a box and scores, recognized by shape.

Three layouts are in use: YOLOv5 (Jocher 2020) gives (N, A, 5 + K) of center, size, an
objectness and K class scores; YOLOv8 gives (N, 4 + K, A) without an objectness;
end-to-end heads (YOLOv10, Wang et al. 2024, arXiv:2405.14458) give (N, M, 6) of
corners, score and class, which need no suppression.  Scores are probabilities and
boxes px of the input in all of them.

Rows of YOLOv8 may continue with coefficients of prototype masks (YOLACT, Bolya et al.
2019, arXiv:1904.02689), which are in a second tensor, or with keypoints (x, y,
visibility).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.base.errors import ModelError
from nnviz.base.frames import Placement
from nnviz.engine.models.detectors.coco_keypoints import (
    COCO_POINTS,
    COCO_SKELETON,
)
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
    """A recognized YOLO-type layout of output rows.

    Attributes:
        kind: "v5", "v8" or "end-to-end".
        classes: number of classes; 0 where the output does not determine it.
        masks: coefficients of prototype masks after the class scores.
        points: keypoints after the class scores.
    """

    kind: str
    classes: int
    masks: int = 0
    points: int = 0

    @property
    def words(self) -> str:
        """Description of the recognized layout."""
        counted = f" of {self.classes} classes" if self.classes else ""
        more = " with masks" if self.masks else ""
        more = f" with {self.points} keypoints" if self.points else more
        return f"boxes are read as a YOLO {self.kind} head{counted}{more}"

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

        None where the rows do not fill the grids of strides 8, 16 and 32.
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
                noun="cell",
                measure="objectness × class probability"
                if self.kind == "v5"
                else "class probability",
            )
        )

    def outlines(
        self, outputs: Sequence[Tensor], found: Candidates, place: Placement
    ) -> Iterator[Tensor]:
        """Yield each box's mask, (H, W) in [0, 1] over the image, 0 outside the box.

        The prototypes (C, h, w) cover the whole input; each object's mask is the
        sigmoid of their sum weighted by its coefficients.
        """
        rows, prototypes = outputs[0][0].float().T, outputs[1].float()
        grid = _photo_in_input(place).to(rows)
        places = grid * grid.new_tensor(place.input_size[::-1]) / 2
        places = places + grid.new_tensor(place.input_size[::-1]) / 2
        for row, (left, top, right, bottom) in zip(
            found.sources if found.sources is not None else (), found.boxes, strict=True
        ):
            coefficients = rows[row, -self.masks :]
            logits = (coefficients[:, None, None] * prototypes[0]).sum(0)
            mask = functional.grid_sample(
                logits[None, None], grid, padding_mode="border", align_corners=False
            )[0, 0]
            x, y = places[0].unbind(-1)
            inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
            yield mask.sigmoid() * inside

    def keypoints(
        self, outputs: Sequence[Tensor], found: Candidates, size: Size
    ) -> Tensor:
        """Return keypoints (n, P, 3): x, y in px of the input, visibility logit."""
        del size
        rows = outputs[0][0].float().T
        sources = found.sources if found.sources is not None else found.classes[:0]
        points = rows[sources, -3 * self.points :].reshape(-1, self.points, 3)
        seen = points[..., 2:].clamp(1e-6, 1 - 1e-6).logit()
        return torch.cat((points[..., :2], seen), 2)

    def equip(self, net: nn.Module) -> None:
        """Add the methods of a detector with this head to a network."""
        net.candidates = self.candidates  # type: ignore[assignment]
        net.stages = self.stages  # type: ignore[assignment]
        if self.masks:
            net.outlines = self.outlines  # type: ignore[assignment]
        if self.points:
            net.keypoints = self.keypoints  # type: ignore[assignment]
            people = self.points == COCO_POINTS
            net.skeleton = COCO_SKELETON if people else ()  # type: ignore[assignment]

    def _scores(self, rows: Tensor) -> Tensor:
        """Return class scores (A, K), multiplied by the objectness if there is one."""
        first = _BOX + (self.kind == "v5")
        scores = rows[:, first : first + self.classes]
        return scores * rows[:, _BOX:first] if self.kind == "v5" else scores


def yolo_layout(
    shape: tuple[int, ...], title: str, classes: int = 0, masks: int = 0
) -> YoloLayout:
    """Return the layout that matches an output's shape.

    Args:
        shape: with the batch.
        title: the network's name, for errors.
        classes: number of classes, 0 where unknown.
        masks: channels of the prototype masks in a second output, 0 for none.

    Raises:
        ModelError: the shape matches no known layout.
    """
    if len(shape) == _NDIM:
        _, rows, columns = shape
        if columns == _END_TO_END and rows <= _MOST_ROWS:
            return YoloLayout("end-to-end", 0)
        if columns < rows and columns > _BOX + 1:
            return YoloLayout("v5", columns - _BOX - 1)
        if rows < columns and rows > _BOX:
            return _with_more(rows - _BOX, classes, masks)
    listed = " x ".join(map(str, shape[1:]))
    raise ModelError(
        title,
        f"gives {listed}, which is not a known box head",
        "give the network a method candidates() that returns its boxes",
    )


def _with_more(numbers: int, classes: int, masks: int) -> YoloLayout:
    """Return the layout of rows with a number of values after the box."""
    if 0 < masks < numbers:
        return YoloLayout("v8", numbers - masks, masks=masks)
    points, rest = divmod(numbers - classes, 3)
    if classes and points > 0 and not rest:
        return YoloLayout("v8", classes, points=points)
    return YoloLayout("v8", numbers)


def _photo_in_input(place: Placement) -> Tensor:
    """Return the image's pixel centers on the input, (1, H, W, 2): x, y in -1 to 1."""
    axes = []
    for axis in (1, 0):
        pixels = torch.arange(place.photo_size[axis]) + 0.5
        at = pixels * place.scale[axis] + place.offset[axis]
        axes.append(2 * at / place.input_size[axis] - 1)
    y, x = torch.meshgrid(axes[1], axes[0], indexing="ij")
    return torch.stack((x, y), -1)[None]


def _cells(count: int, size: Size) -> Tensor | None:
    """Return the cells of the grids of strides 8, 16 and 32, as center and size, px.

    None where ``count`` does not match one or three boxes per cell.  With three, the
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
