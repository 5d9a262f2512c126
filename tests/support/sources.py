"""A source of frames that a test holds in its hands."""

import threading
import time

import numpy as np

from nnviz.base.video import SourceState, SourceStatus, VideoFrame


class HandSource:
    """Gives a frame when told to; what it was asked is in ``asked``."""

    def __init__(self, request, on_frame, on_status):
        self.request = request
        self.on_frame, self.on_status = on_frame, on_status
        self.asked = []
        self.closed = False
        self.number = 0
        self.tell(SourceState.OPENING)

    def give(self, count=1, *, size=(48, 64), captured=None):
        for _ in range(count):
            pixels = np.full((*size, 3), self.number % 256, np.uint8)
            taken = time.monotonic() if captured is None else captured
            self.on_frame(VideoFrame(pixels, self.number, taken))
            self.number += 1

    def tell(self, state, error=None):
        self.on_status(SourceStatus(state=state, title="hand", error=error))

    def start(self):
        self.tell(SourceState.RUNNING)

    def pause(self):
        self.asked.append("pause")

    def resume(self):
        self.asked.append("resume")

    def step(self, frames=1):
        self.asked.append(("step", frames))
        self.give()

    def seek(self, position):
        self.asked.append(("seek", position))

    def set_speed(self, speed):
        self.asked.append(("speed", speed))

    def set_mirrored(self, mirrored):
        self.asked.append(("mirrored", mirrored))

    def set_scale(self, scale):
        self.asked.append(("scale", scale))

    def close(self, _timeout=0.0):
        self.closed = True
        return True


class ClockSource(HandSource):
    """Gives frames at a rate on a thread of its own."""

    def __init__(self, request, on_frame, on_status):
        super().__init__(request, on_frame, on_status)
        self.ending = threading.Event()
        self.thread = threading.Thread(
            target=self.live, name="nnviz-test-source", daemon=True
        )

    def start(self):
        self.thread.start()

    def live(self):
        self.tell(SourceState.RUNNING)
        while not self.ending.wait(1 / (self.request.rate or 30)):
            self.give()

    def close(self, timeout=0.0):
        super().close()
        self.ending.set()
        self.thread.join(timeout)
        return not self.thread.is_alive()
