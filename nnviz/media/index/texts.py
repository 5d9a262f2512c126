"""Memory-mapped texts of records: concatenated UTF-8 bytes and end offsets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from nnviz.base.host.reading import ARRAY_ERRORS, reading


class Texts(Sequence[str]):
    """A sequence of texts, decoded on access.

    Args:
        data: uint8, the UTF-8 bytes of all texts in a row.
        ends: int64 (n,), end of each text; it begins at the end of the one before.
    """

    def __init__(self, data: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self._data = data
        self._ends = ends

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        """Return one text, or those of a range."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        index = range(len(self))[place]
        start = int(self._ends[index - 1]) if index else 0
        part = self._data[start : int(self._ends[index])]
        return part.tobytes().decode(errors="replace")

    def __iter__(self) -> Iterator[str]:
        """Iterate over all texts in order, decoding a block of bytes at a time."""
        data, ends = self._data, np.asarray(self._ends).tolist()
        start = 0
        for end in ends:
            yield data[start:end].tobytes().decode(errors="replace")
            start = end

    def containing(self, part: str) -> NDArray[np.bool_]:
        """Return which texts contain a substring, ignoring case, bool (n,).

        Only the letters A to Z are lowercased: lowercasing others may change a text's
        length in UTF-8.
        """
        found = np.zeros(len(self), dtype=bool)
        wanted = part.encode().lower()
        if not wanted:
            found[:] = True
            return found
        data = self._data.tobytes().lower()
        ends = np.asarray(self._ends)
        place = data.find(wanted)
        while place >= 0:
            record = int(np.searchsorted(ends, place, side="right"))
            inside = place + len(wanted) <= ends[record]
            found[record] |= inside
            place = data.find(wanted, int(ends[record]) if inside else place + 1)
        return found


def encoded(texts: Sequence[str], start: int) -> tuple[bytes, NDArray[np.int64]]:
    """Encode texts as concatenated bytes and end offsets, counted from ``start``."""
    parts = [each.encode("utf-8", "replace") for each in texts]
    ends = start + np.cumsum([len(each) for each in parts], dtype=np.int64)
    return b"".join(parts), ends


def map_texts(path: Path, ends: NDArray[Any]) -> Texts:
    """Memory-map the texts of a file.

    Raises:
        InputError: the file is missing or cut off, or the ends are not in order.
    """
    with reading(str(path), ARRAY_ERRORS, "is damaged", "make the index again"):
        size = int(ends[-1]) if len(ends) else 0
        if np.any(np.diff(ends, prepend=0) < 0):
            raise ValueError("a text ends before it begins")
        if not size:
            return Texts(np.empty(0, np.uint8), ends)
        return Texts(np.memmap(path, np.uint8, "r", 0, (size,)), ends)
