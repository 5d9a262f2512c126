"""Numbered parts of a video recording that was stopped and resumed."""

import csv
import itertools
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.host.reading import reading

PLACE_COLUMN = "place"
"""Column of a recording's numbers: position of a frame in its source, s."""
_FORMAT_ERRORS = (ValueError, LookupError, TypeError, csv.Error)


def next_part(path: Path) -> tuple[Path, float]:
    """Return the next part's file, and the time in the source to resume from, s.

    ``out.mp4`` is followed by ``out.2.mp4``, that by ``out.3.mp4``.  If no part exists,
    the recording itself is returned, from the source's beginning.

    Args:
        path: of the recording, path as first named.

    Raises:
        InputError: the numbers of the last part are missing or damaged.
    """
    last: Path | None = None
    for number in itertools.count(1):
        part = path if number == 1 else path.with_suffix(f".{number}{path.suffix}")
        if not part.exists():
            return part, 0.0 if last is None else _last_place(last)
        last = part
    raise AssertionError("counting ended")


def _last_place(part: Path) -> float:
    """Return the time in the source of a part's last frame, s."""
    numbers = part.with_suffix(".csv")
    if not numbers.is_file():
        raise InputError(
            numbers.name, "is missing, so the run cannot be resumed", "record again"
        )
    remedy = "record again, without --resume"
    with (
        reading(numbers.name, _FORMAT_ERRORS, "holds no places", remedy),
        numbers.open(encoding="utf-8", newline="") as file,
    ):
        place = 0.0
        for row in csv.DictReader(file):
            place = float(row[PLACE_COLUMN])
        return place
