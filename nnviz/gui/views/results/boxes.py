"""View of detected objects."""

from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QPainter,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from nnviz.base.explanations.box_maps import box_map
from nnviz.base.images import rgb8
from nnviz.base.results import Boxes, Heatmap, Report
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.canvas import lines
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.viewport import Bounds, Viewport
from nnviz.gui.views.results.base import PAINTED_WIDTH, Painting, ResultView
from nnviz.gui.views.results.heatmap import bounds_on
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.gui.views.widgets.keys import NONE, Key, Keys
from nnviz.gui.views.widgets.opacity import OpacitySlider
from nnviz.render import boxes, report
from nnviz.render.boxes import Shapes
from nnviz.render.maps import heatmaps, overlays
from nnviz.render.palette import PANEL
from nnviz.render.text import labels
from nnviz.render.text import paragraphs as text
from nnviz.render.text.labels import Label
from nnviz.render.text.words import percent

_KEYS_FROM = 560
"""Minimum width of the view with the list of objects, px."""
_MOST_LABELS = 120
_DIMMED = 90
_SAME = 0.5
"""Overlap (IoU) from which a box of the next frame counts as the same object."""
_STEPS = {
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
}


class BoxesView(ResultView):
    """View of ``Boxes``; a click or the arrow keys select one.

    Where the report has a map for each box, that of the selected one lies on the image.
    """

    result: Boxes | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Objects"))
        self.canvas.pans_by_key = False
        self.canvas.set_drawing(self._draw)
        self.canvas.set_readout(self._read)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.pointed.connect(self._point)
        self.canvas.clicked.connect(self._click)
        self.setFocusProxy(self.canvas)
        self.keys = Keys(self)
        self.keys.setAccessibleName(self.tr("Objects found"))
        self.keys.pointed.connect(self._hover)
        self.keys.chosen.connect(self._choose)
        self.named = QCheckBox(self.tr("Labels"), self)
        self.named.setChecked(True)
        self.named.toggled.connect(self.canvas.update)
        self.opacity = OpacitySlider(self.tr("Opacity of the outlined objects"), self)
        self.opacity.set_share(boxes.FILL)
        self.opacity.changed.connect(self._lay_masks)
        self._summary = ElidedLabel(self, Qt.AlignmentFlag.AlignLeft)
        self._chosen = self._under = NONE
        self._shapes = Shapes(np.zeros((0, 4)), None)
        self._outlines: list[list[QLineF]] = []
        self._layer: np.ndarray | None = None
        self._report: Report | None = None
        self._arrange()

    @property
    def chosen(self) -> int:
        """The selected object; -1 for none."""
        return self._chosen

    def set_report(self, shown: Report) -> None:
        """Keep the report, which may have a map for each box."""
        first = not self._has_maps
        self._report = shown
        if first and self._has_maps:
            self.opacity.set_share(overlays.OPACITY)

    def painting(self) -> Painting:
        """Return a function that paints the boxes, on the map of the selected one."""
        heat, image = self._shown_map(), self.image
        if heat is None or image is None or self.result is None:
            return super().painting()
        look = replace(heatmaps.PLAIN, opacity=self.opacity.share())
        scale = heatmaps.scale_of(heat, look)
        below = replace(
            image, pixels=heatmaps.laid(rgb8(image.pixels), heat, scale, look)
        )
        width = max(self.width(), PAINTED_WIDTH)
        return partial(report.paint, self.result, below, width)

    def update_view(self) -> None:
        """Show the image and its objects, keeping zoom and selection."""
        found = self.result
        if found is None:
            return
        before = self._shapes.boxes
        if self.image is not None:
            size = self.image.size
            self.canvas.set_image(rgb8(self.image.pixels))
        else:
            size = overlays.extent_of(found)
            self.canvas.set_image(text.sheet(*size, PANEL))
        self._shapes = boxes.shapes_on(found, size, size)
        self._keep_choice(before)
        self._measure_masks(found)
        self._lay_masks()
        self._summary.setText(boxes.summary(found))
        self._summary.setToolTip(literal(boxes.summary(found)))
        keys = [_key(found, index) for index in range(len(found.boxes))]
        self.keys.set_keys(keys, self._chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the list where there is no room."""
        super().resizeEvent(event)
        self.keys.setVisible(self.width() >= _KEYS_FROM)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Select objects by arrow keys, in order of score, and by Home and End."""
        count = len(self._shapes.boxes)
        key = Qt.Key(event.key())
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: count - 1}
        if not count or (key not in _STEPS and key not in ends):
            super().keyPressEvent(event)
            return
        place = ends.get(key, self._chosen + _STEPS.get(key, 0))
        self._choose(min(max(place, 0), count - 1))
        self.hovered.emit(self._words(self._chosen))

    # --- results

    def _measure_masks(self, found: Boxes) -> None:
        """Prepare tint and outlines of instance masks."""
        given = found.masks is not None
        self._layer = boxes.mask_layer(found) if given else None
        self._outlines = [lines.lines_of(each) for each in boxes.outlines(found)]
        self.opacity.setVisible(given or self._has_maps)

    def _lay_masks(self) -> None:
        found, heat = self.result, self._shown_map()
        if heat is not None and self.image is not None:
            scale = heatmaps.scale_of(heat, heatmaps.PLAIN)
            name = tokens_of(self.palette()).colormap(signed=heat.signed)
            layer = overlays.layer(heat, scale, name, self.opacity.share())
            self.canvas.set_overlay(layer, bounds_on(heat, self.image))
            return
        if found is None or self._layer is None:
            self.canvas.set_overlay(None)
            return
        self.canvas.set_overlay(self._layer, self._bounds(found), self.opacity.share())

    def _shown_map(self) -> Heatmap | None:
        """Return the map of the selected box; None where there is none."""
        known = self._report
        return box_map(known, self._chosen) if known is not None else None

    @property
    def _has_maps(self) -> bool:
        """Whether the report has a map for each box."""
        return self._report is not None and box_map(self._report, 0) is not None

    def _bounds(self, found: Boxes) -> Bounds:
        """Return the rectangle of the masks on the image."""
        (top, bottom), (left, right) = overlays.covered(found)
        height, width = self.canvas.image_size or (1, 1)
        return top * height, left * width, bottom * height, right * width

    def _keep_choice(self, before: boxes.Floats) -> None:
        """Keep the selection on the same object from frame to frame."""
        chosen, self._under = self._chosen, NONE
        if not 0 <= chosen < len(before):
            self._chosen = NONE
            return
        overlap = boxes.overlaps(before[chosen], self._shapes.boxes)
        best = int(overlap.argmax()) if overlap.size else NONE
        same = best != NONE and overlap[best] >= _SAME
        self._chosen = best if same else NONE

    # --- pointing and choosing

    def _at(self, y: float, x: float) -> int:
        """Return the smallest object under a point of the image; -1 for none."""
        left, top, right, bottom = self._shapes.boxes.T
        over = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
        areas = np.where(over, (right - left) * (bottom - top), np.inf)
        return int(areas.argmin()) if over.any() else NONE

    def _point(self, y: float, x: float) -> None:
        self._hover(NONE if np.isnan(y) else self._at(y, x))

    def _hover(self, index: int) -> None:
        if index != self._under:
            self._under = index
            self.canvas.update()

    def _click(self, y: float, x: float) -> None:
        index = self._at(y, x)
        self._choose(NONE if index == self._chosen else index)

    def _choose(self, index: int) -> None:
        if index != self._chosen:
            self._chosen = index
            self.keys.choose(index)
            self._lay_masks()
            self.canvas.update()
            if self.result is None or self.result.objects:
                self.target_chosen.emit(f"box:{index}" if index != NONE else "")

    def _read(self, y: float, x: float) -> str:
        place = f"x {int(x)}  y {int(y)} px"
        words = self._words(self._at(y, x))
        return f"{place}  ·  {words}" if words else place

    def _words(self, index: int) -> str:
        if self.result is None or index == NONE:
            return ""
        return boxes.describe(self.result, index, self._shapes.boxes[index])

    # --- drawing

    def _draw(self, painter: QPainter, view: Viewport) -> None:
        found = self.result
        if found is None:
            return
        if not len(found.boxes):
            middle = QPointF(self.canvas.width() / 2, SPACE)
            tokens = tokens_of(self.palette())
            lines.draw_words(painter, middle, boxes.summary(found), tokens)
            return
        frames = self._frames(view)
        order = self._by_importance()
        self._draw_tracks(painter, view, found)
        for index in order[::-1]:
            color = self._color_of(found, index)
            if self._outlines:
                self._draw_outline(painter, view, found, index)
            width = 3 if index in (self._chosen, self._under) else 2
            if width == 2 and boxes.is_faint(found, index):  # noqa: PLR2004
                width = 1
            lines.draw_frame(painter, frames[index], color, width)
            if self._shapes.keypoints is not None:
                self._draw_points(painter, view, self._shapes.keypoints[index], color)
        if self.named.isChecked():
            self._draw_labels(painter, found, frames, order)

    def _draw_tracks(self, painter: QPainter, view: Viewport, found: Boxes) -> None:
        """Draw the trails of tracked objects and the counting line."""
        shapes = self._shapes
        if shapes.trails is not None:
            for index, trail in enumerate(shapes.trails):
                known = trail[~np.isnan(trail[:, 0])].tolist()
                places = [QPointF(*view.to_widget(y, x)[::-1]) for x, y in known]
                painter.setPen(QPen(self._color_of(found, index), 2))
                painter.drawPolyline(QPolygonF(places))
        if shapes.line is not None:
            left, top, right, bottom = shapes.line.tolist()
            ends = (QPointF(*view.to_widget(y, x)[::-1])
                    for x, y in ((left, top), (right, bottom)))  # fmt: skip
            painter.setPen(QPen(QColor("white"), 2, Qt.PenStyle.DashLine))
            painter.drawLine(*ends)

    def _frames(self, view: Viewport) -> list[QRectF]:
        """Return the boxes in widget coordinates."""
        y, x = view.to_widget(0, 0)
        places = self._shapes.boxes * view.zoom + (x, y, x, y)
        return [
            QRectF(left, top, right - left, bottom - top)
            for left, top, right, bottom in places.tolist()
        ]

    def _by_importance(self) -> list[int]:
        """Return all objects by importance: selected, hovered, then by score."""
        front = [each for each in (self._chosen, self._under) if each != NONE]
        rest = [each for each in range(len(self._shapes.boxes)) if each not in front]
        return [*dict.fromkeys(front), *rest]

    def _draw_outline(
        self, painter: QPainter, view: Viewport, found: Boxes, index: int
    ) -> None:
        shape = (1, 1) if found.masks is None else found.masks.shape[1:]
        lines.draw_lines(
            painter,
            view,
            self._bounds(found),
            (shape[0], shape[1]),
            self._outlines[index],
            self._color_of(found, index),
        )

    def _draw_points(
        self, painter: QPainter, view: Viewport, points: boxes.Floats, color: QColor
    ) -> None:
        places = [
            QPointF(*view.to_widget(y, x)[::-1]) if score > boxes.SEEN_FROM else None
            for x, y, score in points.tolist()
        ]
        joints = self.result.skeleton if self.result is not None else ()
        lines.draw_skeleton(painter, places, joints, color)

    def _color_of(self, found: Boxes, index: int) -> QColor:
        """Return an object's color, faint while another one is selected."""
        color = QColor(*boxes.color_of(found, index))
        if self._chosen not in (NONE, index) and index != self._under:
            color.setAlpha(_DIMMED)
        return color

    def _draw_labels(
        self, painter: QPainter, found: Boxes, frames: list[QRectF], order: list[int]
    ) -> None:
        """Draw the labels that have room, the most important first."""
        room = QRectF(self.canvas.rect())
        if self._chosen != NONE:
            order = [each for each in order if each in (self._chosen, self._under)]
        shown = [
            each
            for each in order
            if frames[each].intersects(room) and any(boxes.caption(found, each))
        ]
        shown = shown[:_MOST_LABELS]
        letters = lines.Lettering(painter.font())
        wanted = []
        for index in shown:
            box = frames[index].adjusted(-1, -1, 1, 1)
            position = box.left(), box.top(), box.right(), box.bottom()
            wanted.append(Label(position, *letters.size(boxes.caption(found, index))))
        positions = labels.place(wanted, (room.width(), room.height()))
        for index, place in zip(shown, positions, strict=True):
            if place is not None:
                area = QRectF(QPointF(*place[:2]), QPointF(*place[2:]))
                color = boxes.color_of(found, index)
                letters.write(painter, area, boxes.caption(found, index), color)

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE, SPACE, SPACE, SMALL_SPACE)
        bar.setSpacing(2 * SPACE)
        self._summary.setObjectName("muted")
        bar.addWidget(self._summary, 1)
        bar.addWidget(self.opacity)
        bar.addWidget(self.named)
        beside = QHBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.canvas, 1)
        beside.addWidget(self.keys)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(beside, 1)
        layout.addLayout(bar)


def _key(found: Boxes, index: int) -> Key:
    name, score = boxes.caption(found, index)
    if not name:  # a suppressed box has no label on the image, but is in the list
        name = found.labels[found.classes[index]]
        score = percent(float(found.scores[index]))
    return Key(boxes.color_of(found, index), name, score.strip())
