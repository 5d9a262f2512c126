"""Listings of folders of images."""

import hashlib
import os
import re
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.file_formats import IMAGES

_USUAL = frozenset({".jpg", ".jpeg", ".png"})
"""Suffixes of training images."""
_NUMBERS = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key that puts ``img2`` before ``img10``."""
    parts = _NUMBERS.split(name.casefold())
    return tuple(
        (int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts)
    )


def list_images(folder: Path, *, may_be_empty: bool = False) -> tuple[Path, ...]:
    """List the images directly in a folder, in natural order.

    Hidden files are skipped.

    Args:
        folder: of the images.
        may_be_empty: whether a folder without images is allowed.

    Raises:
        InputError: the folder does not exist, is not readable, or holds no images.
    """
    try:
        found = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in IMAGES and not path.name.startswith(".")
        ]
    except FileNotFoundError:
        raise InputError(str(folder), "no such folder", "check the name") from None
    except NotADirectoryError:
        raise InputError(str(folder), "is not a folder", "name its folder") from None
    except PermissionError:
        raise InputError(
            str(folder), "is not readable", "change its permissions"
        ) from None
    if not found and not may_be_empty:
        raise InputError(
            str(folder), "holds no images", "pick a folder with PNG or JPEG files"
        )
    return tuple(sorted(found, key=lambda path: (natural_key(path.name), path.name)))


def images_below(folder: Path) -> list[Path]:
    """List the JPEG and PNG files in a folder and all below it, sorted."""
    found = folder.rglob("*")
    return sorted(path for path in found if path.suffix.lower() in _USUAL)


def fingerprint(folder: Path) -> str:
    """Return a hash of the names and sizes of the images below a folder."""
    names = [
        f"{path.relative_to(folder).as_posix()} {path.stat().st_size}"
        for path in images_below(folder)
    ]
    return hashlib.sha256(os.fsencode("\n".join(names))).hexdigest()
