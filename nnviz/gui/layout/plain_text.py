"""Text from outside, shown as it is: nothing in it is markup, and long words break."""

import html
import re

from PySide6.QtGui import Qt

_LONG = 24
"""Letters of a word from which it may be broken."""
_BREAK = re.compile(r"[^\w\s]+|\w{24}")


def literal(text: str) -> str:
    """Return text for a tool tip that shows it as it is, whatever tags are in it.

    Qt takes what looks like HTML for it, and opens the files that it names.
    """
    if not Qt.mightBeRichText(text):
        return text
    return f"<p style='white-space: pre-wrap'>{html.escape(text)}</p>"


def breakable(text: str) -> str:
    """Return words that a label can break within long names of files, too."""
    return " ".join(
        _BREAK.sub("\\g<0>\N{ZERO WIDTH SPACE}", word) if len(word) > _LONG else word
        for word in text.split(" ")
    )
