"""Non-maximum suppression on an image's candidates: kept and suppressed boxes."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.errors import UsageError, unknown
from nnviz.base.info import ModelInfo
from nnviz.base.notation.targets import OPTION, BoxTarget, ClassTarget, parse_target
from nnviz.engine.context import Context
from nnviz.engine.nn.detection import Candidates, candidates_of
from nnviz.engine.nn.nms import Indices, overlaps, select, suppressors
from nnviz.engine.targets.resolve import label

_NEVER = 1.0
"""Intersection over union that no two boxes exceed."""


@dataclass(frozen=True, slots=True, eq=False)
class Suppression:
    """Candidates, and the result of non-maximum suppression (NMS) on them.

    Attributes:
        found: the candidates, in the network's order.
        kept: int64 (K,), rows of the kept candidates, best first.
        overlap: intersection over union above which a box is dropped.
    """

    found: Candidates
    kept: Indices
    overlap: float

    @property
    def chosen(self) -> Candidates:
        """The kept candidates, best first."""
        rows = torch.from_numpy(self.kept).to(self.found.scores.device)
        return self.found.taken(rows)

    def by(self) -> Indices:
        """Return the row of the box that suppressed each candidate, -1 for none."""
        return suppressors(*arrays(self.found), self.overlap, self.kept)

    def shares(self, rows: Indices, others: Indices) -> NDArray[np.float32]:
        """Return the IoU of each row's box with the other row's, pairwise."""
        boxes = self.found.boxes.cpu().numpy()
        return overlaps(boxes[rows], boxes[others])


def arrays(
    found: Candidates,
) -> tuple[NDArray[np.float32], NDArray[np.float32], Indices]:
    """Return boxes, scores and classes as numpy arrays."""
    return (
        found.boxes.cpu().numpy(),
        found.scores.cpu().numpy(),
        found.classes.cpu().numpy(),
    )


def suppress(
    ctx: Context, score: float, overlap: float, limit: int, classes: str = ""
) -> Suppression:
    """Run detection and non-maximum suppression on the image, in one pass.

    Args:
        ctx: with a network that detects.
        score: candidates score above it.
        overlap: intersection over union above which the worse of two boxes is dropped.
        limit: maximum number of kept boxes.
        classes: names to keep, separated by commas; empty for all.

    Raises:
        UsageError: the network has no class of a name; names the nearest.
        ModelError: the network's outputs are not supported.
    """
    wanted = wanted_classes(ctx.model.info.labels, classes)
    outputs = ctx.inference.outputs()
    with torch.no_grad():
        size = ctx.placement.input_size
        found = candidates_of(ctx.model.net, outputs, size, score)
    ctx.check()
    if wanted:
        found = found.taken(torch.isin(found.classes, found.classes.new_tensor(wanted)))
    if found.distinct:
        overlap = _NEVER
    kept = select(*arrays(found), overlap, limit, ctx.check)
    return Suppression(found, kept, overlap)


def class_names(info: ModelInfo, classes: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the names of a network's classes, "class 7" for those without one.

    Args:
        info: of the network.
        classes: int64 (N,), indices that occur.
    """
    highest = int(classes.max()) if len(classes) else -1
    count = max(len(info.labels), highest + 1)
    return tuple(label(info, index) for index in range(count))


def rank_of(info: ModelInfo, found: Suppression, target: str) -> int:
    """Return the rank of a target's box among the kept boxes.

    Args:
        info: of the network.
        found: with at least one kept box.
        target: "box:2", a class for its best box; empty for the best of all.

    Raises:
        UsageError: the target names no box, or a rank beyond the last box.
    """
    match parse_target(target, info.labels):
        case BoxTarget(rank=rank, index=index):
            pass
        case ClassTarget(index=index):
            rank = 0
        case _:
            raise UsageError(OPTION, f"{target!r} is not a box", "box:0 is the best")
    classes = found.chosen.classes.cpu().numpy()
    (ranks,) = np.nonzero((classes == index) | (index is None))
    if rank >= len(ranks):
        known = f"{len(ranks)} are left, from 0 on"
        raise UsageError(OPTION, f"there is no box {rank}", known)
    return int(ranks[rank])


def wanted_classes(labels: tuple[str, ...], names: str) -> list[int]:
    """Return the class indices of a comma-separated list of names; empty for all."""
    found = []
    for name in filter(None, map(str.strip, names.split(","))):
        if name not in labels:
            raise unknown("class", name, labels)
        found.append(labels.index(name))
    return found
