"""Stickers pasted onto each frame, and a cover, before anything looks at it."""

import threading
from dataclasses import replace

from nnviz.base.live import Cover
from nnviz.base.video import FrameImage
from nnviz.media.covers import cover_frame
from nnviz.media.stickers.placed import Layer, paste_layers


class FramePaster:
    """Puts stickers and a cover on frames; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._layers: tuple[Layer, ...] = ()
        self._cover: Cover | None = None
        self._version = 0

    def lay(self, layers: tuple[Layer, ...]) -> None:
        """Paste other stickers from now on, the lowest first."""
        with self._lock:
            self._layers = layers
            self._version += 1

    def cover(self, cover: Cover | None) -> None:
        """Hide another part of each frame from now on, or none."""
        with self._lock:
            self._cover = cover
            self._version += 1

    def on(self, image: FrameImage) -> FrameImage:
        """Return a frame with stickers and cover; the same one where there are none.

        It has a name of its own, for what was computed of the bare one is not of it.
        """
        with self._lock:
            layers, cover, version = self._layers, self._cover, self._version
        if not layers and cover is None:
            return image
        pixels = paste_layers(image.pixels, layers) if layers else image.pixels
        if cover is not None:
            pixels = cover_frame(pixels, cover)
        return replace(
            image,
            pixels=pixels,
            name=f"{image.name} with {'stickers' if layers else 'a part hidden'}",
            sha256=f"{image.sha256}:{version}",
        )
