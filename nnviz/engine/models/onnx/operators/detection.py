"""Detection operators: non-maximum suppression and RoI align."""

from typing import Any

import torch
from torch import Tensor

from nnviz.engine.models.onnx.graph import HostValue, Node
from nnviz.engine.models.onnx.operators.registry import Function, operator


@operator("NonMaxSuppression", host=(2, 3, 4))
def _suppress(node: Node) -> Function:
    centered = bool(node.get("center_point_box", 0))

    def suppress(boxes: Tensor, scores: Tensor, *limits: HostValue | None) -> Tensor:
        most, overlap, least = (
            None if each is None else each.item() for each in (*limits, *[None] * 3)[:3]
        )
        found = [
            _of_class(image, kind, corners, scores[image, kind], (most, overlap, least))
            for image, corners in enumerate(_corners(boxes, centered=centered))
            for kind in range(scores.shape[1])
        ]
        return torch.cat(found)

    return suppress


def _of_class(
    image: int, kind: int, corners: Tensor, scores: Tensor, limits: tuple[Any, ...]
) -> Tensor:
    """Return the boxes of a class that NMS keeps, as rows of image, class and index."""
    from torchvision.ops import nms  # noqa: PLC0415 -- 2 s, for detectors only

    most, overlap, least = limits
    chosen = torch.arange(len(scores), device=scores.device)
    if least is not None:
        chosen = chosen[scores > least]
    kept = nms(corners[chosen], scores[chosen], overlap or 0.0)
    kept = chosen[kept][: int(most or 0)]
    rows = torch.empty(len(kept), 3, dtype=torch.int64, device=scores.device)
    rows[:, 0], rows[:, 1], rows[:, 2] = image, kind, kept
    return rows


def _corners(boxes: Tensor, *, centered: bool) -> Tensor:
    """Convert boxes (N, B, 4) to top left and bottom right corners."""
    first, second = boxes[..., :2], boxes[..., 2:]
    if centered:
        return torch.cat((first - second / 2, first + second / 2), -1)
    return torch.cat((torch.minimum(first, second), torch.maximum(first, second)), -1)


@operator("RoiAlign")
def _roi_align(node: Node) -> Function:
    size = node.get("output_height", 1), node.get("output_width", 1)
    scale, samples = node.get("spatial_scale", 1.0), node.get("sampling_ratio", 0)
    default = "half_pixel" if node.opset >= _WITH_HALF_PIXELS else "output_half_pixel"
    shifted = node.get("coordinate_transformation_mode", default) == "half_pixel"
    if node.get("mode", "avg") != "avg":
        raise node.refusal("takes the maximum of its samples")

    def roi_align(x: Tensor, boxes: Tensor, images: Tensor) -> Tensor:
        from torchvision.ops import roi_align as align  # noqa: PLC0415 -- 2 s

        rows = torch.cat((images.to(boxes.dtype)[:, None], boxes), 1)
        found: Tensor = align(x, rows, size, scale, samples or -1, shifted)
        return found

    return roi_align


_WITH_HALF_PIXELS = 16
