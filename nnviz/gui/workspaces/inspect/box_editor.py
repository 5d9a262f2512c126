"""Page on which labeled boxes are drawn on images, as examples for R-CNN."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QCompleter,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.notation.boxes import LabeledBox
from nnviz.base.parameters import Value
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.layout.wheel_guard import WheelGuard
from nnviz.gui.panels.dialogs.files import ask_new_file
from nnviz.gui.panels.photo import seen
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.example_boxes import NONE, ExampleBoxes
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    allow,
    allow_steps,
    button,
    icon_button,
    keep_width,
    label,
    named,
    row,
)
from nnviz.gui.views.canvas.box_canvas import BoxCanvas, DrawnBox
from nnviz.gui.views.widgets.keys import Key, Keys
from nnviz.render.maps.classes import class_colors
from nnviz.render.palette import Color

_METHOD = "rcnn"
_BOUNDARY = 0.5
"""Score at the boundary of an SVM, the minimum until another is set."""
_SIDE_WIDTH = 248
_LIST_HEIGHT = 104
_PATH = Qt.ItemDataRole.UserRole


class BoxEditor(QWidget):
    """Page with the image, its boxes, and the images that have some."""

    hovered = Signal(str)
    wanted = Signal(str)
    """Name of a command to run."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app, self._boxes = app, app.boxes
        self.canvas = named(BoxCanvas(), name=self.tr("Image to draw boxes on"))
        self.canvas.hovered.connect(self.hovered)
        self.tools = _Tools(app)
        self.side = _Side(app)
        self.side.train.clicked.connect(self._train)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.tools)
        whole = row(spacing=0)
        whole.addLayout(middle, 1)
        whole.addWidget(self.side)
        self.setLayout(whole)
        self.setFocusProxy(self.canvas)
        self._connect()
        self._show_image()

    def minimumSizeHint(self) -> QSize:
        """Return a fixed minimum; the docks beside this page can be narrow."""
        return QSize(480, 320)

    def _connect(self) -> None:
        app, boxes, canvas = self._app, self._boxes, self.canvas
        canvas.drawn.connect(boxes.add)
        canvas.moved.connect(boxes.move)
        canvas.settled.connect(boxes.settle)
        canvas.chosen.connect(boxes.choose)
        canvas.removed.connect(boxes.remove)
        canvas.naming.connect(self.side.begin_naming)
        self.side.label_entered.connect(canvas.setFocus)
        boxes.changed.connect(self._show_boxes)
        chosen = app.selection
        connect_while_in(
            app.choice, "inspect", chosen.image_changed, lambda _: self._show_image()
        )

    def _show_image(self) -> None:
        image = self._app.selection.image
        self.canvas.editable = bool(self._boxes.path)
        if image is None:
            self.canvas.set_message(self.tr("Open images, then draw boxes on them"))
        else:
            self.canvas.set_image(seen(image))
            self.canvas.setAccessibleDescription(image.name)
            self.canvas.fit()
        self._show_boxes()

    def _show_boxes(self) -> None:
        boxes = self._boxes
        colors = _colors(boxes)
        self.canvas.set_boxes(
            tuple(
                DrawnBox(each.corners, each.label, colors[each.label])
                for each in boxes.boxes
            ),
            boxes.chosen,
        )

    def _train(self) -> None:
        """Select R-CNN, which gets the boxes, and run it on the open image."""
        choice = self._app.choice
        info = choice.info(_METHOD)
        values: dict[str, Value] = {"boxes": self._boxes.text}
        if info is not None and "score" not in choice.settings_of(info, "inspect"):
            values["score"] = _BOUNDARY
        choice.choose(_METHOD, values)
        if choice.method is info:
            self.wanted.emit("view.result")
            self._app.runs.run()


