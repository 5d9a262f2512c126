"""Flow layout: controls in a row that wraps where it is narrow."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QLayout,
    QLayoutItem,
    QSizePolicy,
    QSpacerItem,
    QStyle,
    QWidget,
)

_SPACE = 4


@dataclass(frozen=True, slots=True)
class _Control:
    """A visible control or gap, with what its line needs to know about it."""

    item: QLayoutItem
    needed: int
    grows: bool


class Flow(QLayout):
    """Layout of controls in wrapping lines; its minimum width is the widest control's.

    Expanding controls share the rest of their line.
    """

    def __init__(self, spacing: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._controls: list[_Control] | None = None
        """The visible controls, measured; valid as long as the heights."""
        self._heights: dict[int, int] = {}
        """Heights by width, which the layouts around ask for many times; valid until a
        control changes."""
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        """Add a control."""
        self._items.append(item)
        self._controls = None

    def add_gap(self) -> None:
        """Right-align everything after this point in its line."""
        grows, fixed = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum
        self.addItem(QSpacerItem(0, 0, grows, fixed))

    def count(self) -> int:
        """Return the number of controls."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return a control; None beyond the last."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove and return a control."""
        self._controls = None  # no item of it may be asked again
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return no direction: a flow never needs more than the height of its lines."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return True: the height depends on the width."""
        return True

    def invalidate(self) -> None:
        """Forget what was computed: a control has changed."""
        self._heights.clear()
        self._controls = None
        super().invalidate()

    def heightForWidth(self, width: int) -> int:
        """Return the height of the lines at a width, px."""
        if width not in self._heights:
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def minimumHeightForWidth(self, width: int) -> int:
        """Return the height of the lines at a width, px: they cannot be lower."""
        return self.heightForWidth(width)

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        seen = [each.item for each in self._seen()]
        width = sum(item.sizeHint().width() for item in seen)
        width += self.spacing() * max(0, len(seen) - 1)
        height = max((item.sizeHint().height() for item in seen), default=0)
        return self._with_margins(QSize(width, height))

    def minimumSize(self) -> QSize:
        """Return the size of the widest control."""
        size = QSize()
        for each in self._seen():
            size = size.expandedTo(each.item.minimumSize())
        return self._with_margins(size)

    def setGeometry(self, rect: QRect) -> None:
        """Place the controls, right-aligned if so set and all fit on one line."""
        super().setGeometry(rect)
        side = self.alignment() & Qt.AlignmentFlag.AlignRight
        room = rect.width() - self.sizeHint().width()
        self._arrange(
            rect.adjusted(room if side and room > 0 else 0, 0, 0, 0), move=True
        )

    def _with_margins(self, size: QSize) -> QSize:
        margins = self.contentsMargins()
        return size.grownBy(margins)

    def _seen(self) -> list[_Control]:
        """Return the visible controls, measured once."""
        if self._controls is None:
            self._controls = [
                _Control(item, _needed(item), _grows(item))
                for item in self._items
                if item.spacerItem() is not None or not item.isEmpty()
            ]
        return self._controls

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        """Place the controls within a rectangle; return the height used."""
        inner = rect.marginsRemoved(self.contentsMargins())
        top = inner.top()
        lines = self._lines(inner.width())
        for line in lines:
            widths = self._widths(line, inner.width())
            height = max(map(_height, line, widths))
            if move:
                place = QRect(inner.left(), top, inner.width(), height)
                self._place(line, widths, place)
            top += height + self.spacing()
        used = top - inner.top() - (self.spacing() if lines else 0)
        return used + self.contentsMargins().top() + self.contentsMargins().bottom()

    def _lines(self, width: int) -> list[list[_Control]]:
        """Break the controls into lines by their needed widths."""
        lines: list[list[_Control]] = []
        used = 0
        for each in self._seen():
            if lines and used + self.spacing() + each.needed <= width:
                lines[-1].append(each)
                used += self.spacing() + each.needed
            elif each.needed or not lines:  # a line does not begin with a gap
                lines.append([each])
                used = each.needed
        return lines

    def _widths(self, line: list[_Control], room: int) -> list[int]:
        """Return the controls' widths, sharing spare width among expanding ones."""
        widths = [min(each.needed, room) for each in line]
        left = room - sum(widths) - self.spacing() * (len(line) - 1)
        growing = [n for n, each in enumerate(line) if each.grows]
        # What one with a maximum cannot take is left to the others.
        growing.sort(key=lambda n: _most(line[n]) - widths[n])
        for done, n in enumerate(growing):
            most = max(0, _most(line[n]) - widths[n])
            share = min(left // (len(growing) - done), most)
            widths[n] += share
            left -= share
        return widths

    def _place(self, line: list[_Control], widths: list[int], rect: QRect) -> None:
        """Place the controls of a line, centered vertically."""
        at = rect.left()
        for each, width in zip(line, widths, strict=True):
            height = min(_height(each, width), rect.height())
            down = (rect.height() - height) // 2
            place = QRect(QPoint(at, rect.top() + down), QSize(width, height))
            each.item.setGeometry(QStyle.visualRect(self._direction(), rect, place))
            at += width + self.spacing()

    def _direction(self) -> Qt.LayoutDirection:
        """Return the window's layout direction."""
        parent = self.parentWidget()
        return parent.layoutDirection() if parent else Qt.LayoutDirection.LeftToRight


def _needed(item: QLayoutItem) -> int:
    """Return the width below which a control begins a new line, px.

    One that grows begins it below its minimum, but text that wraps below its size hint,
    so that it does not become a column of words beside a button.
    """
    least = item.minimumSize().width()
    if _grows(item) and not _wraps(item):
        return least
    return max(least, item.sizeHint().width())


def _wraps(item: QLayoutItem) -> bool:
    widget = item.widget()
    policy = widget.sizePolicy().horizontalPolicy() if widget is not None else None
    expands = policy is QSizePolicy.Policy.Expanding
    return expands and item.hasHeightForWidth()


def _height(control: _Control, width: int) -> int:
    """Return the height of a control at a width, px; text may wrap."""
    item = control.item
    if item.hasHeightForWidth():
        return item.heightForWidth(width)
    return item.sizeHint().height()


def _most(control: _Control) -> int:
    """Return the maximum width of a control, px."""
    return control.item.maximumSize().width()


def _grows(item: QLayoutItem) -> bool:
    widget = item.widget()
    policy = widget.sizePolicy().horizontalPolicy() if widget is not None else None
    wide = item.expandingDirections() & Qt.Orientation.Horizontal
    return bool(wide) or policy is QSizePolicy.Policy.Ignored


def flow(*widgets: QWidget | None, spacing: int = _SPACE) -> Flow:
    """Build a wrapping row of controls; None stands for a gap."""
    line = Flow(spacing)
    for widget in widgets:
        if widget is None:
            line.add_gap()
        else:
            line.addWidget(widget)
    return line
