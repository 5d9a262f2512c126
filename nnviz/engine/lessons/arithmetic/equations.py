"""Equations in mathtext with live values."""

from collections.abc import Iterable

import numpy as np

_MINUS = "-"


def amount(value: float, digits: int = 4) -> str:
    """Return a number with so many significant digits, no zeros at its end."""
    return f"{value:.{digits}g}"


def term(value: float) -> str:
    """Return a number as a factor or summand: a negative one in parentheses."""
    text = amount(value)
    return f"({text})" if text.startswith(_MINUS) else text


def signed(value: float, digits: int = 3) -> str:
    """Return "+ 0.3" or "- 0.3": a further summand."""
    return f"{'-' if value < 0 else '+'} {amount(abs(value), digits)}"


def sum_of_products(
    left: Iterable[float], right: Iterable[float], total: float, most: int = 9
) -> str:
    """Return "1·2 + 3·(-1) = -1" in mathtext.

    Args:
        left: first factors.
        right: second factors, as many.
        total: what stands behind the equals sign.
        most: products that are written; more are cut with dots.
    """
    pairs = list(zip(np.ravel(list(left)), np.ravel(list(right)), strict=True))
    words = [rf"{term(a)}\cdot{term(b)}" for a, b in pairs[:most]]
    if len(pairs) > most:
        words.append(r"\ldots")
    return f"${' + '.join(words)} = {amount(total)}$"
