"""Faults of a window's layout, found by the rectangles and fonts of its widgets."""

from itertools import combinations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QLayout,
    QLineEdit,
    QListView,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QScrollBar,
    QSlider,
    QStackedLayout,
    QStyle,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from nnviz.gui.layout.push_button import PushButton
from nnviz.gui.views.widgets.elided import (
    ElidedButton,
    ElidedLabel,
    ShorteningLabel,
    ShrinkingLabel,
)
from nnviz.gui.views.widgets.legend import LegendBar

SLACK = 1
"""px by which rectangles may differ after rounding."""
LETTERS = 4
"""Letters of a choice, or digits of a number, that can be read at least."""
TRAVEL = 2.5
"""Length of a slider at least, in widths of its handle."""
CONTROLS = (
    QAbstractButton,
    QLabel,
    QComboBox,
    QLineEdit,
    QAbstractSpinBox,
    QSlider,
    QProgressBar,
    QAbstractItemView,
)


def faults(window):
    """Return a line for each fault that is seen in a window, sorted."""
    found = set()
    for widget in visible(window):
        for what in (*cut(widget), *outside(widget, window), *overlaps(widget)):
            found.add(f"{where(widget, window)}: {what}")
    return sorted(found)


def visible(window):
    """Yield the widgets of a window that can be seen, tabs behind others left out."""
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and not widget.isWindow() and not behind(widget, window):
            yield widget


def behind(widget, window):
    """Whether a widget lies in a dock behind others, which Qt moves out of sight."""
    seen = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    return seen.right() < 0 or seen.bottom() < 0


def where(widget, window):
    """Name a widget and its panels."""
    names, at = [], widget
    while at is not None and at is not window:
        said = at.accessibleName() or at.objectName()
        kind = type(at).__name__
        if at is widget:
            text = getattr(at, "text", str)()
            said = f"{said} {text[:40]!r}".strip()
        if at is widget or kind not in {"QWidget", "QFrame"}:
            names.append(f"{kind} {said}".strip())
        at = at.parentWidget()
    return " < ".join(names[:5])


# --- off the window


def outside(widget, window):
    """Yield a fault where no scrolling brings all of a control into sight."""
    if not isinstance(widget, CONTROLS) or inner(widget):
        return
    child, rect = widget, widget.rect()
    while child is not window:
        parent = child.parentWidget()
        rect = QRect(child.mapTo(parent, rect.topLeft()), rect.size())
        view = parent.parentWidget()
        scrolls = isinstance(view, QAbstractScrollArea) and view.viewport() is parent
        if scrolls:
            reach = getattr(view, "widget", lambda: None)()
            if reach is None:  # a list lays out its own
                return
            child, rect = view, view.rect()
            continue
        if not grown(parent.rect()).contains(rect):
            yield (
                f"lies beyond {type(parent).__name__} {parent.objectName()}: "
                f"{told(rect)} of {parent.width()} x {parent.height()}"
            )
            return
        child = parent


def inner(widget):
    """Whether a widget is a part of a control, which places it itself."""
    parent = widget.parentWidget()
    views = (QComboBox, QAbstractSpinBox, QLineEdit, QScrollBar, QAbstractItemView)
    while parent is not None:
        if isinstance(parent, views):
            return True
        parent = parent.parentWidget()
    return False


def grown(rect):
    return rect.adjusted(-SLACK, -SLACK, SLACK, SLACK)


def told(rect):
    return f"({rect.x()}, {rect.y()}) {rect.width()} x {rect.height()}"


# --- one upon another


def overlaps(parent):
    """Yield each pair of children of one layout that lie upon each other."""
    layout = parent.layout()
    # A legend leaves the corner free in which its controls lie.
    if isinstance(parent, QAbstractScrollArea | LegendBar):
        return
    placed = [each for each in widgets_of(layout) if each.isVisible()]
    for one, other in combinations(placed, 2):
        shared = one.geometry() & other.geometry()
        if shared.width() > SLACK and shared.height() > SLACK:
            yield (
                f"{type(one).__name__} {label(one)} and {type(other).__name__} "
                f"{label(other)} overlap by {shared.width()} x {shared.height()}"
            )


def label(widget):
    return repr(widget.accessibleName() or getattr(widget, "text", str)()[:30])


