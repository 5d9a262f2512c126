"""Training of segmenters for scenes with the same trunk and different decoders.

Staged as in Long et al. 2015 (arXiv:1411.4038, section 4.3): FCN-32s starts from a
classifier's layers, here those of ``bundled:scenes``, FCN-16s from FCN-32s, FCN-8s from
FCN-16s.  The other decoders are trained on the frozen trunk of FCN-8s with the same
scenes in the same order: only the decoder differs.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.base.info import Task
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.networks import ARCHITECTURES
from nnviz.engine.models.networks.segmenters.deep_supervision import DeeplySupervised
from nnviz.engine.models.networks.segmenters.fcn import Fcn
from nnviz.engine.models.networks.segmenters.vgg_trunk import VggTrunk
from nnviz.engine.models.references import BundledReference
from nnviz.engine.training.fitting import initialize_kaiming
from nnviz.engine.training.scene_batches import SceneBatch, SceneRecipe
from nnviz.engine.training.scene_course import SceneCourse
from nnviz.engine.training.scene_fit import SceneTask
from nnviz.engine.training.segmenter import (
    PIXEL_CLASSES,
    loss,
    measure,
    overlap_loss,
)

_CLASSIFIER = "scenes"
_STAGES = 3
"""Number of stages that the classifier and the trunk share."""
_FROZEN = ("trunk.stem", *(f"trunk.stages.{number}" for number in range(_STAGES)))
"""Parts that keep the classifier's weights: the slow layers, which know shapes
already."""
_RECIPE = SceneRecipe(
    epochs=2,
    scenes=1024,
    batch=8,
    size=96,
    early=0.5,
    held_out=64,
    rate=3e-3,
    ema_decay=0.98,
)
_COARSE_LEVELS = 4
_STAGED_EMA_DECAY = 0.998
_FIRST_EPOCHS, _STAGED_EPOCHS = 6, 3
"""Of FCN-32s, and of FCN-16s and FCN-8s."""
_STARTS = {
    "scenes-fcn32": _CLASSIFIER,
    "scenes-fcn16": "scenes-fcn32",
    "scenes-fcn8": "scenes-fcn16",
}
"""From a network to the one that it begins with, where that is not FCN-8s."""
_BYPASS = (
    "Unlike the paper's, which scores its last maps only, it scores the maps of every "
    "level of the decoder; the scores of each level, doubled in size by interpolation, "
    "are added to those of the next finer one, so they pass beside the unpooling."
)
"""What the cards say of ``DeeplySupervised`` where the paper has nothing like it."""


def supervised_loss(net: nn.Module, batch: SceneBatch) -> Tensor:
    """Return the loss of the finest level plus the mean over the coarser ones."""
    *coarse, finest = _level_losses(net, batch)
    return finest + torch.stack(coarse).mean()


def coarse_loss(net: nn.Module, batch: SceneBatch) -> Tensor:
    """Return the mean loss of levels down to a quarter of the size, the cheaper ones.

    The class of a shape is visible there already; half of the epochs go into outlines.
    """
    return torch.stack([*islice(_level_losses(net, batch), _COARSE_LEVELS)]).mean()


def _level_losses(net: nn.Module, batch: SceneBatch) -> Iterator[Tensor]:
    if not isinstance(net, DeeplySupervised):
        raise TypeError(type(net).__name__)
    for logits in net.levels(batch.pixels):
        stride = batch.semantic.shape[-1] // logits.shape[-1]
        middles = slice(stride // 2, None, stride)
        yield overlap_loss(logits, batch.semantic[:, middles, middles])


def initialize_from_classifier(net: nn.Module, generator: torch.Generator) -> None:
    """Initialize a segmenter; the trunk's first stages from the bundled classifier.

    Args:
        net: with a ``VggTrunk`` named trunk.
        generator: source of the weights that the classifier does not have.
    """
    _initialize(net, generator)
    trunk = _trunk_of(net)
    classifier = open_bundled(BundledReference(_CLASSIFIER), lambda: None).net
    trunk.stem.load_state_dict(classifier.get_submodule("stem").state_dict())
    for number in range(_STAGES):
        learned = classifier.get_submodule(f"stage{number + 1}")
        trunk.stages[number].load_state_dict(learned.state_dict())


def initialize_from_segmenter(
    net: nn.Module, generator: torch.Generator, start: str
) -> None:
    """Initialize a segmenter; shared weights from a bundled segmenter.

    These are the trunk's, or for an FCN all that exist in both.

    Args:
        net: with a ``VggTrunk`` named trunk.
        generator: source of the weights that the other one does not have.
        start: name of the bundled segmenter.
    """
    _initialize(net, generator)
    learned = open_bundled(BundledReference(start), lambda: None).net.state_dict()
    whole = isinstance(net, Fcn)
    shared = {k: v for k, v in learned.items() if whole or k.startswith("trunk.")}
    missing, unknown = net.load_state_dict(shared, strict=False)
    if unknown or any(key.startswith("trunk.") for key in missing):
        raise ValueError(start)


def _initialize(net: nn.Module, generator: torch.Generator) -> None:
    initialize_kaiming(net, generator)
    if isinstance(net, Fcn):
        net.start_bilinear()


def _trunk_of(net: nn.Module) -> VggTrunk:
    trunk = net.get_submodule("trunk")
    if not isinstance(trunk, VggTrunk):
        raise TypeError(type(trunk).__name__)
    return trunk


def _course(
    name: str, title: str, architecture: str, decoder: str, weakness: str, **more: int
) -> SceneCourse:
    arguments: Mapping[str, Any] = {"classes": len(PIXEL_CLASSES), **more}
    build: Callable[[], nn.Module] = partial(ARCHITECTURES[architecture], **arguments)
    start = _STARTS.get(name, "scenes-fcn8")
    initialize: Callable[[nn.Module, torch.Generator], None]
    initialize = partial(initialize_from_segmenter, start=start)
    if start == _CLASSIFIER:
        initialize = initialize_from_classifier
    task = SceneTask(build, loss, measure, initialize=initialize, frozen=_FROZEN)
    epochs = _FIRST_EPOCHS if start == _CLASSIFIER else _STAGED_EPOCHS
    recipe = replace(_RECIPE, epochs=epochs, ema_decay=_STAGED_EMA_DECAY)
    if name not in _STARTS:
        recipe = _RECIPE
        task = replace(
            task, loss=supervised_loss, early_loss=coarse_loss, frozen=("trunk",)
        )
    return SceneCourse(
        name=name,
        title=title,
        architecture=architecture,
        classes=PIXEL_CLASSES,
        arguments=arguments,
        kind=Task.SEGMENT,
        task=task,
        recipe=recipe,
        start=f"from the weights of `bundled:{start}`",
        about=f"{decoder}  One of several small segmenters that share their trunk, "
        "their scenes and their recipe and differ in the decoder, made to be compared.",
        weaknesses=f"{weakness}  It was trained for minutes, on drawn shapes only: on "
        "real images it sees shapes where there are none.",
    )


COURSES = {
    course.name: course
    for course in (
        _course(
            "scenes-fcn32",
            "Scenes FCN-32s",
            "Fcn",
            "A fully convolutional network that names classes for cells of 32 px and "
            "interpolates between them.",
            "It has one answer for each 32 px: small shapes are lost, borders round.",
            stride=32,
        ),
        _course(
            "scenes-fcn16",
            "Scenes FCN-16s",
            "Fcn",
            "A fully convolutional network that adds scores of maps at 1/16 of the "
            "input's size to those at 1/32.",
            "Borders are round: it has one answer for each 16 px.",
            stride=16,
        ),
        _course(
            "scenes-fcn8",
            "Scenes FCN-8s",
            "Fcn",
            "A fully convolutional network that adds scores of maps at 1/16 and at 1/8 "
            "of the input's size to those at 1/32.",
            "Corners and thin parts are smooth: it has one answer for each 8 px.",
            stride=8,
        ),
        _course(
            "scenes-segnet",
            "Scenes SegNet",
            "SegNet",
            "An encoder and its mirror image, which unpools with the positions that "
            "the "
            f"encoder's max pooling remembers.  {_BYPASS}",
            "What small shapes are must pass through the deepest maps: it finds their "
            "borders more often than their names.",
        ),
        _course(
            "scenes-deconvnet",
            "Scenes DeconvNet",
            "DeconvolutionNetwork",
            "A code of the deepest maps, then unpooling with remembered positions, "
            "alternating "
            f"with transposed convolutions.  {_BYPASS}",
            "What small shapes are must pass through its code: it finds their borders "
            "more often than their names.  The paper trains it in two stages, first on "
            "cut-out objects; this one was trained in one.",
        ),
        _course(
            "scenes-unet",
            "Scenes U-Net",
            "VggUNet",
            "An encoder and a decoder whose every level sees the encoder's maps of its "
            "size.  `bundled:scenes-segmenter`, larger and trained longer, is better.",
            "One shape may be given to two classes.",
        ),
        _course(
            "scenes-sharpmask",
            "Scenes SharpMask",
            "SharpMask",
            "A coarse encoding of the mask that refinement modules sharpen level by "
            "level with few channels of the encoder's maps.",
            "One shape may be given to two classes.  The paper's network outlines one "
            "object at a time without naming it; this one names every pixel.",
        ),
    )
}
"""From the name of a bundled network to its training."""
