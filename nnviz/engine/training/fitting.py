"""The training loop: epochs, checkpoints, learning rates, averaged weights."""

import copy
import math
import pickle
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.base.errors import InputError
from nnviz.base.events import EPOCH, Progress
from nnviz.base.host.reading import ARCHIVE_ERRORS, exists, reading
from nnviz.engine.models.pickles.archives import open_contents
from nnviz.engine.models.pickles.values import PickleError
from nnviz.media.files import check_file

_STATE = {"net", "average", "optimizer", "epoch", "seconds"}
_NAMED = frozenset({"torch", "torch._utils", "torch.storage", "collections"})
"""Modules that a state's pickle names."""
_STATE_ERRORS = (PickleError, pickle.UnpicklingError, *ARCHIVE_ERRORS)
_FIT_ERRORS = (RuntimeError, ValueError, LookupError, TypeError, AttributeError)
"""torch's, for a state of other layers, or of none."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Arguments of a training run of ``nnviz train``.

    Attributes:
        data: folder or zip file; None if not given.
        stem: path of the files to write, without suffix.
        epochs: 0 for the recipe's own number.
        seed: of weights, order and augmentation.
        style: file or pattern of the style to be learned, if any.
        network: computes the loss of paintings, if any.
    """

    data: Path | None
    stem: Path
    epochs: int = 0
    seed: int = 0
    style: str = ""
    network: str = ""

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint; training resumes from it if it exists."""
        return self.stem.with_suffix(".ckpt")


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a training run within an epoch.

    Attributes:
        epoch: its number, from 1.
        epochs: total number of epochs.
        done: completed steps of the epoch.
        steps: number of steps of the epoch.
    """

    epoch: int
    epochs: int
    done: int
    steps: int

    def progress(self) -> Progress:
        """Return the step as progress for display."""
        what = f"epoch {self.epoch}: step {self.done} of {self.steps}"
        return Progress(self.epoch - 1 + self.done / self.steps, self.epochs, what)


@dataclass(frozen=True, slots=True)
class Epoch:
    """The state of a training run after an epoch.

    Attributes:
        number: of the epoch, from 1.
        epochs: total number of epochs.
        loss: mean over the epoch.
        scores: on the held-out part by name ("top-1"), in [0, 1].
        seconds: processor time of the training so far, including earlier sessions: an
            estimate for other machines, independent of this one's load.
    """

    number: int
    epochs: int
    loss: float
    scores: Mapping[str, float]
    seconds: float

    def progress(self) -> Progress:
        """Return the epoch as progress for display, in units of ``EPOCH``."""
        scores = ", ".join(
            f"{name} {100 * value:.1f} %" for name, value in self.scores.items()
        )
        what = f"epoch {self.number}: loss {self.loss:.3f}"
        if scores:
            what = f"{what}, held-out {scores}"
        return Progress(self.number, self.epochs, what, EPOCH)


Stand = Step | Epoch
"""What a training run yields."""
Steps = Generator[Step, None, float]
"""The steps of an epoch; returns the mean loss."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A run's averaged weights, and its processor time in seconds."""

    weights: dict[str, Tensor]
    seconds: float


