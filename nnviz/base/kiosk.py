"""Settings of a kiosk: one guided lesson or Live, reset after a pause."""

from dataclasses import dataclass

from nnviz.base.live import LiveOrder

IDLE = 90.0
"""Seconds without input after which a kiosk resets."""
BEAT = b".\n"
"""Heartbeat that a watched window writes once a second."""
FAREWELL = b"end\n"
"""Written by a window that was told to end: it is not restarted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskOrder:
    """The settings of a kiosk: what it shows, and when it resets.

    Attributes:
        guide: path of a guided lesson; empty for Live.
        live: live source and method; None for a lesson.
        idle: seconds without input after which it resets.
        watched: whether another process expects a heartbeat each second.
    """

    guide: str = ""
    live: LiveOrder | None = None
    idle: float = IDLE
    watched: bool = False
