"""Training of the bundled classifiers: learning rates, batches, evaluation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.data.folders import LabeledPhotos, Split
from nnviz.engine.training import augment
from nnviz.engine.training.fitting import (
    Learner,
    Stand,
    Step,
    Steps,
    best_device,
    initialize_kaiming,
    one_cycle,
    run_epochs,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierRecipe:
    """Hyperparameters of a classifier's training."""

    epochs: int = 45
    batch: int = 64
    train_size: int = 112
    """Side of the training crops, px; smaller than ``test_size`` because crops show
    objects larger than they are (arXiv:1906.06423)."""
    first_size: int = 0
    """Side of the crops in the first ``first_share`` of the epochs, px: small crops are
    cheap."""
    first_share: float = 0.0
    test_size: int = 128
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    rate: float = 0.1
    warm_up: float = 0.1
    """Fraction of the training in which the rate rises to its peak."""
    bias_rate: float = 1.0
    """Factor on the learning rate of the biases (Jordan 2024, arXiv:2404.00498, sec.
    3.4)."""
    head_rate: float = 1.0
    """Factor on the learning rate of the last linear layer."""
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    cut_mix_share: float = 0.5
    ema_decay: float = 0.998
    balanced: bool = True
    """Whether rare classes are drawn more often than they occur."""
    watch_every: int = 1
    """Every n-th held-out image is evaluated after each epoch, all at the end."""
    seed: int = 0

    def side(self, number: int) -> int:
        """Return the side of the training crops of an epoch (from 0), px."""
        early = number < self.first_share * self.epochs
        return self.first_size if early else self.train_size


Draw = Callable[[LabeledPhotos, Tensor, int, torch.Generator], tuple[Tensor, Tensor]]
"""From images, indices of the chosen ones, a side in px and a source of random numbers
to float32 (N, C, side, side) in [0, 1] and class probabilities (N, K)."""


Initialize = Callable[[nn.Module, LabeledPhotos, torch.Generator], None]
"""Draws the initial weights of a network; may use the training images."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of a training run: network, data augmentation, initialization.

    Attributes:
        build: returns the network; its weights are redrawn.
        draw: makes a batch, with all augmentations.
        initialize: draws the initial weights.
    """

    build: Callable[[], nn.Module]
    draw: Draw
    initialize: Initialize


def fit(
    plan: Plan, split: Split, recipe: ClassifierRecipe, checkpoint: Path
) -> Iterator[Stand]:
    """Train from scratch, or resume from ``checkpoint``; yield steps and epochs."""
    net = plan.build()
    plan.initialize(net, split.train, torch.Generator().manual_seed(recipe.seed))
    net = net.to(best_device()).to(memory_format=torch.channels_last)
    groups = _groups(net, recipe)
    optimizer = torch.optim.SGD(groups, 0.0, recipe.momentum, nesterov=True)
    learner = Learner(net, optimizer)
    watched = split.held_out.every(recipe.watch_every)
    yield from run_epochs(
        learner,
        recipe.epochs,
        checkpoint,
        lambda number: _train_epoch(learner, split.train, recipe, plan.draw, number),
        lambda average: measure(average, watched, recipe),
    )


@torch.inference_mode()
def measure(
    net: nn.Module, photos: LabeledPhotos, recipe: ClassifierRecipe
) -> dict[str, float]:
    """Return the accuracy on the center crop of each image, in [0, 1].

    By name: "top-1", and "mean per class", which weights all classes equally.
    """
    net.eval()
    device = next(net.parameters()).device
    found = torch.cat(
        [net(pixels).argmax(1).cpu() for pixels in middles(photos, recipe, device)]
    )
    hits = (found == photos.labels).double()
    counts = torch.bincount(photos.labels, minlength=len(photos.classes))
    per_class = torch.bincount(photos.labels, hits, len(photos.classes)) / counts
    return {
        "top-1": hits.mean().item(),
        "mean per class": per_class[counts > 0].mean().item(),
    }


def middles(
    photos: LabeledPhotos, recipe: ClassifierRecipe, device: torch.device
) -> Iterator[Tensor]:
    """Yield batches of center crops, (N, C, side, side), normalized."""
    for start in range(0, len(photos), recipe.batch):
        batch = photos.photos[start : start + recipe.batch]
        cut = [augment.center_crop(photo, recipe.test_size) for photo in batch]
        yield _normalize(torch.stack(cut), recipe, device)


