"""Kinds of text files by their contents: class names, COCO, tables of images, recipes.

The ending of a file does not tell them apart: names of classes, annotations and recipes
all come as ``.json``, names and tables of images as ``.csv``.  Only the beginning of a
large file is read.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from nnviz.base.file_formats import CLASS_NAMES, IMAGES, TABLES
from nnviz.base.host.reading import CSV_ERRORS, JSON_ERRORS, is_file

_HEAD = 1 << 20
"""Number of bytes that are read."""
_LOOKED_AT = 100
"""Number of rows of a table that are examined."""
PATHS = ("path", "file", "filename", "file_name", "image", "image_path", "img", "name")
"""Possible headings of the column of image paths."""
_RECIPE = {"method", "preprocess"}
_INDEX = {"arrays", "model_sha256", "preprocess"}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?|[{}\[\]]')


class TextKind(StrEnum):
    """Kinds of text files."""

    CLASS_NAMES = "class names"
    ANNOTATIONS = "annotations of images, in COCO's format"
    TABLE = "a table of images"
    RECIPE = "a recipe"
    INDEX = "the commit record of an image index"
    OTHER = "something else"


def kind_of_text(path: Path) -> TextKind:
    """Return what a text file holds; ``OTHER`` where nothing here reads it."""
    ending = path.suffix.lower()
    if ending not in {*CLASS_NAMES, *TABLES} or not is_file(path):
        return TextKind.OTHER
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return TextKind.OTHER
    text = head.decode("utf-8-sig", errors="ignore")
    if ending == ".json":
        return _kind_of_json(text, whole=len(head) < _HEAD)
    if ending in TABLES and names_images(text, delimiter_of(path)):
        return TextKind.TABLE
    return TextKind.CLASS_NAMES if ending in CLASS_NAMES else TextKind.OTHER


def delimiter_of(path: Path) -> str:
    """Return what stands between the cells of a table, by its ending."""
    return "\t" if path.suffix.lower() == ".tsv" else ","


def names_images(text: str, delimiter: str = ",") -> bool:
    """Return whether a table names an image in each row, or in most."""
    lines = text.splitlines()[: _LOOKED_AT + 1]
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except CSV_ERRORS:
        return False
    place = path_column(rows)
    if place is not None:
        rows = rows[1:]
    cells = [row[place or 0] for row in rows if len(row) > (place or 0)]
    return 2 * sum(map(_is_image, cells)) > len(rows)


def path_column(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the place of the column of paths; None where no heading names one."""
    heading = [cell.strip().casefold() for cell in rows[0]] if rows else []
    return next((heading.index(name) for name in PATHS if name in heading), None)


def is_annotations(values: object) -> bool:
    """Return whether values of a JSON file are annotations in COCO's format.

    Source: cocodataset.org, "Data format"; ``annotations`` and ``categories`` may be
    missing, as in COCO's own lists of test images.
    """
    images = values.get("images") if isinstance(values, Mapping) else None
    return (
        isinstance(images, list)
        and bool(images)
        and isinstance(images[0], Mapping)
        and {"id", "file_name"} <= set(images[0])
    )


def _is_image(cell: str) -> bool:
    return Path(cell.strip()).suffix.lower() in IMAGES


def _kind_of_json(text: str, *, whole: bool) -> TextKind:
    if not whole:
        return _kind_of_beginning(text)
    try:
        values = json.loads(text)
    except JSON_ERRORS:
        return TextKind.CLASS_NAMES  # whose reader says what is wrong
    keys = set(values) if isinstance(values, dict) else set()
    if is_annotations(values):
        return TextKind.ANNOTATIONS
    if keys >= _RECIPE:
        return TextKind.RECIPE
    if keys >= _INDEX:
        return TextKind.INDEX
    return TextKind.CLASS_NAMES if _may_be_names(values) else TextKind.OTHER


def _may_be_names(values: Any) -> bool:
    """Return whether values are a list, or an object from index to name."""
    if not isinstance(values, dict):
        return isinstance(values, list)
    return all(isinstance(each, str | int | list) for each in values.values())


def _kind_of_beginning(text: str) -> TextKind:
    """Return the kind of a JSON file from its first megabyte."""
    if not text.lstrip().startswith("{"):
        return TextKind.CLASS_NAMES
    keys = set(_outer_keys(text))
    if keys & {"images", "annotations"}:
        return TextKind.ANNOTATIONS
    if keys & _INDEX:
        return TextKind.INDEX
    return TextKind.CLASS_NAMES


def _outer_keys(text: str) -> Iterator[str]:
    """Yield the keys of the outermost object, as far as the text goes."""
    depth = 0
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word in "{[":
            depth += 1
        elif word in "}]":
            depth -= 1
        elif depth == 1 and token.group(1):
            yield word[1 : word.rindex('"')]
