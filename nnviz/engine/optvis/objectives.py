"""Objectives of feature visualization: scores of layers' maps, one for each image.

An objective reads the maps of some layers and gives each image of a batch a score to be
maximized.  Objectives add, subtract and scale, and carry a description.  Formulas are
those of Olah et al. 2017 (doi:10.23915/distill.00007) as in Lucid's ``objectives.py``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.nn.feature_extractor import Maps

Place = tuple[int, int]
"""Row and column of a layer's map."""

_FLOOR = 0.1
"""Lower bound of a cosine: a position that points elsewhere keeps a gradient."""
_TINY = 1e-4
_TINIEST = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """Score of images, computed from layers' outputs.

    Attributes:
        words: description of what is maximized, "channel 12 of layer3".
        layers: those that it reads; "" is the network's own output.
        score: from their maps to one number per image, (N,), with its graph.
    """

    words: str
    layers: frozenset[str]
    score: Callable[[Maps], Tensor]

    def __call__(self, maps: Maps) -> Tensor:
        """Return the scores, (N,)."""
        return self.score(maps)

    def __add__(self, other: Self) -> "Objective":
        """Return the sum."""
        return Objective(
            f"{self.words} + {other.words}",
            self.layers | other.layers,
            lambda maps: self(maps) + other(maps),
        )

    def __sub__(self, other: Self) -> "Objective":
        """Return the difference."""
        return Objective(
            f"{self.words} - {_bracketed(other.words)}",
            self.layers | other.layers,
            lambda maps: self(maps) - other(maps),
        )

    def __mul__(self, factor: float) -> "Objective":
        """Return the objective times a factor."""
        return Objective(
            f"{factor:g} * {_bracketed(self.words)}",
            self.layers,
            lambda maps: factor * self(maps),
        )

    __rmul__ = __mul__

    def __neg__(self) -> "Objective":
        """Return the negated objective."""
        return -1 * self


def channel(layer: str, index: int) -> Objective:
    """Return the objective of a channel's mean over all places."""
    return Objective(
        f"channel {index} of {layer}",
        frozenset({layer}),
        lambda maps: maps[layer][:, index].mean((1, 2)),
    )


def unit(layer: str, index: int, place: Place | None = None) -> Objective:
    """Return the objective of a channel at one place.

    Args:
        layer: the channel's layer.
        index: of the channel.
        place: None is the center; for an even number of positions the lower right of
            the central ones.
    """

    def score(maps: Maps) -> Tensor:
        found = maps[layer]
        row, column = place or _center(found)
        return found[:, index, row, column]

    where = "the center" if place is None else f"{place[0]}, {place[1]}"
    return Objective(
        f"channel {index} of {layer} at {where}", frozenset({layer}), score
    )


def logit(index: int, name: str = "") -> Objective:
    """Return the objective of a class's output before softmax; its mean over a map.

    Args:
        index: of the class.
        name: of the class, for the words.
    """
    return Objective(
        f"logit of {name or f'class {index}'}",
        frozenset({""}),
        lambda maps: maps[""][:, index].mean((1, 2)),
    )


def direction(
    layer: str,
    vector: Tensor,
    *,
    center: bool = False,
    cosine_power: float = 0,
    words: str = "a direction",
) -> Objective:
    """Return the objective of the mean over places of dot(A, v) max(0.1, cos(A, v))^k.

    Args:
        layer: the layer whose channels are the axes.
        vector: v, (C,).
        center: whether only the position in the middle counts.
        cosine_power: k; 0 is the plain dot product.
        words: description of the direction.
    """

    def score(maps: Maps) -> Tensor:
        found = maps[layer]
        if center:
            row, column = _center(found)
            found = found[:, :, row, column, None, None]
        wanted = vector.to(found)[None, :, None, None]
        return dot_times_cosine(found, wanted, cosine_power).mean((1, 2))

    return Objective(f"{words} of {layer or 'the output'}", frozenset({layer}), score)


