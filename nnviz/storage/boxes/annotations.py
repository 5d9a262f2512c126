"""Annotated boxes as a file in COCO's format (cocodataset.org, "Data format")."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnviz.base.notation.boxes import BoxedImage, LabeledBox
from nnviz.media.decode import open_image
from nnviz.media.files import write_text


def write_annotations(images: Sequence[BoxedImage], file: Path) -> Path:
    """Write the boxes of images in COCO's format; return the file.

    Images in the file's folder are named relative to it, others by their whole path.

    Raises:
        InputError: an image cannot be opened, or the file cannot be written.
    """
    names = sorted({box.label for image in images for box in image.boxes})
    categories = {name: index for index, name in enumerate(names, 1)}
    annotations: list[dict[str, Any]] = []
    entries = []
    for number, image in enumerate(images, 1):
        entries.append(_entry(image, number, file.parent))
        for box in image.boxes:
            found = {"id": len(annotations) + 1, "image_id": number}
            annotations.append(found | _annotation(box, categories[box.label]))
    said = {
        "images": entries,
        "annotations": annotations,
        "categories": [{"id": at, "name": name} for name, at in categories.items()],
    }
    write_text(file, json.dumps(said, indent=1) + "\n")
    return file


def _entry(image: BoxedImage, number: int, folder: Path) -> dict[str, Any]:
    path = Path(image.path).absolute()
    height, width = open_image(path).size
    inside = path.is_relative_to(folder.absolute())
    name = path.relative_to(folder.absolute()) if inside else path
    return {
        "id": number,
        "file_name": name.as_posix(),
        "width": width,
        "height": height,
    }


def _annotation(box: LabeledBox, category: int) -> dict[str, Any]:
    left, top, right, bottom = box.corners
    width, height = right - left, bottom - top
    return {
        "category_id": category,
        "bbox": [round(each, 2) for each in (left, top, width, height)],
        "area": round(width * height, 2),
        "iscrowd": 0,
        "segmentation": [],
    }
