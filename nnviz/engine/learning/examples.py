"""Labeled images for small training runs, as tensors of one size."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import UsageError
from nnviz.engine.data.digits import load_digits
from nnviz.engine.data.folders import (
    LabeledPhotos,
    Split,
    class_folders,
    list_given_split,
    list_split,
)
from nnviz.engine.data.scenes import FIRST_TRAINING_SEED
from nnviz.engine.data.shapes import load_shapes

_DIGIT_SIDE = 16
SIDE = 32
"""Side of training images other than digits, px."""
_HELD_SHARE = 8
"""Ratio of training images to the limit of held-out ones."""
_LEAST_HELD = 50


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Training images and held-out images, with their classes.

    Attributes:
        pixels: float32 (N, C, S, S) in [0, 1].
        labels: int64 (N,).
        held_pixels: float32 (M, C, S, S).
        held_labels: int64 (M,).
        classes: names.
        mean: of all values, to normalize with.
        std: likewise.
    """

    pixels: Tensor
    labels: Tensor
    held_pixels: Tensor
    held_labels: Tensor
    classes: tuple[str, ...]
    mean: float
    std: float

    def normalized(self, pixels: Tensor) -> Tensor:
        """Standardize pixels by the training images' mean and standard deviation."""
        return (pixels - self.mean) / self.std


def load_examples(
    data: str, folder: str, count: int, check: Callable[[], None] = lambda: None
) -> Examples:
    """Load a built-in data set by name, or the needed images of a folder.

    Args:
        data: "digits", "scenes" or "folder".
        folder: with a sub-folder for each class, or with such folders "train" and
            "test".
        count: maximum number of training images.
        check: raises to stop, before each file.

    Raises:
        UsageError: no folder is named.
        InputError: the folder cannot be read, or holds too few images.
    """
    if data == "digits":
        return _examples(load_digits(), _DIGIT_SIDE, count)
    if data == "scenes":
        return _examples(_scenes(count), SIDE, count)
    if not folder:
        raise UsageError(
            "--folder", "missing", "name a folder with a subfolder for each class"
        )
    path = Path(folder).expanduser()
    given = {"train", "test"} <= set(class_folders(path, frozenset()))
    train, held = list_given_split(path) if given else list_split(path, check=check)
    train = train.some(count)
    held = held.some(_held_count(len(train.paths)))
    split = Split(train.read(SIDE, check), held.read(SIDE, check))
    return _examples(split, SIDE, count)


def _held_count(count: int) -> int:
    """Return the limit of held-out images for a number of training images."""
    return max(_LEAST_HELD, count // _HELD_SHARE)


def _scenes(count: int) -> Split:
    held = _held_count(count)
    first = FIRST_TRAINING_SEED
    return Split(
        load_shapes(range(first, first + count), SIDE), load_shapes(range(held), SIDE)
    )


def _examples(split: Split, side: int, count: int) -> Examples:
    train = _some(split.train, count)
    held = _some(split.held_out, _held_count(len(train)))
    pixels = _tensors(train, side)
    return Examples(
        pixels,
        train.labels.long(),
        _tensors(held, side),
        held.labels.long(),
        train.classes,
        float(pixels.mean()),
        max(float(pixels.std()), 1e-3),
    )


def _some(photos: LabeledPhotos, count: int) -> LabeledPhotos:
    """Sample at most ``count`` images, evenly since they are sorted by class."""
    if len(photos) <= count:
        return photos
    chosen = torch.linspace(0, len(photos) - 1, count).round().long().tolist()
    return LabeledPhotos(
        [photos.photos[index] for index in chosen],
        photos.labels[torch.tensor(chosen)],
        photos.classes,
    )


def _tensors(photos: LabeledPhotos, side: int) -> Tensor:
    pixels = (each[None].float() / 255 for each in photos.photos)
    return torch.cat([cut_square(each, side) for each in pixels])


def cut_square(pixels: Tensor, side: int) -> Tensor:
    """Crop the central square of images, resized to (N, C, side, side)."""
    height, width = pixels.shape[2:]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    square = pixels[:, :, top : top + short, left : left + short]
    if short == side:
        return square
    return functional.interpolate(
        square, (side, side), mode="bilinear", antialias=True, align_corners=False
    )