def energy(layer: str, channels: Sequence[int] = ()) -> Objective:
    """Return the objective of a layer's mean square, as in deep dream.

    Args:
        layer: its name.
        channels: the only ones that count; empty for all.
    """

    def score(maps: Maps) -> Tensor:
        found = maps[layer]
        if channels:
            found = found[:, list(channels)]
        return found.square().mean((1, 2, 3))

    which = f"channels {', '.join(map(str, channels))} of " if channels else ""
    return Objective(f"energy of {which}{layer}", frozenset({layer}), score)


def likeness(
    layer: str, reference: Tensor, *, cosine_power: float = 0, words: str = "an image"
) -> Objective:
    """Return the objective dot(A, B) max(0.1, cos(A, B))^k of layers, place by place.

    With B from an image the result is a caricature: strong features become stronger.
    As in Lucid's ``recipes/caricature.py``, except that its "cosine" is not divided by
    the length of B.

    Args:
        layer: its name.
        reference: B, (1 or N, C, h, w), detached.
        cosine_power: k.
        words: description of the reference.
    """

    def score(maps: Maps) -> Tensor:
        found = maps[layer]
        places = found.shape[2] * found.shape[3]
        flat, wanted = found.flatten(1), reference.to(found).flatten(1)
        return dot_times_cosine(flat, wanted, cosine_power) / places

    return Objective(f"similarity to {words} at {layer}", frozenset({layer}), score)


def closeness(layer: str, reference: Tensor, *, words: str = "an image") -> Objective:
    """Return the objective -|A - B|² / |B|², which inverts a layer's features.

    Mahendran & Vedaldi 2015, arXiv:1412.0035, equation 3.

    Args:
        layer: its name.
        reference: B, (1 or N, C, h, w), detached.
        words: description of the reference.
    """

    def score(maps: Maps) -> Tensor:
        found = maps[layer]
        wanted = reference.to(found)
        length = wanted.square().sum((1, 2, 3)) + _TINY
        return -(found - wanted).square().sum((1, 2, 3)) / length

    return Objective(f"closeness to {words} at {layer}", frozenset({layer}), score)


def diversity(layer: str) -> Objective:
    """Return the similarity of an image's textures to those of the others in the batch.

    The sum over the others of the products of normalized Gram matrices; use it with a
    negative weight.
    """

    def score(maps: Maps) -> Tensor:
        flat = maps[layer].flatten(2)
        grams = (flat @ flat.transpose(1, 2)).flatten(1)
        grams = functional.normalize(grams, eps=_TINIEST)
        alike = grams @ grams.T
        return alike.sum(1) - alike.diagonal()

    return Objective(f"similarity of the images at {layer}", frozenset({layer}), score)


def each(objectives: Sequence[Objective]) -> Objective:
    """Return an objective for a batch with one image for each of several objectives."""

    def score(maps: Maps) -> Tensor:
        return torch.cat(
            [
                one({layer: maps[layer][index, None] for layer in one.layers})
                for index, one in enumerate(objectives)
            ]
        )

    words = "; ".join(one.words for one in objectives)
    return Objective(words, frozenset().union(*(o.layers for o in objectives)), score)


def dot_times_cosine(a: Tensor, b: Tensor, power: float) -> Tensor:
    """Return dot(a, b) max(0.1, cos(a, b))^power over the second axis.

    Args:
        a: (N, C, ...).
        b: of a shape that broadcasts with ``a``.
        power: 0 for the plain dot product.
    """
    dot = (a * b).sum(1)
    if not power:
        return dot
    lengths = (_TINY + a.norm(dim=1)) * (_TINY + b.norm(dim=1))
    cosine = (dot / lengths).clamp(min=_FLOOR)
    weighted: Tensor = dot * cosine.pow(power)
    return weighted


def _center(maps: Tensor) -> Place:
    return maps.shape[2] // 2, maps.shape[3] // 2


def _bracketed(words: str) -> str:
    return f"({words})" if " + " in words or " - " in words else words
