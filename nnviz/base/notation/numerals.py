"""Whole numbers in text from outside."""


def is_whole(text: str, digits: int = 9) -> bool:
    """Return whether a text is a whole number of a plausible size, as 0 or 120.

    Python refuses to parse thousands of digits, and takes digits of other scripts.

    Args:
        text: as it was written.
        digits: most digits; nine are enough for an index or a process.
    """
    return text.isascii() and text.isdigit() and len(text) <= digits


_LARGE = 10**300


def described(value: object) -> str:
    """Return a value for an error, also a number longer than Python prints.

    Python refuses to write whole numbers of more than 4,300 digits.
    """
    if isinstance(value, int) and abs(value) >= _LARGE:
        return "a number of hundreds of digits"
    return f"{value!r:.40}"
