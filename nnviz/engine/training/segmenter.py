"""Training of ``bundled:scenes-segmenter``, which classifies every pixel of scenes."""

from itertools import islice

import torch
from torch import Tensor, nn

from nnviz.base.info import Task
from nnviz.engine.data.scenes import CLASSES
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.networks.unet import UNet
from nnviz.engine.models.references import BundledReference
from nnviz.engine.training.fitting import initialize_kaiming
from nnviz.engine.training.scene_batches import (
    SceneBatch,
    SceneRecipe,
    held_out_batches,
)
from nnviz.engine.training.scene_course import SceneCourse
from nnviz.engine.training.scene_fit import SceneTask

PIXEL_CLASSES = ("background", *CLASSES)
_NAME = "scenes-segmenter"
_DEEPER = (1, 2, 1, 0)
"""Residual blocks more than the detector's, at 1/4, 1/8, 1/16 and 1/32 of the size.

Small shapes, which were taken for others most often, have few cells at coarse sizes."""
_COARSE_LEVELS = 4
_COARSE_STRIDE = 4
"""px of the image per cell of the fourth level."""


def loss(net: nn.Module, batch: SceneBatch) -> Tensor:
    """Return the pixel classification loss of a network, see ``overlap_loss``."""
    return overlap_loss(net(batch.pixels), batch.semantic)


def coarse_loss(net: nn.Module, batch: SceneBatch) -> Tensor:
    """Return the loss at a quarter of the size, without computing finer levels.

    The class of a shape is visible there already; half of the time is spent on
    outlines.
    """
    if not isinstance(net, UNet):
        raise TypeError(type(net).__name__)
    *_, logits = islice(net.levels(batch.pixels), _COARSE_LEVELS)
    middles = slice(_COARSE_STRIDE // 2, None, _COARSE_STRIDE)
    return overlap_loss(logits, batch.semantic[:, middles, middles])


def overlap_loss(logits: Tensor, semantic: Tensor) -> Tensor:
    """Return cross entropy plus the Dice loss of the classes that occur.

    Shapes count as much as the background, which has most of the pixels: each has half
    of the weight in the cross entropy, and the Dice loss (Milletari et al. 2016,
    arXiv:1606.04797, eq. 3, without the squares) is a mean over classes.

    Args:
        logits: (N, classes, H, W).
        semantic: int64 (N, H, W), the true classes.
    """
    logs = logits.float().log_softmax(1)
    classes, truth = logs.shape[1], semantic.flatten()
    own = logs.gather(1, semantic[:, None]).flatten()
    seen = torch.bincount(truth, minlength=classes)
    ours = truth > 0
    halves = torch.where(ours, 0.5 / seen[1:].sum(), 0.5 / seen[0])
    shared = logs.new_zeros(classes).scatter_add(0, truth, own.exp())
    dice = 2 * shared / (logs.exp().sum((0, 2, 3)) + seen)
    return 1 - (halves * own).sum() - dice[seen > 0].mean()


def initialize_from_earlier(net: nn.Module, generator: torch.Generator) -> None:
    """Start from the weights that ship; residual blocks that they lack change nothing.

    A block whose last batch norm is 0 passes its input on (Goyal et al. 2017,
    arXiv:1706.02677, section 5.1), and learns from there.
    """
    initialize_kaiming(net, generator)
    earlier = open_bundled(BundledReference(_NAME), lambda: None).net.state_dict()
    missing, unknown = net.load_state_dict(earlier, strict=False)
    if unknown or not all(key.startswith("trunk.deeper.") for key in missing):
        raise ValueError(_NAME)
    for key in missing:
        if key.endswith("bn2.weight"):
            nn.init.zeros_(net.get_parameter(key))


def confusion(found: Tensor, truth: Tensor, classes: int) -> Tensor:
    """Return the confusion matrix of pixels.

    Args:
        found: int64, any shape.
        truth: int64, same shape.
        classes: number of classes.

    Returns:
        int64 (classes, classes): rows are the truth.
    """
    pairs = (classes * truth + found).flatten()
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def intersection_over_union(counts: Tensor) -> Tensor:
    """Return the IoU of each class that occurs, computed from a confusion matrix.

    Everingham et al. 2010 (doi:10.1007/s11263-009-0275-4, sec. 4.1.3).
    """
    shared = counts.diagonal()
    union = counts.sum(0) + counts.sum(1) - shared
    return shared[union > 0] / union[union > 0]


@torch.inference_mode()
def measure(net: nn.Module, recipe: SceneRecipe) -> dict[str, float]:
    """Return the mean IoU on the held-out scenes, including the background class."""
    counts = torch.zeros(len(PIXEL_CLASSES), len(PIXEL_CLASSES), dtype=torch.int64)
    device = next(net.parameters()).device
    for batch in held_out_batches(recipe):
        found = net(batch.pixels.to(device)).argmax(1).cpu()
        counts += confusion(found, batch.semantic, len(PIXEL_CLASSES))
    return {"mIoU": intersection_over_union(counts).mean().item()}


COURSE = SceneCourse(
    name=_NAME,
    title="Scenes segmenter",
    architecture="UNet",
    classes=PIXEL_CLASSES,
    arguments={"classes": len(PIXEL_CLASSES), "deeper": _DEEPER},
    kind=Task.SEGMENT,
    task=SceneTask(
        lambda: UNet(len(PIXEL_CLASSES), deeper=_DEEPER),
        loss,
        measure,
        coarse_loss,
        initialize_from_earlier,
    ),
    recipe=SceneRecipe(
        epochs=44,
        early=0.5,
        crowd=(3, 7),
        held_out=250,
        rate=2.5e-3,
        mixed_precision=True,
    ),
    start="from its earlier weights (mIoU 80.1 %), which had begun with the trunk of "
    "`bundled:scenes-detector`",
    about="A U-Net on the trunk of `bundled:scenes-detector` with four residual blocks "
    "more, 2.0 million weights, that gives each pixel of generated scenes to one of "
    "ten kinds of shapes or to the background.",
    weaknesses="It knows drawn shapes only: on real images it sees shapes where there "
    "are none.  It does not keep together what hangs together: one shape may be given "
    "to two classes, most often where another hides a part of it or the image's edge "
    "cuts it off.  Edges are rough where the image is blurred or noisy.",
)
