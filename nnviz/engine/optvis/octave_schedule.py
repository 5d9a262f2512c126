"""Schedule of a dream: octave by octave and, for a video, frame by frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.engine.imaging.pyramid import Size, octave_of, resized

State = Mapping[str, NDArray[Any]]
Move = Callable[[Tensor], Tensor]
"""From a frame of a video to the image that the next frame's dream starts from."""


@dataclass(kw_only=True)
class OctaveSchedule:
    """State of a dream: frame, octave, step and image.

    Attributes:
        source: the image that the dream starts from, (1, C, H, W) in [0, 1].
        sizes: of the octaves, smallest first; the last is the source's.
        keeps_detail: whether only the changes are carried over to the next octave and
            added to the source's own detail; else the image itself is.
        frame: index of the video's frame.
        octave: index of a size.
        step: number of steps completed in this octave.
        picture: the current image, (1, C, h, w) of the octave's size.
    """

    source: Tensor
    sizes: Sequence[Size]
    keeps_detail: bool
    frame: int = 0
    octave: int = 0
    step: int = 0
    picture: Tensor = field(init=False)
    _base: Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Start with the smallest octave."""
        self._base = self._base_of(0)
        self.picture = self._base.clone()

    @property
    def size(self) -> Size:
        """Height and width of the octave, px."""
        return self.sizes[self.octave]

    def complete(self, steps: int) -> bool:
        """Tell whether the last octave has had all its steps."""
        return self.octave == len(self.sizes) - 1 and self.step >= steps

    def cost(self, steps: int, frames: int) -> float:
        """Return the fraction of the total time that the completed steps take, 0 to 1.

        A step takes time in proportion to its octave's pixels.

        Args:
            steps: of an octave.
            frames: of the video; 1 for a single image.
        """
        pixels = [height * width for height, width in self.sizes]
        before = sum(pixels[: self.octave])
        here = pixels[self.octave] * min(self.step, steps) / steps
        return (self.frame + (before + here) / sum(pixels)) / frames

    def advance(self, steps: int, frames: int, move: Move) -> bool:
        """Advance to the next step's octave and frame; return False at the end.

        Args:
            steps: of an octave.
            frames: of the video; 1 for a single image.
            move: computes the next frame's source.
        """
        if self.step < steps:
            return True
        complete = self.complete(steps)
        if complete and self.frame + 1 >= frames:
            return False
        self.step = 0
        if complete:
            self._next_frame(move)
        else:
            self._next_octave()
        return True

    def add(self, change: Tensor) -> None:
        """Add a step's change to the image, clamped to [0, 1].

        Args:
            change: (1, C, h, w), or (1, 1, h, w) for all channels alike.
        """
        self.picture.add_(change).clamp_(0, 1)
        self.step += 1

    def seen(self, blend: float) -> NDArray[np.float32]:
        """Return a copy of the image, (h, w, C) in [0, 1], blended with the source.

        Args:
            blend: weight of the source.
        """
        shown = self.picture.clamp(0, 1)
        if blend:
            shown = shown.lerp_(self._base.clamp(0, 1), blend)
        laid_out: NDArray[np.float32]
        laid_out = shown[0].permute(1, 2, 0).contiguous().cpu().numpy()
        return laid_out

    def state(self) -> State:
        """Return the arrays that ``restore`` resumes from."""
        kept = {"picture": _array(self.picture)}
        if self.frame:
            kept["source"] = _array(self.source)
        place = [self.frame, self.octave, self.step]
        return {**kept, "place": np.array(place, np.int64)}

    def restore(self, state: State) -> None:
        """Resume from a saved state."""
        self.frame, self.octave, self.step = map(int, state["place"])
        if self.frame:
            self.source = torch.from_numpy(state["source"]).to(self.source)
        self._base = self._base_of(self.octave)
        self.picture = torch.from_numpy(state["picture"]).to(self.source, copy=True)

    def _next_octave(self) -> None:
        self.octave += 1
        base = self._base_of(self.octave)
        if self.keeps_detail:
            detail = self.picture.sub_(self._base)
            self.picture = resized(detail, self.size).add_(base)
        else:
            self.picture = resized(self.picture, self.size)
        self._base = base

    def _next_frame(self, move: Move) -> None:
        self.frame += 1
        self.octave = 0
        self.source = move(self.picture)
        self._base = self._base_of(0)
        self.picture = self._base.clone()

    def _base_of(self, octave: int) -> Tensor:
        return octave_of(self.source, self.sizes, octave)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    """Return a copy of a tensor, which the next step changes in place."""
    array: NDArray[np.float32] = tensor.detach().cpu().numpy().copy()
    return array
