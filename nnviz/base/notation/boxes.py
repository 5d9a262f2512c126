"""Annotated boxes of images as one line of text, for forms, recipes and commands.

``cat 12 30 200 240, dog 5 5 60 50 @ pets.jpg; cat 8 9 90 80 @ cat.jpg``: class, left,
top, right and bottom in px of the image, and the image's file.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from nnviz.base.errors import UsageError

Corners = tuple[float, float, float, float]
"""Left, top, right, bottom, px of the image."""
EXAMPLE = "cat 12 30 200 240 @ cat.jpg"
_GRAMMAR = "CLASS LEFT TOP RIGHT BOTTOM, ... @ FILE; ..., in px"
_RESERVED = re.compile(r"[;@,\s]+")
_NUMBERS = 4
_DECIMALS = 1
_ESCAPES = {"%": "%25", ";": "%3B"}
"""Signs of file names that would end the name, as they are written, % first."""


@dataclass(frozen=True, slots=True)
class LabeledBox:
    """A box with its class.

    Attributes:
        label: name of the class, without ``, ; @``; see ``plain_label``.
        corners: left, top, right, bottom, px of the image.
    """

    label: str
    corners: Corners

    @property
    def text(self) -> str:
        """The text that ``parse_boxes`` reads."""
        return f"{self.label} {' '.join(map(_written, self.corners))}"


@dataclass(frozen=True, slots=True)
class BoxedImage:
    """An image file with its boxes.

    Attributes:
        path: of the file.
        boxes: in the order in which they were drawn.
    """

    path: str
    boxes: tuple[LabeledBox, ...]


def names_boxes(text: str) -> bool:
    """Return whether a text is in the notation of boxes, not the name of a file."""
    try:
        return bool(parse_boxes(text))
    except UsageError:
        return False


def parse_boxes(text: str) -> tuple[BoxedImage, ...]:
    """Parse annotated images; () for an empty text.

    Raises:
        UsageError: the text is not in the format above, or a box is empty.
    """
    parts = (part.strip() for part in text.split(";"))
    return tuple(_parsed(part) for part in parts if part)


def boxes_text(images: Iterable[BoxedImage]) -> str:
    """Return annotated images as text for ``parse_boxes``; those without boxes go."""
    return "; ".join(
        f"{', '.join(box.text for box in image.boxes)} @ {_escaped(image.path)}"
        for image in images
        if image.boxes
    )


def files_of(text: str) -> tuple[str, ...]:
    """Return the files of the annotated images, in their order."""
    return tuple(image.path for image in parse_boxes(text))


def with_files(text: str, files: Iterable[str]) -> str:
    """Return annotated images with other files, in the same order."""
    images = zip(parse_boxes(text), files, strict=True)
    return boxes_text(replace(image, path=path) for image, path in images)


def plain_label(text: str) -> str:
    """Return a typed class name without the signs that the notation uses."""
    return _RESERVED.sub(" ", text).strip()


def rounded(corners: Corners) -> Corners:
    """Round corners to the decimals of the notation, so that text is exact."""
    left, top, right, bottom = (round(each, _DECIMALS) for each in corners)
    return left, top, right, bottom


def _parsed(part: str) -> BoxedImage:
    boxes, mark, path = part.partition("@")
    if not mark or not path.strip():
        raise UsageError("boxes", f"{part!r} names no image", _GRAMMAR)
    found = tuple(_parsed_box(each) for each in boxes.split(","))
    return BoxedImage(_unescaped(path.strip()), found)


def _parsed_box(text: str) -> LabeledBox:
    try:
        label, *numbers = text.strip().rsplit(maxsplit=_NUMBERS)
        left, top, right, bottom = map(float, numbers)
    except ValueError:
        raise UsageError("boxes", f"{text.strip()!r} is not a box", _GRAMMAR) from None
    finite = all(map(math.isfinite, (left, top, right, bottom)))
    if not finite or left >= right or top >= bottom:
        reason = f"{text.strip()!r} is empty"
        raise UsageError("boxes", reason, "right > left and bottom > top")
    return LabeledBox(label, (left, top, right, bottom))


def _written(value: float) -> str:
    """Format a number with the decimals of the notation."""
    return f"{round(value, _DECIMALS):.10g}"


def _escaped(path: str) -> str:
    for sign, written in _ESCAPES.items():
        path = path.replace(sign, written)
    return path


def _unescaped(path: str) -> str:
    for sign, written in reversed(_ESCAPES.items()):
        path = path.replace(written, sign)
    return path
