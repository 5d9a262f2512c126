"""Targets as text: a class, channel, box, segment, or similarity to an image.

========================  ====================================================
``""``                    the class that the network holds most likely
``tabby``                 a class by its name or by one of its names
``281``                   a class by its index; ``class:281`` where names are numbers
``tabby - tiger cat``     one class minus another
``predicted - runner-up`` the most likely class minus the next
``probability(tabby)``    a probability (softmax) in place of a logit
``layer4:12``             a channel of a layer, mean over all places
``layer4:12@3,4``         the same channel at row 3, column 4
``box:0``                 the detected box with the highest score; where a network
                          detects, a class's name means its best box
``segment:cat``           the pixels that a class wins, its logits summed; where a
                          network segments, ``cat`` alone means that too
``like:FILE``             how like the second image is (cosine)
``direction:FILE``        a layer's activation along a concept's direction, which
                          ``nnviz concept --out`` wrote; mean over all places
========================  ====================================================
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nnviz.base.errors import UsageError, unknown

OPTION = "--target"
CONTRAST = "predicted - runner-up"
"""Contrasts the predicted class with the next one."""
LIKE, DIRECTION = "like:", "direction:"
"""Prefixes of a file name: of an image, and of a concept's direction."""
_MOST_DIGITS = 18
"""Digits of an index: with more it exceeds every real one."""
_MINUS = " - "
_UNIT = re.compile(r"(?P<layer>[^:]+):(?P<channel>\d+)(@(?P<y>\d+),(?P<x>\d+))?")
_PROBABILITY = re.compile(r"probability\((?P<name>.*)\)")
_Classes = Mapping[str, Sequence[int]]
_NOTATION = "a class, class - class, probability(class), layer:channel or box:0"


@dataclass(frozen=True, slots=True)
class ClassTarget:
    """A class's output.

    Attributes:
        index: index in the network's output; None for the predicted class.
        probability: whether the softmax probability takes the place of the logit.
    """

    index: int | None
    probability: bool = False


@dataclass(frozen=True, slots=True)
class DifferenceTarget:
    """The logit of one class minus that of another, by their indices."""

    plus: int
    minus: int


@dataclass(frozen=True, slots=True)
class ContrastTarget:
    """The logit of the predicted class minus that of the runner-up (contrastive)."""


@dataclass(frozen=True, slots=True)
class ChannelTarget:
    """A channel of a layer: at one position (row, column), or its mean over all."""

    layer: str
    channel: int
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class BoxTarget:
    """A detected box.

    Attributes:
        rank: rank by score, counted from 0.
        index: the class whose boxes are counted; None for all.
    """

    rank: int
    index: int | None = None


@dataclass(frozen=True, slots=True)
class SegmentTarget:
    """The pixels that a segmentation assigns to a class.

    Attributes:
        index: class index; None for the class that wins the most pixels, background
            aside.
    """

    index: int | None


@dataclass(frozen=True, slots=True)
class LikenessTarget:
    """The feature similarity of the image to a second one."""

    file: str


@dataclass(frozen=True, slots=True)
class DirectionTarget:
    """A direction in a layer's channel space, read from a file of ``nnviz concept``."""

    file: str


Target = (
    ClassTarget
    | DifferenceTarget
    | ContrastTarget
    | ChannelTarget
    | BoxTarget
    | SegmentTarget
    | LikenessTarget
    | DirectionTarget
)
"""Every target: a closed union."""


def parse_target(
    text: str, labels: Sequence[str], layers: Collection[str] = ()
) -> Target:
    """Parse a target.  A class's name takes precedence over any other meaning.

    Args:
        text: as the module describes; spaces at its ends do not matter.
        labels: name of each class, in the order of the network's output.
        layers: names of the network's layers.

    Raises:
        UsageError: nothing has that name; names the nearest.
    """
    text = text.strip()
    if not text:
        return ClassTarget(None)
    index = _named_class(text, labels)
    if index is not None:
        return ClassTarget(index)
    if text == CONTRAST:
        return ContrastTarget()
    found = _with_prefix(text, labels) or _with_form(text, labels, layers)
    return found or _difference(text, labels) or ClassTarget(_class(text, labels))


def class_text(index: int, labels: Sequence[str]) -> str:
    """Return a class as a target's text: its name where unambiguous, else its index."""
    try:
        named = _named_class(labels[index], labels)
    except UsageError:
        named = None
    return labels[index] if named == index else f"class:{index}"


