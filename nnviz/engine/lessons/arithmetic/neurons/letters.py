"""Letters as small drawn images: −1 and 1 in seven rows of five, with a margin."""

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError

ROWS, COLUMNS = 9, 7
_DRAWN = {
    "A": " ### #   ##   #######   ##   ##   #",
    "C": " #####    #    #    #    #     ####",
    "E": "######    #    #### #    #    #####",
    "F": "######    #    #### #    #    #    ",
    "H": "#   ##   ##   #######   ##   ##   #",
    "I": " ###   #    #    #    #    #   ### ",
    "J": "  ###   #    #    #    # #  #  ##  ",
    "K": "#   ##  # # #  ##   # #  #  # #   #",
    "L": "#    #    #    #    #    #    #####",
    "N": "#   ###  ## # ##  ###   ##   ##   #",
    "O": " ### #   ##   ##   ##   ##   # ### ",
    "P": "#### #   ##   ##### #    #    #    ",
    "S": " #####    #     ###     #    ##### ",
    "T": "#####  #    #    #    #    #    #  ",
    "U": "#   ##   ##   ##   ##   ##   # ### ",
    "V": "#   ##   ##   ##   # # #  # #   #  ",
    "X": "#   ##   # # #   #   # # #   ##   #",
    "Y": "#   ##   # # #   #    #    #    #  ",
    "Z": "#####    #   #   #   #   #    #####",
    "1": "  #   ##  # #    #    #    #  #####",
    "2": " ### #   #    #  ##  #   #    #####",
    "3": "####     #    # ###     #    ##### ",
    "4": "   #   ##  # # #  # #####   #    # ",
    "7": "#####    #   #   #    #    #    #  ",
}


def letters(text: str, option: str, most: int = 6) -> NDArray[np.float64]:
    """Return the bitmaps of letters, (N, ROWS × COLUMNS), 1 for ink, else −1.

    Raises:
        UsageError: no letters, too many, or one that is not drawn.
    """
    wanted = [each for each in text.upper() if not each.isspace() and each != ","]
    unknown = [each for each in wanted if each not in _DRAWN]
    if unknown:
        known = "".join(_DRAWN)
        raise UsageError(option, f"{unknown[0]!r} is not drawn", f"choose from {known}")
    if not 0 < len(wanted) <= most:
        raise UsageError(option, f"{len(wanted)} letters", f"write 1 to {most}")
    return np.stack([_draw(each) for each in wanted])


def _draw(letter: str) -> NDArray[np.float64]:
    ink = np.array([mark == "#" for mark in _DRAWN[letter]]).reshape(7, 5)
    return np.where(np.pad(ink, 1), 1.0, -1.0).ravel()
