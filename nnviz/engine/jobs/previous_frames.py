"""State that methods keep between frames of the same video or camera."""

from collections import OrderedDict

from torch import Tensor

from nnviz.base.requests import RunMethod
from nnviz.base.video import FrameImage

_SOURCES = 2
"""Of which something is kept: a camera, and a video that is exported meanwhile."""


class PreviousFrames:
    """Keeps it while the same network is asked the same about the same source."""

    def __init__(self) -> None:
        self._left: OrderedDict[tuple[object, ...], dict[str, Tensor]] = OrderedDict()

    def of(self, request: RunMethod) -> dict[str, Tensor]:
        """Return what was left for a frame, to be changed; nothing for an image.

        Args:
            request: about the frame.
        """
        image = request.image
        if not isinstance(image, FrameImage):
            return {}
        opening, _, _number = image.sha256.rpartition(":")
        source = request.method, request.model, opening
        left = self._left.setdefault(source, {})
        self._left.move_to_end(source)
        while len(self._left) > _SOURCES:
            self._left.popitem(last=False)
        return left

    def clear(self) -> None:
        """Let go of everything."""
        self._left.clear()
