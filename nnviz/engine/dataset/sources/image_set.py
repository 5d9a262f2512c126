"""An image set: the paths, labels and splits of images, and how one is opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.images import Image, image_from_array
from nnviz.engine.data.scenes import Shortcut
from nnviz.engine.data.shapes import make_labeled_scene
from nnviz.media.decode import decode
from nnviz.media.files import read_bytes
from nnviz.media.remote import is_remote, read_remote

SCENES = {"scenes": "none", "scenes-planted": "planted",
          "scenes-contradicting": "contradicting"}  # fmt: skip
"""Shortcut of the generated scenes of each name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageSet:
    """A lazily opened image set: paths with labels, splits and other columns.

    Attributes:
        source: as given by the user.
        root: base folder of relative paths; "" where they are not relative.
        paths: of the images, or names of those that are generated.
        labels: names of the classes, "" for none; as many as paths, or none at all.
        splits: "train", "test", ...; likewise.
        numbers: further columns, float64 (n,) by name.
        scenes: shortcut of generated scenes; "" for files.
        notes: omissions with their reasons.
    """

    source: str
    root: str
    paths: Sequence[str]
    labels: Sequence[str] = ()
    splits: Sequence[str] = ()
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    scenes: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.paths)

    def part(self, places: Sequence[int]) -> "ImageSet":
        """Return the subset at some positions, in their order."""
        chosen = np.asarray(places, dtype=np.int64)
        return ImageSet(
            source=self.source,
            root=self.root,
            paths=[self.paths[place] for place in places],
            labels=[self.labels[place] for place in places] if self.labels else (),
            splits=[self.splits[place] for place in places] if self.splits else (),
            numbers={name: each[chosen] for name, each in self.numbers.items()},
            scenes=self.scenes,
            notes=self.notes,
        )

    def open(self, place: int) -> "Sample":
        """Open an image.

        Raises:
            InputError: the image cannot be read.
        """
        path = self.paths[place]
        if self.scenes:
            return _generated(path, self.scenes)
        if is_remote(path) or is_remote(self.root):
            return _downloaded(path if is_remote(path) else _joined(self.root, path))
        file = Path(self.root) / path
        data = read_bytes(file)
        image = decode(data, file.name, path=str(file))
        changed = file.stat().st_mtime_ns
        return Sample(image, bytes.fromhex(image.sha256), len(data), changed)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """An opened image with the facts of its file.

    Attributes:
        image: as decoded.
        sha256: of the file's bytes, 32 bytes.
        size: of the file, bytes; of the pixels where there is no file.
        changed: time of the file's last change, ns; 0 where there is none.
        label: of a generated image, which is known only once it is generated; else "".
    """

    image: Image
    sha256: bytes
    size: int
    changed: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An image that cannot be used, with the reason."""

    path: str
    reason: str


def _joined(root: str, path: str) -> str:
    return f"{root.rstrip('/')}/{path}"


def _downloaded(url: str) -> Sample:
    folder, _, name = url.rpartition("/")
    data = read_remote(folder, name)
    image = decode(data, name, path=url)
    return Sample(image, bytes.fromhex(image.sha256), len(data))


def _generated(name: str, shortcut: str) -> Sample:
    label, pixels = make_labeled_scene(int(name.rpartition("/")[2]), Shortcut(shortcut))
    image = image_from_array(pixels, name)
    return Sample(image, bytes.fromhex(image.sha256), pixels.nbytes, label=label)


def check_not_empty(found: ImageSet) -> ImageSet:
    """Return the set; refuse one without images.

    Raises:
        InputError: the set is empty.
    """
    if not len(found):
        raise InputError(
            found.source, "holds no images", "name a folder with PNG or JPEG files"
        )
    return found
