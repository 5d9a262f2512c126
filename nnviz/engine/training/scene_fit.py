"""How the networks for scenes learn, measured on scenes that they never see."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.engine.training.fitting import (
    Epoch,
    Learner,
    best_device,
    initialise_kaiming,
    one_cycle,
    run_epochs,
)
from nnviz.engine.training.scene_batches import (
    SceneBatch,
    SceneRecipe,
    training_batches,
)

_WARM_UP = 0.05
_LARGEST_GRADIENT = 10.0


@dataclass(frozen=True, slots=True)
class SceneTask:
    """What is learned from scenes.

    Attributes:
        build: gives the network.
        loss: from a network and a batch to a number.
        measure: a network's figures on the held-out scenes by name, in [0, 1].
        initialise: draws the first weights.
        learned: how fast layers learn whose names begin so, where they bring weights
            that new ones must not spoil (Howard & Ruder 2018, arXiv:1801.06146,
            sec. 3.2); 1 for all others.
    """

    build: Callable[[], nn.Module]
    loss: Callable[[nn.Module, SceneBatch], Tensor]
    measure: Callable[[nn.Module, SceneRecipe], dict[str, float]]
    initialise: Callable[[nn.Module, torch.Generator], None] = initialise_kaiming
    learned: Mapping[str, float] = field(default_factory=dict)


def fit_scenes(
    task: SceneTask, recipe: SceneRecipe, checkpoint: Path
) -> Iterator[Epoch]:
    """Train from scratch, or go on from ``checkpoint``; yield after each epoch."""
    net = task.build()
    task.initialise(net, torch.Generator().manual_seed(recipe.seed))
    net = net.to(best_device()).to(memory_format=torch.channels_last)
    groups, decay = _groups(net, task.learned), recipe.weight_decay
    learner = Learner(net, torch.optim.AdamW(groups, 0.0, weight_decay=decay))
    yield from run_epochs(
        learner,
        recipe.epochs,
        checkpoint,
        lambda number: _train_epoch(learner, task, recipe, number),
        lambda average: task.measure(average, recipe),
    )


def _groups(net: nn.Module, learned: Mapping[str, float]) -> list[dict[str, Any]]:
    """Sort weights by how fast they learn."""
    scales = {
        name: next((s for head, s in learned.items() if name.startswith(head)), 1.0)
        for name, _weights in net.named_parameters()
    }
    return [
        {
            "params": [p for n, p in net.named_parameters() if scales[n] == scale],
            "scale": scale,
        }
        for scale in sorted(set(scales.values()))
    ]


def _train_epoch(
    learner: Learner, task: SceneTask, recipe: SceneRecipe, number: int
) -> float:
    steps = recipe.steps
    total = 0.0
    learner.net.train()
    for step, batch in enumerate(training_batches(recipe, number)):
        progress = (number + step / steps) / recipe.epochs
        rate = recipe.rate * one_cycle(progress, _WARM_UP)
        for group in learner.optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        loss = task.loss(learner.net, batch.to(learner.device))
        learner.learn(loss, recipe.ema_decay, _LARGEST_GRADIENT)
        total += loss.item()
    return total / steps
