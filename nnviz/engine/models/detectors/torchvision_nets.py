"""torchvision's detectors as networks from normalized pixels to tensors.

torchvision's own modules take lists of images, resize and normalize them and return the
final boxes.  Here resizing is done by nnviz, as for any network; a pass returns the
heads' predictions for every position; and the final boxes are computed from these as
often as needed (``candidates``) without another pass.  Layers have torchvision's names.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import detection
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import (
    keypointrcnn_inference,
    paste_masks_in_image,
)
from torchvision.models.detection.rpn import concat_box_prediction_layers
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import batched_nms, clip_boxes_to_image, remove_small_boxes

from nnviz.base.frames import Placement
from nnviz.base.preprocess import Fit, Interpolation, Preprocess
from nnviz.engine.models.detectors.coco_keypoints import COCO_SKELETON
from nnviz.engine.nn.detection import (
    Candidates,
    Limits,
    Size,
    anchored,
    centered,
    clipped,
    decode,
    decode_sides,
    joined,
    levelled,
)
from nnviz.engine.nn.detection.stages import (
    OFFSETS,
    SIDES,
    AnchorStage,
    ProposalStage,
    Stages,
    anchor_stages,
)
from nnviz.engine.nn.nms import on_photo

_CORNERS = 4
_SMALLEST_SIDE = 1e-2
"""px: thinner boxes of the second stage are dropped, as in torchvision."""
_PLAIN = (1.0, 1.0, 1.0, 1.0)


def detector(net: nn.Module) -> nn.Module:
    """Wrap a torchvision detector as a network from pixels to tensors."""
    match net:
        case detection.ssd.SSD():
            return SingleShot(net)
        case detection.FCOS() | detection.RetinaNet():
            return Pyramid(net)
        case detection.MaskRCNN():
            return Outlining(net)
        case detection.KeypointRCNN():
            return FindingKeypoints(net)
        case _:
            return TwoStage(net)


def preprocess_of(transform: GeneralizedRCNNTransform) -> Preprocess:
    """Return the preprocessing of a detector's own transform."""
    colors: dict[str, Any] = {
        "interpolation": Interpolation.LINEAR,
        "mean": tuple(transform.image_mean),
        "std": tuple(transform.image_std),
    }
    if transform.fixed_size is not None:
        width, height = transform.fixed_size
        return Preprocess(input_size=(height, width), fit=Fit.STRETCH, **colors)
    shorter = transform.min_size[-1]
    return Preprocess(
        input_size=(shorter, transform.max_size),
        resize=shorter,
        fit=Fit.WHOLE,
        **colors,
    )


class SingleShot(nn.Module):
    """SSD and SSDlite (Liu et al. 2016, arXiv:1512.02325).

    A pass gives (N, A, 4 + 1 + K), offsets, then logits with the background first, and
    the anchors (A, 4).
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.backbone = net.backbone
        self.anchor_generator = net.anchor_generator
        self.head = net.head
        self.box_weights = net.box_coder.weights
        self.top_k: int = net.topk_candidates

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map normalized pixels (N, 3, H, W) to predictions and anchors."""
        features = list(self.backbone(x).values())
        found = self.head(features)
        dense = torch.cat((found["bbox_regression"], found["cls_logits"]), dim=2)
        (anchors,) = self.anchor_generator(_one(x), features)
        return dense, centered(anchors)

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return one image's candidates above a score."""
        dense, anchors = outputs
        limits = Limits(size, min_score, self.top_k)
        found = anchored(dense[0], anchors, self.box_weights, limits)
        # torchvision's labels include the background as the first.
        return Candidates(found.boxes, found.scores, found.classes + 1, found.sources)

    def stages(self, outputs: Sequence[Tensor], size: Size) -> Stages:
        """Return the predictions of every anchor."""
        del size
        dense, anchors = outputs
        return anchor_stages(dense[0], anchors, self.box_weights)


