"""Where the window asks for stickers: opened, kept when learned, printed."""

import re
from itertools import chain, count
from pathlib import Path

import numpy as np

from nnviz.base.attacks import warning_of
from nnviz.base.errors import InputError, NnvizError, error_record
from nnviz.base.images import Image
from nnviz.base.placed import (
    KEPT,
    OPENED,
    PRINTED,
    Cut,
    OpenedSticker,
    sticker_of,
)
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import Picture
from nnviz.media.encode import write_marked
from nnviz.media.placed import open_cut
from nnviz.media.recordings import open_recording
from nnviz.media.stickers import from_picture, with_alpha
from nnviz.render.printing import Print
from nnviz.runtime.io import IoPool
from nnviz.storage.sticker_pages import print_sticker

_UNSAFE = re.compile(r"[^\w.-]+")


class StickerDesk:
    """Does on the io threads what is asked of stickers.

    Answers come under the places of ``nnviz.base.placed``: Done with what they name,
    or Failed.
    """

    def __init__(self, io: IoPool) -> None:
        self._io = io

    def open(self, cut: Cut) -> None:
        """Open a sticker; ends with an ``OpenedSticker``, whatever comes of it."""
        self._io.do(OPENED, lambda: _opened(cut), soon=True)

    def keep(self, run: Run, folder: str) -> None:
        """Write the sticker that a result has learned; ends with its path."""
        self._io.do(KEPT, lambda: str(keep_learned(run, Path(folder))), soon=True)

    def keep_stopped(self, learned: Picture, recording: str, folder: str) -> None:
        """Write the sticker of a run that was stopped; ends with its path."""

        def work() -> str:
            recipe = open_recording(Path(recording)).recipe
            return str(_kept(learned, recipe, Path(folder)))

        self._io.do(KEPT, work, soon=True)

    def print(self, cut: Cut, path: str, order: Print) -> None:
        """Write a sticker as a PDF page; ends with its path."""
        self._io.do(PRINTED, lambda: str(print_sticker(cut, Path(path), order)))


def keep_learned(run: Run, folder: Path) -> Path:
    """Write the sticker that a result has learned as PNG, its recipe inside.

    Returns:
        The file; the same one where the same sticker is there already.

    Raises:
        InputError: the result has learned none, or the disk does not allow it.
    """
    found = sticker_of(run.report)
    if found is None:
        raise InputError(run.recipe.title, "holds no sticker", "learn one first")
    return _kept(found, run.recipe, folder)


def _kept(learned: Picture, recipe: Recipe, folder: Path) -> Path:
    sticker = from_picture(learned)
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
    """Tell whether a file is that very sticker."""
    try:
        known = open_cut(Cut("square", str(path)))
    except NnvizError:
        return False
    return np.array_equal(with_alpha(known), with_alpha(sticker))


def _opened(cut: Cut) -> OpenedSticker:
    try:
        image = open_cut(cut)
    except NnvizError as error:
        return OpenedSticker(cut.text, error=error_record(error))
    return OpenedSticker(cut.text, image, with_alpha(image))
