"""Portraits of units, kept on disk: one PNG file each, with its recipe inside."""

import re
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from nnviz.base.errors import NnvizError
from nnviz.base.images import rgb8
from nnviz.base.portraits import PORTRAIT_FOUND, FoundPortrait, Sitter
from nnviz.base.recipes import Run
from nnviz.base.results import Picture
from nnviz.media.decode import open_image
from nnviz.media.encode import write_png
from nnviz.runtime.export import RECIPE_KEY
from nnviz.runtime.io import IoPool

KEPT_PLACE = ":portrait:kept"
_UNSAFE = re.compile(r"[^\w.-]+")


def place_of(sitter: Sitter, root: Path | None = None) -> Path:
    """Return where a portrait is kept.

    Args:
        sitter: whose.
        root: folder of all; None for the user's cache.
    """
    root = root or user_cache_path("nnviz", appauthor=False) / "portraits"
    layer = _UNSAFE.sub("_", sitter.layer) or "output"
    return root / sitter.network / layer / sitter.name


def find_portrait(sitter: Sitter, root: Path | None = None) -> FoundPortrait:
    """Return a portrait if it is there and whole."""
    path = place_of(sitter, root)
    if path.is_file():
        with suppress(NnvizError):
            return FoundPortrait(sitter, rgb8(open_image(path).pixels))
    return FoundPortrait(sitter, None)


def keep_portrait(sitter: Sitter, run: Run, root: Path | None = None) -> None:
    """Keep a portrait; a disk that refuses is no error: it is made again."""
    main = run.report.main
    if isinstance(main, Picture):
        with suppress(NnvizError):
            text = {RECIPE_KEY: run.recipe.to_json()}
            write_png(place_of(sitter, root), rgb8(main.pixels), text)


class PortraitDesk:
    """Does this on the io threads; answers come under ``PORTRAIT_FOUND``."""

    def __init__(self, io: IoPool) -> None:
        self._io = io

    def find(self, sitter: Sitter) -> None:
        """Look for a portrait."""
        self._io.do(PORTRAIT_FOUND, lambda: find_portrait(sitter))

    def keep(self, sitter: Sitter, run: Run) -> None:
        """Keep a portrait."""
        self._io.do(KEPT_PLACE, lambda: keep_portrait(sitter, run))
