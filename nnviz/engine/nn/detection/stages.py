"""Stages of a detector: anchors, raw scores, proposals, and the candidates of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from nnviz.engine.nn.detection.candidates import Size, Weights
from nnviz.engine.nn.detection.decoding import decode
from nnviz.engine.nn.detection.interface import AnchorDetector

OFFSETS = ("dx", "dy", "dw", "dh")
"""Shift of the center in anchor sizes, and logarithm of the scaling."""
SIDES = ("left", "top", "right", "bottom")
"""Distances of the sides from the anchor's center, in anchor sizes."""
_CORNERS = 4


@dataclass(frozen=True, slots=True)
class Grid:
    """A level of anchors, one group for each cell of a feature map.

    Attributes:
        start: index of its first anchor.
        rows: cells from top to bottom.
        columns: cells from left to right.
        per_cell: anchors of a cell.
    """

    start: int
    rows: int
    columns: int
    per_cell: int

    @property
    def stop(self) -> int:
        """Index after the level's last anchor."""
        return self.start + self.rows * self.columns * self.per_cell

    @property
    def title(self) -> str:
        """Number of cells as text, "16 x 16"."""
        return f"{self.columns} × {self.rows}"


@dataclass(frozen=True, kw_only=True, eq=False)
class AnchorStage:
    """Predictions of a detection head for each of its anchors.

    Attributes:
        anchors: (A, 4): center x, center y, width, height, px of the input.
        offsets: (A, 4), named by ``terms``.
        boxes: (A, 4): left, top, right, bottom after the offsets, px, not clipped.
        scores: (A, K) in [0, 1]: of each class, without the background, or (A, 1).
        measure: what the scores are.
        terms: names of the four offsets.
        noun: what an anchor is called: "cell" where boxes start from cells of a grid.
    """

    anchors: Tensor
    offsets: Tensor
    boxes: Tensor
    scores: Tensor
    measure: str = "class probability"
    terms: tuple[str, ...] = OFFSETS
    noun: str = "anchor"

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """The levels, inferred from the order of anchors: by cells, row by row."""
        return grids_of(self.anchors)

    @property
    def levels(self) -> Tensor:
        """The level of each anchor, int64 (A,)."""
        levels = torch.zeros(len(self.anchors), dtype=torch.int64)
        for level, grid in enumerate(self.grids):
            levels[grid.start : grid.stop] = level
        return levels.to(self.anchors.device)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProposalStage:
    """Proposals of a region proposal network, and the second stage's predictions.

    Attributes:
        boxes: (P, 4): left, top, right, bottom, px of the input, best first.
        sources: int64 (P,), the anchor that each came from.
        scores: (P,), objectness in [0, 1].
        class_scores: (P, 1 + K), softmax with the background first.
        offsets: (P, 1 + K, 4): dx, dy, dw, dh by class.
        suppressed: int64 (D,), anchors whose boxes non-maximum suppression dropped.
    """

    boxes: Tensor
    sources: Tensor
    scores: Tensor
    class_scores: Tensor
    offsets: Tensor
    suppressed: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """Stages of one image: anchors and, for two-stage detectors, proposals."""

    anchors: AnchorStage
    proposals: ProposalStage | None = None


@runtime_checkable
class StagedDetector(Protocol):
    """A detector that exposes its predictions for each anchor."""

    def stages(self, outputs: Sequence[Tensor], size: Size) -> Stages | None:
        """Return the stages behind the outputs for one image; None if unknown."""
        ...


@runtime_checkable
class RoiPooler(Protocol):
    """A detector that pools features in regions of interest (RoI)."""

    def pool(
        self, outputs: Sequence[Tensor], boxes: Tensor, size: Size
    ) -> tuple[Tensor, Tensor]:
        """Return pooled features (n, C, h, w) of boxes and their levels (n,)."""
        ...

    def features(self, outputs: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the levels of the feature pyramid, by name."""
        ...


def stages_of(net: nn.Module, outputs: Sequence[Tensor], size: Size) -> Stages | None:
    """Return the stages behind a detector's outputs for one image.

    None for a detector that does not show its anchors.
    """
    if isinstance(net, StagedDetector):
        return net.stages(outputs, size)
    if isinstance(net, AnchorDetector):
        return anchor_stages(outputs[0][0], net.anchors(*size), net.box_weights)
    return None


def anchor_stages(dense: Tensor, anchors: Tensor, weights: Weights) -> Stages:
    """Return the stages of a single-shot detector (see ``decoding.anchored``).

    Args:
        dense: (A, 4 + 1 + K): offsets, then logits with the background first.
        anchors: (A, 4): center x, center y, width, height, px.
        weights: factors of the offsets in training.
    """
    offsets = dense[:, :_CORNERS]
    return Stages(
        AnchorStage(
            anchors=anchors,
            offsets=offsets / offsets.new_tensor(weights),
            boxes=decode(offsets, anchors, weights),
            scores=dense[:, _CORNERS:].softmax(1)[:, 1:],
        )
    )


def grids_of(anchors: Tensor) -> tuple[Grid, ...]:
    """Return the levels of anchors that are ordered cell by cell, row by row.

    Rows of one map come from top to bottom, so a map begins at each anchor that lies
    higher than the one before it.

    Args:
        anchors: (A, 4): center x, center y, width, height, px.
    """
    centers = anchors[:, :2].detach().cpu()
    higher = torch.nonzero(centers[1:, 1] < centers[:-1, 1] - 1e-4)[:, 0] + 1
    edges = [0, *higher.tolist(), len(centers)]
    return tuple(_grid(centers[start:stop], start) for start, stop in pairwise(edges))


def _grid(centers: Tensor, start: int) -> Grid:
    same = (centers - centers[:1]).abs().amax(1) < 1e-4  # noqa: PLR2004
    per_cell = int((~same).nonzero()[0]) if not bool(same.all()) else len(centers)
    row = (centers[:, 1] - centers[0, 1]).abs() < 1e-4  # noqa: PLR2004
    columns = int(row.sum()) // per_cell
    return Grid(start, len(centers) // (columns * per_cell), columns, per_cell)
