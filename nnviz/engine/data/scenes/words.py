"""Captions of scenes."""

import numpy as np

from nnviz.engine.data.scenes.layout import Item
from nnviz.engine.data.scenes.outlines import SHAPES
from nnviz.engine.data.scenes.textures import COLORS, TEXTURES

_NAMES = tuple(COLORS)
_SMALL, _LARGE = 0.12, 0.22
"""Mean radii relative to the image's side."""


def describe(items: list[Item], main: int, background: str, size: int) -> str:
    """Return a caption: the main shape, the background, and the others' positions."""
    others = [
        f"{_where(item, items[main])} {_name(item, size)}"
        for index, item in enumerate(items)
        if index != main
    ]
    rest = f", with {_list(others)}" if others else ""
    sentence = f"{_name(items[main], size)} {background}{rest}."
    return sentence[0].upper() + sentence[1:]


def _name(item: Item, size: int) -> str:
    share = item.radius / size
    scale = "small " if share < _SMALL else "large " if share > _LARGE else ""
    words = f"{scale}{_NAMES[item.color]} {TEXTURES[item.texture]} {SHAPES[item.shape]}"
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _where(item: Item, main: Item) -> str:
    across, down = item.center - main.center
    if np.abs(across) > np.abs(down):
        return "to its right" if across > 0 else "to its left"
    return "below it" if down > 0 else "above it"


def _list(parts: list[str]) -> str:
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last
