"""Checkpoints of DETR's own program, recognized by names and measured by shapes."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from nnviz.engine.models.detectors.detr import Detr, DetrSizes
from nnviz.engine.models.factories import on_meta

_PREFIXES = ("", "detr.")
"""Before the names: nothing, or what the variant with masks writes."""
_MARKS = (
    *("query_embed.weight", "class_embed.weight", "bbox_embed.layers.0.weight"),
    *("input_proj.weight", "transformer.encoder.layers.0.linear1.weight"),
)
_AXES = (2, 2, 2, 4, 2)
"""Of these."""
_PRE_NORM = "transformer.encoder.norm.weight"
_HEADS = 8
_BODY = "backbone.0.body."


def detr_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """Return the weights of a DETR by its own names, None where there is none.

    Args:
        tensors: of a file, by name.
    """
    for prefix in _PREFIXES:
        found = {
            name.removeprefix(prefix): value
            for name, value in tensors.items()
            if name.startswith(prefix)
        }
        axes = tuple(found[mark].ndim if mark in found else 0 for mark in _MARKS)
        if axes == _AXES and _PRE_NORM not in found:
            return found
    return None


def build_detr(weights: Mapping[str, Tensor], told: Mapping[str, Any]) -> Detr:
    """Return the DETR that weights are of, without memory for them.

    Args:
        weights: as ``detr_weights`` gives them.
        told: what its training wrote beside them: ``args`` tell what no shape does.

    Raises:
        ValueError: there is no such network.
    """
    sizes = _sizes(weights, told)
    least = min(*sizes.stages, sizes.width, sizes.inner, sizes.queries, sizes.logits)
    if least < 1 or sizes.width % 4 or sizes.width % sizes.heads:
        raise ValueError("its layers are not those of a DETR")
    with on_meta():
        return Detr(sizes)


def _sizes(weights: Mapping[str, Tensor], told: Mapping[str, Any]) -> DetrSizes:
    args = told.get("args")
    args = args if isinstance(args, Mapping) else {}
    heads = args.get("nheads")
    first, second, third, fourth = (
        _count(weights, f"{_BODY}layer{stage}.") for stage in range(1, 5)
    )
    return DetrSizes(
        stages=(first, second, third, fourth),
        bottleneck=f"{_BODY}layer1.0.conv3.weight" in weights,
        dilated=args.get("dilation") is True,
        width=weights["input_proj.weight"].shape[0],
        heads=heads if isinstance(heads, int) and heads > 0 else _HEADS,
        inner=weights["transformer.encoder.layers.0.linear1.weight"].shape[0],
        encoder=_count(weights, "transformer.encoder.layers."),
        decoder=_count(weights, "transformer.decoder.layers."),
        queries=weights["query_embed.weight"].shape[0],
        logits=weights["class_embed.weight"].shape[0],
    )


def _count(weights: Mapping[str, Tensor], prefix: str) -> int:
    """Return how many layers of a list have weights."""
    pattern = re.compile(re.escape(prefix) + r"(\d{1,4})\.")
    return len({found[1] for name in weights if (found := pattern.match(name))})
