"""Stickers pasted onto each frame before anything looks at it."""

import threading
from dataclasses import replace

from nnviz.base.video import FrameImage
from nnviz.media.placed import Layer, paste_layers


class Paster:
    """Puts stickers on frames; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._layers: tuple[Layer, ...] = ()
        self._version = 0

    def lay(self, layers: tuple[Layer, ...]) -> None:
        """Paste other stickers from now on, the lowest first."""
        with self._lock:
            self._layers = layers
            self._version += 1

    def on(self, image: FrameImage) -> FrameImage:
        """Return a frame with the stickers on it; the same one where there are none.

        It has a name of its own, for what was computed of the bare one is not of it.
        """
        with self._lock:
            layers, version = self._layers, self._version
        if not layers:
            return image
        return replace(
            image,
            pixels=paste_layers(image.pixels, layers),
            name=f"{image.name} with stickers",
            sha256=f"{image.sha256}:{version}",
        )
