"""Folders of labeled images: one sub-folder a class, split by file hash."""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image as PillowImage
from torch import Tensor

from nnviz.base.errors import InputError
from nnviz.base.file_formats import IMAGES
from nnviz.base.host.reading import ARCHIVE_ERRORS, is_file, is_folder, reading
from nnviz.media.files import read_bytes
from nnviz.media.folders import images_below
from nnviz.media.headers import DECODE_ERRORS, open_header

_CORRECTED = {"yin_yang": "yin and yang", "water_lilly": "water lily"}
_HELD_OUT_FRACTION = 5  # one fifth
_MOST_SWELLING = 10


@dataclass(frozen=True, slots=True)
class LabeledPhotos:
    """Images in memory with their classes.

    ``photos[i]`` is uint8 (3, H, W) of any size; ``labels`` is int64 (N,) and indexes
    ``classes``.
    """

    photos: list[Tensor]
    labels: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.photos)

    def every(self, step: int) -> "LabeledPhotos":
        """Return every ``step``-th image: a sample if they are sorted by class."""
        return LabeledPhotos(self.photos[::step], self.labels[::step], self.classes)


@dataclass(frozen=True, slots=True)
class Split:
    """Training images, and held-out images that are never trained on."""

    train: LabeledPhotos
    held_out: LabeledPhotos


def is_held_out(content: bytes) -> bool:
    """Tell whether a file is in the held-out fifth, by the hash of its bytes.

    So the split is unaffected by renaming, re-ordering and adding files.
    """
    return (
        int.from_bytes(hashlib.sha256(content).digest()[:4], "big")
        % (_HELD_OUT_FRACTION)
        == 0
    )


@contextmanager
def unpacked(data: Path) -> Iterator[Path]:
    """Yield a folder, or a zip file's content unpacked to a temporary folder.

    If a zip file holds a single folder, that folder is returned.

    Raises:
        InputError: the path is neither.
    """
    if is_folder(data):
        yield data
        return
    with reading(data.name, ARCHIVE_ERRORS):
        zipped = is_file(data) and zipfile.is_zipfile(data)
    if not zipped:
        raise InputError(
            str(data), "is neither a folder nor a zip file", "name one of the two"
        )
    with TemporaryDirectory() as folder:
        with reading(data.name, ARCHIVE_ERRORS), zipfile.ZipFile(data) as packed:
            _check_unpacked(packed, data)
            packed.extractall(folder)
        entries = list(Path(folder).iterdir())
        yield entries[0] if len(entries) == 1 else Path(folder)


def _check_unpacked(packed: zipfile.ZipFile, data: Path) -> None:
    """Refuse a zip bomb, or an archive that the disk cannot hold.

    Raises:
        InputError: its files are ten times as large as the archive, or the disk is too
            full.
    """
    size = sum(entry.file_size for entry in packed.infolist())
    room = shutil.disk_usage(tempfile.gettempdir()).free
    if size > _MOST_SWELLING * data.stat().st_size + (1 << 24):
        raise InputError(
            data.name, "unpacks to far more than its size", "unpack it yourself"
        )
    if size > room:
        raise InputError(
            data.name, "is larger than the free disk", "unpack it yourself"
        )


def plain_name(folder: str) -> str:
    """Return a class name for a folder name: "water_lilly" gives "water lily"."""
    return _CORRECTED.get(folder, folder.replace("_", " ").lower())


@dataclass(frozen=True, slots=True, eq=False)
class LabeledFiles:
    """Image files with their classes.

    ``paths[i]`` has class ``classes[labels[i]]``; sorted by class.
    """

    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]

    def some(self, count: int) -> "LabeledFiles":
        """Return at most ``count`` files, evenly sampled."""
        if len(self.paths) <= count:
            return self
        chosen = torch.linspace(0, len(self.paths) - 1, count).round().long().tolist()
        return LabeledFiles(
            tuple(self.paths[index] for index in chosen),
            tuple(self.labels[index] for index in chosen),
            self.classes,
        )

    def read(
        self, shorter_side: int, check: Callable[[], None] = lambda: None
    ) -> LabeledPhotos:
        """Read the images, scaled to a length of the shorter side.

        Args:
            shorter_side: px.
            check: raises to stop, before each image.

        Raises:
            InputError: an image cannot be read.
        """
        photos = []
        for path in self.paths:
            check()
            photos.append(_read_photo(path, shorter_side))
        return LabeledPhotos(photos, torch.tensor(self.labels), self.classes)


def load_split(
    folder: Path, shorter_side: int, leave_out: frozenset[str] = frozenset()
) -> Split:
    """Read ``folder/<class>/*`` and split it by file hash.

    Args:
        folder: one sub-folder for each class.
        shorter_side: images are scaled to this many px on the shorter side.
        leave_out: names of sub-folders that are not classes.
    """
    return Split(*(each.read(shorter_side) for each in list_split(folder, leave_out)))


