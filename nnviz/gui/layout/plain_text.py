"""Escaping of external text: markup is shown literally, long words can wrap."""

import html
import re

from PySide6.QtGui import Qt

_LONG = 24
"""Length from which a word may be broken, in letters."""
_BREAK = re.compile(r"[^\w\s]+|\w{24}")


def literal(text: str) -> str:
    """Return text that a tool tip shows literally, tags included.

    Qt would render text that looks like HTML, and open the files that it names.
    """
    if not Qt.mightBeRichText(text):
        return text
    return f"<p style='white-space: pre-wrap'>{html.escape(text)}</p>"


def breakable(text: str) -> str:
    """Insert break opportunities into long words such as file names."""
    return " ".join(
        _BREAK.sub("\\g<0>\N{ZERO WIDTH SPACE}", word) if len(word) > _LONG else word
        for word in text.split(" ")
    )
