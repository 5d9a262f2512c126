"""Receptive fields along one axis: the pixels that a position can depend on."""

from typing import NamedTuple


class Span(NamedTuple):
    """A receptive field along one axis: the pixels that a position depends on.

    Position ``i`` depends on pixels ``jump * i + low`` to ``jump * i + high``, both
    included and not clipped to the image.
    """

    jump: int
    low: int
    high: int

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.high - self.low + 1

    def windowed(self, kernel: int, stride: int, padding: int, dilation: int) -> "Span":
        """Return the receptive field after a sliding window (Dumoulin & Visin 2016)."""
        reach = dilation * (kernel - 1)
        return Span(
            self.jump * stride,
            self.low - self.jump * padding,
            self.high + self.jump * (reach - padding),
        )

    def joined(self, other: "Span | None") -> "Span | None":
        """Return the union of two branches' fields; None if their jumps differ."""
        if other is None or other.jump != self.jump:
            return None
        return Span(self.jump, min(self.low, other.low), max(self.high, other.high))
