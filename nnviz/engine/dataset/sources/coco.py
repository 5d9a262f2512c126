"""Images of COCO's annotations, labeled by what covers most of each."""

from pathlib import Path
from typing import Any

from nnviz.base.errors import InputError
from nnviz.base.host.reading import parse_object
from nnviz.engine.data.annotated import Annotated, read_annotation_file
from nnviz.engine.dataset.sources.image_set import ImageSet
from nnviz.media.files import read_bytes


def annotation_file(folder: Path) -> Path | None:
    """Return the only COCO annotation file in a folder; None if there is not one."""
    files = [*folder.glob("*.json"), *folder.glob("annotations/*.json")]
    found = [path for path in files if _is_coco(path)]
    return found[0] if len(found) == 1 else None


def list_annotated(file: Path, folder: Path) -> ImageSet:
    """List the images of an annotation file, labeled by the largest object.

    Args:
        file: of the annotations.
        folder: that holds the images, or ``images`` with them.

    Raises:
        InputError: the file is not in COCO's format.
    """
    data = read_annotation_file(file, folder)
    labels = [_main_object(each, data.names) for each in data.pictures]
    return ImageSet(
        source=str(file),
        root=str(folder.absolute()),
        paths=[each.path.relative_to(folder).as_posix() for each in data.pictures],
        labels=labels if any(labels) else (),
        notes=("an image's label is the object with the largest area",),
    )


def _main_object(image: Annotated, names: dict[int, str]) -> str:
    if not image.objects:
        return ""
    largest = max(image.objects, key=_area)
    return names.get(largest["category_id"], "")


def _area(annotation: dict[str, Any]) -> float:
    width, height = annotation["bbox"][2:]
    return float(annotation["area"] or width * height)


def _is_coco(file: Path) -> bool:
    try:
        values = parse_object(read_bytes(file), file.name)
    except InputError:
        return False
    return {"images", "annotations", "categories"} <= set(values)
