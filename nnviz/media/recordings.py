"""Recordings of long optimizations on disk: frames, numbers and states, bounded.

The job writes, the window reads; only the newest step number travels between them.  A
recording is a folder:

- ``numbers.jsonl``: one line a step, so its length is the number of steps;
- ``000012.png`` (or ``.npz``): the frame of a step, for as many steps as time allowed;
- ``000012.state.npz``: the arrays from which the optimization resumes after a step;
- ``recipe.json``: how to reproduce it, steered values so far included;
- ``facts.json``: the planned number of steps, and whether the run finished;
- ``source.png``: the image as the frames show it, if the run started from one.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.host.reading import parse_object, reading
from nnviz.base.images import Pixels
from nnviz.base.recipes import Recipe
from nnviz.media.decode import open_image
from nnviz.media.encode import read_npz, write_npz, write_png, write_text
from nnviz.media.files import read_bytes
from nnviz.media.frame_store import FrameStore

Numbers = Mapping[str, float]
"""Measurements of a step: loss, learning rate, ..."""
Arrays = Mapping[str, NDArray[Any]]
StoredFrame = Pixels | Arrays
"""uint8 or uint16 (H, W, 1 or 3), stored as PNG, or named arrays, stored as .npz."""
NUMBERS_FILE = "numbers.jsonl"
RECIPE_FILE = "recipe.json"
SOURCE_FILE = "source.png"
_FACTS_FILE = "facts.json"
_FRAME_LIMIT = 1 << 30
_STATE_LIMIT = 1 << 29
_LARGEST_ARRAYS = 1 << 31
"""Most bytes of one frame or state, uncompressed."""
_STATE_SUFFIX = ".state.npz"


@dataclass(frozen=True, slots=True)
class Facts:
    """The planned length of an optimization, and whether it has finished.

    Attributes:
        total: total number of steps, 0 where not known.
        finished: whether the run finished.
    """

    total: int = 0
    finished: bool = False


class Recording:
    """A bounded store of an optimization's steps, new or reopened.

    When the frames exceed their limit they are thinned evenly, except the newest.  The
    same holds for the states.  Numbers are small and all kept.

    One process writes.  Readers open the same folder and see its contents at that
    moment; a process killed during ``append`` loses only that step.

    Args:
        folder: created if it is missing; existing contents are read.
        limit: bytes of all frames together.
        state_limit: bytes of all states together; one is kept whatever its size.

    Raises:
        InputError: the folder cannot be made or read.
    """

    def __init__(
        self, folder: Path, limit: int = _FRAME_LIMIT, state_limit: int = _STATE_LIMIT
    ) -> None:
        self.folder = folder
        with _in_words(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._numbers, self._numbers_bytes = _read_numbers(self._numbers_path)
            self._frames = FrameStore(folder, (".png", ".npz"), limit)
            self._states = FrameStore(folder, (_STATE_SUFFIX,), state_limit, fewest=1)
            # Files of a step without numbers are incomplete.
            for shelf in (self._frames, self._states):
                shelf.hide_from(len(self))

    def __len__(self) -> int:
        """Return the number of steps, with and without a frame."""
        return len(self._numbers)

    @property
    def frames(self) -> tuple[int, ...]:
        """Steps whose frames are kept, ascending."""
        return self._frames.steps

    @property
    def states(self) -> tuple[int, ...]:
        """Steps whose states are kept, from which the run can resume, ascending."""
        return self._states.steps

    @property
    def numbers(self) -> tuple[Numbers, ...]:
        """The numbers measured at each step."""
        return tuple(self._numbers)

    @property
    def size(self) -> int:
        """Size of all frames, bytes."""
        return self._frames.size

    def append(self, frame: StoredFrame | None, numbers: Numbers) -> int:
        """Append a step, with or without a frame, and return its index.

        Raises:
            InputError: the disk is full or the folder gone; earlier steps are kept.
        """
        index = len(self)
        path = None if frame is None else self._write_frame(index, frame)
        with _in_words(self._numbers_path):
            self._write_numbers(numbers)
            if path is not None:
                self._frames.put(index, path)
        return index

    def add_frame(self, frame: StoredFrame) -> None:
        """Store the frame of the newest step, which was appended without one.

        Raises:
            InputError: the disk is full or the folder gone.
        """
        index = len(self) - 1
        if self._frames.path(index) is None:
            path = self._write_frame(index, frame)
            with _in_words(path):
                self._frames.put(index, path)

    def keep_state(self, arrays: Arrays) -> None:
        """Store the state from which the run resumes after the newest step.

        Raises:
            InputError: the disk is full or the folder gone; earlier states are kept.
        """
        index = len(self) - 1
        path = self._states.place(index, _STATE_SUFFIX)
        write_npz(path, arrays, compress=False)
        with _in_words(path):
            self._states.put(index, path)

    def frame(self, index: int) -> StoredFrame:
        """Read the frame of a step.

        Returns:
            As it was appended.

        Raises:
            InputError: it was thinned out, or the file is gone or damaged.
        """
        path = self._frames.path(index)
        if path is None:
            raise InputError(
                f"frame {index}", "is not kept", f"{self.nearest(index)} is the nearest"
            )
        if path.suffix == ".png":
            return open_image(path).pixels
        return _read_arrays(path)

    def state(self, index: int) -> Arrays:
        """Read the state of a step.

        Raises:
            InputError: it was not kept, or the file is gone or damaged.
        """
        path = self._states.path(index)
        if path is None:
            raise InputError(f"state {index}", "is not kept")
        return _read_arrays(path)

    def nearest(self, index: int) -> int:
        """Return the step with a frame nearest to a given one, for scrubbing.

        Raises:
            InputError: there is no frame yet.
        """
        if not self.frames:
            raise InputError(self.folder.name, "holds no frames yet")
        return min(self.frames, key=lambda kept: abs(kept - index))

    def keep_before(self, step: int) -> None:
        """Delete a step and all later ones.

        Raises:
            InputError: the files cannot be deleted.
        """
        with _in_words(self.folder):
            self._states.keep_before(step)
            self._frames.keep_before(step)
        write_text(self._numbers_path, _lines(self._numbers[:step]))
        self._numbers = self._numbers[:step]
        self._numbers_bytes = self._numbers_path.stat().st_size

    def copy_to(self, folder: Path, before: int) -> None:
        """Copy the steps before a given one, and the source, into another folder.

        Raises:
            InputError: the files cannot be written.
        """
        with _in_words(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for shelf in (self._frames, self._states):
                shelf.copy_to(folder, before)
            source = self.folder / SOURCE_FILE
            if source.exists():
                shutil.copyfile(source, folder / SOURCE_FILE)
        write_text(folder / NUMBERS_FILE, _lines(self._numbers[:before]))

    @property
    def recipe(self) -> Recipe:
        """The recipe that reproduces the recording.

        Raises:
            InputError: there is none, or it is damaged.
        """
        text = read_bytes(self.folder / RECIPE_FILE).decode("utf-8", "replace")
        return Recipe.from_json(text, f"{self.folder.name}/{RECIPE_FILE}")

    def write_recipe(self, recipe: Recipe) -> None:
        """Write the recipe that reproduces the recording so far.

        Raises:
            InputError: the disk is full or the folder gone.
        """
        write_text(self.folder / RECIPE_FILE, recipe.to_json())

    @property
    def facts(self) -> Facts:
        """The planned length; unknown where the file is missing or damaged."""
        try:
            values = parse_object(read_bytes(self.folder / _FACTS_FILE), _FACTS_FILE)
        except InputError:
            return Facts()
        total, finished = values.get("total", 0), values.get("finished", False)
        usable = type(total) is int and total >= 0 and isinstance(finished, bool)
        return Facts(total, finished) if usable else Facts()

    def write_facts(self, facts: Facts) -> None:
        """Write the planned length.

        Raises:
            InputError: the disk is full or the folder gone.
        """
        write_text(self.folder / _FACTS_FILE, json.dumps(asdict(facts)))

    @property
    def source(self) -> Pixels | None:
        """The source image as the frames show it; None where there is none."""
        path = self.folder / SOURCE_FILE
        return open_image(path).pixels if path.exists() else None

    def write_source(self, pixels: Pixels) -> None:
        """Write the source image as the frames show it, uint8 (H, W, 3).

        Raises:
            InputError: the disk is full or the folder gone.
        """
        write_png(self.folder / SOURCE_FILE, pixels)

    @property
    def _numbers_path(self) -> Path:
        return self.folder / NUMBERS_FILE

    def _write_frame(self, index: int, frame: StoredFrame) -> Path:
        if isinstance(frame, Mapping):
            path = self._frames.place(index, ".npz")
            write_npz(path, frame)
        else:
            path = self._frames.place(index, ".png")
            write_png(path, frame, quick=True)
        return path

    def _write_numbers(self, numbers: Numbers) -> None:
        line = _lines([numbers]).encode()
        with self._numbers_path.open("ab") as file:
            # A line may be truncated, by a killed process or a full disk.
            file.truncate(self._numbers_bytes)
            file.write(line)
        self._numbers.append(dict(numbers))
        self._numbers_bytes += len(line)


def open_recording(folder: Path) -> Recording:
    """Open an existing recording.

    Raises:
        InputError: the folder holds no recording, or a damaged one.
    """
    if not (folder / NUMBERS_FILE).is_file() or not (folder / RECIPE_FILE).is_file():
        raise InputError(
            str(folder),
            "holds no recording",
            "give a folder that nnviz run --record wrote",
        )
    return Recording(folder)


def _lines(numbers: list[Numbers]) -> str:
    return "".join(json.dumps(dict(each)) + "\n" for each in numbers)


def _read_numbers(path: Path) -> tuple[list[Numbers], int]:
    """Parse the complete lines; return their numbers and their length in bytes."""
    if not path.exists() or not path.stat().st_size:
        return [], 0
    whole, end, _ = read_bytes(path).rpartition(b"\n")
    name = f"{path.parent.name}/{path.name}"
    numbers = [_read_line(line, name) for line in whole.splitlines()]
    return numbers, len(whole) + len(end)


def _read_line(line: bytes, name: str) -> Numbers:
    with reading(name, (InputError,), "is damaged", "delete the recording"):
        values = parse_object(line, name)
    if not all(isinstance(each, int | float) for each in values.values()):
        raise InputError(name, "is damaged", "delete the recording")
    return values


def _read_arrays(path: Path) -> Arrays:
    return read_npz(path, _LARGEST_ARRAYS)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            str(path), f"cannot be used ({error.strerror})", "choose another folder"
        ) from None
    except ValueError:
        raise InputError(str(path), "cannot be used", "choose another folder") from None
