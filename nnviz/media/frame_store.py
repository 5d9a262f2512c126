"""Store of numbered files, thinned out evenly once it exceeds a size limit."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path


class FrameStore:
    """The files of a recording's steps, evenly thinned to a limit of bytes.

    When the files exceed the limit, the spacing between kept steps is doubled; the
    newest file is always kept.  So a long run keeps files evenly spaced over its whole
    length, whether or not one was added at every step.

    Args:
        folder: folder of the files; must exist.
        suffixes: endings of their names, after the six-digit number.
        limit: bytes of all together.
        fewest: number of files kept whatever their size: 1 is the newest, 2 also the
            first.
    """

    def __init__(
        self, folder: Path, suffixes: tuple[str, ...], limit: int, fewest: int = 2
    ) -> None:
        self._folder = folder
        self._suffixes = suffixes
        self._limit = limit
        self._fewest = fewest
        self._paths = dict(sorted(self._found()))
        self._sizes = {step: path.stat().st_size for step, path in self._paths.items()}
        settled = self.steps[:-1]
        # The newest does not count: it is kept at any step.
        self._spacing = min(
            (after - before for before, after in pairwise(settled)), default=1
        )

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps that have a file, ascending."""
        return tuple(self._paths)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self._sizes.values())

    def path(self, step: int) -> Path | None:
        """Return the path of a step's file; None where it is not kept."""
        return self._paths.get(step)

    def place(self, step: int, suffix: str) -> Path:
        """Return the path at which to write a step's file."""
        return self._folder / f"{step:06}{suffix}"

    def put(self, step: int, path: Path) -> None:
        """Register a written file, of a later step than all before."""
        steps = self.steps
        if len(steps) > 1 and steps[-1] - steps[-2] < self._spacing:
            self._drop(steps[-1])
        self._paths[step] = path
        self._sizes[step] = path.stat().st_size
        while self.size > self._limit and len(self._paths) > self._fewest:
            self._thin()

    def keep_before(self, step: int) -> None:
        """Delete the files of a step and of all later ones, hidden ones too."""
        for late, path in list(self._found()):
            if late >= step:
                path.unlink()
        self.hide_from(step)

    def hide_from(self, step: int) -> None:
        """Ignore the files of a step and of later ones, which will be overwritten."""
        for late in [each for each in self._paths if each >= step]:
            del self._paths[late], self._sizes[late]

    def copy_to(self, folder: Path, before: int) -> None:
        """Copy the files of the steps before a given one into another folder."""
        for step, path in self._paths.items():
            if step < before:
                shutil.copyfile(path, folder / path.name)

    def _found(self) -> Iterator[tuple[int, Path]]:
        for path in self._folder.iterdir():
            number, dot, rest = path.name.partition(".")
            if number.isdecimal() and dot + rest in self._suffixes:
                yield int(number), path

    def _thin(self) -> None:
        settled = self.steps[:-1]
        if len(settled) == 1:
            self._drop(settled[0])
            return
        self._spacing *= 2
        last = settled[0]
        for step in settled[1:]:
            if step - last < self._spacing:
                self._drop(step)
            else:
                last = step

    def _drop(self, step: int) -> None:
        self._paths.pop(step).unlink(missing_ok=True)
        del self._sizes[step]
