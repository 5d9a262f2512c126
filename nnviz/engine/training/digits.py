"""Training of ``bundled:digits``: LeNet-5 from scratch, on scikit-learn's digits."""

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.data.digits import load_digits
from nnviz.engine.data.folders import LabeledPhotos, Split
from nnviz.engine.training.classifier import (
    ClassifierRecipe,
    stack,
    targets_of,
)
from nnviz.engine.training.course import Course, Words

_TURN = math.radians(12)
_SCALES = (0.95, 1.5)
"""Range of the ratio of the image's size to the digit's."""
_SHIFT = 0.15
"""As a fraction of half the image's side."""


def load(_data: Path | None, recipe: ClassifierRecipe) -> Split:
    """Return the digits, scaled to the recipe's side.

    Raises:
        InputError: scikit-learn is not installed.
    """
    split = load_digits()
    return Split(*(_scaled(part, recipe.test_size) for part in _parts(split)))


def _parts(split: Split) -> tuple[LabeledPhotos, LabeledPhotos]:
    return split.train, split.held_out


def _scaled(photos: LabeledPhotos, side: int) -> LabeledPhotos:
    pixels = functional.interpolate(
        torch.stack(photos.photos).float(), (side, side), mode="bilinear"
    )
    scaled = list(pixels.round().to(torch.uint8))
    return LabeledPhotos(scaled, photos.labels, photos.classes)


def draw(
    photos: LabeledPhotos, chosen: Tensor, _side: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return digits randomly rotated, scaled and shifted, half of them inverted."""
    pixels = stack(photos, chosen)
    count = len(chosen)
    draws = torch.rand(4, count, generator=generator)
    angle = _TURN * (2 * draws[0] - 1)
    scale = _SCALES[0] + (_SCALES[1] - _SCALES[0]) * draws[1]
    shift = _SHIFT * (2 * draws[2:] - 1) * scale
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    rows = torch.stack([cosine, -sine, shift[0], sine, cosine, shift[1]], 1)
    grid = functional.affine_grid(
        rows.view(-1, 2, 3), list(pixels.shape), align_corners=False
    )
    pixels = functional.grid_sample(pixels, grid, align_corners=False)
    inverted = torch.rand(count, 1, 1, 1, generator=generator) < 1 / 2
    return torch.where(inverted, 1 - pixels, pixels), targets_of(photos, chosen)


def initialize(
    net: nn.Module, _photos: LabeledPhotos, generator: torch.Generator
) -> None:
    """Draw Kaiming-normal weights for convolutions and linear layers.

    He et al. 2015 (arXiv:1502.01852, eq. 10): no batch norm compensates a bad scale
    here.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(
                module.weight, nonlinearity="relu", generator=generator
            )
            if module.bias is not None:
                nn.init.zeros_(module.bias)


COURSE = Course(
    recipe=ClassifierRecipe(
        epochs=60,
        batch=32,
        train_size=32,
        test_size=32,
        mean=(0.5,),
        std=(0.5,),
        rate=0.02,
        weight_decay=1e-3,
        label_smoothing=0.05,
        cut_mix_share=0,
        ema_decay=0.99,
        balanced=False,
    ),
    architecture="LeNet5",
    load=load,
    draw=draw,
    initialize=initialize,
    words=Words(
        title="Digits",
        about=(
            "LeNet-5 (LeCun et al. 1998) with ReLU and max pooling (61 706 weights)"
            " that reads one\nhandwritten digit."
        ),
        input=(
            "32 x 32 px, gray, this size only; white on black or black on white, the"
            " digit filling most of the image"
        ),
        data=(
            "the digits of scikit-learn (Alpaydin & Kaynak 1998, test part of UCI's"
            " Optical Recognition of Handwritten Digits), CC BY 4.0, 8 x 8 px"
        ),
        split="by pixel hash: one fifth ({count} digits) held out, never trained on",
        evaluate="--data digits",
        weaknesses=(
            "It has seen digits of 8 x 8 px by 13 writers, drawn large: thin\npen"
            " strokes on a large sheet, several digits at once and lined paper confuse"
            " it. The\nsame writers are in both parts of the data, so a new hand is"
            " harder than the figure says."
        ),
    ),
)
