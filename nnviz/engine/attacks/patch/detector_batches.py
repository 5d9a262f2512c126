"""Batches of images on which a detector is to overlook a class, or to detect one.

As objectness in Thys et al. 2019 (arXiv:1904.08653), section 3.2, the highest score of
the class's boxes is optimized; here a smooth maximum of their log-odds.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.base.errors import UsageError
from nnviz.base.info import ModelInfo
from nnviz.base.notation.targets import OPTION
from nnviz.engine.attacks.goals import goal_words, named_classes
from nnviz.engine.attacks.patch.batches import LossGradient, joined
from nnviz.engine.nn.detection import Candidates, candidates_of
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.nn.shapes.calls import tensors_in

FOUND = 0.5
"""Score from which a box counts as found."""
_FLOOR = 0.01
"""Score down to which boxes are optimized."""
_FLAT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectorBatch:
    """Images on which a detector is to be fooled.

    Attributes:
        model: the frozen detector, from pixels.
        clean: (N, C, H, W) in [0, 1], on the CPU.
        kinds: classes of the goal.
        towards: whether one of them is to be found, or none of them.
        device: of the network.
    """

    model: PixelModel
    clean: Tensor
    kinds: tuple[int, ...]
    towards: bool
    device: torch.device

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.clean)

    def images(self, rows: Tensor) -> Tensor:
        """Return some images on the network's device, (n, C, H, W)."""
        return self.clean[rows].to(self.device)

    def slope(self, pixels: Tensor, rows: Tensor) -> LossGradient:
        """Return scores and gradients of attacked pixels (n, C, H, W).

        Raises:
            ModelError: the detector's outputs are not supported, or it gives no
                gradients.
        """
        del rows
        return joined([self._one(picture[None]) for picture in pixels])

    def reached(self, pixels: Tensor, rows: Tensor) -> Tensor:
        """Return which attacked images reach the goal, bool (n,)."""
        del rows
        with torch.no_grad():
            best = [self._highest(self._found(each[None])[1]) for each in pixels]
        return torch.tensor([(score > FOUND) == self.towards for score in best])

    def _one(self, pixels: Tensor) -> LossGradient:
        best: list[float] = []

        def score(leaf: Tensor) -> Tensor:
            zero, found = self._found(leaf)
            best.append(self._highest(found))
            odds = found.scores.logit(_FLAT)
            total = odds.logsumexp(0) if len(odds) else zero.new_tensor(_FLOOR).logit()
            return (zero + (total if self.towards else -total)).reshape(1)

        scores, slope = self.model.gradient(pixels, score)
        reached = (best[-1] > FOUND) == self.towards
        return LossGradient(scores, torch.tensor([reached]).to(scores.device), slope)

    def _found(self, pixels: Tensor) -> tuple[Tensor, Candidates]:
        """Return a zero with the graph of the pass, and the boxes of the classes."""
        outputs = tuple(tensors_in(self.model.forward(pixels)))
        size = (pixels.shape[2], pixels.shape[3])
        found = candidates_of(self.model.net, outputs, size, _FLOOR)
        meant = torch.isin(found.classes, found.classes.new_tensor(self.kinds))
        zero = torch.stack([each.sum() * 0.0 for each in outputs]).sum()
        return zero, found.taken(meant)

    def _highest(self, found: Candidates) -> float:
        return float(found.scores.detach().max()) if len(found.scores) else 0.0


def choose_kinds(
    text: str, info: ModelInfo, found: Candidates, *, towards: bool
) -> tuple[tuple[int, ...], str]:
    """Return the classes of the goal, and the description of the goal.

    Args:
        text: classes by name or index, separated by ``|``; "" is that of the box with
            the highest score.
        info: of the detector.
        found: detections on the image.
        towards: whether one of them is to be found, or none.

    Raises:
        UsageError: no class of that name, or nothing is found that could be hidden.
    """
    if not text.strip() and (towards or not len(found.scores)):
        reason = "names no class" if towards else "is empty, and nothing is found"
        raise UsageError(OPTION, reason, "name a class that the network knows")
    surest = int(found.classes[found.scores.argmax()]) if len(found.scores) else 0
    kinds = named_classes(text, info, surest)
    return tuple(kinds), goal_words(kinds, info, towards=towards)
