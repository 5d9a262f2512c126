"""Files of stickers: opened, and saved as PNG when a method has learned one."""

import re
from itertools import chain, count
from pathlib import Path

import numpy as np

from nnviz.base.attacks import warning_of
from nnviz.base.errors import InputError, NnvizError, error_record
from nnviz.base.images import Image
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import ColorImage
from nnviz.base.stickers.placed import (
    Cut,
    OpenedSticker,
    sticker_of,
)
from nnviz.media.encode import write_marked
from nnviz.media.recordings import open_recording
from nnviz.media.stickers.cutting import from_image, with_alpha
from nnviz.media.stickers.placed import open_cut

_UNSAFE = re.compile(r"[^\w.-]+")


def open_sticker(cut: Cut) -> OpenedSticker:
    """Open a sticker; errors are returned within the result."""
    try:
        image = open_cut(cut)
    except NnvizError as error:
        return OpenedSticker(cut.text, error=error_record(error))
    return OpenedSticker(cut.text, image, with_alpha(image))


def keep_learned(run: Run, folder: Path) -> Path:
    """Save the sticker that a result has learned as PNG, with its recipe.

    Returns:
        Path of the file; an existing file of the same sticker is reused.

    Raises:
        InputError: the result has no learned sticker, or the file cannot be written.
    """
    found = sticker_of(run.report)
    if found is None:
        raise InputError(run.recipe.title, "holds no sticker", "train one first")
    return _kept(found, run.recipe, folder)


def keep_stopped(learned: ColorImage, recording: Path, folder: Path) -> Path:
    """Save the sticker that a recorded run had learned when it was stopped."""
    return _kept(learned, open_recording(recording).recipe, folder)


def _kept(learned: ColorImage, recipe: Recipe, folder: Path) -> Path:
    sticker = from_image(learned)
    words = [recipe.method, str(recipe.values.get("target", ""))]
    stem = _UNSAFE.sub("-", "-".join(word for word in words if word)).strip("-.")
    numbered = (folder / f"{stem}-{number}.png" for number in count(2))
    free = chain([folder / f"{stem}.png"], numbered)
    path = next(each for each in free if not each.exists() or _holds(each, sticker))
    if not path.exists():
        marked = with_alpha(sticker), recipe.to_json(), warning_of(recipe)
        write_marked(path, *marked)
    return path


def _holds(path: Path, sticker: Image) -> bool:
    """Return whether a file holds exactly this sticker."""
    try:
        known = open_cut(Cut("square", str(path)))
    except NnvizError:
        return False
    return np.array_equal(with_alpha(known), with_alpha(sticker))
