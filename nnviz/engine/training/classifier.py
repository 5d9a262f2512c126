"""The fit loop of the bundled classifiers: resumable, seeded, a generator of epochs."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.data.folders import LabelledPhotos, Split
from nnviz.engine.training import augment


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierRecipe:
    """Everything that decides what a training run gives, but for the data."""

    epochs: int = 45
    batch: int = 64
    train_size: int = 112
    """Side of the training crops, px; smaller than ``test_size`` because crops show
    objects larger than they are (arXiv:1906.06423)."""
    test_size: int = 128
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    cut_mix_share: float = 0.5
    ema_decay: float = 0.998
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Epoch:
    """Where a run stands after an epoch.

    Attributes:
        number: of the epoch, from 1.
        epochs: how many there are in all.
        loss: mean over the epoch.
        top1: on the held-out part, in [0, 1].
        mean_per_class: likewise.
        seconds: of training so far, earlier starts included.
    """

    number: int
    epochs: int
    loss: float
    top1: float
    mean_per_class: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Trained:
    """The averaged weights of a run, and how many seconds it took."""

    weights: dict[str, Tensor]
    seconds: float


def fit(
    build: Callable[[], nn.Module],
    split: Split,
    recipe: ClassifierRecipe,
    checkpoint: Path,
    device: torch.device,
) -> Iterator[Epoch]:
    """Train from scratch, or go on from ``checkpoint``; yield after each epoch.

    The checkpoint is replaced atomically after each epoch, so a killed run loses at
    most one.  ``load_trained`` reads the weights from it.
    """
    torch_seed = torch.Generator().manual_seed(recipe.seed)
    net = build().to(device).to(memory_format=torch.channels_last)
    _initialise(net, torch_seed)
    average = copy.deepcopy(net).eval()
    optimizer = torch.optim.SGD(
        net.parameters(),
        0.0,
        recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=True,
    )
    first, seconds = 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=device)
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        first, seconds = saved["epoch"], saved["seconds"]
    for number in range(first, recipe.epochs):
        started = time.monotonic()
        loss = _train_epoch(net, average, optimizer, split.train, recipe, number)
        seconds += time.monotonic() - started
        state = {
            "net": net.state_dict(),
            "average": average.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": number + 1,
            "seconds": seconds,
            "recipe": asdict(recipe),
        }
        _save_atomically(state, checkpoint)
        top1, per_class = evaluate(average, split.held_out, recipe, device)
        yield Epoch(number + 1, recipe.epochs, loss, top1, per_class, seconds)


def load_trained(checkpoint: Path) -> Trained:
    """Return what ``fit`` left in a checkpoint."""
    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")
    return Trained(saved["average"], saved["seconds"])


@torch.inference_mode()
def evaluate(
    net: nn.Module,
    photos: LabelledPhotos,
    recipe: ClassifierRecipe,
    device: torch.device,
) -> tuple[float, float]:
    """Return (top-1 accuracy, mean of the per-class accuracies), both in [0, 1]."""
    net.eval()
    found = torch.cat(
        [
            net(
                _normalise(
                    torch.stack(
                        [
                            augment.centre_crop(photo, recipe.test_size)
                            for photo in photos.photos[start : start + recipe.batch]
                        ]
                    ),
                    recipe,
                    device,
                )
            )
            .argmax(1)
            .cpu()
            for start in range(0, len(photos), recipe.batch)
        ]
    )
    hits = (found == photos.labels).double()
    counts = torch.bincount(photos.labels, minlength=len(photos.classes))
    per_class = torch.bincount(photos.labels, hits, len(photos.classes)) / counts
    return hits.mean().item(), per_class[counts > 0].mean().item()


def _initialise(net: nn.Module, generator: torch.Generator) -> None:
    """Kaiming-normal convolutions and zero-mean classifier from one generator."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01, generator=generator)
            nn.init.zeros_(module.bias)


def _train_epoch(
    net: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    photos: LabelledPhotos,
    recipe: ClassifierRecipe,
    number: int,
) -> float:
    # A generator for each epoch makes a resumed run equal an unbroken one.
    generator = torch.Generator().manual_seed(recipe.seed * 100_003 + number)
    device = next(net.parameters()).device
    order = _balanced_order(photos, generator)
    steps = len(order) // recipe.batch
    total = 0.0
    net.train()
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = recipe.rate * _one_cycle(
            (number + step / steps) / recipe.epochs
        )
        chosen = order[step * recipe.batch : (step + 1) * recipe.batch]
        pixels, targets = _draw_batch(photos, chosen, recipe, generator)
        # On a CPU bfloat16 batch norm eats up what the convolutions gain.
        with torch.autocast(device.type, torch.bfloat16, device.type == "cuda"):
            logits = net(_normalise(pixels, recipe, device))
        loss = functional.cross_entropy(
            logits.float(), targets.to(device), label_smoothing=recipe.label_smoothing
        )
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        _update_average(average, net, recipe.ema_decay)
        total += loss.item()
    return total / steps


def _balanced_order(photos: LabelledPhotos, generator: torch.Generator) -> Tensor:
    """Draw as many photographs as there are, rare classes more often.

    A class of n photographs is drawn in proportion to sqrt(n): between the data's own
    frequencies (which starve small classes) and equal ones (which wear them out).
    """
    counts = torch.bincount(photos.labels).double()
    weights = counts[photos.labels].rsqrt()
    return torch.multinomial(weights, len(photos), True, generator=generator)


def _draw_batch(
    photos: LabelledPhotos,
    chosen: Tensor,
    recipe: ClassifierRecipe,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    pixels = torch.stack(
        [
            augment.random_crop(photos.photos[index], recipe.train_size, generator)
            for index in chosen.tolist()
        ]
    )
    pixels = augment.jitter_colours(pixels, generator)
    targets = functional.one_hot(photos.labels[chosen], len(photos.classes)).float()
    if torch.rand((), generator=generator) < recipe.cut_mix_share:
        pixels, targets = augment.cut_mix(pixels, targets, generator)
    return pixels, targets


def _normalise(
    pixels: Tensor, recipe: ClassifierRecipe, device: torch.device
) -> Tensor:
    mean = torch.tensor(recipe.mean).view(-1, 1, 1)
    std = torch.tensor(recipe.std).view(-1, 1, 1)
    pixels = (pixels - mean) / std
    return pixels.to(device, memory_format=torch.channels_last)


def _one_cycle(progress: float, warm_up: float = 0.1) -> float:
    """Linear rise, then half a cosine to 0; progress and result in [0, 1]."""
    if progress < warm_up:
        return progress / warm_up
    return (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up))) / 2


@torch.no_grad()
def _update_average(average: nn.Module, net: nn.Module, decay: float) -> None:
    news = net.state_dict()
    for name, mean in average.state_dict().items():
        if mean.is_floating_point():
            mean.lerp_(news[name], 1 - decay)
        else:
            mean.copy_(news[name])


def _save_atomically(state: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
