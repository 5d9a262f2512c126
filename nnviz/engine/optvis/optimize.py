"""Resumable optimization of a batch of images, step by step."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import ModelError, UsageError
from nnviz.engine.compute.memory import in_words
from nnviz.engine.imaging.total_variation import total_variation
from nnviz.engine.nn.feature_extractor import FeatureExtractor
from nnviz.engine.nn.relu_backward import ReluRule, changed_relus
from nnviz.engine.optvis.objectives import Objective
from nnviz.engine.optvis.parametrizations import Parametrization, Pixels
from nnviz.engine.optvis.regularizers import PixelRules
from nnviz.engine.optvis.transforms import Geometry, Transform, drawn

Optimizer = Literal["adam", "nadam", "ascent", "progress"]
Make = Callable[[torch.Generator], Parametrization]
Aim = Callable[[Geometry], Objective]
"""Returns the objective for an image transformed by a geometry."""
State = Mapping[str, NDArray[Any]]

_REDIRECTED_STEPS = 16
"""After this many steps even a slow unit has started, according to Lucid."""
_LONGEST = 10 / 255
"""Root mean square of the longest step of "progress".  Yosinski's limit, 100 times the
gradient, was made for CaffeNet: networks with smaller activations would hardly move."""
_OPTIMIZERS = {"adam": torch.optim.Adam, "nadam": torch.optim.NAdam}
_SEPARATOR = "."
_IMPORTANCE = "importance"
_TINY = 1e-12
_BEST = 8
"""Maximum number of images in a pass: more evict the forward pass's values from the
CPU's caches before the backward pass, and each image takes longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRules:
    """Settings of one optimization step; may differ between steps.

    Attributes:
        learning_rate: Adam's; for "ascent" the length of the step, for "progress" the
            intended gain of the objective.
        transforms: applied to the images before the network sees them.
        views: number of transformed copies whose mean gradient is followed.
        noise: standard deviation of normal noise on a view; half as much uniform noise
            is added, as in MaCo.
        total_variation: its weight relative to the objective.
        pixels: regularization of the pixels after the step, where pixels are optimized.
        redirected: whether ReLUs that pass nothing are redirected at first.
    """

    learning_rate: float
    transforms: Sequence[Transform] = ()
    views: int = 1
    noise: float = 0.0
    total_variation: float = 0.0
    pixels: PixelRules = field(default_factory=PixelRules)
    redirected: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class AscentStep:
    """Result of one optimization step.

    Attributes:
        pixels: the images before it, (N, C, H, W) in [0, 1].
        scores: their objectives, (N,), mean over the views.
        importance: of each pixel so far: the sum over the steps of the gradient's
            magnitude, (N, H, W), as in MaCo.
    """

    pixels: Tensor
    scores: Tensor
    importance: Tensor


_NO_GRADIENTS = "gives no gradients: somewhere it leaves the differentiable path"


