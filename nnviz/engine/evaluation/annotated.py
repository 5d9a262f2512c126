"""Pictures with boxes and masks in COCO's format (cocodataset.org, "Data format")."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import InputError

_REMEDY = "nnviz scenes --out DIR writes an example"


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture and the objects in it.

    Attributes:
        path: of the picture.
        objects: COCO's annotations of it, crowds left out.
    """

    path: Path
    objects: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Annotations:
    """What an annotation file says.

    Attributes:
        pictures: in the order of the file.
        names: of the categories, by COCO's identifiers.
    """

    pictures: tuple[Annotated, ...]
    names: dict[int, str]


def read_annotations(folder: Path) -> Annotations:
    """Read the one JSON file of a folder, and find its pictures there or in ``images``.

    Raises:
        InputError: no such file, not one only, or not COCO's format.
    """
    files = sorted(folder.glob("*.json")) or sorted(folder.glob("annotations/*.json"))
    if len(files) != 1:
        raise InputError(
            str(folder),
            f"holds {len(files)} annotation files (.json), not one",
            _REMEDY,
        )
    try:
        data = json.loads(files[0].read_text("utf-8"))
        return _annotations(folder, data)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise InputError(
            files[0].name, f"is not in COCO's format ({error})", _REMEDY
        ) from None


def _annotations(folder: Path, data: dict[str, Any]) -> Annotations:
    objects: dict[int, list[dict[str, Any]]] = {}
    for each in data["annotations"]:
        if not each.get("iscrowd"):
            objects.setdefault(each["image_id"], []).append(each)
    place = folder / "images" if (folder / "images").is_dir() else folder
    pictures = tuple(
        Annotated(place / each["file_name"], tuple(objects.get(each["id"], ())))
        for each in data["images"]
    )
    return Annotations(pictures, {c["id"]: c["name"] for c in data["categories"]})


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
    """Return the class of each pixel, (H, W); the smaller of two objects is in front.

    Args:
        picture: with its objects; outlines are polygons or run lengths.
        classes: from COCO's identifiers to the network's; others are background.
        size: height and width, px.
        background: class of pixels of no object.
    """
    from pycocotools import mask as coco  # noqa: PLC0415  its C code is seldom needed

    height, width = size
    seen = np.full((height, width), background, np.int64)
    for each in sorted(picture.objects, key=lambda each: -float(each["area"])):
        if each["category_id"] not in classes:
            continue
        outline = each["segmentation"]
        if isinstance(outline, list):
            outline = coco.merge(coco.frPyObjects(outline, height, width))
        elif isinstance(outline["counts"], list):
            outline = coco.frPyObjects(outline, height, width)
        seen[coco.decode(outline).astype(bool)] = classes[each["category_id"]]
    return seen
