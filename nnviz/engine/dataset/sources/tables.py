"""Tables of images: CSV files that name a path a row, with labels and numbers."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.host.reading import CSV_ERRORS, reading
from nnviz.engine.dataset.sources.image_set import ImageSet
from nnviz.media.files import read_text
from nnviz.media.text_files import delimiter_of, path_column

_LARGEST = 1 << 31
_LABELS = ("label", "class", "class_name", "category", "target", "y")
_SPLITS = ("split", "set", "subset", "partition")


def list_table(file: Path) -> ImageSet:
    """Read the images of a CSV or TSV table.

    With a header row, a column ``path`` (or ``file``, ``image``) is required;
    ``label``, ``split`` and all numeric columns are read if present.  Without one, a
    row is a path and optionally a label.  Paths are relative to the file's folder.

    Raises:
        InputError: the table cannot be read, or names no images.
    """
    text = read_text(file, _LARGEST, "a table of images")
    delimiter = delimiter_of(file)
    with reading(file.name, CSV_ERRORS, "is not a CSV file"):
        rows = [
            row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row
        ]
    if not rows:
        raise InputError(str(file), "holds no rows", "write a path in each")
    heading = [cell.strip().casefold() for cell in rows[0]]
    path = path_column(rows)
    if path is None:
        return _plain(file, rows)
    width = len(heading)
    body = [row for row in rows[1:] if len(row) == width]
    notes: tuple[str, ...] = ()
    if len(body) < len(rows) - 1:
        short = len(rows) - 1 - len(body)
        notes = (f"{short} rows of {file.name} left out: not {width} columns",)
    label, split = _place(heading, _LABELS), _place(heading, _SPLITS)
    others = set(range(width)) - {path, label, split}
    numbers = {heading[k]: _numbers([row[k] for row in body]) for k in sorted(others)}
    return ImageSet(
        source=str(file),
        root=str(file.absolute().parent),
        paths=[row[path] for row in body],
        labels=[] if label is None else [row[label].strip() for row in body],
        splits=[] if split is None else [row[split].strip() for row in body],
        numbers={name: each for name, each in numbers.items() if each is not None},
        notes=notes,
    )


def _plain(file: Path, rows: Sequence[Sequence[str]]) -> ImageSet:
    labeled = all(len(row) > 1 for row in rows)
    return ImageSet(
        source=str(file),
        root=str(file.absolute().parent),
        paths=[row[0] for row in rows],
        labels=[row[1].strip() for row in rows] if labeled else [],
    )


def _place(heading: Sequence[str], names: Sequence[str]) -> int | None:
    return next((heading.index(name) for name in names if name in heading), None)


def _numbers(cells: Sequence[str]) -> NDArray[np.float64] | None:
    """Parse a column of numbers, NaN for empty cells; None if a cell is other text."""
    try:
        return np.array([float(cell) if cell.strip() else np.nan for cell in cells])
    except ValueError:
        return None
