"""Deep dream gradients: amplify the activations of layers in an image.

The signal sent back from a layer is the gradient of the objective, as in the notebook
of deep dream (google/deepdream, ``dream.ipynb``), where half the squared L2 norm sends
back the activation itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.engine.compute.tiling import Spans, Tile, Tiling
from nnviz.engine.nn.feature_extractor import FeatureExtractor
from nnviz.engine.nn.gradients import differentiate

Signal = Callable[[Tensor], Tensor]
"""From a layer's maps (1, C, h, w) to the signal sent back, of a compatible shape."""

_PRODUCTS = 1 << 24
"""Number of dot products with a guide that are held in memory together."""
_TINY = 1e-8


def energy(maps: Tensor) -> Tensor:
    """Return the activations, the gradient of half the sum of their squares."""
    return maps


def mean(maps: Tensor) -> Tensor:
    """Return ones, the gradient of the sum of the activations."""
    return torch.ones_like(maps)


def guided_by(guide: Tensor) -> Signal:
    """Return a signal that sends back, at each place, the best-matching guide vector.

    Args:
        guide: a layer's maps of another image, (1, C, h, w).
    """
    vectors = guide[0].flatten(1)

    def nearest(maps: Tensor) -> Tensor:
        found = maps[0].flatten(1)
        places = max(1, _PRODUCTS // vectors.shape[1])
        parts = torch.split(found, places, 1)
        best = [part.T.matmul(vectors).argmax(1) for part in parts]
        return vectors[:, torch.cat(best)].view_as(maps)

    return nearest


def only(channels: Sequence[int], signal: Signal) -> Signal:
    """Return a signal restricted to some channels."""

    def masked(maps: Tensor) -> Tensor:
        kept = torch.zeros(maps.shape[1], 1, 1, dtype=maps.dtype, device=maps.device)
        kept[list(channels)] = 1
        return signal(maps) * kept

    return masked


def strongest(maps: Tensor, count: int) -> tuple[int, ...]:
    """Return the channels with the largest mean square, strongest first.

    Args:
        maps: (1, C, h, w).
        count: number of channels; all where there are fewer.
    """
    strengths = maps[0].flatten(1).square().mean(1)
    return tuple(strengths.topk(min(count, len(strengths))).indices.tolist())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dream:
    """Gradient of a dream: signals sent back from layers, tile by tile.

    Attributes:
        maps: runs the network up to the deepest of the layers.
        signals: by layer.
        shares: by layer, its weight relative to the others.
        spans: by layer, which pixels its positions depend on; None where images are not
            tiled.
    """

    maps: FeatureExtractor
    signals: Mapping[str, Signal]
    shares: Mapping[str, float]
    spans: Spans | None = None

    def gradient(self, picture: Tensor, tiling: Tiling) -> tuple[Tensor, float]:
        """Return the gradient of the dream's objective, and the objective's value.

        Args:
            picture: (1, C, H, W) in [0, 1]; left untouched.
            tiling: how the image is divided into tiles.

        Returns:
            Of the shape of ``picture``; and the activations times the signals, summed
            over all positions and layers.

        Raises:
            ModelError: no gradient reaches the pixels.
        """
        total = torch.zeros_like(picture)
        size: float = 0
        for tile in tiling.tiles((picture.shape[2], picture.shape[3])):
            part = (..., *tile.part)
            found, value = self._tile(picture[part], tile)
            total[part] += found
            size += value
        return total, size

    def _tile(self, pixels: Tensor, tile: Tile) -> tuple[Tensor, float]:
        leaf = pixels.clone(memory_format=torch.channels_last).requires_grad_()
        with self.maps.model.differentiable():
            found = self.maps(leaf, frozenset(self.signals))
            score = torch.stack(
                [(maps * self._sent(layer, maps, tile)).sum()
                 for layer, maps in found.items()]
            ).sum()  # fmt: skip
        return differentiate(score[None], leaf), float(score.detach())

    @torch.no_grad()
    def _sent(self, layer: str, maps: Tensor, tile: Tile) -> Tensor:
        """Return a layer's signal at the places that count for this tile."""
        sent = self.signals[layer](maps.detach()) * self.shares[layer]
        if self.spans is None:
            return sent
        spans = self.spans[layer]
        pitches = (spans[0].jump, spans[1].jump) if spans else (0, 0)
        return sent * tile.weights((maps.shape[2], maps.shape[3]), pitches).to(maps)
