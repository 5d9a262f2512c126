"""Journal of a score table: each image's figures, so that a run can resume.

A text file of JSON objects, one per line: first the subject of the figures, then
``{"image", "method", "values", "figures"}`` for each measured map.  Lines are only ever
appended, so that an interruption costs only the map being measured.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nnviz.base.errors import InputError, UsageError
from nnviz.media.files import read_bytes

Figures = dict[str, float]
Values = Mapping[str, Mapping[str, Any]]
"""Parameters by method."""
_OTHER = "name another file, or delete this one"


class ScoreJournal:
    """Figures in a journal file; new ones are appended.

    Args:
        path: of the file; None keeps nothing.
        subject: identifies the run that the figures belong to, of JSON's types.

    Raises:
        UsageError: the file holds figures of another subject.
        InputError: the file is not a journal, or cannot be read or written.
    """

    def __init__(self, path: Path | None, subject: Mapping[str, Any]) -> None:
        self._path = path
        self._known: dict[str, Figures] = {}
        if path is None:
            return
        header = {"scores": 1, **subject}
        try:
            if path.exists() and path.stat().st_size:
                self._read(path, header)
            else:
                self._append(header)
        except OSError as error:
            raise InputError(
                str(path), f"cannot be used ({error.strerror})", "name another file"
            ) from error

    def known(
        self, image: str, methods: Iterable[str], values: Values
    ) -> dict[str, Figures]:
        """Return the recorded figures of an image's maps, by method.

        Args:
            image: its name.
            methods: names.
            values: parameters by method.
        """
        keys = {each: _key(image, each, values.get(each, {})) for each in methods}
        return {
            each: self._known[key] for each, key in keys.items() if key in self._known
        }

    def note(self, image: str, figures: Mapping[str, Figures], values: Values) -> None:
        """Append the figures of an image's maps, by method; known ones are skipped."""
        for method, mine in figures.items():
            chosen = values.get(method, {})
            key = _key(image, method, chosen)
            if key not in self._known:
                self._known[key] = mine
                self._append(
                    {
                        "image": image,
                        "method": method,
                        "values": dict(chosen),
                        "figures": mine,
                    }
                )

    def _append(self, entry: Mapping[str, Any]) -> None:
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def _read(self, path: Path, header: Mapping[str, Any]) -> None:
        entries, length = _whole_lines(path)
        if not entries or "scores" not in entries[0]:
            raise InputError(str(path), "holds no scores of nnviz", _OTHER)
        different = [key for key in header if entries[0].get(key) != header[key]]
        if different:
            raise UsageError(
                str(path), f"holds scores with another {different[0]}", _OTHER
            )
        for entry in entries[1:]:
            key = _key(entry["image"], entry["method"], entry["values"])
            self._known[key] = entry["figures"]
        os.truncate(path, length)


def _key(image: str, method: str, values: Mapping[str, Any]) -> str:
    return json.dumps([image, method, dict(values)], sort_keys=True)


def _whole_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Return a journal's entries and their length in bytes, without a torn last line.

    Raises:
        InputError: another line is not an entry.
    """
    data = read_bytes(path)
    length = data.rfind(b"\n") + 1
    try:
        entries = [json.loads(line) for line in data[:length].splitlines()]
        whole = all(_is_entry(each) for each in entries[1:])
    except ValueError as error:
        raise InputError(str(path), "holds no scores of nnviz", _OTHER) from error
    if not whole or not all(isinstance(each, dict) for each in entries):
        raise InputError(str(path), "is damaged", _OTHER)
    return entries, length


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(name), kind)
        for name, kind in (
            ("image", str), ("method", str), ("values", dict), ("figures", dict)
        )
    )  # fmt: skip
