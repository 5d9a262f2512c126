"""Folders of images: flat, or with a folder for each class, split or not."""

import os
from pathlib import Path, PurePosixPath

from nnviz.base.errors import InputError
from nnviz.base.file_formats import IMAGES
from nnviz.base.host.reading import printable
from nnviz.engine.data.folders import plain_name
from nnviz.engine.dataset.sources.image_set import ImageSet
from nnviz.media.folders import natural_key
from nnviz.media.remote import list_files

_SPLITS = frozenset(
    {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}
)
_BESIDE_IMAGES = ("labels", "masks", "annotations")


def list_folder(folder: Path) -> ImageSet:
    """List the images in a folder and its sub-folders, in natural order.

    ``train`` and ``test`` at the top are splits; below them, or at the top, at least
    two class folders give the labels.  Hidden files are left out, and so are the
    siblings of a folder ``images``, such as masks.

    Raises:
        InputError: the folder cannot be read.
    """
    root = folder / "images" if _has_parts(folder) else folder
    return labeled_set(str(folder), str(root.absolute()), _images_below(root))


def list_remote(url: str) -> ImageSet:
    """List the images below a URL that fsspec opens, as ``list_folder`` does.

    Raises:
        InputError: the URL cannot be listed.
    """
    named = [path for path in list_files(url) if _is_image(path)]
    return labeled_set(url, url, sorted(named, key=natural_key))


def labeled_set(source: str, root: str, paths: list[str]) -> ImageSet:
    """Build an image set with labels and splits from the folders' names.

    Args:
        source: as given by the user.
        root: base of the relative paths.
        paths: with ``/`` between their parts.
    """
    parts = [path.split("/")[:-1] for path in paths]
    split = bool(parts) and all(
        each and each[0].casefold() in _SPLITS for each in parts
    )
    splits = [each[0].casefold() for each in parts] if split else []
    labels = [each[-1] if each[split:] else "" for each in parts]
    if len(set(labels)) < 2:  # noqa: PLR2004  one folder is no class among others
        labels = []
    return ImageSet(
        source=source,
        root=root,
        paths=paths,
        labels=[plain_name(each) for each in labels],
        splits=splits,
    )


def _has_parts(folder: Path) -> bool:
    """Return whether images have a folder of their own, beside labels or masks.

    The layout of YOLO's data sets and of those for segmentation.
    """
    beside = any((folder / name).is_dir() for name in _BESIDE_IMAGES)
    return beside and (folder / "images").is_dir()


def _is_image(path: str) -> bool:
    name = path.rpartition("/")[2]
    return not name.startswith(".") and PurePosixPath(name).suffix.lower() in IMAGES


def _images_below(folder: Path) -> list[str]:
    """List images below a folder as relative paths with ``/`` as separator."""
    found: list[str] = []

    def refuse(error: OSError) -> None:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(str(error.filename), reason, "change its permissions")

    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(
            (name for name in folders if not name.startswith(".")), key=natural_key
        )
        below = Path(place).relative_to(folder).as_posix()
        prefix = "" if below == "." else f"{below}/"
        names = (name for name in files if not name.startswith("."))
        images = [
            name
            for name in names
            if os.path.splitext(name)[1].lower() in IMAGES  # noqa: PTH122  a million of them
        ]
        found += [
            printable(prefix + name)
            for name in sorted(images, key=lambda name: (natural_key(name), name))
        ]
    return found
