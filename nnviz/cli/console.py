"""Console output: tables and lines on stdout, progress on stderr."""

import dataclasses
import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from nnviz.base.notation.durations import long_duration

if TYPE_CHECKING:  # it imports numpy, which listings do not need
    from nnviz.base.events import Progress

_LINE_EVERY = 0.1
"""Seconds between two updates of the progress line."""
_BAR = 24
_PACE_SECONDS = 2.0
"""Seconds until a job's pace can be estimated."""
_LONG = 60.0
"""Estimated seconds from which a job's duration is reported."""
_UNITS = ("B", "kB", "MB", "GB")


def line(text: str = "") -> None:
    """Write a line of the answer to stdout."""
    sys.stdout.write(f"{text}\n")


def heading(text: str) -> None:
    """Write a heading; bold on a terminal."""
    line(f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text)


def remark(text: str) -> None:
    """Write a remark to stderr."""
    sys.stderr.write(f"{text}\n")


def answer(value: Any) -> None:
    """Write a value as JSON to stdout."""
    line(json.dumps(value, indent=1, ensure_ascii=False))


def json_line(value: Any) -> None:
    """Write a value as a single line of JSON, flushed."""
    line(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()


def conclude(value: Any, tell: Callable[[], None], *, json: bool) -> int:
    """Write a command's answer, as JSON or as text, and return exit status 0.

    Args:
        value: the answer as JSON values, or as a dataclass of such.
        tell: writes it as text.
        json: whether to write JSON.
    """
    if json:
        record = dataclasses.is_dataclass(value) and not isinstance(value, type)
        answer(dataclasses.asdict(value) if record else value)
    else:
        tell()
    return 0


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> None:
    """Write a table: ruled on a terminal, aligned plain text when piped.

    Args:
        columns: headings.
        rows: one text for each column.
        right: columns to align right, those of numbers.
    """
    if sys.stdout.isatty():
        _rich_table(columns, rows, right)
        return
    widths = [
        max(len(row[index]) for row in [columns, *rows])
        for index in range(len(columns))
    ]
    for row in [columns, *rows]:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line("  ".join(cells).rstrip())


def _rich_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]
) -> None:
    import rich.box  # noqa: PLC0415  only a terminal pays for it
    import rich.console  # noqa: PLC0415
    import rich.table  # noqa: PLC0415
    import rich.text  # noqa: PLC0415

    drawn = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        drawn.add_column(column, justify="right" if index in right else "left")
    for row in rows:
        drawn.add_row(*[rich.text.Text(cell) for cell in row])
    rich.console.Console(file=sys.stdout, highlight=False).print(drawn)


class ProgressLine:
    """A progress line on stderr, rewritten in place; silent without a terminal.

    Used as a context manager, which erases the line at the end.
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next = 0.0
        self._started = time.monotonic()
        self._length = _Length(self._started)

    def __enter__(self) -> Self:
        """Return the line, with nothing shown yet."""
        return self

    def __exit__(self, *error: object) -> None:
        """Erase the line."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def keep(self, text: str) -> None:
        """Write a line that stays, on a terminal or not."""
        self.__exit__()
        remark(text)

    def __call__(self, progress: "Progress") -> None:
        """Show a job's progress, at most ten times a second."""
        now = time.monotonic()
        told = self._length.of(progress, now)
        if told:
            self.keep(told)
        if not self._shown or now < self._next:
            return
        self._next = now + _LINE_EVERY
        width = shutil.get_terminal_size().columns - 1
        text = progress_text(progress, now - self._started)[:width]
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


class _Length:
    """An estimate of a long job's duration, reported once its pace is known.

    Args:
        now: start time, s.
    """

    def __init__(self, now: float) -> None:
        self._began = now
        self._first = 0.0
        self._total = 0.0
        self._told = False

    def of(self, progress: "Progress", now: float) -> str:
        """Return the estimate as a line when it is due; else ""."""
        fraction = progress.fraction
        if progress.unit == "B" or fraction is None:
            return ""
        if progress.total != self._total:  # another stage of the work
            self._began, self._first, self._total = now, fraction, progress.total
            return ""
        seconds, done = now - self._began, fraction - self._first
        if self._told or seconds < _PACE_SECONDS or done <= 0:
            return ""
        left = seconds / done * (1 - fraction)
        if left < _LONG:
            return ""
        self._told = True
        return f"this takes about {long_duration(left)} more; Ctrl+C stops it"


def progress_text(progress: "Progress", seconds: float) -> str:
    """Format a progress as one line: a bar, the percentage, the time left.

    Args:
        progress: the progress.
        seconds: seconds since the job began.
    """
    share = progress.fraction
    if share is None:
        return progress.what
    bar = ("━" * round(share * _BAR)).ljust(_BAR, "─")
    parts = [progress.what, bar, f"{100 * share:.0f} %"]
    if progress.unit == "B":
        parts.append(f"{file_size(progress.done)} of {file_size(progress.total)}")
    if 0 < share < 1 and seconds > 1:
        parts.append(f"{seconds / share * (1 - share):.0f} s left")
    return "  ".join(part for part in parts if part)


def file_size(size: float) -> str:
    """Format bytes with a decimal unit, ``44.7 MB``."""
    unit = _UNITS[0]
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:  # noqa: PLR2004  SI's step
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def count(number: float) -> str:
    """Format a large number in short, ``11.7 M``."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.1f} {unit}"
    return f"{number:.0f}"
