"""Whole numbers in text from outside."""


def is_whole(text: str, digits: int = 9) -> bool:
    """Return whether a text is a whole number of a plausible size, as 0 or 120.

    Python refuses to parse thousands of digits, and takes digits of other scripts.

    Args:
        text: as it was written.
        digits: most digits; nine are enough for an index or a process.
    """
    return text.isascii() and text.isdigit() and len(text) <= digits
