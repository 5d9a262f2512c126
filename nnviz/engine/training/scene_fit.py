"""Training of networks for scenes, measured on held-out scenes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

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
from nnviz.engine.training.scene_batches import (
    SceneBatch,
    SceneRecipe,
    training_batches,
)

_WARM_UP = 0.05
_LARGEST_GRADIENT = 10.0


Loss = Callable[[nn.Module, SceneBatch], Tensor]


@dataclass(frozen=True, slots=True)
class SceneTask:
    """A task on scenes: network, loss and metric.

    Attributes:
        build: returns the network.
        loss: from a network and a batch to a number.
        early_loss: replaces ``loss`` in the recipe's early epochs.
        measure: a network's figures on the held-out scenes by name, in [0, 1].
        initialize: draws the initial weights.
        frozen: names of parts with pretrained weights that are kept.
    """

    build: Callable[[], nn.Module]
    loss: Loss
    measure: Callable[[nn.Module, SceneRecipe], dict[str, float]]
    early_loss: Loss | None = None
    initialize: Callable[[nn.Module, torch.Generator], None] = initialize_kaiming
    frozen: tuple[str, ...] = ()


def fit_scenes(
    task: SceneTask, recipe: SceneRecipe, checkpoint: Path
) -> Iterator[Stand]:
    """Train from scratch, or resume from ``checkpoint``; yield steps and epochs."""
    net = task.build()
    task.initialize(net, torch.Generator().manual_seed(recipe.seed))
    net = net.to(best_device()).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(
        net.parameters(), 0.0, weight_decay=recipe.weight_decay
    )
    learner = Learner(net, optimizer)
    yield from run_epochs(
        learner,
        recipe.epochs,
        checkpoint,
        lambda number: _train_epoch(learner, task, recipe, number),
        lambda average: task.measure(average, recipe),
    )


def _train_epoch(
    learner: Learner, task: SceneTask, recipe: SceneRecipe, number: int
) -> Steps:
    steps = recipe.steps
    total = 0.0
    learner.net.train()
    for name in task.frozen:
        # Its batch norm too: its output for an image then depends on no other.
        learner.net.get_submodule(name).requires_grad_(False).eval()
    early = task.early_loss if recipe.is_early(number) else None
    judge = early or task.loss
    for step, batch in enumerate(training_batches(recipe, number)):
        progress = (number + step / steps) / recipe.epochs
        rate = recipe.rate * one_cycle(progress, _WARM_UP)
        learner.optimizer.param_groups[0]["lr"] = rate
        with torch.autocast(
            learner.device.type, torch.bfloat16, recipe.mixed_precision
        ):
            loss = judge(learner.net, batch.to(learner.device))
        learner.learn(loss, recipe.ema_decay, _LARGEST_GRADIENT)
        total += loss.item()
        yield Step(number + 1, recipe.epochs, step + 1, steps)
    return total / steps
