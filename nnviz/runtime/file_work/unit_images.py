"""File work with unit images (activation maximization): cache and export."""

from collections.abc import Iterable
from pathlib import Path

from nnviz.base.documents.unit_images import FoundUnitImage, UnitKey
from nnviz.base.host.file_work import FileWork, Urgency, file_work
from nnviz.base.images import Colors
from nnviz.base.recipes import Run
from nnviz.storage.unit_images import find_unit_image, keep_unit_image, save_unit_images


class UnitImageWork:
    """File operations on unit images."""

    def find(self, unit_key: UnitKey) -> FileWork[FoundUnitImage]:
        """Look a unit's image up in the cache."""
        return file_work(lambda: find_unit_image(unit_key), Urgency.LATER)

    def keep(self, unit_key: UnitKey, run: Run) -> FileWork[None]:
        """Write a unit's image into the cache."""
        return file_work(lambda: keep_unit_image(unit_key, run), Urgency.SAVE)

    def save(
        self, unit_keys: Iterable[UnitKey], sheet: Colors, base: Path
    ) -> FileWork[tuple[Path, ...]]:
        """Save the images of units, and a sheet of them."""
        return file_work(lambda: save_unit_images(unit_keys, sheet, base), Urgency.SAVE)
