"""Sentences about scenes as word indices, and the object that each word refers to."""

from dataclasses import dataclass

import numpy as np

from nnviz.engine.data.scenes import CLASSES, Scene
from nnviz.engine.data.scenes.backgrounds import BACKGROUNDS
from nnviz.engine.data.scenes.textures import COLORS, TEXTURES

START, END = "<start>", "<end>"
_RELATIONS = ("to its left", "to its right", "above it", "below it")
_GLUE = ("a", "an", "small", "large", "with", "and", ",")
_MIRRORED = {"left": "right", "right": "left"}
CONCEPTS = (*COLORS, *TEXTURES, *CLASSES, *BACKGROUNDS)
"""Names that apply to a position of an image: the captioner's outputs."""
NOTHING, BACKGROUND = -1, 0
"""Markers of words about no shape: about nothing, or about the background."""


def _vocabulary() -> tuple[str, ...]:
    phrases = (*_GLUE, *CONCEPTS, *_RELATIONS)
    words = (word for phrase in phrases for word in phrase.split())
    return (START, END, *dict.fromkeys(words))


VOCABULARY = _vocabulary()
_INDEX = {word: index for index, word in enumerate(VOCABULARY)}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as words, with the object that each refers to.

    Attributes:
        words: indices into ``VOCABULARY``; the last is ``END``.
        about: for each word 1 + the index of a scene's shape, ``BACKGROUND`` or
            ``NOTHING``.
    """

    words: tuple[int, ...]
    about: tuple[int, ...]


def read_sentence(scene: Scene, *, mirrored: bool = False) -> Sentence:
    """Return a scene's sentence, with other shapes ordered from left to right.

    An order visible in the image makes the next word predictable; the scene's own order
    is the one in which the shapes were drawn.

    Args:
        scene: any.
        mirrored: whether the scene is flipped horizontally.
    """
    main = main_shape(scene)
    others = [index for index in range(len(scene.labels)) if index != main]
    head, *tail = scene.sentence.lower().rstrip(".").split(", with ")
    parts = [part for each in tail for part in _split(each)]
    middles = scene.boxes[:, 0] + scene.boxes[:, 2]
    order = sorted(zip(others, parts, strict=True), key=lambda each: middles[each[0]])
    if mirrored:
        order.reverse()
    found = _named(head, main)
    for place, (index, part) in enumerate(order):
        glue = [",", "with"] if place == 0 else ["and"]
        found += [(word, NOTHING) for word in glue] + _about(part, index)
    found.append((END, NOTHING))
    words = (_MIRRORED.get(word, word) if mirrored else word for word, _ in found)
    return Sentence(
        tuple(_INDEX[word] for word in words), tuple(about for _, about in found)
    )


def main_shape(scene: Scene) -> int:
    """Return the index of the shape with the most visible pixels."""
    seen = scene.instances[scene.instances > 0]
    return int(np.bincount(seen).argmax()) - 1


def named_pairs(words: list[str]) -> list[tuple[str, str]]:
    """Return the color and shape of each shape named in a sentence, sorted."""
    found, color = [], ""
    for word in words:
        if word in COLORS:
            color = word
        elif word in CLASSES:
            found.append((color, word))
            color = ""
    return sorted(found)


def true_pairs(scene: Scene) -> list[tuple[str, str]]:
    """Return the color and shape of each shape of a scene, sorted."""
    colors = tuple(COLORS)
    pairs = zip(scene.colors, scene.labels, strict=True)
    return sorted((colors[color], CLASSES[label]) for color, label in pairs)


def _split(text: str) -> list[str]:
    """Split "A, B and C" at commas and "and"."""
    return [part for each in text.split(", ") for part in each.split(" and ")]


def _named(text: str, index: int) -> list[tuple[str, int]]:
    """Return the words of the main shape and of the background, with their objects."""
    words = text.split()
    end = 1 + next(place for place, word in enumerate(words) if word in CLASSES)
    return [
        (word, index + 1 if place < end else BACKGROUND)
        for place, word in enumerate(words)
    ]


def _about(text: str, index: int) -> list[tuple[str, int]]:
    return [(word, index + 1) for word in text.split()]
