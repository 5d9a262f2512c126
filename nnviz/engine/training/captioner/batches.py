"""Batches of scenes with sentences, and the places that their words refer to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from nnviz.engine.data.scenes import FIRST_TRAINING_SEED, Scene, make_scene
from nnviz.engine.data.scenes.backgrounds import BACKGROUNDS
from nnviz.engine.data.scenes.textures import COLORS, TEXTURES
from nnviz.engine.training.captioner.sentences import (
    BACKGROUND,
    CONCEPTS,
    NOTHING,
    read_sentence,
)

IGNORED = -100
"""Target of the positions after a sentence's end, ignored by cross entropy."""
_STRIDE = 8
"""Side of a cell of the feature maps, px."""
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRecipe:
    """Hyperparameters of the captioner's training."""

    epochs: int = 24
    scenes: int = 2048
    """Generated anew for each epoch; each is used twice, the second time mirrored."""
    batch: int = 32
    size: int = 128
    """Side of the images, px."""
    shapes: tuple[int, int] = (1, 3)
    """Minimum and maximum number in an image."""
    held_out: int = 256
    """Number of scenes, of the seeds from 0 on, that the figures are measured on."""
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.25, 0.25, 0.25)
    rate: float = 1.5e-3
    weight_decay: float = 0.02
    ema_decay: float = 0.995
    thaw: float = 0.1
    """Share of the epochs, from the first on, that leave the segmenter's part as it
    is."""
    attention: float = 0.5
    """Weight of the attention loss relative to that of the words."""
    concepts: float = 0.3
    """Weight of the loss of the words at positions."""
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class CaptionBatch:
    """A batch of scenes with their sentences.

    Attributes:
        pixels: float32 (N, 3, H, W), normalized.
        words: int64 (N, T), ``IGNORED`` after the end.
        looks: float32 (N, T, P): fraction of each cell that shows the word's object;
            all 0 for words about nothing.
        concepts: float32 (N, K, H / 8, W / 8): 1 where a concept applies to a cell.
        weights: float32 (N, 1, H / 8, W / 8): 0 where a shape covers a cell only
            partly.
    """

    pixels: Tensor
    words: Tensor
    looks: Tensor
    concepts: Tensor
    weights: Tensor


def training_batches(recipe: CaptionRecipe, epoch: int) -> Iterator[CaptionBatch]:
    """Yield the batches of an epoch (from 0), whose scenes occur in no other epoch."""
    run = recipe.seed * recipe.epochs + epoch
    first = FIRST_TRAINING_SEED + run * recipe.scenes
    drawn = []
    for start in range(0, recipe.scenes, recipe.batch):
        seeds = range(first + start, first + start + recipe.batch)
        scenes = [make_scene(s, recipe.size, shapes=recipe.shapes) for s in seeds]
        drawn.append(scenes)
        yield make_batch(scenes, recipe)
    for scenes in drawn:
        yield make_batch(scenes, recipe, mirrored=True)


def make_batch(
    scenes: Sequence[Scene], recipe: CaptionRecipe, *, mirrored: bool = False
) -> CaptionBatch:
    """Build the batch of some scenes.

    Args:
        scenes: all of one size.
        recipe: for the normalization.
        mirrored: whether to flip them horizontally.
    """
    sentences = [read_sentence(scene, mirrored=mirrored) for scene in scenes]
    maps = [_coverage(scene) for scene in scenes]
    pixels = torch.from_numpy(np.stack([scene.pixels for scene in scenes]))
    scaled = (pixels.float() / 255 - torch.tensor(recipe.mean)) / torch.tensor(
        recipe.std
    )
    # (N, H, W, 3) in memory seen as (N, 3, H, W): channels last, faster on CPUs.
    batch = scaled.permute(0, 3, 1, 2)
    concepts = torch.stack(
        [_concepts(scene, cover) for scene, cover in zip(scenes, maps, strict=True)]
    )
    weights = torch.stack([_is_clear(cover) for cover in maps])
    if mirrored:
        batch, concepts, weights = (x.flip(-1) for x in (batch, concepts, weights))
        maps = [cover.flip(-1) for cover in maps]
    looks = [
        _looks(sentence.about, cover)
        for sentence, cover in zip(sentences, maps, strict=True)
    ]
    return CaptionBatch(
        batch,
        pad_sequence(
            [torch.tensor(sentence.words) for sentence in sentences],
            batch_first=True,
            padding_value=IGNORED,
        ),
        pad_sequence(looks, batch_first=True),
        concepts,
        weights,
    )


def _coverage(scene: Scene) -> Tensor:
    """Return each shape's share of each place, (1 + shapes, rows, columns)."""
    numbers = torch.from_numpy(scene.instances).long()
    each = functional.one_hot(numbers, len(scene.labels) + 1).permute(2, 0, 1).float()
    return functional.avg_pool2d(each, _STRIDE)


def _is_clear(cover: Tensor) -> Tensor:
    return (cover.amax(0, keepdim=True) > _HALF).float()


def _looks(about: Sequence[int], cover: Tensor) -> Tensor:
    """Return the places that each word refers to, (T, P)."""
    flat = torch.cat([cover.flatten(1), cover.new_zeros(1, cover[0].numel())])
    rows = [len(cover) if each == NOTHING else each for each in about]
    return flat[rows]


def _concepts(scene: Scene, cover: Tensor) -> Tensor:
    """Return the concepts at each place, (K, rows, columns), by its largest shape.

    A texture, color and kind each where a shape is, else a background.
    """
    main = cover.argmax(0)
    found = cover.new_zeros(len(CONCEPTS), *cover.shape[1:])
    offsets = (0, len(COLORS), len(COLORS) + len(TEXTURES))
    for index in range(len(scene.labels)):
        here = main == index + 1
        kinds = (scene.colors[index], scene.textures[index], scene.labels[index])
        for offset, kind in zip(offsets, kinds, strict=True):
            found[offset + int(kind), here] = 1
    background = next(name for name in BACKGROUNDS if f" {name}" in scene.sentence)
    found[CONCEPTS.index(background), main == BACKGROUND] = 1
    return found