def _with_prefix(text: str, labels: Sequence[str]) -> Target | None:
    """Parse a target with a prefix: ``box:0``, ``segment:cat``, ``class:281``, ..."""
    prefix, colon, rest = text.partition(":")
    rest = rest.strip()
    match prefix if colon else "":
        case "class":
            number = _at(_index(rest), labels) if rest.isdecimal() else None
            return ClassTarget(_class(rest, labels) if number is None else number)
        case "box":
            if not rest.isdecimal():
                raise UsageError(OPTION, f"{rest!r} is not a box", "box:0 is the best")
            return BoxTarget(_index(rest))
        case "segment":
            return SegmentTarget(_class(rest, labels))
        case "like":
            return LikenessTarget(rest)
        case "direction":
            return DirectionTarget(rest)
        case _:
            return None


def _with_form(
    text: str, labels: Sequence[str], layers: Collection[str]
) -> Target | None:
    """Parse ``probability(tabby)`` and ``layer4:12@3,4``."""
    asked = _PROBABILITY.fullmatch(text)
    if asked:
        name = asked["name"].strip()
        return ClassTarget(_class(name, labels) if name else None, probability=True)
    unit = _UNIT.fullmatch(text)
    if unit is None:
        return None
    if unit["layer"] not in layers:
        raise unknown("layer", unit["layer"], layers)
    place = (_index(unit["y"]), _index(unit["x"])) if unit["y"] else None
    return ChannelTarget(unit["layer"], _index(unit["channel"]), place)


def _difference(text: str, labels: Sequence[str]) -> DifferenceTarget | None:
    """Parse ``A - B``, split where both sides are classes: names may contain " - ".

    Raises:
        UsageError: at every cut a side is no class; names the nearest.
    """
    cuts = list(_cuts(text))
    if not cuts:
        return None

    def known(pair: tuple[str, str]) -> int:
        return sum(_known(name, labels) for name in pair)

    plus, minus = max(cuts, key=known)
    return DifferenceTarget(_class(plus, labels), _class(minus, labels))


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the two sides of each minus at which the text can be split."""
    parts = text.split(_MINUS)
    for index in range(1, len(parts)):
        left, right = _MINUS.join(parts[:index]), _MINUS.join(parts[index:])
        yield left.strip(), right.strip()


def _known(name: str, labels: Sequence[str]) -> bool:
    return name.isdecimal() or bool(_matches(name, labels))


def _index(digits: str) -> int:
    """Parse an index, truncating digits beyond those of any real index.

    Python refuses to parse numbers of thousands of digits.
    """
    return int(digits[:_MOST_DIGITS]) if digits else 0


def _class(name: str, labels: Sequence[str]) -> int:
    """Return a class's index, given its name or index.

    Raises:
        UsageError: no class matches, or several do.
    """
    index = _named_class(name, labels)
    if index is not None:
        return index
    if name.isdecimal():
        return _at(_index(name), labels)
    raise _no_class(name, labels)


def class_called(name: str, labels: Sequence[str]) -> int | None:
    """Return the index of the class of exactly this name, else of any case of it.

    ImageNet has a dog "Cardigan" and a garment "cardigan".
    """
    if name in labels:
        return labels.index(name)
    whole, _parts = _by_name(tuple(labels))
    return next(iter(whole.get(name.casefold(), ())), None)


def _named_class(name: str, labels: Sequence[str]) -> int | None:
    """Return a class's index by name; None where no class has that name.

    Raises:
        UsageError: several classes match.
    """
    found = _matches(name, labels)
    if len(found) > 1:
        choices = " or ".join(f"class:{index}" for index in found)
        raise UsageError(
            OPTION, f"{len(found)} classes are called {name}", f"give {choices}"
        )
    return found[0] if found else None


def _matches(name: str, labels: Sequence[str]) -> Sequence[int]:
    """Return the classes that a name matches, whole or as a part between commas.

    Case matters only where two names differ in nothing else.
    """
    exact = [index for index, label in enumerate(labels) if label == name]
    if exact:
        return exact
    whole, parts = _by_name(tuple(labels))
    wanted = name.casefold()
    return whole.get(wanted) or parts.get(wanted, ())


@lru_cache(maxsize=8)
def _by_name(labels: tuple[str, ...]) -> tuple[_Classes, _Classes]:
    """Build two lookup tables of classes: by whole name, and by part of a name."""
    whole: dict[str, list[int]] = {}
    parts: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        folded = label.casefold()
        whole.setdefault(folded, []).append(index)
        for part in {each.strip() for each in folded.split(",")}:
            parts.setdefault(part, []).append(index)
    return whole, parts


def _at(index: int, labels: Sequence[str]) -> int:
    if index < len(labels):
        return index
    raise UsageError(
        OPTION, f"there is no class {index}", f"use 0 to {len(labels) - 1}"
    )


def _no_class(name: str, labels: Sequence[str]) -> UsageError:
    """Return the error of an unknown class, which names the nearest ones."""
    return unknown("class", name, labels, otherwise=f"a target is {_NOTATION}")
