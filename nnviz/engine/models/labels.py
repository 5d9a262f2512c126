"""Names of a network's outputs, from files of the usual forms."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from nnviz.base.errors import InputError

_LIMIT = 16 << 20
_REMEDY = "use one name a line (.txt), a list or {index: name} (.json), or a .csv"


def read_labels(path: Path) -> tuple[str, ...]:
    """Read a file of class names, in the order of the network's outputs.

    ``.txt``: one name a line.  ``.json``: a list, or an object from index to name or
    to [identifier, name] as ImageNet's.  ``.csv``: names in the last column, or
    index and name; a first row of titles is skipped.

    Raises:
        InputError: no such file, not text, too large, or not of these forms.
    """
    text = _text(path)
    readers = {".json": _from_json, ".csv": _from_csv}
    names = readers.get(path.suffix.lower(), _from_lines)(text, path.name)
    if not names:
        raise InputError(path.name, "holds no class names", _REMEDY)
    return names


def check_count(names: Sequence[str], outputs: int, source: str) -> tuple[str, ...]:
    """Return the names if there is one for each output.

    Raises:
        InputError: there are too few or too many.
    """
    if len(names) != outputs:
        raise InputError(
            source,
            f"holds {len(names)} names, the network has {outputs} outputs",
            "give one name for each output",
        )
    return tuple(names)


def numbered(outputs: int) -> tuple[str, ...]:
    """Return names for outputs of which nothing is known."""
    return tuple(f"class {index}" for index in range(outputs))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LIMIT:
            raise InputError(path.name, "is too large for a list of names", _REMEDY)
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(path.name, "is not text in UTF-8", _REMEDY) from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(str(path), reason, "pick a file of class names") from None


def _from_lines(text: str, _source: str) -> tuple[str, ...]:
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(line or f"class {index}" for index, line in enumerate(lines))


def _from_json(text: str, source: str) -> tuple[str, ...]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(source, "is not JSON", _REMEDY) from None
    if isinstance(values, Mapping):
        return _ordered(_numbers(values, source), source)
    if isinstance(values, list):
        return tuple(_name(value, source) for value in values)
    raise InputError(source, "is neither a list nor an object", _REMEDY)


def _from_csv(text: str, source: str) -> tuple[str, ...]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if any(row)]
    except csv.Error as error:
        raise InputError(source, f"is not CSV ({error})", _REMEDY) from None
    if rows and len(rows) > 1 and not _is_index(rows[0][0]) and _is_index(rows[1][0]):
        rows = rows[1:]
    if all(len(row) > 1 and _is_index(row[0]) for row in rows):
        return _ordered([(int(row[0]), row[-1].strip()) for row in rows], source)
    return tuple(row[-1].strip() for row in rows)


def _numbers(values: Mapping[str, object], source: str) -> list[tuple[int, str]]:
    """Return index and name; also understands {name: index}."""
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
    """Return a name, the last of [identifier, name]."""
    if isinstance(value, list) and value:
        value = value[-1]
    if not isinstance(value, str):
        raise InputError(source, f"{json.dumps(value)} is not a name", _REMEDY)
    return value.replace("_", " ").strip()


def _is_index(text: str) -> bool:
    return text.strip().isascii() and text.strip().isdigit()
