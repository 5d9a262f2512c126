"""Candidate boxes of a detector, before non-maximum suppression."""

from dataclasses import dataclass, replace

from torch import Tensor

Size = tuple[int, int]
"""Height and width, px."""
Weights = tuple[float, float, float, float]
"""Factors of the offsets in training: dx, dy, dw, dh."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits below which a box is no candidate.

    Attributes:
        size: of the input; boxes are clipped to it.
        score: candidates score above it.
        top_k: maximum number of candidates of a class or level; None for all.
    """

    size: Size
    score: float
    top_k: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Candidate boxes before non-maximum suppression, in no particular order.

    Attributes:
        boxes: float32 (M, 4): left, top, right, bottom in px, clipped to the input.
        scores: float32 (M,) in [0, 1].
        classes: int64 (M,), indices into the network's labels.
        sources: int64 (M,), the anchor, cell or proposal that each box came from;
            None where the network does not say.
        distinct: whether all boxes show different objects, so that none is suppressed.
    """

    boxes: Tensor
    scores: Tensor
    classes: Tensor
    sources: Tensor | None = None
    distinct: bool = False

    def taken(self, rows: Tensor) -> "Candidates":
        """Return the candidates at some rows, in the order of ``rows``."""
        sources = None if self.sources is None else self.sources[rows]
        return replace(
            self,
            boxes=self.boxes[rows],
            scores=self.scores[rows],
            classes=self.classes[rows],
            sources=sources,
        )
