"""Unit images (activation maximization), read and written on the io threads."""

from collections.abc import Iterable
from pathlib import Path

from nnviz.base.images import Colours
from nnviz.base.portraits import PORTRAIT_FOUND, Sitter
from nnviz.base.recipes import Run
from nnviz.runtime.io import EXPORT_PLACE, IoPool
from nnviz.storage.unit_images import find_portrait, keep_portrait, save_portraits

KEPT_PLACE = ":portrait:kept"


class PortraitDesk:
    """Does this on the io threads; what was found comes under ``PORTRAIT_FOUND``."""

    def __init__(self, io: IoPool) -> None:
        self._io = io

    def find(self, sitter: Sitter) -> None:
        """Look for a portrait."""
        self._io.do(PORTRAIT_FOUND, lambda: find_portrait(sitter))

    def keep(self, sitter: Sitter, run: Run) -> None:
        """Keep a portrait."""
        self._io.do(KEPT_PLACE, lambda: keep_portrait(sitter, run))

    def save(self, sitters: Iterable[Sitter], sheet: Colours, base: Path) -> None:
        """Save portraits; the answer is that of any result that is saved."""

        def work() -> tuple[Path, ...]:
            return save_portraits(sitters, sheet, base)

        self._io.do(EXPORT_PLACE, work, soon=True)