def _groups(net: nn.Module, recipe: ClassifierRecipe) -> list[dict[str, Any]]:
    """Group weights by learning rate; decay per step is the same for all."""
    last = [m for m in net.modules() if isinstance(m, nn.Linear)][-1]
    head = set(last.parameters())
    named = dict(net.named_parameters())
    biases = {p for n, p in named.items() if n.endswith(".bias")} - head
    rest = set(named.values()) - head - biases
    rates = ((rest, 1.0), (biases, recipe.bias_rate), (head, recipe.head_rate))
    return [
        {
            "params": [p for p in named.values() if p in group],
            "scale": scale,
            "weight_decay": recipe.weight_decay / scale,
        }
        for group, scale in rates
    ]


def _train_epoch(
    learner: Learner,
    photos: LabeledPhotos,
    recipe: ClassifierRecipe,
    draw: Draw,
    number: int,
) -> Steps:
    net, device = learner.net, learner.device
    # A generator for each epoch makes a resumed run equal an unbroken one.
    generator = torch.Generator().manual_seed(recipe.seed * 100_003 + number)
    order = _order(photos, recipe, generator)
    steps = len(order) // recipe.batch
    total = 0.0
    net.train()
    for step in range(steps):
        progress = (number + step / steps) / recipe.epochs
        rate = recipe.rate * one_cycle(progress, recipe.warm_up)
        for group in learner.optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        chosen = order[step * recipe.batch : (step + 1) * recipe.batch]
        pixels, targets = draw(photos, chosen, recipe.side(number), generator)
        if torch.rand((), generator=generator) < recipe.cut_mix_share:
            pixels, targets = augment.cut_mix(pixels, targets, generator)
        # On a CPU bfloat16 batch norm costs what the convolutions gain.
        with torch.autocast(device.type, torch.bfloat16, device.type == "cuda"):
            logits = net(_normalize(pixels, recipe, device))
        loss = functional.cross_entropy(
            logits.float(), targets.to(device), label_smoothing=recipe.label_smoothing
        )
        learner.learn(loss, recipe.ema_decay)
        total += loss.item()
        yield Step(number + 1, recipe.epochs, step + 1, steps)
    return total / steps


def initialize_plain(
    net: nn.Module, _photos: LabeledPhotos, generator: torch.Generator
) -> None:
    """Initialize with Kaiming-normal weights, independent of the images."""
    initialize_kaiming(net, generator)


def _order(
    photos: LabeledPhotos, recipe: ClassifierRecipe, generator: torch.Generator
) -> Tensor:
    """Draw the image indices of an epoch, as many as there are images.

    Balanced, a class of n images is drawn in proportion to sqrt(n), between the data's
    own frequencies (which neglect small classes) and equal ones (which overuse them).
    Otherwise each image occurs once.
    """
    if not recipe.balanced:
        return torch.randperm(len(photos), generator=generator)
    counts = torch.bincount(photos.labels).double()
    weights = counts[photos.labels].rsqrt()
    return torch.multinomial(weights, len(photos), True, generator=generator)


def draw_crops(
    photos: LabeledPhotos, chosen: Tensor, side: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a batch of random crops with jittered colors, and its targets."""
    pixels = torch.stack(
        [
            augment.random_crop(photos.photos[index], side, generator)
            for index in chosen.tolist()
        ]
    )
    return augment.jitter_colors(pixels, generator), targets_of(photos, chosen)


def stack(photos: LabeledPhotos, chosen: Tensor) -> Tensor:
    """Return images of one size as float32 (N, C, H, W) in [0, 1]."""
    return torch.stack([photos.photos[i] for i in chosen.tolist()]).float() / 255


def targets_of(photos: LabeledPhotos, chosen: Tensor) -> Tensor:
    """Return one-hot class probabilities (N, K) of the chosen images."""
    return functional.one_hot(photos.labels[chosen], len(photos.classes)).float()


def _normalize(
    pixels: Tensor, recipe: ClassifierRecipe, device: torch.device
) -> Tensor:
    mean = torch.tensor(recipe.mean).view(-1, 1, 1)
    std = torch.tensor(recipe.std).view(-1, 1, 1)
    pixels = (pixels - mean) / std
    return pixels.to(device, memory_format=torch.channels_last)
