"""Work with unit images (activation maximization): the cache, and saving them."""

from collections.abc import Iterable
from pathlib import Path

from nnviz.base.images import Colours
from nnviz.base.portraits import FoundPortrait, Sitter
from nnviz.base.recipes import Run
from nnviz.base.request import FileWork, Urgency, file_work
from nnviz.storage.unit_images import find_portrait, keep_portrait, save_portraits


class UnitImageWork:
    """Looks unit images up, keeps and saves them."""

    def find(self, sitter: Sitter) -> FileWork[FoundPortrait]:
        """Look a unit's image up in the cache."""
        return file_work(lambda: find_portrait(sitter), Urgency.LATER)

    def keep(self, sitter: Sitter, run: Run) -> FileWork[None]:
        """Write a unit's image into the cache."""
        return file_work(lambda: keep_portrait(sitter, run), Urgency.SAVE)

    def save(
        self, sitters: Iterable[Sitter], sheet: Colours, base: Path
    ) -> FileWork[tuple[Path, ...]]:
        """Save the images of units, and a sheet of them."""
        return file_work(lambda: save_portraits(sitters, sheet, base), Urgency.SAVE)
