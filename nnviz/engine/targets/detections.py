"""Targets of detection and segmentation networks, and similarity to an image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.notation.targets import OPTION
from nnviz.engine.nn.detection import Candidates, Size, candidates_of
from nnviz.engine.nn.hooks import input_to
from nnviz.engine.nn.nms import overlaps, select
from nnviz.engine.nn.shapes.calls import tensors_in

Score = Callable[[Any], Tensor]
_LOWEST = 0.05
"""Minimum score of the boxes that can be targets."""
_FLOOR = 0.001
"""Score down to which a box is tracked when the image changes."""
_OVERLAP = 0.5
"""Of two boxes of a class that overlap more, one is left out; a box that overlaps the
target less is a different one."""
_MOST = 100
_MAP = 4


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """Targets beyond classes and channels: boxes, segments, similarity to an image.

    Attributes:
        net: takes normalized pixels.
        size: height and width of the input, px.
        outputs: returns all output tensors for the image.
        pixels: the image, normalized, (1, C, H, W).
        other: returns another image, normalized, by its file.
        direction: returns a layer and a vector over its channels, by their file.
    """

    net: nn.Module
    size: Size
    outputs: Callable[[], Sequence[Tensor]]
    pixels: Tensor
    other: Callable[[str], Tensor]
    direction: Callable[[str], tuple[str, Tensor]]

    def box(self, rank: int, kind: int | None) -> tuple[int, Score]:
        """Return the class of a box, and the score of the box by its log-odds.

        In another image the box is the candidate of that class, before non-maximum
        suppression, that overlaps it most; if none overlaps it by half, the score is
        the lowest that is tracked.

        Args:
            rank: 0 is the box with the highest score.
            kind: class to which the ranking is limited; None for all.

        Raises:
            UsageError: there are too few boxes.
        """
        with torch.no_grad():
            found = candidates_of(self.net, self.outputs(), self.size, _LOWEST)
        if kind is not None:
            found = found.taken(found.classes == kind)
        boxes, scores, classes = (
            each.cpu().numpy() for each in (found.boxes, found.scores, found.classes)
        )
        overlap = 1.0 if found.distinct else _OVERLAP
        kept = select(boxes, scores, classes, overlap, _MOST)
        if rank >= len(kept):
            words = f"{len(kept)} found with a score above {_LOWEST:g}, counted from 0"
            raise UsageError(OPTION, f"there is no box {rank}", words)
        row = int(kept[rank])
        one = _Box(self.net, self.size, boxes[row], int(classes[row]))
        return one.kind, one

    def likeness(self, file: str) -> tuple[str, Score]:
        """Return the head's name, and the cosine score of its input to another image's.

        Raises:
            InputError: no such image.
            ModelError: the network has no layer with weights.
        """
        head = last_with_weights(self.net, self.pixels)
        with torch.no_grad():
            wanted = _features(input_to(self.net, self.other(file), head))

        def cosine(given: Tensor) -> Tensor:
            return functional.cosine_similarity(_features(given), wanted)

        return head, cosine


@dataclass(frozen=True, slots=True, eq=False)
class _Box:
    """Score of one box in the outputs for one image."""

    net: nn.Module
    size: Size
    corners: np.ndarray[Any, np.dtype[np.float32]]
    kind: int

    def __call__(self, outputs: Any) -> Tensor:
        tensors = tuple(tensors_in(outputs))
        found = candidates_of(self.net, tensors, self.size, _FLOOR)
        found = found.taken(found.classes == self.kind)
        row = self._nearest(found)
        if row is None:  # keeps the graph, so that the gradient is zero
            nothing = sum(each.sum() for each in tensors) * 0.0
            return (nothing + torch.tensor(_FLOOR).logit()).reshape(1)
        # Float32 cannot distinguish a probability of 1 from the nearest ones below.
        return found.scores[row].logit(1e-6).reshape(1)

    def _nearest(self, found: Candidates) -> int | None:
        boxes = found.boxes.detach().cpu().numpy()
        if not len(boxes):
            return None
        shares = overlaps(self.corners, boxes)
        # Among equal overlaps the highest score: anchors at one position decode to one
        # box.
        order = np.lexsort((found.scores.detach().cpu().numpy(), shares))
        return int(order[-1]) if shares[order[-1]] >= _OVERLAP else None


def segment(
    logits: Tensor, kind: int | None, background: int
) -> tuple[int, int, Score]:
    """Return a class, the number of places it wins, and the sum of logits over them.

    The positions are the image's and stay the same for other images.

    Args:
        logits: (1, K, H, W), of the image.
        kind: the class; None for the one other than the background that wins most
            positions.
        background: index of its class; -1 for none.

    Raises:
        ModelError: the output is not one map per class.
    """
    if logits.ndim != _MAP:
        raise ModelError(
            "the network",
            f"returns an output of shape {tuple(logits.shape)}, not one map per class",
            "pick a network that segments",
        )
    winners = logits[0].detach().argmax(0)
    if kind is None:
        counts = torch.bincount(winners.flatten(), minlength=logits.shape[1])
        if background >= 0:
            counts[background] = 0
        kind = int(counts.argmax())
    chosen, won = kind, winners == kind
    places = int(won.sum())

    def total(output: Any) -> Tensor:
        maps = next(tensors_in(output))
        return (maps[:, chosen] * won).sum((1, 2))

    return chosen, places, total


def _features(given: Tensor) -> Tensor:
    """Return features (N, D): means of maps over places; other inputs flattened."""
    return given.mean((2, 3)) if given.ndim == _MAP else given.flatten(1)


def last_with_weights(net: nn.Module, x: Tensor) -> str:
    """Return the last leaf with weights that a pass runs: the head."""
    ran: list[str] = []
    handles = [
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
        for name, module in net.named_modules()
        if name and next(module.parameters(recurse=False), None) is not None
    ]
    try:
        with torch.no_grad():
            net(x)
    finally:
        for handle in handles:
            handle.remove()
    if not ran:
        raise ModelError("the network", "has no layer with weights", "pick another")
    return ran[-1]
