"""Damage done to files, from a seed: the same number gives the same bytes."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

ODD_VALUES: tuple[object, ...] = (
    *(None, True, -1, 0, 1.5, 2**31, 2**63, -(2**70), 1e308, float("nan")),
    *("", "2", "../../etc/passwd", "/dev/zero", "a\0b", "\ud800", "x" * 5000),
    *([], {}, [[]], [None], {"": None}, [0, 1, 2, 3], {"0": "a", "1": "b"}),
)
_ODD_TEXTS = (
    *("[" * 100_000, "{" * 1000, "9" * 5000, "1e999", "-" * 100, "\0", "\x1b[2J"),
    *("\udcff", "\u202e", "\U0001d54f" * 200, "; DROP", "%s%n", "${HOME}", "../" * 50),
    *("nan", "inf", "-1", "2147483648", "0x10", "1_000", "٣", ",,,", "@", "like:"),
)
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to eight faults: flips, cuts, copies, extreme numbers."""
    changed = bytearray(data)
    for _ in range(1 << chance.randrange(4)):
        if changed:
            chance.choice(_FAULTS)(changed, chance)
    return bytes(changed)


def _place(data: bytearray, chance: random.Random) -> int:
    """Return a place: anywhere, or near an end, where headers and tables stand."""
    near = min(len(data), 400)
    return chance.choice((
        chance.randrange(len(data)),
        chance.randrange(near),
        len(data) - 1 - chance.randrange(near),
    ))  # fmt: skip


def _flip(data: bytearray, chance: random.Random) -> None:
    data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at] = chance.randrange(256)


def _number(data: bytearray, chance: random.Random) -> None:
    size = chance.choice((1, 2, 4, 8))
    value = chance.choice(EXTREMES) & ((1 << 8 * size) - 1)
    order = chance.choice(("little", "big"))
    at = _place(data, chance)
    data[at : at + size] = value.to_bytes(size, order)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _remove(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.randrange(1, 64)]


def _insert(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at:at] = chance.randbytes(chance.randrange(1, 64))


def _copy(data: bytearray, chance: random.Random) -> None:
    source, at = _place(data, chance), _place(data, chance)
    size = chance.randrange(1, 256)
    data[at : at + size] = data[source : source + size]


_FAULTS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _overwrite, _number, _cut, _remove, _insert, _copy),
)


def damaged_json(text: str, chance: random.Random) -> bytes:
    """Return JSON of which some values are odd, or that is damaged as text."""
    if chance.random() < 0.2:
        return damaged(text.encode(), chance)
    values = json.loads(text)
    for _ in range(chance.randrange(1, 4)):
        values = _odd_inside(values, chance)
    written = json.dumps(values)
    if chance.random() < 0.1:
        written = written.replace("1", "9" * 5000, 1)
    if chance.random() < 0.05:
        written = '{"a":' * 50_000 + written
    return written.encode()


def _odd_value(chance: random.Random) -> Any:
    return copy.deepcopy(chance.choice(ODD_VALUES))


def _odd_inside(values: Any, chance: random.Random) -> Any:
    """Replace, remove or add somewhere in a tree."""
    if not isinstance(values, dict | list) or not values or chance.random() < 0.1:
        return _odd_value(chance)
    keys = list(values) if isinstance(values, dict) else list(range(len(values)))
    key = chance.choice(keys)
    if chance.random() < 0.1:
        values.pop(key)
    elif isinstance(values, dict) and chance.random() < 0.1:
        values[chance.choice(_ODD_TEXTS[6:])] = _odd_value(chance)
    else:
        values[key] = _odd_inside(values[key], chance)
    return values


def odd_text(text: str, chance: random.Random) -> str:
    """Return text with something odd in it, or in its place."""
    if chance.random() < 0.3:
        return chance.choice(_ODD_TEXTS)
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(_ODD_TEXTS) + text[at + chance.randrange(8) :]
