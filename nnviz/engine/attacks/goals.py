"""Goals of attacks, and the attacked classifier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.info import ModelInfo
from nnviz.base.notation.targets import OPTION, ClassTarget, parse_target
from nnviz.engine.nn.gradients import send_back
from nnviz.engine.nn.pixel_model import PixelModel, joined
from nnviz.engine.targets.resolve import label, output_unit

Score = Callable[[Tensor], Tensor]
"""From logits (N, K) to one number per image, (N,)."""
SEPARATOR = "|"
"""Between the names of several classes."""
_CLASSIFIER_NDIM = 2


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """The goal of an attack: success, margin and loss for each image of a batch.

    Attributes:
        classes: bool (N, K), the goal's classes.
        towards: whether the prediction should become one of them, or none of them.
    """

    classes: Tensor
    towards: bool

    def loss(self, logits: Tensor) -> Tensor:
        """Return the loss to maximize, (N,).

        The log-probability of the classes together, negated where the goal is to leave
        them.  For one class that is its cross entropy, as in Goodfellow et al. 2015
        (arXiv:1412.6572), with the sign of the goal.
        """
        among = logits.masked_fill(~self.classes, -torch.inf).logsumexp(1)
        likelihood = among - logits.logsumexp(1)
        return likelihood if self.towards else -likelihood

    def margin(self, logits: Tensor) -> Tensor:
        """Return the margin of the goal in logits, (N,); above 0 it is reached.

        -f6 of Carlini & Wagner 2017 (arXiv:1608.04644), section V-A.
        """
        among = logits.masked_fill(~self.classes, -torch.inf).amax(1)
        others = logits.masked_fill(self.classes, -torch.inf).amax(1)
        return among - others if self.towards else others - among

    def reached(self, logits: Tensor) -> Tensor:
        """Return whether the predicted class meets the goal, bool (N,)."""
        answer = logits.argmax(1, keepdim=True)
        classes = self.classes.expand_as(logits)
        return classes.gather(1, answer)[:, 0] == self.towards


@dataclass(frozen=True, slots=True, eq=False)
class AttackedModel:
    """A frozen classifier of pixels in [0, 1] that returns logits and gradients.

    Attributes:
        model: the network, from pixels.
        shares: whether the network ends in a softmax of its own, whose logarithm is the
            logit.
    """

    model: PixelModel
    shares: bool = False

    def logits(self, pixels: Tensor) -> Tensor:
        """Return the logits, (N, K), detached."""
        with torch.no_grad():
            return self._pass(pixels)

    def gradient(self, pixels: Tensor, score: Score) -> tuple[Tensor, Tensor]:
        """Return the logits (N, K) and a score's gradient with the shape of the pixels.

        Args:
            pixels: (N, C, H, W), left untouched.
            score: must not mix the images of a batch.

        Raises:
            ModelError: no gradient reaches the pixels.
        """
        kept: list[Tensor] = []

        def scores(leaf: Tensor) -> Tensor:
            kept.append(self._pass(leaf))
            return score(kept[-1])

        _, gradient = self.model.gradient(pixels, scores)
        return kept[-1].detach(), gradient

    def gradients(
        self,
        pixels: Tensor,
        scores: Callable[[Tensor], Tensor],
        enough: Callable[[Tensor], bool] = lambda _: False,
    ) -> tuple[Tensor, Tensor | None]:
        """Return logits and the gradients of several scores from one forward pass.

        Args:
            pixels: (N, C, H, W), left untouched.
            scores: from logits (N, K) to (S, N).
            enough: whether only these logits are needed.

        Returns:
            (N, K) and (S, N, C, H, W); None where only the logits are needed.

        Raises:
            ModelError: no gradient reaches the pixels.
        """
        leaf = pixels.detach().requires_grad_()
        with self.model.differentiable():
            logits = self._pass(leaf)
            rows = scores(logits)
        if enough(logits.detach()):
            return logits.detach(), None
        found = [
            send_back([row.sum()], None, leaf, keep=index + 1 < len(rows))
            for index, row in enumerate(rows)
        ]
        return logits.detach(), torch.stack(found)

    def _pass(self, pixels: Tensor) -> Tensor:
        output = joined([self.model.forward(part) for part in self.model.parts(pixels)])
        return output.log() if self.shares else output


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A goal for one image, with its description.

    Attributes:
        goal: for a batch of one.
        words: "away from tabby".
        index: the first of the goal's classes.
    """

    goal: Goal
    words: str
    index: int


def choose_goal(text: str, info: ModelInfo, logits: Tensor, *, towards: bool) -> Chosen:
    """Parse the target that the user wrote and return the goal.

    Args:
        text: classes by name or index, separated by ``|``; "" is the predicted class.
        info: of the network.
        logits: of the image, (1, K).
        towards: whether the prediction should become one of them, or none of them.

    Raises:
        UsageError: no class of that name, no class to reach, or every class is named.
        ModelError: the output is not one number per class.
    """
    if logits.ndim != _CLASSIFIER_NDIM:
        raise ModelError(
            info.title, "does not give one number for each class", "pick a classifier"
        )
    if towards and not text.strip():
        raise UsageError(OPTION, "names no class to reach", "give one, or click a bar")
    indices = named_classes(text, info, int(logits[0].argmax()))
    classes = torch.zeros_like(logits, dtype=torch.bool)
    classes[:, indices] = True
    if bool(classes.all()):
        raise UsageError(OPTION, "names every class", "leave some out")
    words = goal_words(indices, info, towards=towards)
    return Chosen(Goal(classes, towards), words, indices[0])


def goal_words(indices: Sequence[int], info: ModelInfo, *, towards: bool) -> str:
    """Return the description of a goal: "away from tabby or tiger cat"."""
    names = " or ".join(label(info, index) for index in indices)
    return f"{'toward' if towards else 'away from'} {names}"


def named_classes(text: str, info: ModelInfo, predicted: int) -> list[int]:
    """Return the indices of classes by name or index, separated by ``|``.

    Args:
        text: as written by the user.
        info: of the network.
        predicted: the class that "" stands for.

    Raises:
        UsageError: no class of that name.
    """
    found: dict[int, None] = {}
    for name in text.split(SEPARATOR):
        target = parse_target(name, info.labels)
        if not isinstance(target, ClassTarget):
            raise UsageError(OPTION, f"{name.strip()!r} is not a class", "name classes")
        found[predicted if target.index is None else target.index] = None
    return list(found)


def gives_shares(info: ModelInfo) -> bool:
    """Tell whether a network ends in a softmax, so that it returns probabilities."""
    return output_unit(info) == "probability"
