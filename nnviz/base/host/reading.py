"""Exceptions that reading a file can raise, by library, as one line for the user.

Readers never catch everything: each lists the exceptions that its library is known to
raise.
"""

import csv
import json
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnviz.base.errors import InputError

JSON_ERRORS = (ValueError, RecursionError)
"""Invalid JSON, numbers of thousands of digits, text that is not UTF-8; deep nesting.
"""
TEXT_ERRORS = (ValueError,)
CSV_ERRORS = (csv.Error, ValueError)
ARCHIVE_ERRORS = (
    *(zipfile.BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError),
    *(ValueError, OverflowError, LookupError, struct.error, zlib.error),
)
"""zipfile's for damaged archives; RuntimeError where an entry is encrypted."""
ARRAY_ERRORS = (
    *(ValueError, TypeError, LookupError, SyntaxError, RecursionError, MemoryError),
    *(OverflowError, EOFError, OSError, tokenize.TokenError, struct.error),
)
"""numpy's, for the header, which is a Python expression, and for the data."""


def exists(path: str | Path) -> bool:
    """Return whether a path exists; unlike pathlib, never raise for an odd name."""
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: str | Path) -> bool:
    """Return whether a path is a file's; False for names that none can have."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: str | Path) -> bool:
    """Return whether a path is a folder's; False for names that none can have."""
    return os.path.isdir(path)  # noqa: PTH112


@contextmanager
def reading(
    what: str,
    errors: tuple[type[Exception], ...],
    reason: str = "is damaged",
    remedy: str = "copy or download it again",
) -> Iterator[None]:
    """Turn a reader's exceptions inside the block into one ``InputError``.

    Args:
        what: the file's name.
        errors: exceptions of the reader's library, one of the tuples above.
        reason: reason to report.
        remedy: remedy to report.

    Raises:
        InputError: one of the errors was raised; errors of this program pass.
    """
    try:
        yield
    except errors:
        raise InputError(printable(what), reason, remedy) from None


def parse_json(
    text: str | bytes,
    what: str,
    remedy: str = "pick another file",
    reason: str = "is not JSON",
) -> Any:
    """Parse JSON text.

    Args:
        text: text, or bytes in UTF-8.
        what: the file's name, for errors.
        remedy: remedy to report.
        reason: reason to report where the text is not JSON.

    Raises:
        InputError: the text is not JSON, is nested too deeply, or holds text that
            cannot be encoded.
    """
    with reading(what, JSON_ERRORS, reason, remedy):
        values = json.loads(text)
        escaped = b"\\ud" if isinstance(text, bytes) else "\\ud"
        if escaped in text.lower():  # type: ignore[operator]
            # A lone surrogate cannot be written to any file or screen.
            json.dumps(values, ensure_ascii=False).encode()
        return values


def parse_object(
    text: str | bytes,
    what: str,
    remedy: str = "pick another file",
    reason: str = "is not a JSON object",
) -> Mapping[str, Any]:
    """Parse JSON text that holds an object.

    Raises:
        InputError: as ``parse_json``; or the text holds no object.
    """
    values = parse_json(text, what, remedy, reason)
    if not isinstance(values, dict):
        raise InputError(printable(what), reason, remedy)
    return values


def printable(text: str) -> str:
    """Return text that can be printed anywhere: what is not UTF-8 becomes "?".

    File names may be any bytes; Python represents those that are not UTF-8 as
    surrogates.
    """
    return text.encode("utf-8", "replace").decode()
