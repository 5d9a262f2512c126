"""Exceptions that reading a file can raise, by library, as one line for the user.

Readers never catch everything: each names what its library was seen to raise.
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
"""No JSON, numbers of thousands of digits, text that is not UTF-8; deep nesting."""
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
"""numpy's for a header, which is an expression in Python, and for the numbers."""


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
    remedy: str = "copy or download it once more",
) -> Iterator[None]:
    """Turn a reader's exceptions inside the block into one ``InputError``.

    Args:
        what: the file's name.
        errors: what the reader's library raises, one of the tuples above.
        reason: what is wrong then.
        remedy: what would help.

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
        text: to be read; of bytes those of UTF-8.
        what: the file's name, for errors.
        remedy: what would help.
        reason: what is wrong if it is none.

    Raises:
        InputError: it is not JSON, too deep, or holds text that cannot be written.
    """
    with reading(what, JSON_ERRORS, reason, remedy):
        values = json.loads(text)
        escaped = b"\\ud" if isinstance(text, bytes) else "\\ud"
        if escaped in text.lower():  # type: ignore[operator]
            # Half of a surrogate pair is text that no file and no screen takes.
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
        InputError: see ``parse_json``; or it holds something else.
    """
    values = parse_json(text, what, remedy, reason)
    if not isinstance(values, dict):
        raise InputError(printable(what), reason, remedy)
    return values


def printable(text: str) -> str:
    """Return text that can be printed anywhere: what is not UTF-8 becomes "?".

    Names of files may be any bytes; Python holds those that are no text as surrogates.
    """
    return text.encode("utf-8", "replace").decode()
