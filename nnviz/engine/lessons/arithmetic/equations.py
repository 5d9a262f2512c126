"""Equations in mathtext with live values."""

from collections.abc import Iterable

import numpy as np

_MINUS = "-"


def amount(value: float, digits: int = 4) -> str:
    """Format a number with some significant digits, without trailing zeros."""
    return f"{value:.{digits}g}"


def term(value: float) -> str:
    """Format a number as a factor or summand, a negative one in parentheses."""
    text = amount(value)
    return f"({text})" if text.startswith(_MINUS) else text


def signed(value: float, digits: int = 3) -> str:
    """Format a further summand: "+ 0.3" or "- 0.3"."""
    return f"{'-' if value < 0 else '+'} {amount(abs(value), digits)}"


def sum_of_products(
    left: Iterable[float], right: Iterable[float], total: float, most: int = 9
) -> str:
    """Format a sum of products in mathtext: "1·2 + 3·(-1) = -1".

    Args:
        left: first factors.
        right: second factors, equally many.
        total: right-hand side.
        most: number of products written out; others become dots.
    """
    pairs = list(zip(np.ravel(list(left)), np.ravel(list(right)), strict=True))
    words = [rf"{term(a)}\cdot{term(b)}" for a, b in pairs[:most]]
    if len(pairs) > most:
        words.append(r"\ldots")
    return f"${' + '.join(words)} = {amount(total)}$"
