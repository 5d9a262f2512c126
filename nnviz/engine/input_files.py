"""Further images that a method opens; the recipe keeps their names and hashes."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from nnviz.base.errors import InputError
from nnviz.base.host.reading import is_folder
from nnviz.base.images import Image
from nnviz.base.notation.boxes import BoxedImage, LabeledBox, parse_boxes
from nnviz.engine.data.annotated import Annotations, annotations_of, read_annotations
from nnviz.engine.data.folders import split_paths
from nnviz.engine.models.model import Model
from nnviz.engine.targets.directions import read_direction
from nnviz.media.decode import open_image
from nnviz.media.files import read_bytes, read_text
from nnviz.media.folders import fingerprint, list_images

T = TypeVar("T")
_LARGEST_TEXT = 4 << 20
"""Bytes of a text: some 700,000 words."""


class InputFiles:
    """Opens image files and folders by path, and records their hashes.

    Attributes:
        hashes: sha256 of the opened files, by path as given.

    Args:
        model: the network that gets the images.
        check: called between files; raises to stop.
    """

    def __init__(self, model: Model, check: Callable[[], None]) -> None:
        self.hashes: dict[str, str] = {}
        self._model = model
        self._check = check

    def image(self, path: str) -> Image:
        """Open an image file.

        Raises:
            InputError: no such file, or no image.
        """
        image = open_image(Path(path).expanduser())
        self.hashes[path] = image.sha256
        return image

    def pixels(self, path: str) -> Tensor:
        """Open an image file, preprocessed for the network, (1, C, H, W) in [0, 1].

        Raises:
            InputError: no such file, no image, or channels that do not fit.
        """
        return self._model.pixel_input(self.image(path))

    def direction(self, path: str) -> tuple[str, Tensor]:
        """Open a concept direction: its layer, and its vector over the channels.

        Raises:
            InputError: no such file, or not one written by ``nnviz concept``.
        """
        return self.opened(path, read_direction)

    def opened(self, path: str, read: Callable[[Path], T]) -> T:
        """Open a file of another format.

        Args:
            path: as given; "~" is the user's folder.
            read: reads the format.

        Raises:
            InputError: no such file, or whatever else the reader refuses.
        """
        where = Path(path).expanduser()
        found = read(where)
        self.hashes[path] = hashlib.sha256(read_bytes(where)).hexdigest()
        return found

    def annotations(self, folder: str) -> Annotations:
        """Open a folder of images with annotated boxes in COCO's format.

        Raises:
            InputError: no such folder, or it does not hold exactly one annotation file.
        """
        where = Path(folder).expanduser()
        found = read_annotations(where)
        self.hashes[folder] = fingerprint(where)
        return found

    def boxes(self, text: str) -> Annotations:
        """Open the images of annotated boxes, in the notation of ``notation.boxes``.

        Raises:
            UsageError: another notation.
            InputError: no such file, no image, or a box that lies outside it.
        """
        return annotations_of([self._clipped(each) for each in parse_boxes(text)])

    def _clipped(self, boxed: BoxedImage) -> BoxedImage:
        """Return an image's boxes clipped to it."""
        self._check()
        height, width = self.image(boxed.path).size
        found = []
        for box in boxed.boxes:
            left, top, right, bottom = box.corners
            inside = (
                max(left, 0.0),
                max(top, 0.0),
                min(right, width),
                min(bottom, height),
            )
            if inside[0] >= inside[2] or inside[1] >= inside[3]:
                reason = f"has {width} x {height} px; the box {box.text} is outside"
                raise InputError(boxed.path, reason, "draw it again")
            found.append(LabeledBox(box.label, inside))
        return BoxedImage(boxed.path, tuple(found))

    def text(self, path: str) -> str:
        """Open a text file, UTF-8.

        Raises:
            InputError: no such file, not UTF-8, or too large.
        """
        return self.opened(path, lambda file: read_text(file, _LARGEST_TEXT, "a text"))

    def grouped(self, folder: str) -> dict[str, tuple[Path, ...]]:
        """Return the image files of each sub-folder, by the sub-folder's name.

        Raises:
            InputError: no such folder, or no images in one of its folders.
        """
        where = Path(folder).expanduser()
        if not is_folder(where):
            raise InputError(folder, "no such folder", "check the name")
        inner = sorted(
            each
            for each in where.iterdir()
            if each.is_dir() and not each.name.startswith(".")
        )
        self.hashes[folder] = fingerprint(where)
        return {each.name: list_images(each) for each in inner}

    def listed(self, folder: str) -> tuple[Path, ...]:
        """Return the image files directly in a folder, in natural order.

        Raises:
            InputError: no such folder, or it holds no images.
        """
        where = Path(folder).expanduser()
        found = list_images(where)
        self.hashes[folder] = fingerprint(where)
        return found

    def folder(
        self, folder: str, count: int, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Open the images below a folder, preprocessed for the network.

        Args:
            folder: with JPEG or PNG files.
            count: maximum number of images, taken at even intervals from all.
            size: height and width, px, to which images of other sizes are stretched.

        Returns:
            Training images and held-out images, divided by file hash: (N, C, H, W) and
            (M, C, H, W) on the CPU.

        Raises:
            InputError: no such folder, too few images in it, or a damaged one.
        """
        where = Path(folder).expanduser()
        learned, held_out = split_paths(where, count)
        self.hashes[folder] = fingerprint(where)
        return self._stacked(learned, size), self._stacked(held_out, size)

    def _stacked(self, paths: Sequence[Path], size: tuple[int, int]) -> Tensor:
        found = []
        for path in paths:
            self._check()
            image = open_image(path)
            pixels = self._model.pixel_input(image)
            if tuple(pixels.shape[2:]) != size:
                pixels = self._model.whole_input(image, size)
            found.append(pixels.cpu())
        return torch.cat(found)
