"""What a long optimisation leaves: frames and numbers on disk, bounded in bytes.

The job writes, the window reads; only the newest index travels between them.  A
recording is a folder: ``000012.png`` (or ``.npz``) for each kept step, and
``numbers.jsonl`` with one line a step.
"""

import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.images import Pixels
from nnviz.media.decode import open_image
from nnviz.media.encode import write_npz, write_png

Numbers = Mapping[str, float]
"""What was measured at a step: loss, learning rate, ..."""
Frame = Pixels | Mapping[str, NDArray[Any]]
"""uint8 or uint16 (H, W, 1 or 3), stored as PNG, or named arrays, stored as .npz."""
_NUMBERS_FILE = "numbers.jsonl"
_LIMIT = 1 << 30
_FEWEST_FRAMES = 2
"""The first and the newest are kept whatever they weigh."""


class Recording:
    """A bounded store of frames and numbers, opened anew or where it was left.

    When the frames outgrow the limit, every second one is thinned out and from then on
    only every second step is kept; the newest always is.  So a long run keeps frames
    that are evenly spaced over all of it.  Numbers are small and are all kept.

    One writes.  Others open the same folder and see what is there at that moment; a
    process that is killed in the middle of ``append`` loses that one step.

    Args:
        folder: made if it is missing; what is in it is read.
        limit: bytes of all frames together.

    Raises:
        InputError: the folder cannot be made or read.
    """

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        self.folder = folder
        self._limit = limit
        with _in_words(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._numbers, self._numbers_bytes = _read_numbers(self._numbers_path)
            self._frames = self._read_frames()
            self._sizes = {
                index: path.stat().st_size for index, path in self._frames.items()
            }
        # The newest does not count: it stays wherever it lies.
        self._spacing = max(1, math.gcd(*list(self._frames)[:-1]))

    def __len__(self) -> int:
        """Return the number of steps, with and without a frame."""
        return len(self._numbers)

    @property
    def frames(self) -> tuple[int, ...]:
        """Steps whose frames are kept, rising."""
        return tuple(self._frames)

    @property
    def numbers(self) -> tuple[Numbers, ...]:
        """What was measured at each step."""
        return tuple(self._numbers)

    @property
    def size(self) -> int:
        """Bytes of all frames."""
        return sum(self._sizes.values())

    def append(self, frame: Frame, numbers: Numbers) -> int:
        """Add a step and return its index.

        Raises:
            InputError: the disk is full or the folder gone; earlier steps stay.
        """
        index = len(self)
        path = self._write_frame(index, frame)
        with _in_words(self._numbers_path):
            self._write_numbers(numbers)
            self._drop([kept for kept in self._frames if kept % self._spacing])
            self._frames[index] = path
            self._sizes[index] = path.stat().st_size
            self._thin()
        return index

    def frame(self, index: int) -> Frame:
        """Read the frame of a step.

        Returns:
            As it was appended.

        Raises:
            InputError: it was thinned out, or the file is gone or damaged.
        """
        path = self._frames.get(index)
        if path is None:
            raise InputError(
                f"frame {index}", "is not kept", f"{self.nearest(index)} is the nearest"
            )
        if path.suffix == ".png":
            return open_image(path).pixels
        with _in_words(path), np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def nearest(self, index: int) -> int:
        """Return the kept frame nearest to a step: where a scrub bar goes.

        Raises:
            InputError: there is no frame yet.
        """
        if not self._frames:
            raise InputError(self.folder.name, "holds no frames yet")
        return min(self._frames, key=lambda kept: abs(kept - index))

    @property
    def _numbers_path(self) -> Path:
        return self.folder / _NUMBERS_FILE

    def _read_frames(self) -> dict[int, Path]:
        """Find the frames; one without numbers was not finished."""
        found = {
            int(path.stem): path
            for path in self.folder.iterdir()
            if path.stem.isdecimal() and path.suffix in {".png", ".npz"}
        }
        return {index: found[index] for index in sorted(found) if index < len(self)}

    def _write_frame(self, index: int, frame: Frame) -> Path:
        if isinstance(frame, Mapping):
            path = self.folder / f"{index:06}.npz"
            write_npz(path, frame)
        else:
            path = self.folder / f"{index:06}.png"
            write_png(path, frame)
        return path

    def _write_numbers(self, numbers: Numbers) -> None:
        line = json.dumps(dict(numbers)).encode() + b"\n"
        with self._numbers_path.open("ab") as file:
            # A line that was cut off when the process was killed, or the disk full.
            file.truncate(self._numbers_bytes)
            file.write(line)
        self._numbers.append(dict(numbers))
        self._numbers_bytes += len(line)

    def _thin(self) -> None:
        while self.size > self._limit and len(self._frames) > _FEWEST_FRAMES:
            self._spacing *= 2
            *older, _ = self._frames
            self._drop([kept for kept in older if kept % self._spacing])

    def _drop(self, indices: list[int]) -> None:
        for index in indices:
            self._frames.pop(index).unlink(missing_ok=True)
            del self._sizes[index]


def _read_numbers(path: Path) -> tuple[list[Numbers], int]:
    """Return the numbers of all whole lines and the bytes that those take."""
    if not path.exists():
        return [], 0
    whole, end, _ = path.read_bytes().rpartition(b"\n")
    lines = whole.splitlines()
    try:
        return [json.loads(line) for line in lines], len(whole) + len(end)
    except ValueError:
        raise InputError(path.name, "is damaged", "delete the recording") from None


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            str(path), f"cannot be used ({error.strerror})", "choose another folder"
        ) from None
    except (ValueError, zipfile.BadZipFile):
        raise InputError(path.name, "is damaged") from None
