"""File work with annotated boxes: export."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.host.file_work import FileWork, Urgency, file_work
from nnviz.base.notation.boxes import BoxedImage
from nnviz.storage.boxes.annotations import write_annotations


class BoxWork:
    """File operations on annotated boxes."""

    def export(
        self, images: Sequence[BoxedImage], path: str
    ) -> FileWork[tuple[Path, ...]]:
        """Write boxes in COCO's format; return the path."""
        return file_work(lambda: (write_annotations(images, Path(path)),), Urgency.SAVE)
