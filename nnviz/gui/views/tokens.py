"""Design tokens of the views, derived from the palette so that any theme fits."""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPalette

from nnviz.render.colormaps import default_map

SPACE = 8
"""Grid unit, px: all distances are multiples of it."""
SMALL_SPACE = 4

_DARK = 128
_QUIETER, _QUIETER_IN_CONTRAST = 0.36, 0.1
_WIDEST = 255
"""Contrast between black and white, as in a high-contrast theme."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Design tokens: colors and sizes that a view paints with.

    Attributes:
        backdrop: behind images.
        surface: of panels and legends.
        text: of labels.
        quiet: of secondary text.
        line: hairlines and tracks.
        accent: selection, bars, the first curve.
        negative: bars left of zero.
        warning: of remarks that matter.
        dark: whether text is light on dark.
    """

    backdrop: QColor
    surface: QColor
    text: QColor
    quiet: QColor
    line: QColor
    accent: QColor
    negative: QColor
    warning: QColor
    dark: bool

    def colormap(self, *, signed: bool) -> str:
        """Return the default color map for the theme."""
        return default_map(signed=signed, light=not self.dark)

    def series(self, index: int) -> QColor:
        """Return the color of curve ``index``, color-blind-safe (Okabe & Ito)."""
        names = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#f0e442")
        return self.accent if index == 0 else QColor(names[index % len(names)])


_KNOWN: dict[tuple[int, QPalette.ColorGroup], Tokens] = {}
_MOST_PALETTES = 256


def tokens_of(palette: QPalette) -> Tokens:
    """Return the tokens of a palette; derived once for each, since each row asks."""
    key = palette.cacheKey(), palette.currentColorGroup()
    known = _KNOWN.get(key)
    if known is None:
        if len(_KNOWN) == _MOST_PALETTES:
            _KNOWN.clear()
        known = _KNOWN[key] = _derived(palette)
    return known


def _derived(palette: QPalette) -> Tokens:
    surface = palette.color(QPalette.ColorRole.Window)
    text = palette.color(QPalette.ColorRole.WindowText)
    dark = surface.lightness() < _DARK
    extreme = abs(surface.lightness() - text.lightness()) == _WIDEST
    return Tokens(
        backdrop=palette.color(QPalette.ColorRole.Dark),
        surface=surface,
        text=text,
        # Style sheets make the palette's own placeholder color half transparent.
        quiet=mixed(text, surface, _QUIETER_IN_CONTRAST if extreme else _QUIETER),
        line=mixed(text, surface, 0.86),
        accent=palette.color(QPalette.ColorRole.Highlight),
        negative=QColor("#e08a4f" if dark else "#b3541e"),
        warning=QColor("#f2b84b" if dark else "#8a5a00"),
        dark=dark,
    )


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """Blend two colors, with a share (0-1) of the second."""
    return QColor.fromRgbF(
        first.redF() * (1 - share) + second.redF() * share,
        first.greenF() * (1 - share) + second.greenF() * share,
        first.blueF() * (1 - share) + second.blueF() * share,
    )
