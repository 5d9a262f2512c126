"""Target and input gradient from one forward and one backward pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nnviz.base.info import ModelInfo
from nnviz.engine.nn.gradients import differentiate
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.nn.relu_backward import ChangedRelus, ReluRule, changed_relus
from nnviz.engine.targets.detections import Subject
from nnviz.engine.targets.resolve import ResolvedTarget, Scorer, resolve


@dataclass(frozen=True, slots=True, eq=False)
class PixelGradient:
    """The gradient of a score with respect to the pixels.

    Attributes:
        target: the scored target.
        gradient: (C, H, W), detached.
        relus: the modified ReLUs; None where none were to be modified.
    """

    target: ResolvedTarget
    gradient: Tensor
    relus: ChangedRelus | None

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the target and the number of modified ReLUs."""
        return (self.target.caption, *(self.relus.notes if self.relus else ()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InputGradient:
    """A pass that resolves a target by its output, then differentiates the target.

    Attributes:
        model: the network, from pixels.
        info: of the network.
        pixels: (1, C, H, W).
        rule: how ReLUs pass gradients back; None for their true gradient.
    """

    model: PixelModel
    info: ModelInfo
    pixels: Tensor
    rule: ReluRule | None = None
    _given: dict[str, Tensor] = field(default_factory=dict)
    _counted: list[ChangedRelus] = field(default_factory=list)

    def of(self, text: str, subject: Subject) -> PixelGradient:
        """Return the pixel gradient of a target's score.

        Raises:
            UsageError: no target of that name.
            ModelError: the network does not support this target, or gives no gradients.
        """
        leaf = self.pixels.detach().requires_grad_()

        def given(layer: str) -> Tensor:
            known = self.info.layer(layer)
            calls = {layer: known.calls if known else 1}
            with self._differentiable():
                self._given.update(self.model.up_to(leaf, calls))
            return self._given[layer].detach()

        target = resolve(text, self.info, given, subject)
        if target.layer in self._given and not target.before:
            with torch.enable_grad():
                scores = target.score(self._given[target.layer])
        else:
            scorer = Scorer(self.model, target)
            with self._differentiable():
                scores = scorer(leaf)
        counted = self._counted[-1] if self._counted else None
        return PixelGradient(target, differentiate(scores, leaf)[0], counted)

    @contextmanager
    def _differentiable(self) -> Iterator[None]:
        """Keep the graph of passes in the block, with ReLUs modified by the rule."""
        with self.model.differentiable():
            if self.rule is None:
                yield
                return
            with changed_relus(self.rule) as counted:
                self._counted.append(counted)
                yield