def list_split(
    folder: Path,
    leave_out: frozenset[str] = frozenset(),
    check: Callable[[], None] = lambda: None,
) -> tuple[LabeledFiles, LabeledFiles]:
    """List ``folder/<class>/*``, split by file hash into training and held-out files.

    Args:
        folder: one sub-folder for each class.
        leave_out: names of sub-folders that are not classes.
        check: raises to stop, before each file.

    Raises:
        InputError: there are too few files, or one cannot be read.
    """
    parts: tuple[tuple[list[Path], list[int]], ...] = (([], []), ([], []))
    classes = class_folders(folder, leave_out)
    for label, name in enumerate(classes):
        for path in _images(folder / name):
            check()
            paths, labels = parts[is_held_out(read_bytes(path))]
            paths.append(path)
            labels.append(label)
    train, held_out = (
        LabeledFiles(tuple(paths), tuple(labels), classes) for paths, labels in parts
    )
    if not train.paths or not held_out.paths:
        raise _too_few(folder, len(train.paths) + len(held_out.paths))
    return train, held_out


def _too_few(folder: Path, count: int) -> InputError:
    return InputError(
        str(folder),
        f"holds {count} images in subfolders: too few",
        "name a folder with a subfolder for each class, dozens of images in it",
    )


def _images(folder: Path) -> list[Path]:
    """Return the files directly in a folder with the suffix of an image."""
    found = (path for path in folder.iterdir() if path.suffix.lower() in IMAGES)
    return sorted(path for path in found if not path.name.startswith("."))


def load_photos(
    folder: Path, shorter_side: int, count: int
) -> tuple[list[Tensor], list[Tensor]]:
    """Read images from a folder and its sub-folders, split by file hash.

    Args:
        folder: with JPEG or PNG files, in sub-folders or not.
        shorter_side: images are scaled to this many px on the shorter side.
        count: maximum number of images, taken at even intervals from all.

    Returns:
        Training images and held-out images, uint8 (3, H, W).

    Raises:
        InputError: there are too few images.
    """
    parts = split_paths(folder, count)
    train, held_out = (
        [_read_photo(path, shorter_side) for path in paths] for paths in parts
    )
    return train, held_out


def split_paths(folder: Path, count: int) -> tuple[list[Path], list[Path]]:
    """List images in a folder and its sub-folders, split by file hash.

    Args:
        folder: with JPEG or PNG files, in sub-folders or not.
        count: maximum number of images, taken at even intervals from all.

    Returns:
        Training files and held-out files.

    Raises:
        InputError: there are too few images.
    """
    paths = images_below(folder)
    parts: tuple[list[Path], list[Path]] = ([], [])
    for path in paths[:: max(1, len(paths) // count)][:count]:
        parts[is_held_out(read_bytes(path))].append(path)
    if not all(parts):
        raise InputError(
            str(folder),
            f"{len(paths)} images are too few",
            "name a folder with some dozens of JPEG or PNG files",
        )
    return parts


def load_given_split(folder: Path, shorter_side: int) -> Split:
    """Read data with a split of its own: ``folder/train/<class>/*`` and ``test``."""
    return Split(*(each.read(shorter_side) for each in list_given_split(folder)))


def list_given_split(folder: Path) -> tuple[LabeledFiles, LabeledFiles]:
    """List the files of a given split: ``folder/train/<class>/*`` and ``test``."""
    return _listed(folder / "train"), _listed(folder / "test")


def _listed(folder: Path) -> LabeledFiles:
    classes = class_folders(folder, frozenset())
    pairs = [
        (path, label)
        for label, name in enumerate(classes)
        for path in _images(folder / name)
    ]
    if not pairs:
        raise _too_few(folder, 0)
    paths, labels = zip(*pairs, strict=True)
    return LabeledFiles(paths, labels, classes)


def class_folders(folder: Path, leave_out: frozenset[str]) -> tuple[str, ...]:
    """Return the sorted names of the sub-folders without those to leave out."""
    try:
        names = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(str(folder), reason, "name another folder") from None
    return tuple(sorted(name for name in names if name not in leave_out))


def _read_photo(path: Path, shorter_side: int) -> Tensor:
    """Read and resize an image, in the formats of headers.py only.

    Raises:
        InputError: the file cannot be read, or is not an image.
    """
    opened = open_header(read_bytes(path), path.name)
    with reading(path.name, DECODE_ERRORS):
        picture = opened.convert("RGB")
    scale = shorter_side / min(picture.size)
    size = [max(shorter_side, round(side * scale)) for side in picture.size]
    picture = picture.resize((size[0], size[1]), PillowImage.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(picture).transpose(2, 0, 1).copy())
