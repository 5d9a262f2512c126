"""The fit loop of the networks for scenes: resumable, seeded, a generator of epochs."""

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from nnviz.engine.training.fitting import (
    initialise_kaiming,
    one_cycle,
    save_atomically,
    update_average,
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
        loss: from what the network gives for a batch, and the batch, to a number.
        measure: a network's figure on the held-out scenes, in [0, 1].
        figure: its name.
    """

    build: Callable[[], nn.Module]
    loss: Callable[[nn.Module, SceneBatch], Tensor]
    measure: Callable[[nn.Module, SceneRecipe], float]
    figure: str


@dataclass(frozen=True, slots=True)
class SceneEpoch:
    """Where a run stands after an epoch.

    Attributes:
        number: of the epoch, from 1.
        epochs: how many there are in all.
        loss: mean over the epoch.
        figure: on the held-out scenes, in [0, 1].
        seconds: of training so far, earlier starts included.
    """

    number: int
    epochs: int
    loss: float
    figure: float
    seconds: float


def fit_scenes(
    task: SceneTask, recipe: SceneRecipe, checkpoint: Path, device: torch.device
) -> Iterator[SceneEpoch]:
    """Train from scratch, or go on from ``checkpoint``; yield after each epoch.

    The weights are averaged over the steps, as for the classifiers; ``load_trained``
    reads the average from the checkpoint, which is replaced atomically.
    """
    net = task.build()
    initialise_kaiming(net, torch.Generator().manual_seed(recipe.seed))
    net = net.to(device).to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    optimizer = torch.optim.AdamW(
        net.parameters(), recipe.rate, weight_decay=recipe.weight_decay
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
        loss = _train_epoch((net, average), optimizer, task, recipe, number)
        seconds += time.monotonic() - started
        state = {
            "net": net.state_dict(),
            "average": average.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": number + 1,
            "seconds": seconds,
            "recipe": asdict(recipe),
        }
        save_atomically(state, checkpoint)
        figure = task.measure(average, recipe)
        yield SceneEpoch(number + 1, recipe.epochs, loss, figure, seconds)


def _train_epoch(
    nets: tuple[nn.Module, nn.Module],
    optimizer: torch.optim.Optimizer,
    task: SceneTask,
    recipe: SceneRecipe,
    number: int,
) -> float:
    net, average = nets
    device = next(net.parameters()).device
    steps = 2 * -(-recipe.scenes // recipe.batch)
    total = 0.0
    net.train()
    for step, batch in enumerate(training_batches(recipe, number)):
        progress = (number + step / steps) / recipe.epochs
        optimizer.param_groups[0]["lr"] = recipe.rate * one_cycle(progress, _WARM_UP)
        loss = task.loss(net, batch.to(device))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(net.parameters(), _LARGEST_GRADIENT)
        optimizer.step()
        update_average(average, net, recipe.ema_decay)
        total += loss.item()
    return total / steps
