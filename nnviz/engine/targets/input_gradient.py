"""A target resolved and its gradient taken in one pass forward and one back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from nnviz.base.info import ModelInfo
from nnviz.engine.nn.hooks import checked, checked_backward, run_to
from nnviz.engine.nn.relu_backward import ChangedRelus, ReluRule, changed_relus
from nnviz.engine.targets.detections import Subject
from nnviz.engine.targets.gradients import differentiate
from nnviz.engine.targets.resolve import ResolvedTarget, Scorer, resolve


@dataclass(frozen=True, slots=True, eq=False)
class PixelGradient:
    """How a score depends on the pixels.

    Attributes:
        target: what was scored.
        gradient: (C, H, W), detached.
        relus: those that were changed; None where none were to be.
    """

    target: ResolvedTarget
    gradient: Tensor
    relus: ChangedRelus | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What is explained, and how many ReLUs were changed."""
        return (self.target.caption, *(self.relus.notes if self.relus else ()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelPass:
    """A pass whose output says what the target means, and is differentiated then.

    Attributes:
        net: takes what ``normaliser`` gives; frozen.
        normaliser: takes pixels in [0, 1].
        info: of the network.
        pixels: (1, C, H, W).
        check: called before every module and on the way back.
        rule: what ReLUs do to gradients, where not what they do by nature.
    """

    net: nn.Module
    normaliser: nn.Module
    info: ModelInfo
    pixels: Tensor
    check: Callable[[], None]
    rule: ReluRule | None = None
    _given: dict[str, Tensor] = field(default_factory=dict)
    _counted: list[ChangedRelus] = field(default_factory=list)

    def gradient(self, text: str, subject: Subject) -> PixelGradient:
        """Return the gradient of a target's score.

        Raises:
            UsageError: nothing of that name.
            ModelError: the network cannot be asked this, or gives no gradients.
        """
        leaf = self.pixels.detach().requires_grad_()

        def given(layer: str) -> Tensor:
            known = self.info.layer(layer)
            with self._watched():
                self._given[layer] = run_to(
                    self.net,
                    self.normaliser(leaf),
                    layer,
                    calls=known.calls if known else 1,
                )
            return self._given[layer].detach()

        target = resolve(text, self.info, given, subject)
        if target.layer in self._given and not target.before:
            with torch.enable_grad():
                scores = target.score(self._given[target.layer])
        else:
            scorer = Scorer(self.net, self.normaliser, target, self.check)
            with self._watched():
                scores = scorer(leaf)
        counted = self._counted[-1] if self._counted else None
        return PixelGradient(target, differentiate(scores, leaf)[0], counted)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Keep the graph of what runs inside; it can be stopped both ways."""
        with torch.enable_grad(), checked(self.check), checked_backward(self.check):
            if self.rule is None:
                yield
                return
            with changed_relus(self.rule) as counted:
                self._counted.append(counted)
                yield
