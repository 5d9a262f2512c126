"""Themes: colors and sizes of the window."""

import string
from dataclasses import asdict, dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from nnviz.base.shipped.resources import resource
from nnviz.gui.theme import icons
from nnviz.gui.theme.dressing import WindowDressing
from nnviz.gui.theme.stylesheet import FRAME_TEMPLATE, TEMPLATE

GRID = 4
"""Every distance is a multiple of this many px."""
SCALES = (0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""Sizes of text and controls; the largest are for a projector."""
_TEXT_PX = 13
_STYLE = "fusion"
_SIGNS = {
    "icon_up": ("chevron-up", "muted"),
    "icon_down": ("chevron-down", "muted"),
    "icon_left": ("chevron-left", "muted"),
    "icon_right": ("chevron-right", "muted"),
    "icon_check": ("check", "on_accent"),
    "icon_check_muted": ("check", "muted"),
}
"""Icons that the style sheet uses, and the theme's color for each."""
_FAMILIES = ("Inter", "Noto Sans", "Segoe UI", "Helvetica Neue", "DejaVu Sans")


@dataclass(frozen=True, slots=True)
class Theme:
    """The colors of a theme, as #rrggbb.

    Attributes:
        title: name for people.
        window: behind everything.
        panel: background of docks.
        field: background of inputs and lists.
        raised: buttons and chosen rows.
        hover: hovered items.
        canvas: around images.
        line: separators and frames.
        text: primary text.
        muted: secondary text.
        accent: selected or running items.
        on_accent: text on the accent.
        danger: errors.
        warning: warnings.
        good: success.
    """

    title: str
    window: str
    panel: str
    field: str
    raised: str
    hover: str
    canvas: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    danger: str
    warning: str
    good: str


THEMES = {
    "dark": Theme(
        title="Dark",
        window="#14161a",
        panel="#1a1d22",
        field="#14161a",
        raised="#272c34",
        hover="#222730",
        canvas="#0d0f12",
        line="#2b3038",
        text="#dde1e7",
        muted="#8f97a5",
        accent="#4f9fe8",
        on_accent="#08121c",
        danger="#ee7168",
        warning="#e0ad4c",
        good="#5cb98f",
    ),
    "light": Theme(
        title="Light",
        window="#e6e8eb",
        panel="#f4f5f7",
        field="#ffffff",
        raised="#dfe3e8",
        hover="#e9ecf0",
        canvas="#e9ebee",
        line="#c9ced5",
        text="#1c2128",
        muted="#5b6470",
        accent="#1666b8",
        on_accent="#ffffff",
        danger="#b3261e",
        warning="#865300",
        good="#1d6f4a",
    ),
    "contrast": Theme(
        title="High contrast",
        window="#000000",
        panel="#000000",
        field="#000000",
        raised="#2b2b2b",
        hover="#1c1c1c",
        canvas="#000000",
        line="#ffffff",
        text="#ffffff",
        muted="#e6e6e6",
        accent="#ffd60a",
        on_accent="#000000",
        danger="#ff8a80",
        warning="#ffd60a",
        good="#7dffb0",
    ),
}


class ThemeManager(QObject):
    """The current theme and text size, with a signal for changes."""

    changed = Signal()
    """The theme or size of the windows has changed, possibly some turns of the loop
    later.
    """

    def __init__(self, name: str, scale: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name if name in THEMES else "dark"
        self._dressed: list[WindowDressing] = []
        self._sheet = ""
        self._scale = min(SCALES, key=lambda known: abs(known - scale))

    @property
    def name(self) -> str:
        """The theme's key in ``THEMES``."""
        return self._name

    @property
    def theme(self) -> Theme:
        """The theme's colors."""
        return THEMES[self._name]

    @property
    def scale(self) -> float:
        """Size of text and controls; 1 is normal."""
        return self._scale

    def px(self, size: float) -> int:
        """Scale a length by the text size, px."""
        return max(1, round(size * self._scale))

    def icon(self, name: str, color: str = "") -> QIcon:
        """Return an icon in the theme's text color, or in another of its colors."""
        return icons.draw(name, color or self.theme.text, self.theme.muted, self.px(32))

    def use(self, name: str) -> None:
        """Switch to another theme."""
        self._name = name
        self.apply()

    def enlarge(self, steps: int) -> None:
        """Change the text size by some steps; 0 resets it."""
        if steps:
            place = SCALES.index(self._scale) + steps
            self._scale = SCALES[max(0, min(len(SCALES) - 1, place))]
        else:
            self._scale = 1.0
        self.apply()

    def set_scale(self, scale: float) -> None:
        """Restore a text size."""
        self._scale = min(SCALES, key=lambda known: abs(known - scale))
        self.apply()

    def apply(self) -> None:
        """Apply palette, font and style sheets."""
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            return
        if application.style().name() != _STYLE:
            application.setStyle(_STYLE)
        application.setFont(_font(self.px(_TEXT_PX)))
        application.setPalette(palette(self.theme))
        self._sheet = stylesheet(self.theme, self._scale)
        for dressing in self._dressed:
            dressing.put_on(self._name, self._sheet)
        self._tell()

    @property
    def settled(self) -> bool:
        """Whether all windows match the theme and size in use."""
        return not any(dressing.busy for dressing in self._dressed)

    def _tell(self) -> None:
        if self.settled:
            self.changed.emit()

    def dress(self, window: QMainWindow) -> None:
        """Style a window and everything that will be added to it.

        The application is not styled: Qt would polish each widget once per ancestor,
        which takes several times as long.
        """
        dressing = WindowDressing(window, _frame_sheet(), self._name, self._sheet)
        dressing.finished.connect(self._tell)
        self._dressed.append(dressing)
        window.destroyed.connect(lambda: self._dressed.remove(dressing))

    def dress_part(self, part: QWidget) -> None:
        """Style a widget before it is added to a styled window.

        Qt then polishes it only once; otherwise it would be polished again when the
        window styles it.
        """
        part.setStyleSheet(self._sheet)


def palette(theme: Theme) -> QPalette:
    """Return Qt's palette for a theme."""
    roles = {
        QPalette.ColorRole.Window: theme.panel,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.field,
        QPalette.ColorRole.AlternateBase: theme.hover,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.danger,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Accent: theme.accent,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.LinkVisited: theme.accent,
        QPalette.ColorRole.Light: theme.hover,
        QPalette.ColorRole.Midlight: theme.line,
        QPalette.ColorRole.Mid: theme.muted,
        QPalette.ColorRole.Dark: theme.canvas,
        QPalette.ColorRole.Shadow: theme.canvas,
    }
    colors = QPalette()
    for role, color in roles.items():
        colors.setColor(role, QColor(color))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        colors.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return colors


def stylesheet(theme: Theme, scale: float) -> str:
    """Return the style sheet for a theme at a size."""
    sizes = {f"px{n}": f"{max(1, round(n * scale))}px" for n in range(1, 97)}
    signs = {
        name: icons.file(icon, getattr(theme, color))
        for name, (icon, color) in _SIGNS.items()
    }
    return string.Template(TEMPLATE).substitute(asdict(theme), **sizes, **signs)


def _frame_sheet() -> str:
    """Return the style sheet of a window's frame, for all themes."""
    frame = string.Template(FRAME_TEMPLATE)
    return "".join(
        frame.substitute(asdict(theme), name=name) for name, theme in THEMES.items()
    )


def load_fonts() -> None:
    """Register the shipped fonts; without them the system's are used."""
    try:
        folder = resource("fonts")
    except FileNotFoundError:
        return
    for path in sorted(folder.rglob("*.[to]tf")):
        QFontDatabase.addApplicationFont(str(path))


def _font(pixels: int) -> QFont:
    font = QFont()
    font.setFamilies(list(_FAMILIES))
    font.setPixelSize(pixels)
    return font