class Pyramid(nn.Module):
    """RetinaNet and FCOS: convolutional heads on a feature pyramid.

    A pass gives for each level the heads' predictions (N, A, C) and its anchors (A, 4).
    RetinaNet (Lin et al. 2017, arXiv:1708.02002): offsets, then one logit per class.
    FCOS (Tian et al. 2019, arXiv:1904.01355): distances to the sides, the centerness,
    then one logit per class.
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.backbone = net.backbone
        self.anchor_generator = net.anchor_generator
        self.head = net.head
        self.divisor: int = net.transform.size_divisible
        self.top_k: int = net.topk_candidates
        self.centered = isinstance(net, detection.FCOS)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map normalized pixels (N, 3, H, W) to predictions and anchors by level."""
        padded = _padded(x, self.divisor)
        features = list(self.backbone(padded).values())
        found = self.head(features)
        names = ("bbox_regression", "bbox_ctrness", "cls_logits")
        dense = torch.cat([found[name] for name in names if name in found], dim=2)
        (anchors,) = self.anchor_generator(_one(padded), features)
        places = [math.prod(level.shape[2:]) for level in features]
        counts = [place * len(anchors) // sum(places) for place in places]
        parts = torch.split(dense, counts, 1), torch.split(centered(anchors), counts)
        return tuple(chain.from_iterable(zip(*parts, strict=True)))

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return one image's candidates above a score."""
        limits = Limits(size, min_score, self.top_k)
        parts, first = [], 0
        for dense, anchors in zip(outputs[0::2], outputs[1::2], strict=True):
            parts.append(self._level(dense[0], anchors, first, limits))
            first += len(anchors)
        return joined(parts)

    def stages(self, outputs: Sequence[Tensor], size: Size) -> Stages:
        """Return the predictions of every anchor of every level."""
        del size
        dense = torch.cat([level[0] for level in outputs[0::2]])
        anchors = torch.cat(list(outputs[1::2]))
        offsets = dense[:, :_CORNERS]
        return Stages(
            AnchorStage(
                anchors=anchors,
                offsets=offsets,
                boxes=self._decode(offsets, anchors),
                scores=self._scores(dense),
                terms=SIDES if self.centered else OFFSETS,
            )
        )

    def _level(
        self, dense: Tensor, anchors: Tensor, first: int, limits: Limits
    ) -> Candidates:
        rows, kept, classes = levelled(self._scores(dense), limits)
        boxes = self._decode(dense[rows, :_CORNERS], anchors[rows])
        return Candidates(clipped(boxes, limits.size), kept, classes, first + rows)

    def _scores(self, dense: Tensor) -> Tensor:
        """Return class probabilities (A, K), independent of each other."""
        scores = dense[:, _CORNERS:].sigmoid()
        return (scores[:, 1:] * scores[:, :1]).sqrt() if self.centered else scores

    def _decode(self, offsets: Tensor, anchors: Tensor) -> Tensor:
        if self.centered:
            return decode_sides(offsets, anchors)
        return decode(offsets, anchors, _PLAIN)


class TwoStage(nn.Module):
    """Faster, Mask and Keypoint R-CNN (Ren et al. 2015, arXiv:1506.01497).

    A pass gives (1, P, K + 4 K), the second stage's predictions for each proposal:
    logits with the background first, then offsets by class; the proposals (P, 4) as
    corners in px; and the levels of the feature pyramid.
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.backbone = net.backbone
        self.rpn = net.rpn
        self.roi_heads = net.roi_heads
        self.divisor: int = net.transform.size_divisible

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map normalized pixels (1, 3, H, W) to predictions, proposals and pyramid."""
        size = (x.shape[2], x.shape[3])
        padded = _padded(x, self.divisor)
        features = self.backbone(padded)
        proposals, _losses = self.rpn(ImageList(padded, [size]), features)
        heads: Any = self.roi_heads
        pooled = heads.box_roi_pool(features, proposals, [size])
        logits, offsets = heads.box_predictor(heads.box_head(pooled))
        dense = torch.cat((logits, offsets), dim=1)
        return dense[None], proposals[0], *features.values()

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return one image's candidates above a score."""
        dense, proposals = outputs[0][0], outputs[1]
        count = dense.shape[1] // (1 + _CORNERS)
        scores = dense[:, :count].softmax(1)
        rows, classes = torch.nonzero(scores[:, 1:] > min_score, as_tuple=True)
        classes = classes + 1
        offsets = dense[:, count:].view(-1, count, _CORNERS)[rows, classes]
        weights = self.roi_heads.box_coder.weights
        boxes = clipped(decode(offsets, centered(proposals)[rows], weights), size)
        wide = ((boxes[:, 2:] - boxes[:, :2]) >= _SMALLEST_SIDE).all(1)
        return Candidates(boxes, scores[rows, classes], classes, rows).taken(wide)

    def features(self, outputs: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the pyramid's levels under the names that RoI poolers expect."""
        return {str(index): level for index, level in enumerate(outputs[2:])}

    def stages(self, outputs: Sequence[Tensor], size: Size) -> Stages:
        """Return the predictions of the region proposal network and the second stage.

        The region proposal network is recomputed from the pyramid's levels, so the
        proposals equal those of the pass to the bit.
        """
        anchors, objectness = self._anchors(outputs, size)
        sources, suppressed = self._proposed(anchors, objectness, size)
        dense = outputs[0][0]
        count = dense.shape[1] // (1 + _CORNERS)
        weights = dense.new_tensor(self.roi_heads.box_coder.weights)
        proposals = ProposalStage(
            boxes=outputs[1],
            sources=sources,
            scores=objectness[sources].sigmoid(),
            class_scores=dense[:, :count].softmax(1),
            offsets=dense[:, count:].view(-1, count, _CORNERS) / weights,
            suppressed=suppressed,
        )
        return Stages(anchors, proposals)

    def _anchors(
        self, outputs: Sequence[Tensor], size: Size
    ) -> tuple[AnchorStage, Tensor]:
        """Return the anchors with the proposal network's predictions and logits."""
        rpn: Any = self.rpn
        features = list(outputs[2:])
        logits, offsets = concat_box_prediction_layers(*rpn.head(features))
        height, width = (side + -side % self.divisor for side in size)
        blank = features[0].new_zeros(1).expand(1, 3, height, width)
        (anchors,) = rpn.anchor_generator(_one(blank), features)
        decoded = rpn.box_coder.decode(offsets, [anchors]).view(-1, _CORNERS)
        stage = AnchorStage(
            anchors=centered(anchors),
            offsets=offsets / offsets.new_tensor(rpn.box_coder.weights),
            boxes=decoded,
            scores=logits.sigmoid(),
            measure="objectness",
        )
        return stage, logits[:, 0]

    def _proposed(
        self, anchors: AnchorStage, objectness: Tensor, size: Size
    ) -> tuple[Tensor, Tensor]:
        """Return the proposed anchors, and the suppressed ones.

        Ren et al. 2015 (section 3.3): the best of each level, clipped to the image,
        without the tiny ones, then non-maximum suppression within each level.
        """
        rpn: Any = self.rpn
        levels = anchors.levels
        counts = torch.bincount(levels).tolist()
        rows = rpn._get_top_n_idx(objectness[None], counts)[0]  # noqa: SLF001
        boxes = clip_boxes_to_image(anchors.boxes[rows], size)
        scores = objectness[rows].sigmoid()
        kept = remove_small_boxes(boxes, rpn.min_size)
        kept = kept[scores[kept] >= rpn.score_thresh]
        rows, boxes, scores = rows[kept], boxes[kept], scores[kept]
        left = batched_nms(boxes, scores, levels[rows], rpn.nms_thresh)
        dropped = torch.ones(len(rows), dtype=torch.bool, device=rows.device)
        dropped[left] = False
        return rows[left[: rpn.post_nms_top_n()]], rows[dropped]

    def pool(
        self, outputs: Sequence[Tensor], boxes: Tensor, size: Size
    ) -> tuple[Tensor, Tensor]:
        """Return boxes' RoI-pooled features, and the level of each.

        He et al. 2017 (arXiv:1703.06870, section 3, RoIAlign); the level by the box's
        size (Lin et al. 2017, arXiv:1612.03144, equation 1).

        Returns:
            (n, C, h, w) and int64 (n,).
        """
        pooler: Any = self.roi_heads.box_roi_pool
        pooled: Tensor = pooler(self.features(outputs), [boxes], [size])
        return pooled, pooler.map_levels([boxes])


class Outlining(TwoStage):
    """Mask R-CNN (He et al. 2017, arXiv:1703.06870)."""

    def outlines(
        self, outputs: Sequence[Tensor], found: Candidates, place: Placement
    ) -> Iterator[Tensor]:
        """Yield each box's mask, (H, W) in [0, 1] over the image."""
        heads: Any = self.roi_heads
        size = place.input_size
        pooled = heads.mask_roi_pool(self.features(outputs), [found.boxes], [size])
        logits = heads.mask_predictor(heads.mask_head(pooled))
        rows = torch.arange(len(logits), device=logits.device)
        small = logits[rows, found.classes].sigmoid()
        boxes = torch.from_numpy(on_photo(found.boxes.cpu().numpy(), place))
        for outline, box in zip(small, boxes.to(small.device), strict=True):
            whole = paste_masks_in_image(
                outline[None, None], box[None], place.photo_size
            )
            yield whole[0, 0]


class FindingKeypoints(TwoStage):
    """Keypoint R-CNN (He et al. 2017, arXiv:1703.06870, section 5)."""

    skeleton = COCO_SKELETON

    def keypoints(
        self, outputs: Sequence[Tensor], found: Candidates, size: Size
    ) -> Tensor:
        """Return keypoints (n, 17, 3): x, y in px of the input, and a logit."""
        heads: Any = self.roi_heads
        pooled = heads.keypoint_roi_pool(self.features(outputs), [found.boxes], [size])
        logits = heads.keypoint_predictor(heads.keypoint_head(pooled))
        (points,), (scores,) = keypointrcnn_inference(logits, [found.boxes])
        return torch.cat((points[..., :2], scores[..., None]), dim=2)


def _padded(x: Tensor, divisor: int) -> Tensor:
    """Pad pixels with zeros right and below to multiples of a divisor."""
    below, right = (-side % divisor for side in x.shape[2:])
    return functional.pad(x, (0, right, 0, below)) if below or right else x


def _one(x: Tensor) -> ImageList:
    """Wrap an input as torchvision's ImageList, for anchor generators."""
    return ImageList(x, [(x.shape[2], x.shape[3])])
