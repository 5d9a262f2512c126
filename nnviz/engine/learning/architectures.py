"""Architectures of small networks as lists of layer words."""

from dataclasses import dataclass
from itertools import chain
from typing import Literal

Kind = Literal["perceptron", "mlp", "lenet", "vgg", "plain", "residual", "layers"]
_STAGES = (1, 2, 4)
"""Channels of the stages, in widths."""
_PER_STAGE = 6
"""Weight layers added by one more block in each of three stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A small network's architecture with its options.

    Attributes:
        kind: name of the architecture.
        layers: words of its layers, for the kind "layers".
        depth: weight layers of a plain or residual network; rounded to 6 n + 2.
        width: channels of the first of three stages; each later one has twice as many.
        activation: name of the activation function.
        batch_norm: normalize each layer over the batch, before the activation.
        local_response_norm: normalize across maps, after the activation.
        dropout: fraction of the values that is dropped before linear layers.
    """

    kind: Kind
    layers: str = ""
    depth: int = 8
    width: int = 16
    activation: str = "relu"
    batch_norm: bool = False
    local_response_norm: bool = False
    dropout: float = 0.0

    def words(self) -> str:
        """Return the list of layer words, as ``LayerList`` reads it."""
        if self.kind == "layers":
            return self.layers
        return ", ".join(self._words())

    def _words(self) -> list[str]:
        match self.kind:
            case "mlp":
                return [*self._linear(128), *self._linear(64), *self._drop()]
            case "lenet":
                maps = [*self._conv(6, 5), "pool", *self._conv(16, 5), "pool"]
                tail = [*self._drop(), *self._linear(120)]
                return [*maps, *tail, *self._drop(), *self._linear(84)]
            case "vgg":
                stages = [[*self._conv(width), *self._conv(width), "pool"]
                          for width in self._widths]  # fmt: skip
                return [*chain(*stages), "gap", *self._drop()]
            case "plain" | "residual":
                return [*self._conv(self.width), *self._blocks(), "gap", *self._drop()]
            case _:
                return []

    @property
    def _widths(self) -> tuple[int, ...]:
        return tuple(self.width * times for times in _STAGES)

    def _conv(self, channels: int, side: int = 3) -> list[str]:
        norm = ["norm"] if self.batch_norm else []
        after = ["lrn"] if self.local_response_norm else []
        return [f"conv {channels} {side}", *norm, self.activation, *after]

    def _linear(self, units: int) -> list[str]:
        norm = ["norm"] if self.batch_norm else []
        return [f"linear {units}", *norm, self.activation]

    def _drop(self) -> list[str]:
        return [f"dropout {self.dropout:g}"] if self.dropout else []

    def _blocks(self) -> list[str]:
        per_stage = max(1, round((self.depth - 2) / _PER_STAGE))
        word = "block" if self.kind == "residual" else "plain"
        word += "_norm" if self.batch_norm else ""
        found = []
        for stage, width in enumerate(self._widths):
            for index in range(per_stage):
                stride = " 2" if stage and not index else ""
                found.append(f"{word} {width}{stride}")
        return found
