"""What a method left for the next frame of the same film or camera."""

from torch import Tensor

from nnviz.base.requests import RunMethod
from nnviz.base.video import FrameImage


class Earlier:
    """Keeps it while the same network is asked the same about the same source."""

    def __init__(self) -> None:
        self._source: tuple[object, ...] = ()
        self._left: dict[str, Tensor] = {}

    def of(self, request: RunMethod) -> dict[str, Tensor]:
        """Return what was left for a frame, to be changed; nothing for a photograph.

        Args:
            request: about the frame.
        """
        image = request.image
        if not isinstance(image, FrameImage):
            return {}
        opening, _, _number = image.sha256.rpartition(":")
        source = request.method, request.model, opening
        if source != self._source:
            self._source = source
            self.clear()
        return self._left

    def clear(self) -> None:
        """Let go of everything."""
        self._left.clear()
