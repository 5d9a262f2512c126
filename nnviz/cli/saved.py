"""Reports of saved results, as text and as JSON."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nnviz.api import Result
from nnviz.base.results import Ranking, Table, Text
from nnviz.base.results import Result as BaseResult
from nnviz.cli import console

_MOST_ROWS = 12


def tell(result: Result, files: Sequence[Path]) -> None:
    """Write a saved result's path, summary and remarks."""
    console.line(str(files[0]))
    for text in _words(result.main):
        console.line(f"  {text}")
    for note in (*(result.image.notes if result.image else ()), *result.report.notes):
        console.line(f"  {note}")


def record(result: Result, files: Sequence[Path]) -> dict[str, Any]:
    """Return a saved result's summary as JSON."""
    return result.summary() | {
        "files": [str(file) for file in files],
        "data": _numbers(result.main),
    }


def _words(main: BaseResult) -> Iterator[str]:
    match main:
        case Ranking():
            width = max(map(len, main.labels), default=0)
            for label, value in zip(main.labels, main.values, strict=True):
                yield f"{label:<{width}}  {_number(float(value), main.unit)}"
        case Table(rows=rows):
            for row in rows[:_MOST_ROWS]:
                yield "  ".join(str(cell) for cell in row)
        case Text(text=text):
            yield text
        case _:
            return


def _numbers(main: BaseResult) -> Any:
    """Return a ranking's numbers, or the main array's shape."""
    if isinstance(main, Ranking):
        return [
            {"label": label, "index": int(index), main.unit: float(value)}
            for label, index, value in zip(
                main.labels, main.indices, main.values, strict=True
            )
        ]
    array = main.arrays()[""]
    return {"shape": list(array.shape), "dtype": str(array.dtype)}


def _number(value: float, unit: str) -> str:
    return f"{100 * value:5.1f} %" if unit == "probability" else f"{value:.4g} {unit}"
