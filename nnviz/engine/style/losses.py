"""Content and style losses (Gram matrices), computed tile by tile.

Gatys, Ecker & Bethge 2016 (doi:10.1109/CVPR.2016.265): content is the output of deep
layers at each position (equation 1), style the Gram matrices of several layers
(equations 3 to 5), each divided by its number of elements as in neural-style-pt.

The gradient at a layer has a closed form for both, so the network is run forward and
backward once and the losses themselves are not differentiated.  An image that is too
large is run in tiles: once to sum the Gram matrices of the whole image, once more for
the gradient.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.compute.tiling import Spans, Tile, Tiling
from nnviz.engine.nn.feature_extractor import FeatureExtractor, Maps
from nnviz.engine.nn.gradients import send_back
from nnviz.engine.style.gram import gram, gram_gradient

Shares = Mapping[str, float]
"""Weights by layer; they add up to 1."""
_Key = tuple[int, str]
"""Index of a region, and a layer."""

_TINY = 1e-20


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A region of the image, with its target style.

    Attributes:
        grams: by layer (C, C), divided by the number of elements.
        mask: weight of each pixel in the region, (H, W) in [0, 1]; None is 1
            everywhere.
    """

    grams: Maps
    mask: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """Target of images of one size: content maps and styles.

    Attributes:
        tiles: of the images.
        content: outputs of the content layers for the images, tile by tile.
        units: by content layer, the divisor of its squared distances, (N,).
        regions: with the style of each.
    """

    tiles: Sequence[Tile]
    content: Sequence[Maps]
    units: Mapping[str, Tensor]
    regions: Sequence[Region]


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Content and style losses of images, with the gradient.

    Attributes:
        content: (N,).
        style: (N,).
        gradient: of (1 - share) * content + share * style, (N, C, H, W).
    """

    content: Tensor
    style: Tensor
    gradient: Tensor


@dataclass(slots=True, eq=False)
class _Grams:
    """Sums of Gram matrices over the tiles of images."""

    sums: dict[_Key, Tensor] = field(default_factory=dict)
    counts: dict[_Key, float] = field(default_factory=dict)

    def add(self, key: _Key, maps: Tensor, weights: Tensor | None) -> None:
        found = gram(maps, weights)
        count = maps.shape[1] * _places(maps, weights)
        self.sums[key] = self.sums[key] + found if key in self.sums else found
        self.counts[key] = self.counts.get(key, _TINY) + count

    def items(self) -> Iterator[tuple[_Key, Tensor, float]]:
        """Yield key, Gram matrix (N, C, C) per element, and number of elements."""
        for key, found in self.sums.items():
            yield key, found / self.counts[key], self.counts[key]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StyleLoss:
    """Content and style losses at some layers of a network.

    Attributes:
        maps: runs the network up to the deepest of the layers.
        content: by layer, weight of its distance.
        style: likewise.
        spans: by layer, which pixels its positions depend on.
        plain: whether distances are mean squares, as published; else they are relative
            to the layer's output for the image or the style, so that the layers of any
            network count alike.
    """

    maps: FeatureExtractor
    content: Shares
    style: Shares
    spans: Spans
    plain: bool = False

    @torch.no_grad()
    def grams(self, picture: Tensor, tiling: Tiling) -> dict[str, Tensor]:
        """Return a style: Gram matrices (C, C) by layer, divided by element counts.

        Args:
            picture: (1, C, H, W) in [0, 1].
            tiling: how the image is divided into tiles.
        """
        found = self._grams(picture, _tiles(picture, tiling), (Region({}),))
        return {layer: matrix[0] for (_region, layer), matrix, _count in found.items()}

    @torch.no_grad()
    def goal(
        self, photograph: Tensor, regions: Sequence[Region], tiling: Tiling
    ) -> Goal:
        """Return the target of images of an image's size.

        Args:
            photograph: (1, C, H, W) in [0, 1]; or one for each image.
            regions: with the style of each.
            tiling: how images are divided into tiles.
        """
        tiles = _tiles(photograph, tiling)
        content = []
        nothing = photograph.new_full((len(photograph),), _TINY)
        units = dict.fromkeys(self.content, nothing)
        for tile in tiles:
            content.append(self.maps(_cut(photograph, tile), frozenset(self.content)))
            for layer, maps in content[-1].items():
                weights = self._weights(layer, maps, tile)
                sizes = torch.ones_like(maps) if self.plain else maps.square()
                counted = _weighted(sizes, weights).sum((1, 2, 3))
                units[layer] = units[layer] + counted
        return Goal(tiles, content, units, regions)

    @torch.no_grad()
    def __call__(self, pictures: Tensor, goal: Goal, share: Tensor) -> Losses:
        """Return the losses of images with respect to a goal, and their gradient.

        Args:
            pictures: (N, C, H, W), of the goal's size.
            goal: as returned by ``goal``.
            share: weight of style, (N,) in [0, 1]; content has 1 minus it.

        Raises:
            ModelError: no gradient reaches the pixels.
        """
        layers = frozenset({*self.content, *self.style})
        grams = None
        if len(goal.tiles) > 1:
            grams = self._grams(pictures, goal.tiles, goal.regions)
        gradient = torch.zeros_like(pictures)
        content = style = pictures.new_zeros(len(pictures))
        for tile, wanted in zip(goal.tiles, goal.content, strict=True):
            leaf = _cut(pictures, tile).clone().requires_grad_()
            with self.maps.model.differentiable():
                found = self.maps(leaf, layers)
            maps = {layer: each.detach() for layer, each in found.items()}
            if grams is None:
                grams = _Grams()
                self._add(grams, maps, tile, goal.regions)
            style, changes = self._style(grams, goal.regions, share)
            distance, sent = self._content(maps, wanted, tile, goal, 1 - share)
            content = content + distance
            self._send_style(sent, maps, changes, tile, goal.regions)
            back = send_back([found[layer] for layer in sent], [*sent.values()], leaf)
            gradient[(..., *tile.part)] += back
        return Losses(content, style, gradient)

    def _grams(
        self, pictures: Tensor, tiles: Sequence[Tile], regions: Sequence[Region]
    ) -> _Grams:
        """Return the Gram matrices of whole images, computed without gradients."""
        grams = _Grams()
        for tile in tiles:
            maps = self.maps(_cut(pictures, tile), frozenset(self.style))
            self._add(grams, maps, tile, regions)
        return grams

    def _add(
        self, grams: _Grams, maps: Maps, tile: Tile, regions: Sequence[Region]
    ) -> None:
        for layer in self.style:
            for index, region in enumerate(regions):
                weights = self._weights(layer, maps[layer], tile, region.mask)
                grams.add((index, layer), maps[layer], weights)

    def _style(
        self, grams: _Grams, regions: Sequence[Region], share: Tensor
    ) -> tuple[Tensor, dict[_Key, Tensor]]:
        """Return the style distance (N,), and its weighted gradients at Gram sums."""
        total = torch.zeros_like(share)
        changes = {}
        for (index, layer), found, count in grams.items():
            wanted = regions[index].grams[layer]
            difference = found - wanted
            unit = wanted.numel() if self.plain else float(wanted.square().sum())
            factor = self.style[layer] / len(regions) / (unit + _TINY)
            total = total + factor * difference.square().sum((1, 2))
            changes[index, layer] = _each(2 * factor / count * share, 3) * difference
        return total, changes

    def _content(
        self, maps: Maps, wanted: Maps, tile: Tile, goal: Goal, share: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return a tile's content distance (N,), and its weighted gradient by layer."""
        total = torch.zeros_like(share)
        sent = {}
        for layer, weight in self.content.items():
            difference = maps[layer] - wanted[layer]
            weights = self._weights(layer, difference, tile)
            counted = _weighted(difference, weights)
            factor = weight / goal.units[layer]
            total = total + factor * (counted * difference).sum((1, 2, 3))
            sent[layer] = _each(2 * factor * share, 4) * counted
        return total, sent

    def _send_style(
        self,
        sent: dict[str, Tensor],
        maps: Maps,
        changes: Mapping[_Key, Tensor],
        tile: Tile,
        regions: Sequence[Region],
    ) -> None:
        """Add the style's gradients to those of each layer."""
        for (index, layer), change in changes.items():
            weights = self._weights(layer, maps[layer], tile, regions[index].mask)
            found = gram_gradient(maps[layer], change, weights)
            sent[layer] = sent[layer] + found if layer in sent else found

    def _weights(
        self, layer: str, maps: Tensor, tile: Tile, mask: Tensor | None = None
    ) -> Tensor | None:
        """Return the weight of each place of a map, (h, w); None means 1 everywhere."""
        size = (maps.shape[2], maps.shape[3])
        spans = self.spans[layer]
        pitches = (spans[0].jump, spans[1].jump) if spans else (0, 0)
        weights = tile.weights(size, pitches).to(maps)
        if mask is not None:
            part = mask[tile.part][None, None]
            weights = weights * functional.adaptive_avg_pool2d(part, size)[0, 0]
        return None if bool((weights == 1).all()) else weights


def _tiles(picture: Tensor, tiling: Tiling) -> tuple[Tile, ...]:
    return tuple(tiling.tiles((picture.shape[2], picture.shape[3])))


def _cut(pictures: Tensor, tile: Tile) -> Tensor:
    """Return the tile's part of the images, in channels-last memory format."""
    part: Tensor = pictures[(..., *tile.part)]
    return part.contiguous(memory_format=torch.channels_last)


def _weighted(maps: Tensor, weights: Tensor | None) -> Tensor:
    return maps if weights is None else maps * weights


def _places(maps: Tensor, weights: Tensor | None) -> float:
    if weights is None:
        return maps.shape[2] * maps.shape[3]
    return float(weights.sum())


def _each(numbers: Tensor, axes: int) -> Tensor:
    """Reshape numbers (N,) to broadcast over an array with a number of axes."""
    return numbers.view(-1, *[1] * (axes - 1))