def widgets_of(layout):
    """Yield the widgets that a layout places, at any depth."""
    # The wrapper of an address may be that of what was there before.
    if not isinstance(layout, QLayout) or isinstance(layout, QStackedLayout):
        return
    for index in range(layout.count()):
        item = layout.itemAt(index)
        if item.widget() is not None:
            yield item.widget()
        else:
            yield from widgets_of(item.layout())


# --- cut texts


def cut(widget):
    """Yield what of a control's text or shape is cut off without dots."""
    if inner(widget) or widget.size().isEmpty():
        return
    for kinds, judge in JUDGES:
        if isinstance(widget, kinds):
            yield from judge(widget)
            return


def cut_dotted(widget):
    """Buttons that elide their text."""
    yield from low(widget, widget.fontMetrics().height())


def cut_label(widget):
    if not widget.text():
        return
    line = widget.fontMetrics().height()
    if isinstance(widget, ElidedLabel):
        shrinks = isinstance(widget, ShorteningLabel | ShrinkingLabel)
        yield from low(widget, widget.fontMetrics().height() if not shrinks else 8)
    elif widget.wordWrap():
        need = widget.heightForWidth(widget.width())
        if need > widget.height() + SLACK:
            yield f"its text needs {need} px, has {widget.height()}"
        if widget.width() < 2 * line:
            yield f"its text has {widget.width()} px a line"
    else:
        need = widget.sizeHint()
        if need.width() > widget.width() + SLACK:
            yield f"its text needs {need.width()} px, has {widget.width()}"
        yield from low(widget, line)


def low(widget, need):
    if widget.height() < need:
        yield f"needs a height of {need}, has {widget.height()}"


def cut_choice(widget):
    option = QStyleOptionComboBox()
    widget.initStyleOption(option)
    control, part = (
        QStyle.ComplexControl.CC_ComboBox,
        (QStyle.SubControl.SC_ComboBoxEditField),
    )
    room = widget.style().subControlRect(control, option, part, widget)
    text, metrics = widget.currentText(), widget.fontMetrics()
    least = min(metrics.horizontalAdvance(text), LETTERS * metrics.averageCharWidth())
    if room.width() < least:
        yield f"its choice {text!r} has {room.width()} px"
    dots = widget.isEditable() or "…" in option.currentText
    if not dots and metrics.horizontalAdvance(text) > room.width() + SLACK:
        yield f"its choice {text!r} is cut without dots"
    yield from low(widget, metrics.height())


def cut_button(widget):
    if not widget.text() and widget.icon().isNull():
        return
    need = widget.sizeHint().boundedTo(widget.maximumSize())
    bare = isinstance(widget, QToolButton) and (
        widget.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
    )
    if bare and not widget.icon().isNull():
        need = QSize(widget.iconSize()) if widget.iconSize().isValid() else need
    if need.width() > widget.width() + SLACK:
        yield f"needs {need.width()} px, has {widget.width()}"
    if need.height() > widget.height() + 2 * SLACK:
        yield f"needs a height of {need.height()}, has {widget.height()}"


def cut_field(widget):
    metrics = widget.fontMetrics()
    if widget.width() < (LETTERS + 2) * metrics.averageCharWidth():
        yield f"has {widget.width()} px for its text"
    yield from low(widget, metrics.height())


def cut_slider(widget):
    if widget.orientation() is not Qt.Orientation.Horizontal:
        return
    handle = widget.style().pixelMetric(
        QStyle.PixelMetric.PM_SliderLength, None, widget
    )
    if widget.width() < TRAVEL * handle:
        yield f"has {widget.width()} px, its handle {handle}"


def cut_captions(widget):
    """The rows of icons with captions that can be scrolled sideways only."""
    sideways = (
        widget.viewMode() is QListView.ViewMode.IconMode and not widget.isWrapping()
    )
    model = widget.model()
    if sideways and model is not None and model.rowCount():
        item = widget.visualRect(model.index(0, 0))
        if item.bottom() > widget.viewport().height() + SLACK:
            yield f"an item ends at {item.bottom()} of {widget.viewport().height()}"


JUDGES = (
    (QLabel, cut_label),
    (QComboBox, cut_choice),
    ((ElidedButton, PushButton), cut_dotted),
    ((QPushButton, QToolButton, QCheckBox, QRadioButton), cut_button),
    ((QAbstractSpinBox, QLineEdit), cut_field),
    (QSlider, cut_slider),
    (QListView, cut_captions),
)
"""Kinds of widgets, the particular ones first, and what finds their faults."""
