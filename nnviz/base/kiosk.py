"""Settings of a kiosk: one guided lesson or Live, reset after a pause."""

from dataclasses import dataclass

from nnviz.base.live import LiveOrder

IDLE = 90.0
"""Seconds without a hand at it after which a kiosk goes back to its start."""
BEAT = b".\n"
"""Written once a second by a window that is watched: it is not stuck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskOrder:
    """The settings of a kiosk: what it shows, and when it resets.

    Attributes:
        guide: path of a guided lesson; empty for Live.
        live: what is followed; None for a lesson.
        idle: seconds without a hand at it after which it begins anew.
        watched: whether another process waits for a beat each second.
    """

    guide: str = ""
    live: LiveOrder | None = None
    idle: float = IDLE
    watched: bool = False
