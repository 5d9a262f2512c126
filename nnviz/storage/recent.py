"""Paths of recent images by hash, so that a recipe finds its image again.

A recipe never contains the folder of its image; this list on the user's own machine
does.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from platformdirs import user_state_path

from nnviz.base.errors import InputError
from nnviz.base.host.reading import JSON_ERRORS, exists
from nnviz.base.images import Image
from nnviz.base.recipes import Recipe, files_of
from nnviz.media.encode import write_png
from nnviz.media.files import read_bytes

_KEPT = 200
_FILE = "recent-pictures.json"
_COPIES, _COPIES_KEPT = "pasted", 20
"""Folder for images that came from no file, and the number kept in it."""


def remember(image: Image, folder: Path | None = None) -> None:
    """Remember an image's path; where nothing can be written, do nothing.

    An image from the clipboard, which has no file, is copied.

    Args:
        image: image to remember.
        folder: folder of the list, for tests.
    """
    path = image.path or _kept_copy(image, folder or user_state_path("nnviz"))
    if path:
        _note({image.sha256: path}, folder)


def _kept_copy(image: Image, folder: Path) -> str:
    """Save a copy of an image and return its path; "" where that fails."""
    if image.pixels.dtype != np.uint8:
        return ""
    copies = folder / _COPIES
    path = copies / f"{image.sha256[:24]}.png"
    try:
        write_png(path, image.pixels)
        newest = sorted(copies.glob("*.png"), key=lambda each: -each.stat().st_mtime)
        for old in newest[_COPIES_KEPT:]:
            old.unlink()
    except (InputError, OSError):
        return ""
    return str(path)


def remember_others(recipe: Recipe, folder: Path | None = None) -> None:
    """Remember the paths of the further images that a result was made from.

    Args:
        recipe: as left by the run, folders included.
        folder: folder of the list, for tests.
    """
    others = {
        sha256: str(Path(file).expanduser())
        for name, hashes in recipe.pictures.items()
        for file, sha256 in zip(
            files_of(recipe.values[name]), hashes.split(), strict=True
        )
    }
    if others:
        _note(others, folder)


def _note(paths: Mapping[str, str], folder: Path | None) -> None:
    """Append paths to the list, keyed by their images' hashes."""
    folder = folder or user_state_path("nnviz")
    known = _read(folder)
    for sha256, path in paths.items():
        known.pop(sha256, None)
        known[sha256] = str(Path(path).absolute())
    kept = dict(list(known.items())[-_KEPT:])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / (_FILE + ".new")
        fresh.write_text(json.dumps(kept, indent=1), "utf-8")
        fresh.replace(folder / _FILE)
    except OSError:
        return


def find(sha256: str, folder: Path | None = None) -> Path | None:
    """Return the last known path of an image or folder, if it still exists."""
    path = _read(folder or user_state_path("nnviz")).get(sha256)
    return Path(path) if path and exists(path) else None


def _read(folder: Path) -> dict[str, str]:
    try:
        known = json.loads(read_bytes(folder / _FILE))
    except (InputError, *JSON_ERRORS):
        return {}
    return known if isinstance(known, dict) else {}
