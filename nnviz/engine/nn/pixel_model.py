"""Forward passes from pixels: whole, up to a layer, or with gradients."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.engine.nn.gradients import differentiate
from nnviz.engine.nn.hooks import (
    checked,
    checked_backward,
    generators_kept,
    input_to,
    run_to_all,
)
from nnviz.engine.nn.shapes.calls import tensors_in

Check = Callable[[], None]
_KERNEL_AXES = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelModel:
    """A frozen network with its normalization: takes pixels in [0, 1].

    Each pass calls ``check`` before every module, keeps the graph where gradients are
    enabled, and leaves the global random generators as it found them.

    Attributes:
        net: takes the normalizer's output.
        normalizer: takes pixels in [0, 1] (N, C, H, W).
        check: raises to abandon a pass.
        alone: the network takes one image at a time.
    """

    net: nn.Module
    normalizer: nn.Module
    check: Check
    alone: bool = False

    def forward(self, pixels: Tensor) -> Any:
        """Return the network's full output for a batch, one of ``parts``."""
        with checked(self.check), generators_kept(pixels.device):
            return self.net(self._normalized(pixels))

    def outputs(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return all tensors of the network's output, in order.

        Args:
            pixels: (N, C, H, W); one at a time where the network takes no more.

        Returns:
            Detached; they may share memory with each other.
        """
        found = [self._outputs(part) for part in self.parts(pixels)]
        return tuple(joined(each) for each in zip(*found, strict=True))

    def _outputs(self, pixels: Tensor) -> tuple[Tensor, ...]:
        x = self._normalized(pixels)
        if is_channels_last(self.net):
            x = x.contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), checked(self.check), generators_kept(x.device):
            return tuple(tensors_in(self.net(x)))

    def up_to(self, pixels: Tensor, calls: Mapping[str, int]) -> dict[str, Tensor]:
        """Return the outputs of some layers; the pass ends at the deepest of them.

        Args:
            pixels: (N, C, H, W).
            calls: by layer, how often one pass runs it; "" is the network's output.

        Raises:
            UsageError: no such layer.
            ModelError: the pass does not run a layer, or it returns no tensor.
        """
        with checked(self.check):
            return run_to_all(self.net, self._normalized(pixels), calls)

    def input_to(self, pixels: Tensor, layer: str) -> Tensor:
        """Return the input of a layer's first call, where the pass ends.

        Raises:
            UsageError: no such layer.
            ModelError: the pass does not run the layer, or it takes no tensor.
        """
        with checked(self.check):
            return joined(
                [
                    input_to(self.net, self._normalized(part), layer)
                    for part in self.parts(pixels)
                ]
            )

    def gradient(
        self, pixels: Tensor, score: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return scores (N,) and the gradient of each with respect to its image.

        Args:
            pixels: (N, C, H, W), left untouched.
            score: from pixels to scores, by passes of this model; must not mix the
                images of a batch.

        Raises:
            ModelError: no gradient reaches the pixels.
        """
        leaf = pixels.detach().requires_grad_()
        with self.differentiable():
            scores = score(leaf)
        return scores.detach(), differentiate(scores, leaf)

    @contextmanager
    def differentiable(self) -> Iterator[None]:
        """Keep the graph of passes in the block; backward passes call ``check`` too."""
        with torch.enable_grad(), checked_backward(self.check):
            yield

    def parts(self, pixels: Tensor, *, alone: bool = False) -> Sequence[Tensor]:
        """Split images into the batches that go through the network.

        Args:
            pixels: (N, C, H, W).
            alone: one at a time, even where the network takes several.
        """
        apart = (self.alone or alone) and len(pixels) > 1
        return torch.split(pixels, 1) if apart else (pixels,)

    def _normalized(self, pixels: Tensor) -> Tensor:
        """Return the network's input, cast to the precision of its weights."""
        x: Tensor = self.normalizer(pixels)
        weights = (each for each in self.net.parameters() if each.is_floating_point())
        first = next(weights, None)
        return x if first is None else x.to(first.dtype)


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Concatenate the outputs of ``PixelModel.parts``; return a single one as it is."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))


def is_channels_last(net: nn.Module) -> bool:
    """Tell whether a network's kernels are stored with channels innermost.

    Others get images in their own memory order: their code may rely on it (``view``).
    """
    kernels = (each for each in net.parameters() if each.ndim == _KERNEL_AXES)
    wide = next((each for each in kernels if each.shape[1] > 1), None)
    if wide is None or wide.is_contiguous():
        return False
    return wide.is_contiguous(memory_format=torch.channels_last)
