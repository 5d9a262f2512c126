"""Training of ``bundled:everyday``: ten everyday classes, from scratch, on CIFAR-10."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.data.folders import (
    LabeledPhotos,
    Split,
    load_given_split,
    unpacked,
)
from nnviz.engine.training import augment
from nnviz.engine.training.classifier import ClassifierRecipe, stack, targets_of
from nnviz.engine.training.course import Course, Words, need_data

_REACH = 2  # px
_SAMPLE = 5000
_EIGENVALUE_FLOOR = 5e-4
_MEAN = (0.4914, 0.4822, 0.4465)
_STD = (0.2470, 0.2435, 0.2616)


def load_everyday(data: Path | None, recipe: ClassifierRecipe) -> Split:
    """Read CIFAR-10 from a folder or zip file that contains ``train`` and ``test``.

    Raises:
        InputError: there is no such data.
        UsageError: no data were named.
    """
    with unpacked(need_data(data)) as folder:
        return load_given_split(folder, recipe.test_size)


def draw_small(
    photos: LabeledPhotos, chosen: Tensor, side: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a batch resized to one side, randomly shifted, half of it flipped."""
    batch = stack(photos, chosen)
    if batch.shape[-1] != side:
        batch = functional.interpolate(
            batch, (side, side), mode="bilinear", antialias=True
        )
    return augment.shift_and_flip(batch, _REACH, generator), targets_of(photos, chosen)


def initialize_whitened(
    net: nn.Module, photos: LabeledPhotos, generator: torch.Generator
) -> None:
    """Initialize near the identity, behind a whitening first layer.

    The first layer's filters are the principal components of the images' patches, each
    with both signs, scaled to unit variance; every other convolution passes its inputs
    on.  Both make training several times shorter (Jordan 2024, arXiv:2404.00498, sec.
    3.1 and 3.2).
    """
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    for module in convolutions:
        nn.init.kaiming_uniform_(module.weight, a=5**0.5, generator=generator)
        nn.init.dirac_(module.weight.data[: module.in_channels])
    for linear in (m for m in net.modules() if isinstance(m, nn.Linear)):
        nn.init.normal_(linear.weight, 0, 0.01, generator=generator)
        nn.init.zeros_(linear.bias)
    sample = torch.randperm(len(photos), generator=generator)[:_SAMPLE]
    _whiten(convolutions[0], stack(photos, sample))


@torch.no_grad()
def _whiten(first: nn.Conv2d, pixels: Tensor) -> None:
    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (_MEAN, _STD))
    side = first.kernel_size[0]
    # (images, values of a patch, patches) to (all patches, values)
    patches = functional.unfold((pixels - mean) / std, side, stride=side)
    patches = patches.transpose(1, 2).flatten(0, 1)
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    kept = slice(-(first.out_channels // 2), None)
    filters = (vectors / (values + _EIGENVALUE_FLOOR).sqrt())[:, kept].T
    first.weight.copy_(torch.cat([filters, -filters]).view_as(first.weight))
    if first.bias is not None:
        first.bias.zero_()


_RECIPE = ClassifierRecipe(
    epochs=16,
    batch=256,
    train_size=32,
    first_size=24,
    first_share=0.5,
    test_size=32,
    mean=_MEAN,
    std=_STD,
    rate=0.375,
    warm_up=0.2,
    bias_rate=8,
    head_rate=1 / 16,
    momentum=0.85,
    weight_decay=1.3e-3,
    label_smoothing=0.2,
    cut_mix_share=0,
    ema_decay=0.98,
    balanced=False,
    watch_every=5,
)

COURSE = Course(
    recipe=_RECIPE,
    architecture="SmallVgg",
    load=load_everyday,
    draw=draw_small,
    initialize=initialize_whitened,
    words=Words(
        title="Everyday",
        about=(
            "A plain stack of seven 3x3 convolutions (1.5 million weights) that names"
            " one of ten\neveryday things: vehicles and animals."
        ),
        input="32 x 32 px, RGB; any size from 8 px works",
        data=(
            "CIFAR-10 (Krizhevsky 2009), free for research, no formal license;"
            " stored as JPEG"
        ),
        split="the data's own: {count} test images, never trained on",
        train="--data cifar10.zip",
        evaluate="--data cifar10.zip --held-out",
        weaknesses=(
            "It sees 32 x 32 px: images are reduced to that size, so the thing\nmust"
            " fill most of it. It always answers with one of its ten names, so a cup or"
            " a face\ngets a wrong one. Cats and dogs are what it confuses most."
        ),
    ),
)
