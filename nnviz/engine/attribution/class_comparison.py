"""Scores of a class relative to others: Finer-CAM's comparison, the ReST utility."""

from dataclasses import replace

import torch
from torch import Tensor

from nnviz.base.errors import UsageError
from nnviz.base.notation.targets import OPTION, ClassTarget
from nnviz.engine.targets.resolve import ResolvedTarget


def class_index(target: ResolvedTarget) -> int:
    """Return the class index of a target that is a class's logit.

    Raises:
        UsageError: the target is a probability or no class.
    """
    asked = target.target
    index = asked.index if isinstance(asked, ClassTarget) else None
    if index is None or target.unit == "probability":
        raise UsageError(
            OPTION,
            "is not the logit of a class",
            "ask about a class, or leave it empty",
        )
    return index


def similar_classes(logits: Tensor, index: int, count: int) -> tuple[int, ...]:
    """Return the classes with the logits nearest to one class's, nearest first.

    Args:
        logits: (K,).
        index: the class itself, which is left out.
        count: maximum number of other classes; all of them where there are fewer.
    """
    distances = (logits - logits[index]).abs()
    order = distances.argsort(stable=True).tolist()
    return tuple(each for each in order if each != index)[:count]


def compared(
    target: ResolvedTarget, logits: Tensor, others: tuple[int, ...], alpha: float
) -> ResolvedTarget:
    """Return Finer-CAM's target: a logit minus alpha times those of similar classes.

    The mean is weighted by the classes' probabilities, as in the authors' program
    (Zhang et al. 2025, arXiv:2501.11309).  Among the compared classes these are a
    softmax of their logits, and they are computed from these: the probabilities
    themselves can all be lost to rounding next to that of the class.

    Args:
        target: a class.
        logits: (1, K), of the image.
        others: the similar classes, at least one.
        alpha: in [0, 1] or above; 0 makes no comparison.
    """
    index, places = class_index(target), list(others)

    factor = "" if alpha == 1 else f"{alpha:g} times "

    def score(output: Tensor) -> Tensor:
        beside = output[:, places]
        return output[:, index] - alpha * (beside.softmax(1) * beside).sum(1)

    return replace(
        target,
        words=f"{target.words} minus {factor}that of similar classes",
        score=score,
        value=score(logits).item(),
    )


def rest_utility(target: ResolvedTarget, logits: Tensor) -> ResolvedTarget:
    """Return the ReST utility as target: a class's logit plus its log-probability.

    Cai 2025, arXiv:2501.06261: the part of a class's logit that sets it apart from
    others.

    Args:
        target: a class of a network whose classes exclude each other.
        logits: (1, K), of the image.
    """
    index = class_index(target)

    def score(output: Tensor) -> Tensor:
        return output[:, index] + torch.log_softmax(output, 1)[:, index]

    return replace(
        target,
        words=f"{target.words} plus its log-probability",
        score=score,
        value=score(logits).item(),
    )
