"""What a file is that was dropped, pasted or named: told without decoding it."""

import json
import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from PySide6.QtGui import QImageReader

from nnviz.base.errors import InputError
from nnviz.base.recipes import Recipe

IMAGES = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".webp",
        ".bmp",
        ".gif",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".jp2",
        ".avif",
        ".ico",
        ".tga",
        ".dib",
        ".exr",
        ".hdr",
    ]
)
MODELS = frozenset([".safetensors", ".pt", ".pth", ".bin", ".ckpt"])
LABELS = frozenset([".txt", ".csv", ".json", ".names"])
RECIPE_KEY = "nnviz.recipe"
_MAX_IN_FOLDER = 2000
_MAX_RECIPE_BYTES = 1 << 20


class FileKind(StrEnum):
    """What a file is to nnviz."""

    IMAGE = "image"
    FOLDER = "folder"
    MODEL = "model"
    LABELS = "labels"
    RECIPE = "recipe"
    UNKNOWN = "unknown"


def kind_of(path: Path) -> FileKind:
    """Tell what a file is, by its ending and, for results, by what it carries."""
    ending = path.suffix.lower()
    if path.is_dir():
        return FileKind.FOLDER
    if ending in {".png", ".json"} and recipe_text(path):
        return FileKind.RECIPE
    if ending in IMAGES:
        return FileKind.IMAGE
    if ending in MODELS:
        return FileKind.MODEL
    return FileKind.LABELS if ending in LABELS else FileKind.UNKNOWN


def recipe_text(path: Path) -> str:
    """Return the recipe that an exported picture or JSON file carries, or nothing."""
    if path.suffix.lower() == ".png":
        return str(QImageReader(str(path)).text(RECIPE_KEY))
    if not path.is_file() or path.stat().st_size > _MAX_RECIPE_BYTES:
        return ""
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text)
    except (OSError, ValueError):
        return ""
    known = isinstance(values, dict) and {"method", "preprocess"} <= values.keys()
    return text if known else ""


def read_recipe(path: Path) -> Recipe:
    """Return the recipe of an exported result.

    Raises:
        InputError: the file carries none that can be read.
    """
    return Recipe.from_json(recipe_text(path), path.name)


def images_in(folder: Path) -> list[str]:
    """Return the pictures in a folder and below, by name, at most 2000.

    Raises:
        InputError: there are none.
    """
    found = sorted(str(path) for path in _first(_pictures(folder), _MAX_IN_FOLDER))
    if not found:
        raise InputError(
            folder.name or str(folder),
            "holds no pictures",
            "pick a folder with .jpg, .png or other pictures",
        )
    return found


def _pictures(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in IMAGES and not name.startswith("."):
                yield Path(parent, name)


def _first(paths: Iterable[Path], count: int) -> Iterator[Path]:
    for _, path in zip(range(count), paths, strict=False):
        yield path
