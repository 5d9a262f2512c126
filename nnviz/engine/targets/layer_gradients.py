"""Layer gradients: activations of layers and the score's gradient, in one pass."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from nnviz.base.errors import ModelError
from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.engine.compute.memory import gradients_in_words
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.hooks import find_module
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.nn.pytree import with_first_tensor
from nnviz.engine.nn.shapes.calls import first_tensor
from nnviz.engine.targets.detections import Subject
from nnviz.engine.targets.resolve import Activations, ResolvedTarget, Scorer, resolve

ChangeTarget = Callable[[ResolvedTarget, Tensor], ResolvedTarget]
"""From a target and the network's output (1, ...) for the image to another target."""
_UNREACHED = (
    "no gradient of the score reaches this layer: it lies behind what is asked about, "
    "or the network cuts the path there (re-entrant checkpoints do)"
)


@dataclass(frozen=True, slots=True, eq=False)
class LayerGradients:
    """Activations of some layers and a score's gradients with respect to them.

    Attributes:
        target: the scored target.
        maps: one (C, h, w) per layer, detached, in main memory, float64.
        gradients: likewise, of the same shapes.
        products: likewise, of the score's Hessian with the maps; empty where they were
            not requested.
    """

    target: ResolvedTarget
    maps: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]
    products: tuple[Tensor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerGradientPass:
    """A forward pass whose graph starts at the first of some layers.

    Modules before it need no gradient, so nothing of theirs is kept; the network's
    weights are frozen, so nothing is computed for them.

    Attributes:
        model: the network, from pixels.
        info: of the network.
        pixels: (1, C, H, W).
        layers: those whose gradients are needed.
        curvature: whether Hessian-vector products are needed as well.
    """

    model: PixelModel
    info: ModelInfo
    pixels: Tensor
    layers: Sequence[LayerInfo]
    curvature: bool = False
    _kept: dict[str, Tensor] = field(default_factory=dict)
    _outputs: list[Any] = field(default_factory=list)

    def gradients(
        self,
        text: str,
        activations: Activations,
        subject: Subject,
        change: ChangeTarget | None = None,
    ) -> LayerGradients:
        """Return the gradients of a target's score, in one pass if it is a class.

        Args:
            text: the target, as ``notation.targets`` describes.
            activations: of the image, for targets inside the network.
            subject: for boxes, segments and likeness.
            change: turns the target into the one to differentiate; None for the target
                itself.

        Raises:
            UsageError: no target of that name.
            ModelError: the network does not support this target, or the score does not
                depend on a layer.
        """

        def given(layer: str) -> Tensor:
            return activations(layer) if layer else self._output()

        target = resolve(text, self.info, given, subject)
        if change is not None:
            target = change(target, self._output())
        found = self._differentiate(self._scores(target))
        kept = [self._kept[each.name] for each in self.layers]
        products = map(_hessian_product, found, kept) if self.curvature else ()
        return LayerGradients(
            target,
            tuple(map(self._laid_out, kept, self.layers)),
            tuple(map(self._laid_out, found, self.layers)),
            tuple(map(self._laid_out, products, self.layers)),
        )

    @property
    def output(self) -> Tensor | None:
        """The pass's network output, (1, ...); None if the pass ended earlier."""
        return self._output() if self._outputs else None

    def _output(self) -> Tensor:
        """Run the network to its end, keeping the graph for ``_scores``."""
        if not self._outputs:
            with self._keeping():
                self._outputs.append(self.model.forward(self.pixels))
        found = first_tensor(self._outputs[0])
        if found is None:
            raise ModelError(
                self.info.title, "returns no tensor", "pick another network"
            )
        return found.detach()

    def _scores(self, target: ResolvedTarget) -> Tensor:
        if self._outputs and not target.layer:
            with torch.enable_grad():
                return target.score(self._outputs[0])
        self._outputs.clear()
        with self._keeping():
            return Scorer(self.model, target)(self.pixels)

    def _differentiate(self, scores: Tensor) -> tuple[Tensor, ...]:
        for layer in self.layers:
            if layer.name not in self._kept:
                raise _independent(layer)
        kept = [self._kept[layer.name] for layer in self.layers]
        if not scores.requires_grad:
            raise ModelError(
                self.layers[-1].name,
                _UNREACHED,
                "pick another layer, or a method that needs no gradients",
            )
        with gradients_in_words():
            found = torch.autograd.grad(
                scores.sum(), kept, allow_unused=True, create_graph=self.curvature
            )
        for layer, gradient in zip(self.layers, found, strict=True):
            if gradient is None:
                raise _independent(layer)
        return found

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        """Enable gradients and record the layers' outputs until the block ends."""
        self._kept.clear()
        keeping = kept_layers(self.model.net, self.layers, self._kept)
        with keeping, torch.enable_grad(), self._attention():
            yield

    def _attention(self) -> AbstractContextManager[None]:
        """Use unfused attention if second derivatives are needed.

        torch's fused attention has no second derivative.
        """
        plain = sdpa_kernel(SDPBackend.MATH) if self.curvature else nullcontext()
        return cast("AbstractContextManager[None]", plain)

    @staticmethod
    def _laid_out(tensor: Tensor, layer: LayerInfo) -> Tensor:
        return maps_of(tensor.detach(), layer)[0].cpu().double()


@contextmanager
def kept_layers(
    net: nn.Module, layers: Sequence[LayerInfo], kept: dict[str, Tensor]
) -> Iterator[None]:
    """Record the outputs of layers in the block as leaves of the graph.

    Args:
        net: the network.
        layers: dotted paths of modules that a pass runs.
        kept: filled with the tensors, by the layer's name.
    """
    handles = []
    try:
        for layer in layers:
            module = find_module(net, layer.name)
            handles.append(module.register_forward_hook(_Keeper(layer, kept)))
        yield
    finally:
        for handle in handles:
            handle.remove()


@dataclass(slots=True)
class _Keeper:
    """Forward hook that turns a layer's last output into a leaf of the graph."""

    layer: LayerInfo
    kept: dict[str, Tensor]
    seen: int = 0

    def __call__(self, _module: nn.Module, _inputs: Any, output: Any) -> Any:
        self.seen += 1
        tensor = first_tensor(output)
        if self.seen != self.layer.calls or tensor is None:
            return output
        if not tensor.requires_grad:
            tensor = tensor.detach().clone().requires_grad_()
        self.kept[self.layer.name] = tensor
        # A copy, since in-place ReLUs write into it.
        return with_first_tensor(output, tensor.clone())


def _hessian_product(gradient: Tensor, kept: Tensor) -> Tensor:
    """Return the product of a score's Hessian with a layer's output.

    Zero if the gradient does not depend on the output.
    """
    if not gradient.requires_grad:
        return torch.zeros_like(kept)
    with gradients_in_words():
        (found,) = torch.autograd.grad(
            gradient,
            kept,
            kept.detach(),
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
    return found


def _independent(layer: LayerInfo) -> ModelError:
    return ModelError(
        layer.name,
        "the score does not depend on this layer",
        "pick one that lies before what is asked about",
    )
