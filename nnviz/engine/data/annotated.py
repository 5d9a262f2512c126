"""Images with boxes and masks in COCO's format (cocodataset.org, "Data format")."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import InputError
from nnviz.base.host.reading import is_file, is_folder, parse_object, reading
from nnviz.base.notation.boxes import BoxedImage
from nnviz.media.files import read_bytes
from nnviz.media.headers import MAX_PIXELS

_REMEDY = "nnviz scenes --out DIR writes an example"
_FORMAT_ERRORS = (ValueError, LookupError, TypeError, AttributeError)
"""Raised by lists in place of objects, and by entries without their fields."""
_MASK_ERRORS = (ValueError, TypeError)
"""Raised by pycocotools for run lengths that encode no mask."""
_NO_OUTLINE = "has an outline that makes no mask"
_CORNERS, _LEAST_POLYGON = 4, 6


@dataclass(frozen=True, slots=True)
class Annotated:
    """An image and the objects in it.

    Attributes:
        path: of the image.
        objects: its COCO annotations, without crowds.
    """

    path: Path
    objects: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Annotations:
    """The annotations of a COCO-format file.

    Attributes:
        pictures: in the order of the file.
        names: of the categories, by COCO's identifiers.
    """

    pictures: tuple[Annotated, ...]
    names: dict[int, str]

    def label(self, category: int) -> str:
        """Return the name of a category; "class 3" for one without a name."""
        return self.names.get(category, f"class {category}")


def annotations_of(images: Sequence[BoxedImage]) -> Annotations:
    """Return the annotations of images with drawn boxes."""
    names = sorted({box.label for image in images for box in image.boxes})
    categories = {name: index for index, name in enumerate(names, 1)}
    pictures = tuple(
        Annotated(
            Path(image.path).expanduser(),
            tuple(
                {
                    "category_id": categories[box.label],
                    "bbox": [left, top, right - left, bottom - top],
                }
                for box in image.boxes
                for left, top, right, bottom in [box.corners]
            ),
        )
        for image in images
    )
    return Annotations(pictures, dict(enumerate(names, 1)))


def joined(first: Annotations, second: Annotations) -> Annotations:
    """Join the images of two; categories of the same name become one."""
    names = sorted(
        {
            part.label(each["category_id"])
            for part in (first, second)
            for picture in part.pictures
            for each in picture.objects
        }
    )
    categories = {name: index for index, name in enumerate(names, 1)}
    pictures = tuple(
        Annotated(
            picture.path,
            tuple(
                each | {"category_id": categories[part.label(each["category_id"])]}
                for each in picture.objects
            ),
        )
        for part in (first, second)
        for picture in part.pictures
    )
    return Annotations(pictures, dict(enumerate(names, 1)))


def read_annotations(folder: Path) -> Annotations:
    """Read the one JSON file of a folder, and find its images there or in ``images``.

    Raises:
        InputError: no such file, several, or not COCO's format.
    """
    files = sorted(folder.glob("*.json")) or sorted(folder.glob("annotations/*.json"))
    if len(files) != 1:
        raise InputError(
            str(folder),
            f"holds {len(files)} annotation files (.json), not one",
            _REMEDY,
        )
    return read_annotation_file(files[0], folder)


def read_annotation_file(file: Path, folder: Path) -> Annotations:
    """Read a file of annotations, whose images lie in a folder or one in it.

    That folder may be called ``images``, like the file's set (``val2017`` of
    ``instances_val2017.json``, the layout of COCO), ``images/val2017``, or ``data``.

    Raises:
        InputError: not COCO's format.
    """
    data = parse_object(read_bytes(file), file.name, _REMEDY)
    reason = "is not in COCO's format"
    with reading(file.name, _FORMAT_ERRORS, reason, _REMEDY):
        return _annotations(_image_folder(file, folder, data["images"]), data)


def _image_folder(
    file: Path, folder: Path, images: Sequence[Mapping[str, Any]]
) -> Path:
    """Return the first folder that holds the first image; ``images`` else."""
    part = file.stem.rpartition("_")[2]
    usual = folder / "images" if is_folder(folder / "images") else folder
    places = [folder, usual, folder / part, folder / "images" / part, folder / "data"]
    name = images[0]["file_name"] if images else ""
    return next((place for place in places if is_file(place / name)), usual)


def _annotations(place: Path, data: Mapping[str, Any]) -> Annotations:
    objects: dict[int, list[dict[str, Any]]] = {}
    for each in data.get("annotations", ()):
        if not each.get("iscrowd"):
            objects.setdefault(each["image_id"], []).append(_checked(each))
    pictures = tuple(
        Annotated(place / each["file_name"], tuple(objects.get(each["id"], ())))
        for each in data["images"]
    )
    return Annotations(
        pictures, {c["id"]: c["name"] for c in data.get("categories", ())}
    )


def _checked(annotation: dict[str, Any]) -> dict[str, Any]:
    """Validate an annotation's box, area and class; return it with numbers.

    Raises:
        ValueError: one is not a number; LookupError where one is missing.
    """
    box = [float(each) for each in annotation["bbox"]]
    area = float(annotation.get("area", 0))
    if len(box) != _CORNERS or not all(map(math.isfinite, (*box, area))):
        raise ValueError("bbox")
    if not isinstance(annotation["category_id"], int):
        raise TypeError("category_id")
    outline = _checked_outline(annotation.get("segmentation", []))
    return annotation | {"bbox": box, "area": area, "segmentation": outline}


def _checked_outline(outline: Any) -> Any:
    """Validate a segmentation: polygons or run lengths; COCO's C code checks nothing.

    Raises:
        ValueError: the outline is neither; LookupError where a part is missing.
    """
    if isinstance(outline, list):
        polygons = [[float(each) for each in polygon] for polygon in outline]
        finite = all(math.isfinite(each) for polygon in polygons for each in polygon)
        if not finite or any(len(each) < _LEAST_POLYGON for each in polygons):
            raise ValueError("segmentation")
        return polygons
    height, width = (int(side) for side in outline["size"])
    counts = outline["counts"]
    if not 0 < height * width <= MAX_PIXELS:
        raise ValueError("size")
    if isinstance(counts, list) and (
        not all(type(each) is int and each >= 0 for each in counts)
        or sum(counts) != height * width
    ):
        raise ValueError("counts")
    if not isinstance(counts, list | str):
        raise TypeError("counts")
    return {"size": [height, width], "counts": counts}


def boxes_of(picture: Annotated, classes: dict[int, int]) -> tuple[Tensor, Tensor]:
    """Return boxes float32 (n, 4), left, top, right, bottom in px, and classes (n,).

    Args:
        picture: with its objects.
        classes: from COCO's identifiers to the network's; others are left out.
    """
    known = [each for each in picture.objects if each["category_id"] in classes]
    boxes = torch.tensor([each["bbox"] for each in known]).float().view(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes, torch.tensor([classes[e["category_id"]] for e in known]).long()


def semantic_of(
    picture: Annotated, classes: dict[int, int], size: Sequence[int], background: int
) -> NDArray[np.int64]:
    """Return the class map (H, W); the smaller of two overlapping objects is in front.

    Args:
        picture: with its objects; outlines are polygons or run lengths.
        classes: from COCO's identifiers to the network's; others are background.
        size: height and width, px.
        background: class of pixels without object.
    """
    height, width = size
    seen = np.full((height, width), background, np.int64)
    for each in sorted(picture.objects, key=lambda each: -float(each["area"])):
        if each["category_id"] not in classes:
            continue
        with reading(picture.path.name, _MASK_ERRORS, _NO_OUTLINE, _REMEDY):
            mask = _mask_of(each["segmentation"], height, width)
        if mask.shape != seen.shape:
            reason = f"has a mask of another size than {height} x {width} px"
            raise InputError(picture.path.name, reason, _REMEDY)
        seen[mask] = classes[each["category_id"]]
    return seen


def _mask_of(outline: Any, height: int, width: int) -> NDArray[np.bool_]:
    """Return the mask of a segmentation that ``_checked_outline`` accepted."""
    from pycocotools import mask as coco  # noqa: PLC0415  its C code is seldom needed

    if not outline:
        return np.zeros((height, width), np.bool_)
    if isinstance(outline, list):
        # COCO's C code crashes on vertices that are far outside.
        ends = np.array([width, height], np.float64)
        inside = [
            np.clip(np.array(corners[: len(corners) // 2 * 2]).reshape(-1, 2), 0, ends)
            for corners in outline
        ]
        polygons = [corners.reshape(-1).tolist() for corners in inside]
        outline = coco.merge(coco.frPyObjects(polygons, height, width))
    elif isinstance(outline["counts"], list):
        outline = coco.frPyObjects(outline, *outline["size"])
    mask: NDArray[np.bool_] = coco.decode(outline).astype(bool)
    return mask
