"""Class names of a network's outputs, from common file formats."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.host.reading import CSV_ERRORS, parse_json, reading
from nnviz.media.files import read_text

_LIMIT = 16 << 20
_LONGEST_INDEX = 9
_REMEDY = "use one name per line (.txt), a list or {index: name} (.json), or a .csv"


def read_labels(path: Path) -> tuple[str, ...]:
    """Read class names from a file, in the order of the network's outputs.

    ``.txt``: one name per line.  ``.json``: a list, or an object from index to name or
    to [identifier, name] as for ImageNet.  ``.csv``: names in the last column, or
    index and name; a header row is skipped.

    Raises:
        InputError: no such file, not text, too large, or not of these forms.
    """
    text = read_text(path, _LIMIT, "a list of names")
    readers = {".json": _from_json, ".csv": _from_csv}
    names = readers.get(path.suffix.lower(), _from_lines)(text, path.name)
    if not names:
        raise InputError(path.name, "holds no class names", _REMEDY)
    return names


def check_count(names: Sequence[str], outputs: int, source: str) -> tuple[str, ...]:
    """Return the names; refuse a number other than the outputs'.

    Raises:
        InputError: the numbers differ.
    """
    if len(names) != outputs:
        raise InputError(
            source,
            f"holds {len(names)} names, the network has {outputs} outputs",
            "give one name for each output",
        )
    return tuple(names)


def numbered(outputs: int) -> tuple[str, ...]:
    """Return numbered names for outputs without known names."""
    return tuple(f"class {index}" for index in range(outputs))


def _from_lines(text: str, _source: str) -> tuple[str, ...]:
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(line or f"class {index}" for index, line in enumerate(lines))


def _from_json(text: str, source: str) -> tuple[str, ...]:
    values = parse_json(text, source, _REMEDY)
    if isinstance(values, Mapping):
        return _ordered(_numbers(values, source), source)
    if isinstance(values, list):
        return tuple(_name(value, source) for value in values)
    raise InputError(source, "is neither a list nor an object", _REMEDY)


def _from_csv(text: str, source: str) -> tuple[str, ...]:
    with reading(source, CSV_ERRORS, "is not CSV", _REMEDY):
        rows = [row for row in csv.reader(io.StringIO(text)) if any(row)]
    if rows and len(rows) > 1 and not _is_index(rows[0][0]) and _is_index(rows[1][0]):
        rows = rows[1:]
    if all(len(row) > 1 and _is_index(row[0]) for row in rows):
        return _ordered([(int(row[0]), row[-1].strip()) for row in rows], source)
    return tuple(row[-1].strip() for row in rows)


def _numbers(values: Mapping[str, object], source: str) -> list[tuple[int, str]]:
    """Return pairs of index and name from {index: name} or {name: index}."""
    if all(_is_index(key) for key in values):
        return [(int(key), _name(value, source)) for key, value in values.items()]
    indices = [value for value in values.values() if type(value) is int]
    if len(indices) == len(values):
        return list(zip(indices, values, strict=True))
    raise InputError(source, "its keys are not the numbers 0, 1, 2, ...", _REMEDY)


def _ordered(pairs: Sequence[tuple[int, str]], source: str) -> tuple[str, ...]:
    names = dict(pairs)
    missing = next((index for index in range(len(pairs)) if index not in names), None)
    if missing is not None:
        raise InputError(source, f"has no name for output {missing}", "add it")
    return tuple(names[index] for index in range(len(pairs)))


def _name(value: object, source: str) -> str:
    """Return a name, or the name of an [identifier, name] pair."""
    if isinstance(value, list) and value:
        value = value[-1]
    if not isinstance(value, str):
        raise InputError(source, "holds values that are not names", _REMEDY)
    return value.replace("_", " ").strip()


def _is_index(text: str) -> bool:
    """Tell whether a text is a plausible output index."""
    text = text.strip()
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_INDEX
