"""Input sizes accepted up to some layers, and receptive fields there."""

from collections.abc import Mapping

import torch
from torch import nn

from nnviz.engine.compute import memory
from nnviz.engine.compute.span import Span
from nnviz.engine.imaging.pyramid import Size
from nnviz.engine.nn.hooks import run_to_all
from nnviz.engine.nn.shapes.meta import Shapes
from nnviz.engine.nn.shapes.tracer import empty_input, meta_twin, probe


class SizeTrial:
    """Tries input sizes by passes without data, up to the deepest of some layers.

    Args:
        net: the network; left untouched.
        channels: of its input.
        calls: by layer, how often a pass runs it.
        working: a size that the network takes.
    """

    def __init__(
        self, net: nn.Module, channels: int, calls: Mapping[str, int], working: Size
    ) -> None:
        self._twin = meta_twin(net)
        self._channels = channels
        self._calls = dict(calls)
        self._working = working
        # A pass may read values, which an image without data does not have.
        self._blind = self._refusal(working) is not None

    def takes(self, size: Size) -> bool:
        """Tell whether the network accepts a size; if untestable, any larger one."""
        if self._blind:
            return all(
                side >= least for side, least in zip(size, self._working, strict=True)
            )
        return self._refusal(size) is None

    def spans(self) -> dict[str, tuple[Span, Span] | None]:
        """Return the spans of pixels that each layer's places depend on; else None."""
        if self._blind:
            return dict.fromkeys(self._calls)
        visits = probe(self._twin, empty_input(self._channels, self._working))
        return {layer: visits[layer].trace.fields for layer in self._calls}

    @torch.inference_mode()
    def _refusal(self, size: Size) -> str | None:
        with Shapes():  # type: ignore[no-untyped-call]
            return memory.refusal(
                lambda: run_to_all(
                    self._twin, empty_input(self._channels, size), self._calls
                )
            )
