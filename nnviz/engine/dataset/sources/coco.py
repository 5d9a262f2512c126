"""Images with COCO annotations, labeled by the largest object in each."""

from pathlib import Path
from typing import Any

import numpy as np

from nnviz.engine.data.annotated import Annotated, read_annotation_file
from nnviz.engine.dataset.sources.image_set import ImageSet
from nnviz.media.text_files import TextKind, kind_of_text


def annotation_files(folder: Path) -> list[Path]:
    """Return the files of COCO's annotations in a folder, or in ``annotations``."""
    files = [*folder.glob("*.json"), *folder.glob("annotations/*.json")]
    return sorted(path for path in files if kind_of_text(path) is TextKind.ANNOTATIONS)


def list_annotated(file: Path, folder: Path) -> ImageSet:
    """List the images of an annotation file, labeled by the largest object.

    Args:
        file: of the annotations.
        folder: that holds the images, or a folder with them.

    Raises:
        InputError: the file is not in COCO's format.
    """
    data = read_annotation_file(file, folder)
    labels = [_main_object(each, data.names) for each in data.pictures]
    return ImageSet(
        source=str(file),
        root=str(folder.absolute()),
        paths=[_relative(each.path, folder) for each in data.pictures],
        labels=labels if any(labels) else (),
        numbers={
            "objects": np.array([len(each.objects) for each in data.pictures], float)
        },
        notes=("an image's label is the object with the largest area",),
    )


def _relative(path: Path, folder: Path) -> str:
    """Return a path below a folder without it; others, which a file may name, as is."""
    return (
        path.relative_to(folder) if path.is_relative_to(folder) else path
    ).as_posix()


def _main_object(image: Annotated, names: dict[int, str]) -> str:
    if not image.objects:
        return ""
    largest = max(image.objects, key=_area)
    return names.get(largest["category_id"], "")


def _area(annotation: dict[str, Any]) -> float:
    width, height = annotation["bbox"][2:]
    return float(annotation["area"] or width * height)
