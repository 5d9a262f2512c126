"""Gradients of attention maps, block by block: LeGrad, arXiv:2404.03214, section 3."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.base.errors import ModelError
from nnviz.base.info import LayerInfo, Layout, ModelInfo
from nnviz.engine.attribution.transformers.attention import open_attention
from nnviz.engine.context import Context
from nnviz.engine.nn.hooks import find_module
from nnviz.engine.nn.pytree import with_first_tensor
from nnviz.engine.nn.shapes.calls import first_tensor
from nnviz.engine.targets.resolve import Scorer


@dataclass(frozen=True, slots=True, eq=False)
class AttentionMap:
    """A map over patches.

    Attributes:
        values: (h, w), in [0, 1].
        layer: the last block.
        blocks: number of blocks averaged.
    """

    values: Tensor
    layer: LayerInfo
    blocks: int


def le_grad_map(ctx: Context, score: Scorer) -> AttentionMap:
    """Return the mean positive gradient of each block's score by its attention.

    A block's score is the head's output for the tokens that the block returns.  One
    pass: the tokens of all blocks go through the head as a batch, and each block is
    detached from the one before, so that only its own attention gets its gradient.

    Raises:
        ModelError: no vision transformer, or the target is not a class.
    """
    blocks = transformer_blocks(ctx.model.info)
    if not blocks or score.target.layer:
        reason = "has no blocks of attention between patches that a class is read from"
        remedy = "use attention or grad_cam, with a class as the target"
        raise ModelError(ctx.model.info.title, reason, remedy)
    net = ctx.model.net
    with torch.enable_grad(), open_attention() as weights, _apart(net, blocks):
        answers = score.target.score(ctx.inference.pixel_model.forward(ctx.pixels))
        found = torch.autograd.grad(
            answers.sum(), weights, allow_unused=True, materialize_grads=True
        )
    maps = [each[0].relu().mean((0, 1)) for each in found]
    layer = blocks[-1]
    mean = torch.stack(maps).mean(0)[layer.extra_tokens :].double().cpu()
    return AttentionMap(_to_unit(mean).view(layer.grid or (1, -1)), layer, len(maps))


def _to_unit(values: Tensor) -> Tensor:
    """Rescale numbers linearly to [0, 1]."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low if high > low else 1)


def transformer_blocks(info: ModelInfo) -> Sequence[LayerInfo]:
    """Return the blocks of a transformer over patches, in their order; () for none."""
    groups: dict[tuple[str, str], list[LayerInfo]] = defaultdict(list)
    for layer in info.layers:
        if layer.layout is Layout.TOKENS and layer.spatial and not layer.leaf:
            parent = layer.name.rpartition(".")[0]
            groups[parent, layer.kind].append(layer)
    largest = max(groups.values(), key=len, default=[])
    return tuple(largest) if len(largest) > 1 else ()


@contextmanager
def _apart(net: nn.Module, blocks: Sequence[LayerInfo]) -> Iterator[None]:
    """Detach blocks from each other; the last returns the tokens of all as a batch."""
    tokens: list[Tensor] = []

    def cut(_module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return (given[0].detach(), *given[1:])

    def keep(module: nn.Module, _given: Any, output: Any) -> Any:
        found = first_tensor(output)
        if found is None:
            return output
        tokens.append(found)
        if module is not last:
            return output
        return with_first_tensor(output, torch.cat(tokens))

    modules = [find_module(net, each.name) for each in blocks]
    last = modules[-1]
    handles = [each.register_forward_pre_hook(cut) for each in modules]
    handles += [each.register_forward_hook(keep) for each in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
