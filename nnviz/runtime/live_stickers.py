"""Stickers pasted onto each frame, and a cover, before inference."""

import threading
from dataclasses import replace

from nnviz.base.live import Cover
from nnviz.base.video import FrameImage
from nnviz.media.fills.covers import cover_frame
from nnviz.media.stickers.placed import Layer, paste_layers


class FramePaster:
    """Applies stickers and a cover to frames; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._layers: tuple[Layer, ...] = ()
        self._cover: Cover | None = None
        self._version = 0

    def lay(self, layers: tuple[Layer, ...]) -> None:
        """Set the stickers to paste, lowest first."""
        with self._lock:
            self._layers = layers
            self._version += 1

    def cover(self, cover: Cover | None) -> None:
        """Set the cover that hides part of frames; None removes it."""
        with self._lock:
            self._cover = cover
            self._version += 1

    def on(self, image: FrameImage) -> FrameImage:
        """Return a frame with stickers and cover; the frame itself if there are none.

        The new frame has its own name, so that results of the original are not reused.
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
