"""Training of small networks, observable between steps and resumable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nnviz.base.errors import UsageError
from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.learning.augmentation import Augmentation, ten_crops
from nnviz.engine.learning.examples import Examples
from nnviz.engine.learning.optimizers import (
    Initialization,
    LossName,
    OptimizerName,
    Schedule,
    initialize,
    loss_of,
    make_optimizer,
    penalty,
    scheduled,
)
from nnviz.engine.learning.run_state import (
    arrays_of,
    below,
    optimizer_arrays,
    restore_optimizer,
    tensors,
)
from nnviz.engine.models.networks.layer_list import LayerList, LayerWordError
from nnviz.engine.nn.hooks import checked, checked_backward

Arrays = dict[str, NDArray[np.generic]]
_PARTS = 4
"""Reports per epoch."""
_AT_ONCE = 256
"""Images in a pass without gradients: all at once would take gigabytes."""
_LARGEST_GRADIENT = 100.0
"""Euclidean norm to which longer gradients are clipped, so that divergence stays
finite."""
_LARGEST_LOSS = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Hyperparameters of a training run, some of them steerable.

    Attributes:
        architecture: of the network.
        optimizer: name of the optimizer.
        learning_rate: before its schedule.
        schedule: of the learning rate over the run.
        epochs: number of times that each image is seen.
        batch: images in a step.
        loss: name of the loss.
        label_smoothing: fraction of the target spread over all classes.
        initialization: of the weights.
        l1: weight of the sum of absolute weights.
        l2: weight of half the sum of squared weights.
        augmentation: of the training images.
        patience: epochs without a lower held-out loss after which training stops; 0:
            never.
        members: number of networks in an ensemble.
        bagging: each member draws its images with replacement (Breiman 1996).
        ten_crop: whether held-out predictions are the mean over ten crops.
    """

    architecture: Architecture
    optimizer: OptimizerName = "adam"
    learning_rate: float = 0.003
    schedule: Schedule = "constant"
    epochs: int = 10
    batch: int = 64
    loss: LossName = "cross entropy"
    label_smoothing: float = 0.0
    initialization: Initialization = "kaiming"
    l1: float = 0.0
    l2: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)
    patience: int = 0
    members: int = 1
    bagging: bool = False
    ten_crop: bool = False

    def steered(self, wanted: "Switches") -> "Switches":
        """Return these hyperparameters with the steerable ones of others."""
        return replace(
            self, learning_rate=wanted.learning_rate, l1=wanted.l1, l2=wanted.l2
        )


@dataclass(slots=True, eq=False)
class History:
    """Figures by name, one value per epoch."""

    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, numbers: Mapping[str, float]) -> None:
        """Append the figures of an epoch."""
        for name, value in numbers.items():
            self.figures.setdefault(name, []).append(float(value))

    def __getitem__(self, name: str) -> list[float]:
        """Return one figure over the epochs."""
        return self.figures.get(name, [])

    @property
    def epochs(self) -> int:
        """Number of complete epochs."""
        return len(self["training loss"])


