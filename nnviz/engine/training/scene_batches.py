"""Batches of generated scenes: new ones in each epoch, and held-out ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nnviz.engine.data.scenes import FIRST_TRAINING_SEED, Scene, make_scene


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRecipe:
    """Hyperparameters of a training run on scenes."""

    epochs: int
    scenes: int = 2048
    """Generated anew for each epoch; each is used twice, the second time mirrored."""
    batch: int = 16
    size: int = 128
    """Side of the images, px."""
    shapes: tuple[int, int] = (1, 5)
    """Minimum and maximum number in an image."""
    early: float = 0.0
    """Fraction of the epochs, from the first, whose scenes are crowded: more shapes to
    learn from in the same time."""
    crowd: tuple[int, int] = (4, 8)
    """Minimum and maximum number in a crowded image."""
    held_out: int = 500
    """Number of scenes, of the seeds from 0 on, that the figures are measured on."""
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.25, 0.25, 0.25)
    rate: float = 2e-3
    weight_decay: float = 0.02
    ema_decay: float = 0.998
    mixed_precision: bool = False
    """Whether the network computes in bfloat16, the loss and the weights' steps in
    single precision (mixed precision, Micikevicius et al. 2018, arXiv:1710.03740)."""
    seed: int = 0

    @property
    def steps(self) -> int:
        """Number of batches in an epoch."""
        return 2 * -(-self.scenes // self.batch)

    def is_early(self, epoch: int) -> bool:
        """Tell whether an epoch (from 0) is an early one, with more shapes a scene."""
        return epoch < self.early * self.epochs


@dataclass(frozen=True, slots=True, eq=False)
class SceneBatch:
    """A batch of scenes as tensors.

    Attributes:
        pixels: float32 (N, 3, H, W), normalized.
        boxes: for each scene float32 (n, 4): left, top, right, bottom, px.
        labels: for each scene int64 (n,).
        semantic: int64 (N, H, W): 0 for the background, else 1 + the class.
    """

    pixels: Tensor
    boxes: list[Tensor]
    labels: list[Tensor]
    semantic: Tensor

    def to(self, device: torch.device) -> "SceneBatch":
        """Return the batch on a device."""
        return SceneBatch(
            self.pixels.to(device),
            [each.to(device) for each in self.boxes],
            [each.to(device) for each in self.labels],
            self.semantic.to(device),
        )

    def mirrored(self) -> "SceneBatch":
        """Return the batch flipped horizontally."""
        width = self.pixels.shape[-1]
        edges = torch.tensor([width, 0, width, 0])
        boxes = [
            edges + each[:, [2, 1, 0, 3]] * torch.tensor([-1, 1, -1, 1])
            for each in self.boxes
        ]
        return SceneBatch(
            self.pixels.flip(-1), boxes, self.labels, self.semantic.flip(-1)
        )


def training_batches(recipe: SceneRecipe, epoch: int) -> Iterator[SceneBatch]:
    """Yield the batches of an epoch (from 0), whose scenes occur in no other epoch.

    The same scenes are repeated, mirrored, in the second half of the epoch.
    """
    run = recipe.seed * recipe.epochs + epoch
    first = FIRST_TRAINING_SEED + run * recipe.scenes
    shapes = recipe.crowd if recipe.is_early(epoch) else recipe.shapes
    drawn = []
    for start in range(0, recipe.scenes, recipe.batch):
        seeds = range(first + start, first + start + recipe.batch)
        batch = _batch(recipe, seeds, shapes)
        drawn.append(batch)
        yield batch
    for batch in drawn:
        yield batch.mirrored()


def held_out_batches(recipe: SceneRecipe) -> Iterator[SceneBatch]:
    """Yield the batches of held-out scenes."""
    for start in range(0, recipe.held_out, recipe.batch):
        end = min(start + recipe.batch, recipe.held_out)
        yield _batch(recipe, range(start, end), recipe.shapes)


def _batch(recipe: SceneRecipe, seeds: range, shapes: tuple[int, int]) -> SceneBatch:
    scenes = [make_scene(seed, recipe.size, shapes=shapes) for seed in seeds]
    return SceneBatch(
        _normalized(scenes, recipe),
        [torch.from_numpy(scene.boxes) for scene in scenes],
        [torch.from_numpy(scene.labels) for scene in scenes],
        torch.from_numpy(np.stack([scene.semantic for scene in scenes])).long(),
    )


def _normalized(scenes: list[Scene], recipe: SceneRecipe) -> Tensor:
    pixels = torch.from_numpy(np.stack([scene.pixels for scene in scenes]))
    scaled = (pixels.float() / 255 - torch.tensor(recipe.mean)) / torch.tensor(
        recipe.std
    )
    # (N, H, W, 3) in memory seen as (N, 3, H, W): channels last, faster on CPUs.
    return scaled.permute(0, 3, 1, 2)
