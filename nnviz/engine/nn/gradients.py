"""Gradients of a score with respect to the pixels, but not the weights."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.info import ModelInfo
from nnviz.engine.compute.batch_size import BatchSizer, graph_bytes
from nnviz.engine.compute.memory import gradients_in_words
from nnviz.engine.nn.hooks import checked_backward

Check = Callable[[], None]
Score = Callable[[Tensor], Tensor]
"""From pixels (N, C, H, W) to one number per image, (N,)."""
Rule = Callable[[Tensor], Tensor]
"""From pixels (N, C, H, W) to an attribution of each of them, the same shape."""

_BEST = 8
"""Maximum number of images in a pass: more evict the forward pass's values from the
CPU's caches before the backward pass, and each image takes longer."""
_BOTH_WAYS = 2
"""The outputs kept for the backward pass, and the gradients in it."""


def gradient(score: Score, pixels: Tensor, check: Check) -> tuple[Tensor, Tensor]:
    """Return the scores (N,) and their gradients (N, C, H, W), both detached.

    Args:
        score: must not mix the images of a batch.
        pixels: left untouched.
        check: called before or after every module in both passes; raises to stop.

    Raises:
        ModelError: no gradient reaches the pixels.
    """
    leaf = pixels.detach().requires_grad_()
    with torch.enable_grad(), checked_backward(check):
        scores = score(leaf)
    return scores.detach(), differentiate(scores, leaf)


def differentiate(scores: Tensor, leaf: Tensor) -> Tensor:
    """Return the gradient of each score (N,) with respect to its image.

    Raises:
        ModelError: no gradient reaches the pixels.
    """
    return send_back([scores], [torch.ones_like(scores)], leaf)


def send_back(
    outputs: Sequence[Tensor],
    signals: Sequence[Tensor] | None,
    leaf: Tensor,
    *,
    keep: bool = False,
) -> Tensor:
    """Return the vector-Jacobian product of outputs and signals with respect to a leaf.

    Arguments and errors are those of ``send_back_to``.
    """
    return send_back_to(outputs, signals, [leaf], keep=keep)[0]


def send_back_to(
    outputs: Sequence[Tensor],
    signals: Sequence[Tensor] | None,
    leaves: Sequence[Tensor],
    *,
    keep: bool = False,
) -> tuple[Tensor, ...]:
    """Return the vector-Jacobian products of outputs and signals, one for each leaf.

    Args:
        outputs: with their graph.
        signals: the vector for each output, of its shape; None for outputs of one
            number.
        leaves: tensors to differentiate with respect to.
        keep: whether the graph is kept for further products.

    Raises:
        ModelError: no gradient reaches the leaves.
    """
    if not all(output.requires_grad for output in outputs):
        raise ModelError(
            "the network",
            "gives no gradients: somewhere it leaves the differentiable path",
            "use a method that needs none, such as occlusion",
        )
    # An output that does not depend on the pixels has gradients of zero.
    with gradients_in_words():
        return torch.autograd.grad(
            outputs,
            leaves,
            signals,
            retain_graph=keep,
            allow_unused=True,
            materialize_grads=True,
        )


def gradient_sizer(info: ModelInfo, device: torch.device) -> BatchSizer:
    """Return the sizer of batches that go forward and backward at once."""
    return BatchSizer(
        device=device,
        macs=info.macs,
        item_bytes=_BOTH_WAYS * graph_bytes(info.layers),
        most=_BEST,
    )
