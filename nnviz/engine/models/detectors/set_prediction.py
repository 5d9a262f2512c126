"""Set prediction: boxes of DETR-type heads (Carion et al. 2020, arXiv:2005.12872).

A head predicts class logits and one box for each of Q queries.  In training, bipartite
matching assigns each object to one query, so that no two queries predict the same
object and none is suppressed.  A box is center and size, as fractions of the input.

There are two interpretations of the logits: a softmax whose last class is "no object"
(DETR, YOLOS), and a sigmoid for each class (Deformable, Conditional and DAB DETR,
RT-DETR).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.engine.nn.detection import Candidates, Size, clipped, cornered

_BOX = 4
_NDIM = 3
_MOST = 0.5
_NAMES = (("logits", "pred_boxes"), ("pred_logits", "pred_boxes"))
"""Names of the two tensors in transformers and in DETR's own program."""


@dataclass(frozen=True, slots=True)
class SetPrediction:
    """A recognized DETR-type head: the names of its two tensors.

    Attributes:
        logits: name of the tensor (N, Q, K), among all outputs of the network.
        boxes: name of the tensor (N, Q, 4).
        classes: number of classes, excluding "no object".
        empty_class: whether the last logit is that of "no object".
    """

    logits: str
    boxes: str
    classes: int
    empty_class: bool

    @property
    def words(self) -> str:
        """Description of the recognized head."""
        scored = "softmax, the last for no object" if self.empty_class else "sigmoid"
        return (
            f"boxes are read as a DETR head of {self.classes} classes ({scored}): "
            "nothing is suppressed"
        )

    def hook(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Concatenate both tensors to (N, Q, K + 4), logits first."""
        return torch.cat((tensors[self.logits], tensors[self.boxes]), 2).float()

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return the boxes of one image above a score; see ``Detector``.

        With a softmax each query predicts its likeliest class only, with sigmoids all.
        """
        rows = outputs[0][0]
        height, width = size
        shares = rows[:, -_BOX:]
        boxes = clipped(
            cornered(shares * shares.new_tensor((width, height, width, height))), size
        )
        scores = self._scores(rows[:, :-_BOX])
        queries, classes = torch.nonzero(scores > min_score, as_tuple=True)
        return Candidates(
            boxes[queries], scores[queries, classes], classes, queries, distinct=True
        )

    def stages(self, outputs: Sequence[Tensor], size: Size) -> None:
        """Return None: the queries are learned, not anchors."""
        del outputs, size

    def equip(self, net: nn.Module) -> None:
        """Add the methods of a detector with this head to a network."""
        net.candidates = self.candidates  # type: ignore[assignment]
        net.stages = self.stages  # type: ignore[assignment]

    def _scores(self, logits: Tensor) -> Tensor:
        """Return scores (Q, K); with softmax, only each query's likeliest class."""
        if not self.empty_class:
            return logits.sigmoid()
        shares = logits.softmax(1)[:, :-1]
        best = torch.zeros_like(shares)
        best[torch.arange(len(shares)), shares.argmax(1)] = 1
        return shares * best


def find_set_prediction(
    tensors: Mapping[str, Tensor], classes: int, *, wanted: bool
) -> SetPrediction | None:
    """Find the DETR-type head among a network's tensors; None if there is none.

    Args:
        tensors: all outputs for one image, by name.
        classes: number of classes, 0 where unknown.  One logit more than classes is "no
            object"; if unknown, the logits decide.
        wanted: whether the network is known to be a detector, so that shapes suffice.
    """
    pairs = [pair for pair in _NAMES if set(pair) <= tensors.keys()]
    if wanted and not pairs:
        names = list(tensors)
        pairs = [(a, b) for a in names for b in names if a != b]
    for logits, boxes in pairs:
        first, second = tensors[logits], tensors[boxes]
        alike = (
            first.ndim == second.ndim == _NDIM and first.shape[:2] == second.shape[:2]
        )
        if alike and second.shape[2] == _BOX and _are_shares(second):
            count = first.shape[2]
            empty = count != classes if classes else _has_empty_class(first)
            return SetPrediction(logits, boxes, count - empty, empty)
    return None


def _has_empty_class(logits: Tensor) -> bool:
    """Tell whether the last logit means "no object", judged by outputs for noise.

    Noise contains no objects: a softmax then predicts its last class, sigmoids no class
    at all.
    """
    best = logits.max(2)
    last = logits.shape[2] - 1
    nothing = (best.indices == last).float().mean() > _MOST
    return bool(nothing) or not bool((best.values < 0).float().mean() > _MOST)


def _are_shares(boxes: Tensor) -> bool:
    """Tell whether boxes are relative to the input, in [0, 1], as DETR's are."""
    return bool((boxes >= 0).all() and (boxes <= 1).all())


class SetPredictionAdapter:
    """Forward hook that joins the two tensors of a DETR-type head.

    Args:
        head: as ``find_set_prediction`` found it.
        named: returns the tensors of an output by name.
    """

    def __init__(self, head: SetPrediction, named: Any) -> None:
        self._head = head
        self._named = named

    def __call__(self, _module: nn.Module, _inputs: Any, output: Any) -> Tensor:
        """Return the joined tensor, (N, Q, K + 4)."""
        return self._head.hook(self._named(output))
