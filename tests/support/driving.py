"""Random driving of the window: anything that a person can do, in any order."""

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QContextMenuEvent, QDropEvent, QImage, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QMenu,
    QPushButton,
    QSlider,
    QSpinBox,
    QToolButton,
    QTreeWidget,
    QWidget,
)

from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.theme.manager import THEMES
from tests.support.videos import evenly, write_film

TEXTS = (
    "",
    " ",
    "cat",
    "9" * 5000,
    "-1",
    "<b>x</b>",
    "layer4:12",
    "crab - cat",
    ".",
)
LEFT_ALONE = {"file.quit", "live.camera"}
SIZES = ((1024, 700), (1440, 900), (700, 500), (1900, 1000))
KEYS = (
    *(Qt.Key.Key_PageDown, Qt.Key.Key_PageUp, Qt.Key.Key_BracketRight),
    *(Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Space),
    *(Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Right),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Delete, Qt.Key.Key_Plus),
    *(Qt.Key.Key_Minus, Qt.Key.Key_0, Qt.Key.Key_A, Qt.Key.Key_9, Qt.Key.Key_Period),
)


class Driver:
    """Does random things to a window, one at a time.

    Args:
        window: the main window.
        chance: a ``random.Random``.
        qtbot: pytest-qt's.
        files: good and broken ones, to be dropped.
    """

    def __init__(self, window, chance, qtbot, files):
        self.window, self.chance, self.qtbot = window, chance, qtbot
        self.files = list(files)
        self.deeds = (
            *(self.press_a_key, self.click_somewhere, self.click_somewhere),
            *(self.do_a_command, self.do_a_command, self.choose_a_row),
            *(self.type_something, self.change_the_size, self.drop_a_text),
            *(self.choose_a_method, self.drop_files, self.edit_a_control),
            *(self.edit_a_parameter, self.edit_a_parameter, self.undo),
            *(self.change_the_look, self.enter_a_workspace, self.open_a_menu),
            *(self.turn_the_wheel, self.drag_something),
        )

    def drive(self, steps, probe=None):
        """Do random things, with pauses in which answers come."""
        for _ in range(steps):
            deed = self.chance.choice(self.deeds)
            if probe is None:
                deed()
            else:
                where = f"{deed.__name__} in {self.window.workspace.name}"
                probe.during(where, deed)
            if self.chance.random() < 0.3:
                self.qtbot.wait(self.chance.choice([1, 20]))

    # --- keys and mouse

    def press_a_key(self):
        target = QApplication.focusWidget() or self.window
        key = self.chance.choice(KEYS)
        self.qtbot.keyClick(target, key)
        return f"{key.name} on {type(target).__name__}"

    def click_somewhere(self):
        target = self._any(QWidget)
        name = f"{type(target).__name__} {target.objectName()}"
        if target.objectName() == "qt_toolbar_ext_button" or _opens_a_menu(target):
            return name  # a menu is an event loop of its own
        self.qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=self._spot(target))
        return name

    def drag_something(self):
        target = self._any(QWidget)
        if not _opens_a_menu(target) and not isinstance(target, QAbstractItemView):
            left = Qt.MouseButton.LeftButton
            self.qtbot.mousePress(target, left, pos=self._spot(target))
            self.qtbot.mouseMove(target, self._spot(target))
            self.qtbot.mouseRelease(target, left, pos=self._spot(target))
        return type(target).__name__

    def turn_the_wheel(self):
        target = self._any(QWidget)
        spot = QPointF(self._spot(target))
        keys = self.chance.choice(
            [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier]
        )
        turned = QPoint(0, self.chance.choice([-120, 120]))
        event = QWheelEvent(
            *(spot, QPointF(target.mapToGlobal(spot.toPoint())), QPoint(), turned),
            *(Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False),
        )
        QApplication.sendEvent(target, event)
        return type(target).__name__

    def open_a_menu(self):
        """Ask for a context menu, or a button's, and choose from it."""
        target = self._any(QWidget)
        buttons = [b for b in self._all(QPushButton, QToolButton) if b.menu()]
        if buttons and self.chance.random() < 0.5:
            target = self.chance.choice(buttons)
            target.menu().aboutToShow.emit()
            return self._choose_from(target.menu(), target)
        spot = self._spot(target)
        reason = QContextMenuEvent.Reason.Mouse
        asked = QContextMenuEvent(reason, spot, target.mapToGlobal(spot))
        # Qt's own menus, as that of docks, are event loops of their own.
        QTimer.singleShot(0, self.window, lambda: self._answer_menu(target))
        QApplication.sendEvent(target, asked)
        self._answer_menu(target)
        return type(target).__name__

    def _answer_menu(self, target):
        """Choose from the menu that is open, and close it."""
        menu = QApplication.activePopupWidget()
        if isinstance(menu, QMenu):
            self._choose_from(menu, target)
            menu.close()

    def _choose_from(self, menu, target):
        quit_ = self.window.commands["file.quit"]
        camera = self.window.commands["live.camera"]
        able = [
            action
            for action in menu.actions()
            if action.isEnabled() and not action.menu() and not action.isSeparator()
            if action not in (quit_, camera)
        ]
        if able:
            self.chance.choice(able).trigger()
        return f"{type(target).__name__}'s menu"

    # --- commands and choices

    def do_a_command(self):
        entries = [
            (command.name, action)
            for command, action in self.window.commands.all()
            if command.name not in LEFT_ALONE and action.isEnabled()
        ]
        name, action = self.chance.choice(entries)
        action.trigger()
        return name

    def undo(self):
        name = self.chance.choice(["edit.undo", "edit.redo"])
        self.window.commands[name].trigger()
        return name

    def enter_a_workspace(self):
        workspace = self.chance.choice(WORKSPACES)
        self.window.enter(workspace)
        return workspace.name

    def choose_a_method(self):
        """Choose a method of any workspace, as the palette does."""
        methods = self.window.app.models.catalogue.methods
        name = self.chance.choice(methods).name
        self.window.app.choice.choose(name)
        return name

    def choose_a_row(self):
        for tree in self._all(QTreeWidget)[:1]:
            rows = tree.findItems("", Qt.MatchFlag.MatchContains)
            tree.setCurrentItem(self.chance.choice(rows)) if rows else None

    def change_the_look(self):
        look = self.window.app.look
        if self.chance.random() < 0.4:
            look.use(self.chance.choice(list(THEMES)))
            return look.name
        look.enlarge(self.chance.choice([-1, 0, 1, 2, 6]))
        return f"{look.scale:g}"

    def change_the_size(self):
        self.window.resize(*self.chance.choice(SIZES))

    # --- values

    def type_something(self):
        """Type words, numbers too large for anything, and names with tags."""
        fields = self._all(QLineEdit)
        if not fields:
            return None
        line = self.chance.choice(fields)
        line.setFocus()
        line.setText(self.chance.choice(TEXTS))
        line.textEdited.emit(line.text())
        key = self.chance.choice([Qt.Key.Key_Return, Qt.Key.Key_Escape])
        name = f"{line.accessibleName()}, {line.text()[:12]}, {key.name}"
        self.qtbot.keyClick(line, key)
        return name

    def edit_a_control(self):
        """Change any slider, box, list or flag of the window."""
        return self._edit(self.window)

    def edit_a_parameter(self):
        """Change a parameter of the form, or unfold it, apply a preset, reset it."""
        form, chance = self.window.stage.method.form, self.chance
        info = self.window.app.choice.method
        if form is None or info is None:
            return None
        if chance.random() < 0.1:
            form.set_unfolded(chance.random() < 0.5)
            return "more"
        if chance.random() < 0.1 and info.presets:
            name = chance.choice(list(info.presets))
            form.apply_preset(name, info.presets[name])
            return f"{info.name} {name}"
        if chance.random() < 0.1:
            form.reset()
            return "reset"
        return f"{info.name}: {self._edit(form)}"

    def _edit(self, where):
        kinds = (QSlider, QSpinBox, QDoubleSpinBox, QComboBox, QCheckBox)
        controls = self._all(*kinds, where=where)
        if not controls:
            return None
        control, chance = self.chance.choice(controls), self.chance
        if isinstance(control, QComboBox):
            if control.count():
                control.setCurrentIndex(chance.randrange(control.count()))
                control.activated.emit(control.currentIndex())
        elif isinstance(control, QCheckBox):
            control.click()
        elif isinstance(control, QSlider):
            control.setValue(chance.randint(control.minimum(), control.maximum()))
        else:
            low, high = control.minimum(), control.maximum()
            at = chance.choice([low, high, control.value() + 1, (low + high) / 2])
            control.setValue(int(at) if isinstance(control, QSpinBox) else at)
        return f"{type(control).__name__} {control.accessibleName()}"

    # --- files

    def drop_a_text(self):
        """Drop text: blank, a name of nothing, an address that is no file."""
        data = QMimeData()
        data.setText(self.chance.choice(TEXTS))
        self.window.operations.take(data)

    def drop_files(self):
        """Drop one to three good or broken files, or an image without a file."""
        data = QMimeData()
        if self.chance.random() < 0.1:
            image = QImage(40, 30, QImage.Format.Format_RGB888)
            image.fill(QColor("#3366cc"))
            data.setImageData(image)
            names = ["an image"]
        else:
            count = min(self.chance.choice([1, 1, 1, 2, 3]), len(self.files))
            chosen = self.chance.sample(self.files, count)
            data.setUrls([QUrl.fromLocalFile(str(file)) for file in chosen])
            names = [Path(file).name[-20:] for file in chosen]
        event = QDropEvent(
            QPointF(self.window.rect().center()),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        self.window.dropEvent(event)
        return ", ".join(names)

    # --- what is there

    def _all(self, *kinds, where=None):
        return [
            each
            for kind in kinds
            for each in (where or self.window).findChildren(kind)
            if each.isVisible() and each.isEnabled() and not each.size().isEmpty()
        ]

    def _any(self, kind):
        return self.chance.choice(self._all(kind))

    def _spot(self, widget):
        chance = self.chance
        return QPoint(
            chance.randrange(widget.width()), chance.randrange(widget.height())
        )


def _opens_a_menu(widget):
    if isinstance(widget, QPushButton | QToolButton):
        return widget.menu() is not None
    return isinstance(widget, QMenu)


def files_to_drop(folder, *images):
    """Return good files of each kind, and broken ones, written into a folder."""
    return [*map(Path, images), *_good(folder), *_broken(folder, Path(images[0]))]


def _good(folder):
    shape = (24, 32, 3)
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    made = {
        "gray.png": lambda path: Image.fromarray(pixels[..., 0]).save(path),
        "deep.tiff": lambda path: Image.fromarray(
            pixels[..., 0].astype(np.uint16)
        ).save(path),
        "clear.webp": lambda path: Image.fromarray(pixels).save(path),
        "moves.gif": lambda path: Image.fromarray(pixels).save(
            path, save_all=True, append_images=[Image.fromarray(pixels[::-1])]
        ),
        "wide.bmp": lambda path: Image.fromarray(np.zeros((2, 900, 3), np.uint8)).save(
            path
        ),
        "array.npy": lambda path: np.save(path, pixels),
        "film.mp4": lambda path: write_film(path, evenly(8)),
        "labels.txt": lambda path: path.write_text("\n".join(map(str, range(10)))),
        "more labels.json": lambda path: path.write_text(json.dumps(["a", "b<br>"])),
        "lesson.md": lambda path: path.write_text(
            "# Title\n\nWords.\n\n## Step\n\nQuestion: Why?\n\nReveal: So.\n"
        ),
    }
    for name, write in made.items():
        write(folder / name)
    several = folder / "several"
    several.mkdir()
    for n in range(3):
        Image.fromarray(np.roll(pixels, n, axis=0)).save(several / f"{n}.png")
    return [*(folder / name for name in made), several]


def _broken(folder, image):
    whole = image.read_bytes()
    contents = {
        "half.png": whole[: len(whole) // 2],
        "text.jpg": b"not an image",
        "nothing.png": b"",
        "zeros.pth": bytes(4000),
        "runs.pth": b"cos\nsystem\n(X\x01\x00\x00\x00.tR.",
        "cut.safetensors": b"\xff\xff\x00\x00\x00\x00\x00\x00{",
        "deep.json": b"[" * 5000,
        "digits.json": b"9" * 5000,
        "words.mp4": b"not a video" * 30,
        "graph.onnx": bytes(range(256)),
        "header.npy": b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'shape': (1e9,)}",
        "page.csv": b'a,b\n"1,2\n\x00',
        "<b>bold<b>.png": b"\x89PNG",
        f"{'long' * 50}.jpg": b"\xff\xd8\xff",
        "odd.xyz": b"?",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    shutil.copy(image, folder / "named.pth")
    link = folder / "link.png"
    link.symlink_to(folder / "gone.png")
    gone = folder / "gone too.png"
    return [*(folder / name for name in contents), folder / "named.pth", link, gone]
