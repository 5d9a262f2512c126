"""The palette of painted pages: dark, with high-contrast text."""

from dataclasses import dataclass

Color = tuple[int, int, int]

BACKGROUND: Color = (20, 22, 27)
PANEL: Color = (29, 32, 38)
LINE: Color = (52, 57, 66)
TEXT: Color = (233, 236, 240)
MUTED: Color = (158, 165, 176)
ACCENT: Color = (106, 176, 255)
QUIET: Color = (74, 104, 142)
WARNING: Color = (240, 180, 80)
GAP: Color = (40, 44, 52)
"""Gap between tiles without captions, distinct from black and from the page."""
EMPTY: Color = (62, 66, 75)
"""A constant map."""
BROKEN: Color = (112, 112, 120)
"""A position whose value is not a number."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Colors of a painted page: background, text, lines.

    Attributes:
        ground: background.
        text: headings.
        quiet: ranges and remarks.
        line: frames.
        warning: remarks that matter.
    """

    ground: Color
    text: Color
    quiet: Color
    line: Color
    warning: Color

    @property
    def light(self) -> bool:
        """Whether the text is dark on a light background."""
        return sum(self.ground) > sum(self.text)


PAPER = Ink(
    (255, 255, 255), (20, 22, 27), (96, 102, 112), (205, 208, 214), (150, 95, 0)
)
SCREEN = Ink(BACKGROUND, TEXT, MUTED, LINE, WARNING)