class _Tools(QWidget):
    """Bar with undo, removal, and the neighbors of the image."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._boxes = boxes = app.boxes
        look, images = app.look, app.images
        self.undo = icon_button(look, "undo-2", self.tr("Undo (Ctrl+Z)"), boxes.undo)
        self.redo = icon_button(look, "redo-2", self.tr("Redo"), boxes.redo)
        self.remove = icon_button(
            look,
            "trash-2",
            self.tr("Remove the box (Del)"),
            lambda: boxes.remove(boxes.chosen),
        )
        back = icon_button(
            look, "chevron-left", self.tr("Previous image"), lambda: images.step(-1)
        )
        forth = icon_button(
            look, "chevron-right", self.tr("Next image"), lambda: images.step(1)
        )
        self.clear = button(self.tr("Remove all"), boxes.clear)
        self.clear.setToolTip(self.tr("Remove all boxes of this image"))
        line = flow(back, forth, self.undo, self.redo, self.remove, self.clear)
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        boxes.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        chosen = self._boxes.chosen != NONE
        allow_steps(self.undo, self.redo, self._boxes.steps)
        allow(self.remove, chosen, self.tr("Select a box first"))
        allow(self.clear, bool(self._boxes.boxes), self.tr("There are no boxes"))


class _Side(QWidget):
    """Column with the class, the boxes of the image, and all images with boxes."""

    label_entered = Signal()
    """A class name was entered."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self._app, self._boxes = app, app.boxes
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        keep_width(app.look, self, _SIDE_WIDTH)
        self.label_box = self._make_label_box()
        self.keys = named(Keys(self), name=self.tr("Boxes of the image"))
        self.keys.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding
        )
        self.keys.chosen.connect(self._boxes.choose)
        self.hint = label(style="muted", wrap=True)
        self.summary = label(style="muted", wrap=True)
        self.images = named(QListWidget(), name=self.tr("Images with boxes"))
        self.images.setFixedHeight(app.look.px(_LIST_HEIGHT))
        self.images.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.images.itemActivated.connect(self._go_to)
        self.images.itemClicked.connect(self._go_to)
        self.train = button(self.tr("Train R-CNN"), lambda: None, "primary")
        self.train.setToolTip(
            self.tr("Train a linear SVM for each class, then detect on this image")
        )
        self.export = button(self.tr("Export as COCO…"), self._export)
        self._needing: list[QAbstractButton] = [self.train, self.export]
        self._listed: tuple[object, ...] = ()
        self._lay_out()
        self._boxes.changed.connect(self._follow)
        self._follow()

    def begin_naming(self) -> None:
        """Move the focus to the class, to type over it."""
        self.label_box.setFocus()
        line = self.label_box.lineEdit()
        if line is not None:
            line.selectAll()

    def _make_label_box(self) -> QComboBox:
        box = named(QComboBox(), name=self.tr("Class of the box"))
        WheelGuard(box)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setToolTip(self.tr("Class of the selected box, and of new boxes"))
        box.activated.connect(lambda _: self._name())
        line = box.lineEdit()
        if line is not None:
            line.editingFinished.connect(self._name)
            line.returnPressed.connect(self.label_entered)
        completer = box.completer()
        if completer is not None:  # else "cat" could not be typed beside "cattle"
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        return box

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(2 * GRID)
        column.addWidget(label(self.tr("Class"), "section"))
        column.addWidget(self.label_box)
        column.addWidget(label(self.tr("Boxes of this image"), "section"))
        column.addWidget(self.hint)
        column.addWidget(self.keys, 1)
        column.addWidget(label(self.tr("Images with boxes"), "section"))
        column.addWidget(self.images)
        column.addWidget(self.summary)
        column.addLayout(flow(self.train, self.export))

    def _follow(self) -> None:
        boxes = self._boxes
        colors = _colors(boxes)
        here = boxes.boxes
        self.keys.set_keys(
            [Key(colors[each.label], each.label, _size(each)) for each in here],
            boxes.chosen,
        )
        self.hint.setText(self._hint())
        self.hint.setVisible(not here)
        self._offer_labels()
        self._list_images()
        counts = boxes.counts
        parts = [f"{name} {count}" for name, count in sorted(counts.items())]
        self.summary.setText(", ".join(parts))
        for each in self._needing:
            allow(each, bool(counts), self.tr("Draw a box first"))

    def _hint(self) -> str:
        image = self._app.selection.image
        if image is None:
            return self.tr("No image is open.")
        if not self._boxes.path:
            return self.tr(
                "This image has no file, and boxes are kept with files: save it, then "
                "open the file."
            )
        return self.tr(
            "Drag on the image to draw a box, or press N. R-CNN learns each class "
            "from its boxes, and the background from the rest of the image."
        )

    def _offer_labels(self) -> None:
        box, boxes = self.label_box, self._boxes
        names = sorted({*boxes.counts, boxes.label})
        with QSignalBlocker(box):
            if names != [box.itemText(index) for index in range(box.count())]:
                box.clear()
                box.addItems(names)
            box.setCurrentIndex(names.index(boxes.label))
            box.setEditText(boxes.label)
        box.setEnabled(bool(boxes.path))

    def _list_images(self) -> None:
        """List the images with boxes, unless the list is the same."""
        listed = (
            self._boxes.path,
            [(e.path, len(e.boxes)) for e in self._boxes.images],
        )
        if listed == self._listed:
            return
        self._listed = listed
        with QSignalBlocker(self.images):
            self.images.clear()
            for each in self._boxes.images:
                item = QListWidgetItem(f"{Path(each.path).name}  ·  {len(each.boxes)}")
                item.setData(_PATH, each.path)
                item.setToolTip(literal(each.path))
                self.images.addItem(item)
                if each.path == self._boxes.path:
                    self.images.setCurrentItem(item)

    def _name(self) -> None:
        if self.label_box.currentText() != self._boxes.label:
            self._boxes.name(self.label_box.currentText())

    def _go_to(self, item: QListWidgetItem) -> None:
        path = str(item.data(_PATH))
        if path == self._boxes.path:
            return
        if path in self._app.images.paths:
            self._app.images.show(path)
        else:  # it was removed from the tray
            self._app.images.add([path])

    def _export(self) -> None:
        path, _ = ask_new_file(
            self,
            self._app.settings,
            self.tr("Export the boxes"),
            "boxes.json",
            self.tr("COCO annotations (*.json)"),
        )
        bridge = self._app.bridge
        if path and bridge is not None:
            whole = path if path.lower().endswith(".json") else f"{path}.json"
            self._app.saving.save(bridge.files.boxes.export(self._boxes.images, whole))


def _colors(boxes: ExampleBoxes) -> dict[str, Color]:
    """Return the color of each class."""
    names = tuple(sorted({*boxes.counts, boxes.label}))
    return dict(zip(names, class_colors(names), strict=True))


def _size(box: LabeledBox) -> str:
    """Return the size of a box in words."""
    left, top, right, bottom = box.corners
    return f"{right - left:.0f} × {bottom - top:.0f}"
