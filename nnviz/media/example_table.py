"""Tables of training examples: a CSV file of images, each with its class or number."""

import csv
import math
from io import StringIO
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.measures.training import ExampleTable
from nnviz.media.files import read_text

SUFFIX = ".csv"
_LARGEST = 1 << 24
_WIDTH = 2
FORM = "expected is a header and lines of an image's path and its class or number"


def read_example_table(path: Path) -> ExampleTable:
    """Read a CSV file: a header, then lines of an image's path and its value.

    Args:
        path: of the file; the images' paths are relative to it.

    Raises:
        InputError: no such file, or no such table.
    """
    text = read_text(path, _LARGEST, "a table of examples")
    header, *rows = [row for row in csv.reader(StringIO(text)) if row] or [[]]
    if not rows or any(len(row) < _WIDTH for row in (header, *rows)):
        raise InputError(path.name, "is not a table of examples", FORM)
    return ExampleTable(
        path=str(path),
        quantity=header[1].strip(),
        files=tuple(str(path.parent / row[0].strip()) for row in rows),
        values=tuple(row[1].strip() for row in rows),
        numbers=tuple(as_number(row[1].strip()) for row in rows),
    )


def as_number(text: str) -> float:
    """Return the number that a text begins with, as in "31 years"; NaN for none."""
    try:
        number = float(text.split(maxsplit=1)[0]) if text else math.nan
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