class TrainingRun:
    """Training of a small network, or of an ensemble.

    Attributes:
        switches: the current settings; may be replaced between steps.
        nets: members of the ensemble.
        history: figures of the epochs so far.
        done: completed steps of the current epoch.
        stopped: whether early stopping ended it.

    Args:
        switches: all settings of the training.
        examples: images.
        generator: of all random numbers.
        check: raises to stop, between two steps and inside them.

    Raises:
        UsageError: a list of layers that cannot be built.
    """

    def __init__(
        self,
        switches: Switches,
        examples: Examples,
        generator: torch.Generator,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.switches, self.examples = switches, examples
        self._check = check
        self._generator = generator
        self.nets = [self._build() for _ in range(switches.members)]
        self.history = History()
        self.done = 0
        self.stopped = False
        self._held: Tensor | None = None
        self._orders: list[Tensor] = []
        self._losses: list[float] = []
        self._best: list[dict[str, Tensor]] = []
        self.gradients: dict[str, float] = {}
        self.updates: dict[str, float] = {}
        self._optimizers = [
            make_optimizer(switches.optimizer, net.parameters(), switches.learning_rate)
            for net in self.nets
        ]

    def _build(self) -> LayerList:
        examples = self.examples
        channels, size = examples.pixels.shape[1], examples.pixels.shape[3]
        words = self.switches.architecture.words()
        try:
            # Its layers draw weights from the global generator; they are redrawn below.
            with torch.random.fork_rng(devices=[]):
                net = LayerList(words, len(examples.classes), channels, size)
        except LayerWordError as error:
            raise UsageError("--layers", str(error), "conv 16, relu, pool") from None
        initialize(net, self.switches.initialization, self._generator)
        return net

    @property
    def net(self) -> LayerList:
        """The ensemble's first member, whose weights are shown."""
        return self.nets[0]

    @property
    def steps(self) -> int:
        """Number of steps per epoch."""
        return -(-len(self.examples.pixels) // self.switches.batch)

    @property
    def ended(self) -> bool:
        """Whether the run has ended, early or after its last epoch."""
        return self.stopped or self.history.epochs >= self.switches.epochs

    @property
    def progress(self) -> float:
        """Fraction of the run that is done, 0 to 1."""
        done = self.history.epochs + self.done / self.steps
        return min(1.0, done / self.switches.epochs)

    @property
    def parts_done(self) -> int:
        """Number of quarters of epochs that are done, each with a report."""
        done = -(-self.done // self._part)
        return self.history.epochs * self._parts_of_epoch + done

    @property
    def parts(self) -> int:
        """Number of quarters of epochs of the whole run; early stopping ends it."""
        if self.ended:
            return self.parts_done
        return self.switches.epochs * self._parts_of_epoch

    @property
    def recent_loss(self) -> float:
        """Mean training loss of the last quarter of an epoch; 0 before the first."""
        recent = self._losses[-self._part :]
        return sum(recent) / len(recent) if recent else 0.0

    @property
    def _part(self) -> int:
        """Number of steps between two reports."""
        return max(1, self.steps // _PARTS)

    @property
    def _parts_of_epoch(self) -> int:
        return -(-self.steps // self._part)

    def advance(self) -> bool:
        """Train for a quarter of an epoch; return whether the epoch is complete."""
        if not self.done:
            self._orders = [self._order() for _ in self.nets]
            self._losses = []
        end = min(self.steps, self.done + self._part)
        for step in range(self.done, end):
            self._check()
            last = step == end - 1
            self._losses.append(self._step(step, watched=last))
        self.done = end
        if end < self.steps:
            return False
        self._end_epoch()
        return True

    def _order(self) -> Tensor:
        count = len(self.examples.pixels)
        if self.switches.bagging:
            return torch.randint(count, (count,), generator=self._generator)
        return torch.randperm(count, generator=self._generator)

    def _step(self, step: int, *, watched: bool) -> float:
        """Take one step with every member; return the mean loss."""
        progress = (self.history.epochs + step / self.steps) / self.switches.epochs
        rate = self.switches.learning_rate * scheduled(self.switches.schedule, progress)
        total = 0.0
        for index, (net, optimizer) in enumerate(
            zip(self.nets, self._optimizers, strict=True)
        ):
            batch = self.switches.batch
            part = self._orders[index][step * batch : (step + 1) * batch]
            for group in optimizer.param_groups:
                group["lr"] = rate
            total += self._learn(net, optimizer, part, watched=watched and not index)
        return total / len(self.nets)

    def _learn(
        self,
        net: nn.Module,
        optimizer: torch.optim.Optimizer,
        part: Tensor,
        *,
        watched: bool,
    ) -> float:
        pixels = self.switches.augmentation(self.examples.pixels[part], self._generator)
        net.train(len(part) > 1)  # batch norm has no statistics of one image
        seed = int(torch.randint(1 << 30, (1,), generator=self._generator))
        check = self._check
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(seed)  # dropout uses no other generator
            with checked(check), checked_backward(check):
                logits = net(self.examples.normalized(pixels))
        with torch.enable_grad():
            loss = loss_of(
                logits,
                self.examples.labels[part],
                self.switches.loss,
                self.switches.label_smoothing,
            )
            whole = loss + penalty(net, self.switches.l1, self.switches.l2)
            optimizer.zero_grad()
            torch.autograd.backward(whole)
        nn.utils.clip_grad_norm_(net.parameters(), _LARGEST_GRADIENT)
        before = _kernels(net) if watched else {}
        optimizer.step()
        if watched:
            self._watch(net, before)
        return _bounded(loss)

    def _watch(self, net: nn.Module, before: Mapping[str, Tensor]) -> None:
        """Record each layer's gradient norm and relative weight update."""
        after = dict(net.named_parameters())
        for name, old in before.items():
            new, gradient = after[name].detach(), after[name].grad
            norm = 0.0 if gradient is None else float(gradient.norm())
            layer = name.removesuffix(".weight")
            self.gradients[layer] = norm
            self.updates[layer] = float((new - old).norm() / (old.norm() + 1e-12))

    def _end_epoch(self) -> None:
        self.done = 0
        logits = self._held = self.predict(self.examples.held_pixels)
        labels = self.examples.held_labels
        held = _bounded(loss_of(logits, labels, "cross entropy"))
        accuracy = float((logits.argmax(1) == labels).double().mean())
        lowest = min(self.history["held-out loss"], default=float("inf"))
        figures = {
            "training loss": sum(self._losses) / len(self._losses),
            "held-out loss": held,
            "held-out accuracy": accuracy,
        }
        figures |= {f"gradient {name}": v for name, v in self.gradients.items()}
        figures |= {f"update {name}": v for name, v in self.updates.items()}
        self.history.note(figures)
        if self.switches.patience:
            self._stop_early(held < lowest)

    def _stop_early(self, best: bool) -> None:  # noqa: FBT001
        """Keep the best weights; restore them at the end, or stop early."""
        if best:
            self._best = [_copied(net) for net in self.nets]
        losses = self.history["held-out loss"]
        since = len(losses) - 1 - int(np.argmin(losses))
        self.stopped = since >= self.switches.patience
        if self.ended:
            for net, weights in zip(self.nets, self._best, strict=True):
                net.load_state_dict(weights)
            self._held = None

    def held_logits(self) -> Tensor:
        """Return held-out images' log probabilities after the last whole epoch."""
        if self._held is None:
            self._held = self.predict(self.examples.held_pixels)
        return self._held

    @torch.no_grad()
    def predict(self, pixels: Tensor) -> Tensor:
        """Return the log of the members' mean probabilities, (N, K)."""
        crops = ten_crops(pixels) if self.switches.ten_crop else pixels[None]
        total: Tensor | float = 0.0
        for net in self.nets:
            net.eval()
            for crop in crops:
                total = total + self._probabilities(net, crop)
        mean = total / (len(self.nets) * len(crops))
        assert isinstance(mean, Tensor)  # noqa: S101  for mypy
        return mean.clamp(min=1e-12).log()

    def _probabilities(self, net: nn.Module, pixels: Tensor) -> Tensor:
        """Return the softmax of a network's outputs, (N, K), computed in chunks."""
        with checked(self._check):
            found = [
                net(self.examples.normalized(chunk)).softmax(1)
                for chunk in torch.split(pixels, _AT_ONCE)
            ]
        return torch.cat(found)

    def state(self) -> Arrays:
        """Return the complete state, from which the run resumes bit for bit."""
        found: Arrays = {
            "done": np.array(self.done),
            "stopped": np.array(self.stopped),
            "losses": np.array(self._losses, np.float64),
            "classes": np.array(self.examples.classes, np.str_),
            "input": np.array(self.examples.pixels.shape[1:], np.int64),
            "scaling": np.array([self.examples.mean, self.examples.std]),
        }
        found |= _numbers("figure", self.history.figures)
        found |= _numbers("gradient", self.gradients)
        found |= _numbers("update", self.updates)
        for index, order in enumerate(self._orders):
            found[f"order/{index}"] = order.numpy().copy()
        return found | self._weight_arrays()

    def _weight_arrays(self) -> Arrays:
        """Return the weights, the best ones so far, and the optimizers' states."""
        found: Arrays = {}
        for index, net in enumerate(self.nets):
            found |= arrays_of(f"net{index}", net.state_dict())
        for index, best in enumerate(self._best):
            found |= arrays_of(f"best{index}", best)
        for index, optimizer in enumerate(self._optimizers):
            found |= optimizer_arrays(f"optimizer{index}", optimizer)
        return found

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Restore the state that ``state`` returned."""
        self.done, self.stopped = int(state["done"]), bool(state["stopped"])
        self._losses = state["losses"].tolist()
        self.history.figures = {k: v.tolist() for k, v in below("figure/", state)}
        self.gradients = {k: float(v) for k, v in below("gradient/", state)}
        self.updates = {k: float(v) for k, v in below("update/", state)}
        self._orders = [torch.from_numpy(v.copy()) for _, v in below("order/", state)]
        self._best = []
        for index, net in enumerate(self.nets):
            net.load_state_dict(tensors(f"net{index}/", state))
            best = tensors(f"best{index}/", state)
            if best:
                self._best.append(best)
        for index, optimizer in enumerate(self._optimizers):
            restore_optimizer(optimizer, f"optimizer{index}/", state)


def _bounded(loss: Tensor) -> float:
    """Return a loss as a finite number, a diverged one as the largest."""
    return min(float(loss.detach().nan_to_num(_LARGEST_LOSS)), _LARGEST_LOSS)


def _kernels(net: nn.Module) -> dict[str, Tensor]:
    """Return copies of the weights of convolutions and linear layers."""
    return {
        name: weight.detach().clone()
        for name, weight in net.named_parameters()
        if weight.ndim > 1
    }


def _copied(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def _numbers(
    prefix: str, values: Mapping[str, list[float]] | Mapping[str, float]
) -> Arrays:
    return {f"{prefix}/{k}": np.array(v, np.float64) for k, v in values.items()}
