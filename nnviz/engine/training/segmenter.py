"""Training of ``bundled:scenes-segmenter``, which classifies every pixel of scenes."""

from itertools import islice

import torch
from torch import Tensor, nn

from nnviz.base.info import Task
from nnviz.engine.data.scenes import CLASSES
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.networks.scene_detector import SceneDetector
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
    logs = logits.log_softmax(1)
    classes, truth = logs.shape[1], semantic.flatten()
    own = logs.gather(1, semantic[:, None]).flatten()
    seen = torch.bincount(truth, minlength=classes)
    ours = truth > 0
    halves = torch.where(ours, 0.5 / seen[1:].sum(), 0.5 / seen[0])
    shared = logs.new_zeros(classes).scatter_add(0, truth, own.exp())
    dice = 2 * shared / (logs.exp().sum((0, 2, 3)) + seen)
    return 1 - (halves * own).sum() - dice[seen > 0].mean()


def initialize_from_detector(net: nn.Module, generator: torch.Generator) -> None:
    """Initialize the decoder at random, and the trunk from the bundled detector.

    The detector has already learned the shapes; boxes cost less than masks.
    """
    initialize_kaiming(net, generator)
    detector = open_bundled(BundledReference("scenes-detector"), lambda: None).net
    if not (isinstance(net, UNet) and isinstance(detector, SceneDetector)):
        raise TypeError(type(net).__name__)
    nn.init.normal_(net.classifier.weight, 0, 0.01, generator=generator)
    net.trunk.load_state_dict(detector.trunk.state_dict())


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
    name="scenes-segmenter",
    title="Scenes segmenter",
    architecture="UNet",
    classes=PIXEL_CLASSES,
    arguments={"classes": len(PIXEL_CLASSES)},
    kind=Task.SEGMENT,
    task=SceneTask(
        lambda: UNet(len(PIXEL_CLASSES)),
        loss,
        measure,
        coarse_loss,
        initialize_from_detector,
        frozen=("trunk",),
        thaw=0.04,
    ),
    recipe=SceneRecipe(epochs=24, batch=8, early=0.6, held_out=250, rate=3e-3),
    about="A U-Net on the trunk of `bundled:scenes-detector`, 1.5 million weights, "
    "that gives each pixel of generated scenes to one of ten kinds of shapes or to the "
    "background.  Its trunk started from the detector's weights.",
    weaknesses="It knows drawn shapes only: on photographs it sees shapes where there "
    "are none.  It does not keep together what hangs together: one shape may be given "
    "to two classes, most often where another hides a part of it or the picture's edge "
    "cuts it off.  Edges are rough where the picture is blurred or noisy.",
)
