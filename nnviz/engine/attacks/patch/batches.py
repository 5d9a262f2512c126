"""Batches of images on which one patch or one noise is to fool a classifier."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from nnviz.engine.attacks.goals import AttackedModel, Goal

T = TypeVar("T")
_UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class LossGradient:
    """Scores of attacked images and their gradients.

    Attributes:
        score: (N,), larger is closer to the goal.
        reached: bool (N,), those that already fool the network.
        gradient: of the scores, (N, C, H, W).
    """

    score: Tensor
    reached: Tensor
    gradient: Tensor


def joined(parts: Sequence[LossGradient]) -> LossGradient:
    """Concatenate the parts of a batch."""
    return LossGradient(
        torch.cat([part.score for part in parts]),
        torch.cat([part.reached for part in parts]),
        torch.cat([part.gradient for part in parts]),
    )


class AttackObjective(Protocol):
    """Images to attack, with the goal for the network's outputs."""

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def images(self, rows: Tensor) -> Tensor:
        """Return some images on the network's device, (n, C, H, W)."""
        ...

    def slope(self, pixels: Tensor, rows: Tensor) -> LossGradient:
        """Return scores and gradients at attacked images ``pixels``, (n, C, H, W)."""
        ...

    def reached(self, pixels: Tensor, rows: Tensor) -> Tensor:
        """Return which attacked images reach the goal, bool (n,)."""
        ...


class Chunks(Protocol):
    """Runs work on many items in chunks that memory and time allow."""

    def __call__(
        self, items: int, work: Callable[[slice], T], /
    ) -> Iterator[tuple[slice, T]]:
        """Yield each chunk and the result of ``work`` on it."""
        ...


def slope_of(
    aim: AttackObjective, pixels: Tensor, rows: Tensor, chunks: Chunks
) -> LossGradient:
    """Return scores and gradients of pixels (n, C, H, W), computed in chunks."""

    def work(part: slice) -> LossGradient:
        return aim.slope(pixels[part], rows[part])

    return joined([found for _, found in chunks(len(rows), work)])


def rate_of(
    aim: AttackObjective,
    rows: Tensor,
    attack: Callable[[Tensor, slice], Tensor],
    chunks: Chunks,
) -> float:
    """Return the fooling rate of an attack over some images, %.

    Args:
        aim: the images with their objective.
        rows: indices of the images to try.
        attack: from images (n, C, H, W) and their slice of the rows to pixels.
        chunks: runs the work.
    """

    def work(part: slice) -> Tensor:
        pixels = attack(aim.images(rows[part]), part)
        return aim.reached(pixels, rows[part]).cpu()

    fooled = torch.cat([found for _, found in chunks(len(rows), work)])
    return 100 * float(fooled.double().mean())


@dataclass(slots=True, kw_only=True, eq=False)
class AttackBatch:
    """Images that a classifier is to misclassify.

    Attributes:
        attacked_model: the network.
        clean: (N, C, H, W) in [0, 1], on the CPU.
        goal: for a batch of one; with ``own`` only its sign and its number of classes
            count.
        own: whether each image is to leave its own predicted class.
        device: of the network.
        most: upper bound of an image's score, above which it adds no gradient.
    """

    attacked_model: AttackedModel
    clean: Tensor
    goal: Goal
    own: bool
    device: torch.device
    most: float = torch.inf
    _answers: Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Mark all predictions as unknown; each is computed when first needed."""
        self._answers = torch.full((len(self.clean),), _UNKNOWN)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.clean)

    def images(self, rows: Tensor) -> Tensor:
        """Return some images on the network's device, (n, C, H, W)."""
        return self.clean[rows].to(self.device)

    def slope(self, pixels: Tensor, rows: Tensor) -> LossGradient:
        """Return scores and gradients at attacked images ``pixels``, (n, C, H, W)."""
        goal = self._goal(rows)
        scores: list[Tensor] = []

        def score(logits: Tensor) -> Tensor:
            scores.append(goal.loss(logits).clamp(max=self.most))
            return scores[-1]

        logits, gradient = self.attacked_model.gradient(pixels, score)
        return LossGradient(scores[-1].detach(), goal.reached(logits), gradient)

    def reached(self, pixels: Tensor, rows: Tensor) -> Tensor:
        """Return which attacked images reach the goal, bool (n,)."""
        return self._goal(rows).reached(self.attacked_model.logits(pixels))

    def _goal(self, rows: Tensor) -> Goal:
        if not self.own:
            return self.goal
        for row in sorted(set(rows[self._answers[rows] == _UNKNOWN].tolist())):
            logits = self.attacked_model.logits(self.images(torch.tensor([row])))
            self._answers[row] = int(logits.argmax())
        none = torch.zeros((len(rows), self.goal.classes.shape[1]), dtype=torch.bool)
        classes = none.scatter(1, self._answers[rows, None], value=True)
        return Goal(classes.to(self.device), self.goal.towards)


def drawn(aim: AttackObjective, number: int, generator: torch.Generator) -> Tensor:
    """Return the rows of images drawn uniformly at random, (number,)."""
    return torch.randint(len(aim), (number,), generator=generator)
