"""The few colors of painted pages: dark, calm, text in high contrast."""

from dataclasses import dataclass

Colour = tuple[int, int, int]

BACKGROUND: Colour = (20, 22, 27)
PANEL: Colour = (29, 32, 38)
LINE: Colour = (52, 57, 66)
TEXT: Colour = (233, 236, 240)
MUTED: Colour = (158, 165, 176)
ACCENT: Colour = (106, 176, 255)
QUIET: Colour = (74, 104, 142)
WARNING: Colour = (240, 180, 80)
GAP: Colour = (40, 44, 52)
"""Between tiles without captions: told from black and from the page."""
EMPTY: Colour = (62, 66, 75)
"""A map that has nothing to show: all values the same."""
BROKEN: Colour = (112, 112, 120)
"""A place whose value is not a number."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Colors of a board.

    Attributes:
        ground: behind all.
        text: headings.
        quiet: ranges and remarks.
        line: frames.
        warning: remarks that matter.
    """

    ground: Colour
    text: Colour
    quiet: Colour
    line: Colour
    warning: Colour

    @property
    def light(self) -> bool:
        """Whether words are dark on light."""
        return sum(self.ground) > sum(self.text)


PAPER = Ink(
    (255, 255, 255), (20, 22, 27), (96, 102, 112), (205, 208, 214), (150, 95, 0)
)
SCREEN = Ink(BACKGROUND, TEXT, MUTED, LINE, WARNING)
