"""The few colours of painted pages: dark, calm, text in high contrast."""

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
