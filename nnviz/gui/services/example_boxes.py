"""Boxes drawn on the tray's images as examples of classes, with undo."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import UsageError
from nnviz.base.notation.boxes import (
    BoxedImage,
    Corners,
    LabeledBox,
    boxes_text,
    parse_boxes,
    plain_label,
    rounded,
)
from nnviz.base.parameters import Kind
from nnviz.gui.services.images import Images
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.state.parameter_values import named
from nnviz.gui.state.selection import Selection
from nnviz.gui.state.undo import UndoSteps

NONE = -1
USUAL_LABEL = "object"
"""Class of the first box, until another is typed."""


class ExampleBoxes(QObject):
    """Boxes with classes on the tray's images; R-CNN is trained on them.

    A parameter of ``Kind.BOXES`` of the selected method follows them, and they follow
    one that a recipe or the form sets.  An empty one runs the method without them.
    """

    changed = Signal()
    """The boxes, their classes or the selected one have changed."""
    settled = Signal()
    """A step of the undo history has ended."""

    def __init__(
        self,
        images: Images,
        selection: Selection,
        choice: MethodChoice,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._images, self._selection, self._choice = images, selection, choice
        self.steps: UndoSteps[tuple[BoxedImage, ...]] = UndoSteps(())
        """The undo history; asked whether there is a step."""
        self._chosen = NONE
        self._label = USUAL_LABEL
        self._given = ""
        """Text that the parameter had when it and the boxes were last brought together.
        """
        selection.image_changed.connect(lambda _: self._leave())
        choice.method_changed.connect(lambda _: self._meet())
        choice.edited.connect(self._adopt)
        choice.values_changed.connect(lambda _: self._adopt())
        self.settled.connect(self._hand_on)

    # --- contents

    @property
    def images(self) -> tuple[BoxedImage, ...]:
        """The images with boxes."""
        return self.steps.value

    @property
    def path(self) -> str:
        """Path of the open image; empty where it has no file."""
        image = self._selection.image
        return image.path if image is not None else ""

    @property
    def boxes(self) -> tuple[LabeledBox, ...]:
        """The boxes of the open image."""
        path = self.path
        found = (each.boxes for each in self.images if each.path == path)
        return next(found, ()) if path else ()

    @property
    def chosen(self) -> int:
        """Index of the selected box of the open image; -1 for none."""
        return self._chosen

    @property
    def label(self) -> str:
        """Class of the selected box, else of the next one."""
        return self.boxes[self._chosen].label if self._chosen != NONE else self._label

    @property
    def counts(self) -> Counter[str]:
        """Number of boxes of each class, over all images."""
        return Counter(box.label for image in self.images for box in image.boxes)

    @property
    def text(self) -> str:
        """All boxes, in the notation of ``notation.boxes``."""
        return boxes_text(self.images)

    def set_text(self, text: str) -> None:
        """Replace all boxes by those of a text.

        Raises:
            UsageError: the text is invalid; says why.
        """
        known = {Path(path).name: path for path in reversed(self._images.paths)}
        wanted = tuple(
            replace(image, path=known.get(image.path, image.path))
            for image in parse_boxes(text)
        )
        if wanted != self.images:
            self.steps.change(wanted)
            self._chosen = NONE
            self.changed.emit()
            self.settle()

    # --- editing

    def add(self, corners: Corners) -> None:
        """Add a box to the open image, and select it."""
        boxes = self.boxes
        self._put((*boxes, LabeledBox(self.label, rounded(corners))), len(boxes))
        self.settle()

    def move(self, index: int, corners: Corners) -> None:
        """Move or resize a box; ``settle`` ends the movement as one undo step."""
        if 0 <= index < len(self.boxes):
            self._replace(index, replace(self.boxes[index], corners=rounded(corners)))

    def name(self, label: str) -> None:
        """Set the class of the selected box, and of the boxes that are drawn next."""
        label = plain_label(label)
        if not label:
            self.changed.emit()
            return
        self._label = label
        if self._chosen != NONE:
            self._replace(self._chosen, replace(self.boxes[self._chosen], label=label))
            self.settle()
        else:
            self.changed.emit()

    def remove(self, index: int) -> None:
        """Remove a box of the open image."""
        boxes = self.boxes
        if 0 <= index < len(boxes):
            self._put((*boxes[:index], *boxes[index + 1 :]), NONE)
            self.settle()

    def clear(self) -> None:
        """Remove all boxes of the open image."""
        if self.boxes:
            self._put((), NONE)
            self.settle()

    def choose(self, index: int) -> None:
        """Select a box of the open image; -1 for none."""
        if index != self._chosen and index < len(self.boxes):
            self._chosen = index
            if index != NONE:
                self._label = self.boxes[index].label
            self.changed.emit()

    def settle(self) -> None:
        """Combine all changes since the last call into one undo step."""
        if self.steps.settle():
            self.changed.emit()
            self.settled.emit()

    def undo(self) -> None:
        """Undo a step, and show the image that it changed."""
        self.settle()
        before = self.images
        if self.steps.undo():
            self._show_change(before)

    def redo(self) -> None:
        """Redo a step, and show the image that it changes."""
        self.settle()
        before = self.images
        if self.steps.redo():
            self._show_change(before)

    # --- internals

    def _replace(self, index: int, box: LabeledBox) -> None:
        boxes = self.boxes
        self._put((*boxes[:index], box, *boxes[index + 1 :]), index)

    def _put(self, boxes: tuple[LabeledBox, ...], chosen: int) -> None:
        """Replace the boxes of the open image."""
        path, images = self.path, self.images
        if not path:
            return
        mine = (BoxedImage(path, boxes),) if boxes else ()
        at = next(
            (n for n, each in enumerate(images) if each.path == path), len(images)
        )
        self.steps.change((*images[:at], *mine, *images[at + 1 :]))
        self._chosen = chosen
        self.changed.emit()

    def _show_change(self, before: tuple[BoxedImage, ...]) -> None:
        """Open an image whose boxes were changed by undo or redo."""
        self._chosen = NONE
        changed = [each.path for each in {*before} ^ {*self.images}]
        if changed and self.path not in changed and changed[0] in self._images.paths:
            self._images.show(changed[0])
        self.changed.emit()
        self.settled.emit()

    def _leave(self) -> None:
        """Deselect the box: another image is open."""
        self.settle()
        self._chosen = NONE
        self.changed.emit()

    # --- the method's parameter

    def _parameter(self) -> tuple[str, str]:
        """Return name and value of the method's parameter; empty for none."""
        name = named(self._choice.method, Kind.BOXES) or ""
        return name, str(self._choice.values[name]) if name else ""

    def _meet(self) -> None:
        """Bring boxes and parameter together when its method is selected."""
        name, given = self._parameter()
        if name and given == self._given:
            self._hand_on()
        else:
            self._adopt()

    def _hand_on(self) -> None:
        """Set the parameter to the boxes."""
        name, given = self._parameter()
        if name:
            self._given = self.text
            if given != self.text:
                self._choice.adjust({name: self.text})

    def _adopt(self) -> None:
        """Adopt boxes that a recipe or the form has set; an empty text changes nothing.

        Text that is no boxes is left for the method to refuse.
        """
        name, given = self._parameter()
        if not name or given == self._given:
            return
        self._given = given
        if given.strip():
            try:
                self.set_text(given)
            except UsageError:
                return
