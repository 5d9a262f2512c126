"""JSON summaries of results, for ``--json``, Jupyter and agents.

Small arrays are given in full, larger ones by shape, range and mean.  The arrays
themselves are in the .npz that ``Result.save`` writes.
"""

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

from nnviz.base.recipes import Recipe
from nnviz.base.results import Boxes, Heatmap, Ranking, Report, Result

SCHEMA = "nnviz.result/1"
"""Name and version of the schema; removing a field or changing its meaning raises the
version.
"""
_MOST_NUMBERS = 64
"""Size up to which an array is given in full."""


def summarize(report: Report, recipe: Recipe) -> dict[str, Any]:
    """Return a run as JSON: the request, and each result in numbers and words.

    Args:
        report: what the method found.
        recipe: how it was made.

    Returns:
        A tree of dictionaries, lists, texts and numbers: ``schema``, ``method``,
        ``model``, ``image``, ``parameters``, ``seed``, ``notes``, and ``results`` by
        name, the main one first, each with its ``kind``.
    """
    return {
        "schema": SCHEMA,
        "method": recipe.method,
        "title": recipe.title,
        "model": recipe.model,
        "image": recipe.image,
        "parameters": dict(recipe.values),
        "seed": recipe.seed,
        "notes": list(report.notes),
        "results": {name: _result(each) for name, each in report.items()},
    }


def _result(result: Result) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": type(result).__name__.lower()}
    if isinstance(result, Ranking):
        return said | {"unit": result.unit, "classes": _classes(result)}
    if isinstance(result, Boxes):
        return said | {"boxes": _boxes(result)}
    if isinstance(result, Heatmap):
        strength = np.nan_to_num(np.abs(result.values), nan=-1.0)
        row, column = np.unravel_index(strength.argmax(), strength.shape)
        said["strongest_at"] = {"row": int(row), "column": int(column)}
    fields: dict[str, Any] = _plain(result)
    return said | fields


def _classes(ranking: Ranking) -> list[dict[str, Any]]:
    triples = zip(ranking.labels, ranking.indices, ranking.values, strict=True)
    return [
        {"label": label, "index": int(index), "value": float(value)}
        for label, index, value in triples
    ]


def _boxes(boxes: Boxes) -> list[dict[str, Any]]:
    """Return each box with label and score, in px of its frame."""
    found = zip(boxes.boxes, boxes.scores, boxes.classes, strict=True)
    return [
        {
            "label": boxes.labels[number] if number < len(boxes.labels) else "",
            "class": int(number),
            "score": float(score),
            "box": [float(value) for value in box],
        }
        for box, score, number in found
    ]


def _plain(value: object) -> Any:
    """Convert a value of a result to JSON, summarizing long arrays."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        value = {name: getattr(value, name) for name in names}
    match value:
        case np.ndarray():
            return _array(value)
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value[:_MOST_NUMBERS]]
        case Enum():
            return value.value
        case _:
            is_plain = isinstance(value, str | int) or value is None
            finite = isinstance(value, float) and math.isfinite(value)
            return value if is_plain or finite else str(value)


def _array(array: np.ndarray[Any, Any]) -> Any:
    if array.size <= _MOST_NUMBERS:
        return _plain(array.tolist())
    said: dict[str, Any] = {"shape": list(array.shape), "dtype": str(array.dtype)}
    numbers = array[np.isfinite(array)] if array.dtype.kind in "fiu" else array[:0]
    if numbers.size:
        said["min"] = float(numbers.min())
        said["max"] = float(numbers.max())
        said["mean"] = float(numbers.mean(dtype=np.float64))
    return said