@dataclass(slots=True)
class Learner:
    """A network in training, its averaged weights and its optimizer."""

    net: nn.Module
    optimizer: torch.optim.Optimizer
    average: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        """Initialize the average as a copy of the network."""
        self.average = copy.deepcopy(self.net).eval()

    @property
    def device(self) -> torch.device:
        """The network's device."""
        return next(self.net.parameters()).device

    def learn(
        self, loss: Tensor, ema_decay: float, largest_gradient: float = math.inf
    ) -> None:
        """Take one optimizer step on a loss and update the average.

        Args:
            loss: a number.
            ema_decay: fraction of the average that is kept.
            largest_gradient: Euclidean norm to which longer gradients are clipped.
        """
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        if math.isfinite(largest_gradient):
            nn.utils.clip_grad_norm_(self.net.parameters(), largest_gradient)
        self.optimizer.step()
        update_average(self.average, self.net, ema_decay)

    def state(self) -> dict[str, Any]:
        """Return the state to store in a checkpoint."""
        return {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        """Restore a state that ``state`` returned."""
        reason, remedy = "is of another network", "move it away, and train anew"
        with reading("the saved state", _FIT_ERRORS, reason, remedy):
            self.net.load_state_dict(saved["net"])
            self.average.load_state_dict(saved["average"])
            self.optimizer.load_state_dict(saved["optimizer"])


def run_epochs(
    learner: Learner,
    epochs: int,
    checkpoint: Path,
    train: Callable[[int], Steps],
    measure: Callable[[nn.Module], Mapping[str, float]],
    subject: str = "",
) -> Iterator[Stand]:
    """Train from scratch, or resume from ``checkpoint``; yield after steps and epochs.

    The checkpoint is replaced atomically after each epoch, so a killed run loses at
    most one.  ``load_trained`` reads the weights from it.

    Args:
        learner: with initial weights.
        epochs: total number of epochs.
        checkpoint: a file that need not exist.
        train: trains for the epoch of a number (from 0); draws from a generator of that
            epoch, so that a resumed run equals an uninterrupted one.
        measure: returns the averaged network's scores on the held-out part.
        subject: identifies the run; a checkpoint of another one is not resumed.
    """
    first, seconds = 0, 0.0
    saved = _saved(checkpoint, subject, learner.device)
    if saved:
        learner.load(saved)
        first, seconds = saved["epoch"], saved["seconds"]
    for number in range(first, epochs):
        started = time.process_time()
        loss = yield from train(number)
        seconds += time.process_time() - started
        state = {**learner.state(), "epoch": number + 1, "seconds": seconds}
        state["subject"] = subject
        save_atomically(state, checkpoint)
        yield Epoch(number + 1, epochs, loss, measure(learner.average), seconds)


def _saved(checkpoint: Path, subject: str, device: torch.device) -> dict[str, Any]:
    """Return the saved state of a run; empty if there is none for this subject."""
    if not exists(checkpoint):
        return {}
    saved = _read(checkpoint, device)
    return saved if saved.get("subject", subject) == subject else {}


def _read(checkpoint: Path, device: str | torch.device) -> dict[str, Any]:
    """Read a state that ``run_epochs`` saved.

    Raises:
        InputError: the file is another one, which may lie in any output folder.
    """
    check_file(checkpoint)
    reason, remedy = "is not a state of this training", "move it away, and train anew"
    with reading(checkpoint.name, _STATE_ERRORS, reason, remedy):
        _require_tensors_only(checkpoint)
        saved = torch.load(checkpoint, weights_only=True, map_location=device)
    if not isinstance(saved, dict) or not saved.keys() >= _STATE:
        raise InputError(checkpoint.name, reason, remedy)
    if type(saved["epoch"]) is not int or type(saved["seconds"]) is not float:
        raise InputError(checkpoint.name, reason, remedy)
    return saved


def _require_tensors_only(checkpoint: Path) -> None:
    """Refuse a pickle that names more than torch's tensors and containers.

    torch's own reader also builds numpy's types, of which a forged one reads memory at
    an address of the file's choice.

    Raises:
        PickleError: it names others.
    """
    with open_contents(checkpoint, lambda: None) as contents:
        others = [each for each in contents.named if each.module not in _NAMED]
    if others:
        raise PickleError(f"names {others[0]}")


def load_trained(checkpoint: Path) -> Trained:
    """Return the weights and time of a run from its checkpoint."""
    saved = _read(checkpoint, "cpu")
    return Trained(saved["average"], saved["seconds"])


def best_device() -> torch.device:
    """Return the GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def initialize_kaiming(net: nn.Module, generator: torch.Generator) -> None:
    """Initialize all weights from one generator; biases to 0.

    Convolutions as in He et al. 2015 (arXiv:1502.01852, sec. 2.2), by their outputs.
    Linear layers and convolutions with a bias, which no batch norm follows, produce a
    network's output: nearly 0.
    """
    for module in net.modules():
        if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            continue
        last = isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None
        if last:
            nn.init.normal_(module.weight, 0, 0.01, generator=generator)
        else:
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def one_cycle(progress: float, warm_up: float = 0.1) -> float:
    """Return the learning rate factor: linear warm-up, then cosine decay, in [0, 1]."""
    if progress < warm_up:
        return progress / warm_up
    return (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up))) / 2


@torch.no_grad()
def update_average(average: nn.Module, net: nn.Module, decay: float) -> None:
    """Move averaged weights by ``1 - decay`` toward a network's weights."""
    news = net.state_dict()
    for name, mean in average.state_dict().items():
        if mean.is_floating_point():
            mean.lerp_(news[name], 1 - decay)
        else:
            mean.copy_(news[name])


def save_atomically(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint atomically, so that a killed run leaves an intact file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
