"""Runs as files: report, recipe and image path, to show without recomputing.

One ``.npz`` a run: the arrays under numbers, and everything else as JSON text, which
cattrs converts by the declared types of the results.  Nothing is pickled.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_origin

import numpy as np
from cattrs import Converter
from cattrs.errors import BaseValidationError
from cattrs.preconf.json import make_converter
from numpy.typing import NDArray

from nnviz.base.completeness import Completeness
from nnviz.base.host.reading import JSON_ERRORS, parse_json, reading
from nnviz.base.images import Image
from nnviz.base.kinds.packing import kind_called
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import Outcome, Report, Result
from nnviz.media.encode import read_npz, write_npz

_TEXT = "run"
"""Name of the JSON text among the arrays."""
_MAX_BYTES = 1 << 30
_STRUCTURE_ERRORS = (*JSON_ERRORS, BaseValidationError, TypeError, KeyError, IndexError)
Part = TypeVar("Part", Completeness, Outcome)
Images = Callable[[str, str], Image | None]
"""Returns the image of a path and a hash; None where it no longer exists."""


def write_run(path: Path, run: Run) -> None:
    """Write a run, without its image, as one .npz file.

    Raises:
        InputError: the file cannot be written.
    """
    arrays: list[NDArray[Any]] = []
    converter = _converter(arrays)
    said = {
        "results": {
            name: {
                "kind": type(result).__name__,
                "fields": converter.unstructure(result, type(result)),
            }
            for name, result in run.report.items()
        },
        "notes": list(run.report.notes),
        "completeness": converter.unstructure(run.report.completeness),
        "outcome": converter.unstructure(run.report.outcome),
        "recipe": run.recipe.to_json(),
        "image": run.image.path if run.image else "",
    }
    text = np.frombuffer(json.dumps(said).encode(), np.uint8)
    named = {str(index): array for index, array in enumerate(arrays)}
    write_npz(path, {_TEXT: text, **named}, compress=False)


def read_run(path: Path, images: Images) -> Run:
    """Read a run that ``write_run`` wrote.

    Args:
        path: of the file.
        images: opens the run's image.

    Raises:
        InputError: the file is missing, damaged, or holds no run.
    """
    named = read_npz(path, _MAX_BYTES)
    with reading(path.name, _STRUCTURE_ERRORS, "is not a saved result", "delete it"):
        said = parse_json(named.pop(_TEXT).tobytes(), path.name)
        arrays = [named[str(index)] for index in range(len(named))]
        converter = _converter(arrays)
        found = {
            name: converter.structure(each["fields"], _kind(each["kind"]))
            for name, each in said["results"].items()
        }
        report = Report(
            found,
            tuple(map(str, said["notes"])),
            _optional(converter, said.get("completeness"), Completeness),
            _optional(converter, said.get("outcome"), Outcome),
        )
        recipe = Recipe.from_json(said["recipe"], path.name)
        return Run(report, recipe, images(str(said["image"]), recipe.image_sha256))


def _optional(converter: Converter, said: Any, kind: type[Part]) -> Part | None:
    return converter.structure(said, kind) if said is not None else None


def _kind(name: str) -> type[Result]:
    """Return a result class by its name.

    Raises:
        KeyError: there is none of that name.
    """
    kind = kind_called(name)
    if not issubclass(kind, Result) or kind is Result:
        raise KeyError(name)
    return kind


def _converter(arrays: list[NDArray[Any]]) -> Converter:
    """Return a cattrs converter that moves arrays to and from a list."""
    converter = make_converter()

    def put(array: NDArray[Any]) -> int:
        arrays.append(np.asarray(array))
        return len(arrays) - 1

    def take(place: int, _: object) -> NDArray[Any]:
        return arrays[int(place)]

    converter.register_unstructure_hook(np.ndarray, put)
    converter.register_unstructure_hook_func(_is_array, put)
    converter.register_structure_hook_func(_is_array, take)
    return converter


def _is_array(declared: Any) -> bool:
    return declared is np.ndarray or get_origin(declared) is np.ndarray
