"""Images with known classes: from class folders, or made by the program itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from nnviz.base.errors import InputError, UsageError
from nnviz.base.images import Image, image_from_array
from nnviz.engine.data.digits import load_digits
from nnviz.engine.data.folders import (
    LabeledPhotos,
    class_folders,
    is_held_out,
    plain_name,
)
from nnviz.engine.data.scenes import Shortcut
from nnviz.engine.data.shapes import HELD_OUT, SIDE, load_shapes
from nnviz.media.decode import MAX_PIXELS, open_image
from nnviz.media.files import read_bytes
from nnviz.media.folders import list_images

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """An image and its true class.

    Attributes:
        open: opens the image.
        name: of the class.
    """

    open: Callable[[], Image]
    name: str


def _digits() -> LabeledPhotos:
    return load_digits().held_out


MADE: dict[str, Callable[[], LabeledPhotos]] = {
    "digits": _digits,
    "scenes": partial(load_shapes, HELD_OUT, SIDE),
    "scenes-planted": partial(load_shapes, HELD_OUT, SIDE, Shortcut.PLANTED),
    "scenes-contradicting": partial(
        load_shapes, HELD_OUT, SIDE, Shortcut.CONTRADICTING
    ),
}
"""Generated data by name: images that no bundled network is trained on."""


def questions_made(name: str, limit: int) -> list[Question]:
    """Return generated labeled images.

    Args:
        name: one of ``MADE``.
        limit: maximum number of images; 0 for all.
    """
    photos = _made(name)
    chosen = spread(range(len(photos)), limit)
    return [
        Question(partial(_wrap, name, index), photos.classes[int(photos.labels[index])])
        for index in chosen
    ]


def questions_in(folder: Path, limit: int, *, held_out: bool) -> list[Question]:
    """Return the labeled images of ``folder/<class>/*``, in order of their names.

    Args:
        folder: one sub-folder for each class.
        limit: maximum number of images, taken at even intervals from all; 0 for all.
        held_out: whether to use only the fifth, by file hash, that is never trained on;
            for data split in ``train`` and ``test``, the latter.

    Raises:
        InputError: there are no class folders, or no images in them.
        UsageError: the data are split and no part is chosen.
    """
    names = class_folders(folder, frozenset())
    if {"train", "test"} <= set(names):
        if not held_out:
            raise UsageError(
                str(folder), "comes split in train and test", "add --held-out for test"
            )
        folder, held_out = folder / "test", False
        names = class_folders(folder, frozenset())
    if not names:
        raise InputError(
            str(folder), "has no subfolders", "make one for each class, named after it"
        )
    found = [
        (path, plain_name(name)) for name in names for path in _pictures(folder / name)
    ]
    if held_out:
        found = [pair for pair in found if is_held_out(read_bytes(pair[0]))]
    if not found:
        raise InputError(str(folder), "holds no images", "put some in its subfolders")
    return [
        Question(partial(open_image, path, MAX_PIXELS), name)
        for path, name in spread(found, limit)
    ]


def spread(items: Sequence[T], limit: int) -> list[T]:
    """Return at most ``limit`` items, evenly sampled; all for 0."""
    if not limit or limit >= len(items):
        return list(items)
    return [items[index * len(items) // limit] for index in range(limit)]


def _pictures(folder: Path) -> tuple[Path, ...]:
    try:
        return list_images(folder)
    except InputError:
        return ()


@lru_cache(maxsize=1)
def _made(name: str) -> LabeledPhotos:
    """Make a data set once in each process."""
    return MADE[name]()


def _wrap(name: str, index: int) -> Image:
    pixels = _made(name).photos[index].permute(1, 2, 0).numpy()
    return image_from_array(pixels, f"image {index}")