class Ascent:
    """Gradient ascent of a batch of images toward an objective.

    Args:
        make: makes the parametrization, with the generator for its initial values.
        optimizer: "adam"; "nadam"; "ascent" takes steps of fixed length along the
            gradient; "progress" steps whose length gains the intended amount.
        look: computes outputs of layers from pixels.
        mean: the color that normalization maps to zero, (C, 1, 1).
        generator: on the CPU.
        begun: the ``state`` to resume from; None for a fresh start.  With it,
            ``generator`` has the state that it had at that step, and no initial values
            are drawn.

    Raises:
        UsageError: the state is of another kind of image, or of another size.
    """

    def __init__(
        self,
        make: Make,
        optimizer: Optimizer,
        look: FeatureExtractor,
        mean: Tensor,
        generator: torch.Generator,
        begun: State | None = None,
    ) -> None:
        picture = make(generator if begun is None else torch.Generator())
        self.picture = picture
        self.steps = 0
        self.scores: list[float] = []
        self._importance: Tensor | float = 0.0
        self._kind = optimizer
        self._look = look
        self._mean = mean
        self._generator = generator
        made = _OPTIMIZERS.get(optimizer, torch.optim.SGD)
        self._optimizer: torch.optim.Optimizer = made(list(picture.leaves.values()))
        if begun is not None:
            self._restore(begun)

    def step(self, aim: Aim, rules: StepRules) -> AscentStep:
        """Take one step.

        Args:
            aim: returns the objective for each view.
            rules: of this step.

        Raises:
            ModelError: no gradient reaches the pixels, or it is not finite.
            UsageError: transforms leave nothing of the image.
        """
        with torch.enable_grad():
            image = self.picture.pixels()
        pixels = image.detach().clone() if image.is_leaf else image.detach()
        scores, gradient = self._gradient(pixels, aim, rules)
        if not torch.isfinite(gradient).all():
            raise ModelError(
                "the optimization",
                "diverged: the values are no longer finite",
                "lower the learning rate",
            )
        self._climb(image, gradient, rules)
        self.steps += 1
        self.scores.append(float(scores.mean()))
        self._importance = self._importance + gradient.abs().sum(1)
        return AscentStep(pixels.detach(), scores, self._importance)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of a resume point, copied."""
        found = {
            name: leaf.detach().cpu().numpy().copy()
            for name, leaf in self.picture.leaves.items()
        }
        for name, leaf in self.picture.leaves.items():
            for key, value in self._optimizer.state[leaf].items():
                kept = torch.as_tensor(value).cpu().numpy().copy()
                found[f"{name}{_SEPARATOR}{key}"] = kept
        importance = torch.as_tensor(self._importance).cpu().numpy().copy()
        return found | {
            "steps": np.array(self.steps),
            "scores": np.array(self.scores),
            _IMPORTANCE: importance,
        }

    def _gradient(
        self, pixels: Tensor, aim: Aim, rules: StepRules
    ) -> tuple[Tensor, Tensor]:
        """Return the objectives (N,) and the pixels' gradient of the loss."""
        leaf = pixels.requires_grad_()
        size = (leaf.shape[2], leaf.shape[3])
        views = [
            drawn(rules.transforms, size, self._generator) for _ in range(rules.views)
        ]
        total = torch.zeros(len(leaf), device=leaf.device)
        gradient = _smoothing(leaf, rules.total_variation)
        for some in _together(views, max(1, _BEST // len(leaf))):
            with self._helped(rules), in_words("the optimization"):
                scores, found = self._seen(leaf, some, aim, rules.noise)
            total += scores / rules.views
            gradient += found / rules.views
        return total, gradient

    def _climb(self, image: Tensor, gradient: Tensor, rules: StepRules) -> None:
        """Update the image's parameters along the gradient of its pixels."""
        leaves = list(self.picture.leaves.values())
        back = [gradient] if image.is_leaf else _back(image, leaves, gradient)
        for leaf, found in zip(leaves, back, strict=True):
            leaf.grad = found
        self._follow(rules)
        if isinstance(self.picture, Pixels):
            rules.pixels.apply(leaves[0].detach(), self._mean, gradient, self.steps)

    def _seen(
        self, leaf: Tensor, views: Sequence[Geometry], aim: Aim, noise: float
    ) -> tuple[Tensor, Tensor]:
        """Return the sums of objectives and gradients over views of one size."""
        objectives = [aim(view) for view in views]
        layers = frozenset[str]().union(*(one.layers for one in objectives))
        with self._look.model.differentiable():
            changed = torch.cat([view(leaf) for view in views])
            maps = self._look(self._noisy(changed, noise), layers)
            parts = [
                one({name: found[rows] for name, found in maps.items()})
                for one, rows in zip(objectives, _rows(len(leaf)), strict=False)
            ]
            scores = torch.stack(parts).sum(0)
        if not scores.requires_grad:
            raise ModelError("the network", _NO_GRADIENTS, "pick an earlier layer")
        (found,) = torch.autograd.grad(-scores.sum(), leaf)
        return scores.detach(), found

    def _restore(self, state: State) -> None:
        self.steps = int(state["steps"])
        self.scores = state["scores"].tolist()
        if _IMPORTANCE in state:  # recordings of earlier versions have none
            known = torch.from_numpy(np.array(state[_IMPORTANCE]))
            self._importance = known.to(self._mean.device)
        for name, leaf in self.picture.leaves.items():
            if name not in state or state[name].shape != tuple(leaf.shape):
                raise UsageError(
                    "the recording",
                    "was made with another size or parametrization",
                    "continue with the parameters it was made with",
                )
            leaf.detach().copy_(torch.from_numpy(state[name]))
            self._restore_optimizer(leaf, name + _SEPARATOR, state)

    def _restore_optimizer(self, leaf: Tensor, head: str, state: State) -> None:
        """Restore the optimizer's state of a leaf, stored under this prefix."""
        for key, value in state.items():
            if key.startswith(head):
                kept = torch.from_numpy(np.array(value))
                kept = kept if not kept.ndim else kept.to(leaf.device)
                self._optimizer.state[leaf][key.removeprefix(head)] = kept

    def _noisy(self, pixels: Tensor, noise: float) -> Tensor:
        if not noise:
            return pixels
        normal = torch.randn(pixels.shape, generator=self._generator)
        uniform = torch.rand(pixels.shape, generator=self._generator) - 0.5
        return pixels + (noise * (normal + uniform)).to(pixels)

    @contextmanager
    def _helped(self, rules: StepRules) -> Iterator[None]:
        if rules.redirected and self.steps < _REDIRECTED_STEPS:
            with changed_relus(ReluRule.REDIRECTED):
                yield
        else:
            yield

    def _follow(self, rules: StepRules) -> None:
        """Update the leaves along their gradients."""
        for group in self._optimizer.param_groups:
            group["lr"] = rules.learning_rate
        if self._kind not in _OPTIMIZERS:
            for leaf in self.picture.leaves.values():
                self._scale_step(leaf, rules.learning_rate)
        self._optimizer.step()

    def _scale_step(self, leaf: Tensor, wanted: float) -> None:
        """Scale a gradient so that a descent step has the wanted length or gain."""
        if leaf.grad is None:
            return
        length = leaf.grad.flatten(1).norm(dim=1).clamp(min=_TINY)
        steps = torch.full_like(length, wanted)
        if self._kind == "progress":
            longest = _LONGEST * math.sqrt(leaf[0].numel())
            steps = (wanted / length).clamp(max=longest)
        factor = steps / (wanted * length)
        leaf.grad = leaf.grad * factor.view(-1, *[1] * (leaf.ndim - 1))


def _together(views: Sequence[Geometry], most: int) -> Iterator[Sequence[Geometry]]:
    """Yield views in groups that can go through the network in one batch."""
    alike = len({view.size for view in views}) == 1
    size = most if alike else 1
    for start in range(0, len(views), size):
        yield views[start : start + size]


def _rows(count: int) -> Iterator[slice]:
    """Yield the slice of rows of each successive view."""
    return (slice(start, start + count) for start in itertools.count(step=count))


def _smoothing(leaf: Tensor, weight: float) -> Tensor:
    """Return the gradient of the weighted total variation."""
    if not weight:
        return torch.zeros_like(leaf)
    with torch.enable_grad():
        (found,) = torch.autograd.grad(weight * total_variation(leaf).sum(), leaf)
    return found


def _back(image: Tensor, leaves: list[Tensor], gradient: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(image, leaves, gradient)
