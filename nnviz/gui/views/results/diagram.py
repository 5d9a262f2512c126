"""View of a network's graph: collapsible groups, shapes on edges, search."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from nnviz.base.results import Diagram
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.tokens import SPACE, Tokens, mixed, tokens_of
from nnviz.render.drawings.diagram_parts import (
    DETAIL_SIZE,
    HEADER,
    TITLE_SIZE,
    Box,
    Drawing,
    Route,
)
from nnviz.render.drawings.diagrams import (
    MARK,
    RADIUS,
    STRIP,
    bend,
    color_of,
    head_of,
    label_place,
    placed_words,
    words_in,
)
from nnviz.render.drawings.graph_layout import DiagramLayout
from nnviz.render.palette import Color

_NOTCH = 120
_ZOOM_PER_NOTCH = 1.2
_SMALLEST, _LARGEST = 0.02, 4.0
_WORDS_FROM = 0.4
"""Zoom from which text is drawn: smaller text is illegible."""
_COMFORTABLE = 0.75
"""Zoom from which the whole diagram is shown rather than its beginning."""
_BOXES = 40
"""Groups are open at first until about this many boxes are shown."""
_MARGIN = 16.0
_DRAG = 4
"""Distance in px below which a press is a click."""
_PAN_PER_KEY = 60.0
_FOUND_ALPHA = 70


class DiagramView(ResultView):
    """View of a ``Diagram``."""

    result: Diagram | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = DiagramCanvas(self)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.layer_chosen.connect(self.layer_chosen)
        self.setFocusProxy(self.canvas)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search the graph"))
        self.search.setAccessibleName(self.tr("Search the graph"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.canvas.mark_matches)
        self.search.returnPressed.connect(self.canvas.show_next)
        self.expand = QPushButton(self.tr("Expand all"), self)
        self.expand.clicked.connect(self.canvas.open_all)
        self.collapse = QPushButton(self.tr("Collapse all"), self)
        self.collapse.clicked.connect(self.canvas.close_all)
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.expand)
        bar.addWidget(self.collapse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.canvas, 1)

    def update_view(self) -> None:
        """Show the graph, keeping open groups while it is the same."""
        if self.result is not None:
            self.canvas.show_diagram(self.result)

    def select_layer(self, name: str) -> None:
        """Select a layer and scroll to it."""
        self.canvas.select(name)

    def figure_look(self) -> frozenset[str]:
        """Return the paths of the open groups."""
        return self.canvas.opened


class DiagramCanvas(QWidget):
    """Canvas of a laid-out diagram, with zoom, pan and collapsible groups.

    The wheel zooms at the cursor, dragging and the arrow keys pan, ``0`` fits.  A click
    selects a layer; a double click, or Enter, opens and closes a group.

    Signals:
        hovered: text about the position under the cursor; empty when it leaves.
        layer_chosen: name of the layer that was clicked.
        chosen: name of the node or group that was clicked.
    """

    hovered = Signal(str)
    layer_chosen = Signal(str)
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout: DiagramLayout | None = None
        self._drawing = Drawing(1.0, 1.0, (), ())
        self._opened: frozenset[str] = frozenset()
        self._zoom, self._offset = 1.0, QPointF()
        self._fitted = True
        self._chosen = ""
        self._marks: Mapping[str, Color] = {}
        self._found: tuple[str, ...] = ()
        self._shown_hit = -1
        self._pressed: QPointF | None = None
        self._dragged = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Graph of the network"))

    # --- contents

    @property
    def drawing(self) -> Drawing:
        """The painted layout."""
        return self._drawing

    @property
    def opened(self) -> frozenset[str]:
        """Paths of the open groups."""
        return self._opened

    def show_diagram(self, diagram: Diagram) -> None:
        """Show a diagram with its outer groups open."""
        if self._layout is not None and self._layout.diagram is diagram:
            return
        self._layout = DiagramLayout(diagram)
        self._opened = self._layout.top_groups(_BOXES)
        self._chosen, self._found = "", ()
        self._arrange()
        self.fit()

    def mark(self, colors: Mapping[str, Color]) -> None:
        """Frame nodes and groups in colors, by name."""
        self._marks = colors
        self.update()

    def open_all(self) -> None:
        """Expand every group."""
        if self._layout is not None:
            self._set_opened(self._layout.groups)

    def close_all(self) -> None:
        """Collapse every group."""
        self._set_opened(())

    def toggle(self, group: str) -> None:
        """Expand or collapse a group, fixed at the cursor."""
        self._set_opened(self._opened ^ {group}, anchor=group)

    def select(self, name: str) -> None:
        """Select a layer, expanding its groups, and scroll to it."""
        if name == self._chosen:
            return
        self._chosen = name
        if name:
            self._reveal(name)
        self.update()

    def mark_matches(self, words: str) -> None:
        """Mark all nodes and groups whose path, title or details contain the text."""
        self._found, self._shown_hit = (), -1
        wanted = words.strip().casefold()
        if wanted and self._layout is not None:
            self._found = tuple(self._matches(self._layout, wanted))
            self.show_next()
        self.update()

    def show_next(self) -> None:
        """Scroll to the next match."""
        if self._found:
            self._shown_hit = (self._shown_hit + 1) % len(self._found)
            self._reveal(self._found[self._shown_hit])
            self.update()

    def fit(self) -> None:
        """Fit the whole diagram if legible, else its width, from the top."""
        width, height = self._drawing.width, self._drawing.height
        across = (self.width() - 2 * _MARGIN) / width
        down = (self.height() - 2 * _MARGIN) / height
        whole = min(across, down, 1.0)
        self._zoom = whole if whole >= _COMFORTABLE else min(1.0, across)
        left = (self.width() - width * self._zoom) / 2
        self._offset = QPointF(left, _MARGIN)
        self._fitted = True
        self.update()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:
        """Return the least usable size."""
        return QSize(96, 96)

    @staticmethod
    def _matches(layout: DiagramLayout, wanted: str) -> Iterable[str]:
        for name, title in layout.diagram.groups.items():
            if wanted in f"{name} {title}".casefold():
                yield name
        for node in layout.diagram.nodes:
            if wanted in f"{node.name} {node.title} {node.detail}".casefold():
                yield node.name

    def _set_opened(self, groups: Iterable[str], anchor: str = "") -> None:
        before = self._box(anchor)
        self._opened = frozenset(groups)
        self._arrange()
        after = self._box(anchor)
        if before is not None and after is not None:
            moved = QPointF(before.left - after.left, before.top - after.top)
            self._offset += moved * self._zoom
        else:
            self.fit()
        self.update()

    def _arrange(self) -> None:
        if self._layout is not None:
            self._drawing = self._layout.draw(self._opened)

    def _reveal(self, name: str) -> None:
        """Expand the groups around a node and scroll to it."""
        if self._layout is None:
            return
        parts = name.split(".")
        around = {".".join(parts[:count]) for count in range(1, len(parts))}
        missing = (around & set(self._layout.groups)) - self._opened
        if missing:
            self._opened |= missing
            self._arrange()
        box = self._box(name)
        if box is not None and not self._in_sight(box):
            middle = QPointF(box.left + box.width / 2, box.top + HEADER)
            center = QPointF(self.width() / 2, self.height() / 2)
            self._zoom = max(self._zoom, _WORDS_FROM)
            self._offset = center - middle * self._zoom
            self._fitted = False

    def _in_sight(self, box: Box) -> bool:
        room = QRectF(self.rect())
        return room.contains(self._to_widget(box.left, box.top))

    def _box(self, name: str) -> Box | None:
        return next((box for box in self._drawing.boxes if box.name == name), None)

    # --- geometry

    def _to_widget(self, x: float, y: float) -> QPointF:
        return QPointF(x, y) * self._zoom + self._offset

    def _box_at(self, place: QPointF) -> Box | None:
        at = (place - self._offset) / self._zoom
        return self._drawing.box_at(at.x(), at.y())

    def _zoom_at(self, factor: float, place: QPointF) -> None:
        zoom = min(max(self._zoom * factor, _SMALLEST), _LARGEST)
        self._offset = place - (place - self._offset) * (zoom / self._zoom)
        self._zoom, self._fitted = zoom, False
        self.update()

    def _pan(self, by: QPointF) -> None:
        self._offset += by
        self._fitted = False
        self.update()

    # --- events

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Refit, or keep the center after a zoom, a pan or a scroll to a layer."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
            return
        grown = event.size() - event.oldSize()
        self._offset += QPointF(grown.width(), grown.height()) / 2

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        notches = event.angleDelta().y() / _NOTCH
        self._zoom_at(_ZOOM_PER_NOTCH**notches, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to pan or click."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or emit what is under the cursor."""
        if self._pressed is None:
            self.hovered.emit(self._describe(self._box_at(event.position())))
            return
        moved = event.position() - self._pressed
        if self._dragged or moved.manhattanLength() > _DRAG:
            self._dragged = True
            self._pressed = event.position()
            self._pan(moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select the clicked layer."""
        clicked = self._pressed is not None and not self._dragged
        self._pressed = None
        box = self._box_at(event.position()) if clicked else None
        if box is not None:
            self._choose(box)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Expand or collapse a group; on the background, fit."""
        box = self._box_at(event.position())
        if box is None:
            self.fit()
        elif box.group:
            self.toggle(box.name)

    def leaveEvent(self, event: QEvent) -> None:
        """Clear the readout."""
        super().leaveEvent(event)
        self.hovered.emit("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pan, zoom, expand and collapse by key."""
        pans = {
            Qt.Key.Key_Left: QPointF(_PAN_PER_KEY, 0),
            Qt.Key.Key_Right: QPointF(-_PAN_PER_KEY, 0),
            Qt.Key.Key_Up: QPointF(0, _PAN_PER_KEY),
            Qt.Key.Key_Down: QPointF(0, -_PAN_PER_KEY),
        }
        zooms = {
            Qt.Key.Key_Plus: _ZOOM_PER_NOTCH,
            Qt.Key.Key_Equal: _ZOOM_PER_NOTCH,
            Qt.Key.Key_Minus: 1 / _ZOOM_PER_NOTCH,
        }
        key = Qt.Key(event.key())
        if key in pans:
            self._pan(pans[key])
        elif key in zooms:
            self._zoom_at(zooms[key], QPointF(self.rect().center()))
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._folds():
            self.toggle(self._chosen)
        else:
            super().keyPressEvent(event)

    def _folds(self) -> bool:
        return self._layout is not None and self._chosen in self._layout.groups

    def _choose(self, box: Box) -> None:
        self._chosen = box.name
        self.update()
        self.chosen.emit(box.name)
        if self._layout is None:
            return
        node = None if box.group else self._layout.diagram.nodes[box.node]
        layer = box.name if node is None else node.layer
        if layer:
            self.layer_chosen.emit(layer)

    def _describe(self, box: Box | None) -> str:
        if box is None or self._layout is None:
            return ""
        title, detail = words_in(self._layout, box)
        words = [box.name] + ([title] if title not in box.name else [])
        return "  ·  ".join(words + ([detail] if detail else []))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the visible part."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            tokens = tokens_of(self.palette())
            painter.fillRect(event.rect(), tokens.backdrop)
            if self._layout is None:
                return
            painter.translate(self._offset)
            painter.scale(self._zoom, self._zoom)
            top = (event.rect().top() - self._offset.y()) / self._zoom
            seen = QRectF(
                (event.rect().left() - self._offset.x()) / self._zoom,
                top,
                event.rect().width() / self._zoom,
                event.rect().height() / self._zoom,
            )
            found = set(self._found)
            for box in self._drawing.boxes:
                if _rect(box).intersects(seen):
                    self._paint_box(painter, self._layout, box, tokens, found)
            self._paint_routes(painter, seen, tokens)

    def _paint_box(
        self,
        painter: QPainter,
        layout: DiagramLayout,
        box: Box,
        tokens: Tokens,
        found: set[str],
    ) -> None:
        rect = _rect(box)
        shade = 0.94 if box.depth % 2 == 0 else 0.9
        chosen = box.name == self._chosen
        mark = self._marks.get(box.name)
        edge = QPen(QColor(*mark), MARK) if mark else QPen(tokens.line, 1)
        painter.setPen(QPen(tokens.accent, 2) if chosen else edge)
        painter.setBrush(mixed(tokens.text, tokens.backdrop, shade))
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        if box.name in found:
            hit = QColor(tokens.warning)
            hit.setAlpha(_FOUND_ALPHA)
            painter.setBrush(hit)
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
        low = HEADER if box.opened else box.height
        strip = QRectF(box.left, box.top, STRIP, low)
        painter.fillRect(strip, QColor(*color_of(layout, box)))
        if self._zoom < _WORDS_FROM:
            return
        for words, (x, y), bold in placed_words(layout, box):
            painter.setFont(_font(self.font(), bold=bold))
            painter.setPen(tokens.text if bold else tokens.quiet)
            line = QRectF(x, y - HEADER / 2, rect.right() - x, HEADER)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_routes(self, painter: QPainter, seen: QRectF, tokens: Tokens) -> None:
        line = mixed(tokens.text, tokens.backdrop, 0.5)
        painter.setFont(_font(self.font(), bold=False))
        for route in self._drawing.routes:
            if not _span(route).intersects(seen):
                continue
            painter.setPen(QPen(line, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(_path(route))
            if route.head:
                painter.setBrush(line)
                painter.setPen(Qt.PenStyle.NoPen)
                corners = [QPointF(*at) for at in head_of(route.points)]
                painter.drawPolygon(QPolygonF(corners))
            if route.named and self._zoom >= _WORDS_FROM:
                painter.setPen(tokens.quiet)
                x, y = label_place(route.points)
                painter.drawText(QPointF(x, y + DETAIL_SIZE / 3), route.label)


def _font(base: QFont, *, bold: bool) -> QFont:
    font = QFont(base)
    font.setPixelSize(TITLE_SIZE if bold else DETAIL_SIZE)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def _rect(box: Box) -> QRectF:
    return QRectF(box.left, box.top, box.width, box.height)


def _span(route: Route) -> QRectF:
    """Return the bounding rectangle of a route, never empty."""
    across = [x for x, _ in route.points]
    down = [y for _, y in route.points]
    left, top = min(across) - 1, min(down) - 1
    return QRectF(left, top, max(across) - left + 1, max(down) - top + 1)


def _path(route: Route) -> QPainterPath:
    path = QPainterPath(QPointF(*route.points[0]))
    for _, first, second, end in bend(route.points):
        path.cubicTo(QPointF(*first), QPointF(*second), QPointF(*end))
    return path
