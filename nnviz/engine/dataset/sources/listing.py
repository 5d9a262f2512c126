"""The images that a source names, whatever kind of source it is."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.file_formats import TABLES
from nnviz.base.host.reading import is_file, is_folder
from nnviz.engine.data.shapes import HELD_OUT
from nnviz.engine.dataset.sources.coco import annotation_files, list_annotated
from nnviz.engine.dataset.sources.folders import list_folder, list_remote
from nnviz.engine.dataset.sources.image_set import (
    SCENES,
    ImageSet,
    check_not_empty,
)
from nnviz.engine.dataset.sources.indexes import list_index
from nnviz.engine.dataset.sources.tables import list_table
from nnviz.engine.evaluation.sources import spread
from nnviz.media.index import is_index
from nnviz.media.remote import is_remote


def list_set(source: str, images: Sequence[str] = (), limit: int = 0) -> ImageSet:
    """List the images of a source without opening them.

    Args:
        source: as in ``IndexImages``.
        images: paths that replace the source.
        limit: maximum number of images, taken at even intervals from all; 0 for all.

    Raises:
        InputError: no such source, or it names no images.
    """
    found = _given(source, images) if images else _found(source)
    check_not_empty(found)
    if limit and limit < len(found):
        found = found.part(spread(range(len(found)), limit))
    return found


def _found(source: str) -> ImageSet:
    if source in SCENES:
        names = [f"{source}/{seed:06d}" for seed in HELD_OUT]
        return ImageSet(source=source, root="", paths=names, scenes=SCENES[source])
    if is_remote(source):
        return list_remote(source)
    path = Path(source)
    if is_folder(path):
        return list_index(path) if is_index(path) else _in_folder(path)
    if not is_file(path):
        raise InputError(source, "no such folder or file", "check the name")
    if path.suffix.lower() in TABLES:
        return list_table(path)
    if path.suffix.lower() == ".json":
        folder = path.parent
        return list_annotated(path, folder.parent if _above(folder) else folder)
    raise InputError(
        source,
        "is not a set of images",
        "name a folder, a CSV file or COCO's annotations",
    )


def _in_folder(folder: Path) -> ImageSet:
    """Return the images of a folder, labeled by annotations or by folders' names."""
    annotations = annotation_files(folder)
    if len(annotations) == 1:
        return list_annotated(annotations[0], folder)
    found = list_folder(folder)
    if annotations:
        names = ", ".join(each.name for each in annotations)
        note = f"{len(annotations)} files of annotations ({names}): name one for labels"
        found = replace(found, notes=(*found.notes, note))
    return found


def _above(folder: Path) -> bool:
    """Return whether a folder is COCO's ``annotations``, next to the images' folder."""
    return folder.name == "annotations"


def _given(source: str, images: Sequence[str]) -> ImageSet:
    paths = [each if is_remote(each) else str(Path(each).absolute()) for each in images]
    return ImageSet(source=source, root="", paths=paths)
