"""Handlers of the window's commands."""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QObject, QUrl, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QWidget

from nnviz.base.documents.boards import Plan
from nnviz.base.documents.snippets import (
    board_command,
    board_python,
    command_line,
    python_code,
)
from nnviz.base.events import Policy
from nnviz.base.host.reading import exists, is_folder
from nnviz.base.info import LayerInfo, MethodInfo, Severity
from nnviz.base.parameters import Kind, Parameter, Value
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.base.shipped.samples import sample_photos, sample_video
from nnviz.base.video import SourceKind, SourceRequest
from nnviz.gui.panels.browser.models import ModelPanel
from nnviz.gui.panels.dialogs.files import (
    IMAGES,
    ask_dataset,
    ask_folder,
    ask_image_list,
    ask_labels,
    ask_new_file,
)
from nnviz.gui.panels.dialogs.videos import ask_new_video, ask_video
from nnviz.gui.panels.layers import LayerPanel
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.example_boxes import ExampleBoxes
from nnviz.gui.services.jobs import Lane
from nnviz.gui.services.stickers import StickerLayout
from nnviz.gui.shell.docks.manager import DockManager
from nnviz.gui.state.display import ContentKind
from nnviz.gui.state.language import LANGUAGES
from nnviz.gui.state.messages import Notice
from nnviz.gui.state.modes import BOXES, STICKERS, WHOLE
from nnviz.gui.state.selection import NO_UNIT
from nnviz.gui.state.settings import Settings
from nnviz.gui.theme.manager import THEMES
from nnviz.gui.theme.parts import clipboard_data
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import array_of, image_of
from nnviz.gui.views.results.base import Painting
from nnviz.render.boards.board import Board

if TYPE_CHECKING:  # created by its workspace on first entry
    from nnviz.gui.workspaces.live.panel import LivePane

Act = Callable[[], object]
_COPYING = Lane("copy", Policy.REPLACE)
_PAINTING = Lane("painting", Policy.QUEUE)
_ZOOM = 1.5
_FIGURES = (".svg", ".pdf", ".png")
_MOST_LINES, _LONGEST_PATH = 1000, 4096
"""Limits of pasted text that may name files."""


class CommandHandlers(QObject):
    """A small method for each command that takes more than one call."""

    language_chosen = Signal(str)
    """Code of the language to use from the next start."""

    def __init__(
        self, app: AppContext, window: QMainWindow, stage: DockManager
    ) -> None:
        super().__init__(window)
        self._window = window
        self._app = app
        self._stage = stage

    def table(self) -> dict[str, Act]:
        """Return the handler of each command, by name."""
        return {
            **self._file_operations(),
            **self._edit_operations(),
            **self._go_operations(),
            **self._live_operations(),
            **self._view_operations(),
            "run.run": self._app.runs.run,
            "run.stop": self._app.stop,
            "run.film": self._change_video,
            "run.reset": self._app.choice.reset,
            "help.about": self.about,
        }

    def _file_operations(self) -> dict[str, Act]:
        stage = self._stage
        return {
            "file.open": stage.images.ask_files,
            "file.open_folder": self.ask_folder,
            "file.open_dataset": lambda: self._open_dataset(ask_dataset),
            "file.open_image_list": lambda: self._open_dataset(ask_image_list),
            "file.open_model": stage.models.open_file,
            "file.open_labels": self.ask_labels,
            "file.sample": self.open_sample,
            "file.reopen": self._app.reopening.reopen,
            "file.save": self.save,
            "file.save_as": self.save_as,
            "file.figure": self.export_figure,
            "file.contact_sheet": self.export_contact_sheet,
            "file.quit": self._window.close,
        }

    def _edit_operations(self) -> dict[str, Act]:
        return {
            "edit.undo": lambda: self._history(undo=True),
            "edit.redo": lambda: self._history(undo=False),
            "file.paste": self.paste,
            "edit.clear_images": self._stage.images.remove_all,
            "edit.restore_images": self._stage.images.restore,
            "edit.copy_picture": self.copy_image,
            "edit.copy_command": lambda: self._copy_text(command_line, board_command),
            "edit.copy_python": lambda: self._copy_text(python_code, board_python),
            "edit.preprocess": self.toggle_preprocess,
        }

    def _go_operations(self) -> dict[str, Act]:
        stage, app = self._stage, self._app
        return {
            "go.models": lambda: self._find(stage.models),
            "go.untrained": stage.models.open_untrained,
            "go.layers": lambda: self._find(stage.layers),
            "go.next_layer": lambda: self.walk_layers(1),
            "go.previous_layer": lambda: self.walk_layers(-1),
            "go.next_unit": lambda: self.walk_units(1),
            "go.previous_unit": lambda: self.walk_units(-1),
            "go.one_channel": self.show_channel,
            "go.all_channels": lambda: app.choice.show_channel(NO_UNIT),
            "go.explain_unit": self.explain_unit,
            "go.value": self._show_value,
            "guide.back": self._app.guide.back,
            "guide.next": self._app.guide.next,
            "guide.reveal": self._app.guide.reveal,
            "go.explain_class": lambda: self._explain(""),
            "go.portraits": app.unit_images.make_layer,
            "go.next_image": lambda: app.images.step(1),
            "go.previous_image": lambda: app.images.step(-1),
        }

    def _live_operations(self) -> dict[str, Act]:
        live = self._app.live
        return {
            "live.film": lambda: self._in_live(lambda pane: pane.source.ask_video()),
            "live.camera": self.open_camera,
            "live.sample": lambda: self._app.play(sample_video()),
            "live.again": live.again,
            "live.hold": live.toggle_hold,
            "live.step": live.step,
            "live.back": lambda: live.step(-1),
            "live.pin": live.toggle_pin,
            "live.keep": live.snapshot,
            "live.record": lambda: self._in_live(
                lambda pane: pane.transport.toggle_recording()
            ),
            "live.export": lambda: self._in_live(
                lambda pane: pane.transport.toggle_export()
            ),
        }

    def open_camera(self) -> None:
        """Enter Live and open the first camera."""
        self._app.live_wanted.emit()
        camera = SourceRequest(kind=SourceKind.CAMERA, address="0", mirrored=True)
        self._app.live.open(camera)

    def zoom(self, factor: float) -> None:
        """Zoom the largest visible image about its center; 0 fits it."""
        seen = [c for c in self._stage.center.findChildren(Canvas) if c.isVisible()]
        canvas = max(seen, key=lambda c: c.width() * c.height(), default=None)
        if canvas is not None:
            canvas.zoom_by(factor) if factor else canvas.fit()

    def _in_live(self, act: Callable[["LivePane"], None]) -> None:
        """Enter Live and call a function of its pane."""
        self._app.live_wanted.emit()
        pane = self._stage.center.live
        if pane is not None:
            act(pane)

    def _view_operations(self) -> dict[str, Act]:
        stage = self._stage
        return {
            "view.photo": lambda: stage.center.set_mode("photo"),
            "view.both": lambda: stage.center.set_mode("both"),
            "view.result": lambda: stage.center.set_mode("result"),
            "view.compare": self.compare,
            "view.board": self.open_board,
            "view.stickers": self._app.stickers_wanted.emit,
            "view.boxes": self.open_boxes,
            **{f"view.theme.{name}": partial(self._use_theme, name) for name in THEMES},
            **{
                f"view.language.{code}": partial(self._use_language, code)
                for code in LANGUAGES
            },
            "view.larger": lambda: self._enlarge(1),
            "view.smaller": lambda: self._enlarge(-1),
            "view.normal": lambda: self._enlarge(0),
            "view.zoom_in": lambda: self.zoom(_ZOOM),
            "view.zoom_out": lambda: self.zoom(1 / _ZOOM),
            "view.fit": lambda: self.zoom(0.0),
            "view.full": self.toggle_full_screen,
        }

    # --- opening

    def take(self, data: QMimeData, *, dropped: bool = False) -> None:
        """Open dropped or pasted files, or a pasted image."""
        files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if files:
            self._app.open_files(files)
        elif data.hasImage():
            image = QImage(data.imageData())
            self._app.images.add_array(array_of(image), self.tr("pasted image"))
        elif names := file_names(data.text()):
            self._app.open_files(names)
        else:
            self._app.messages.say(
                self.tr("the dropped item is neither an image nor a file")
                if dropped
                else self.tr("the clipboard holds no image or file")
            )

    def paste(self) -> None:
        """Open the clipboard's contents."""
        self.take(clipboard_data())

    def ask_folder(self) -> None:
        """Ask for a folder of images and open it."""
        title = self.tr("Open a folder of images")
        folder = ask_folder(self._window, self._app.settings, IMAGES, title)
        if folder:
            self._app.open_files([folder])

    def _open_dataset(self, ask: Callable[[QWidget, Settings], str]) -> None:
        """Ask for a data set and open it in its workspace."""
        source = ask(self._window, self._app.settings)
        if source:
            self._app.open_dataset(source)

    def ask_labels(self) -> None:
        """Ask for a file of class names and apply it."""
        path = ask_labels(self._window, self._app.settings)
        if path:
            self._app.models.set_labels(path)

    def open_sample(self) -> None:
        """Open the sample image of the first start."""
        self._app.images.add([str(path) for path in sample_photos()[:1]])

    def open_recent(self, entry: str) -> None:
        """Open a recent file or network."""
        if exists(entry):
            self._app.open_files([entry])
        else:
            self._app.open_model(entry)

    # --- navigation

    def look_into(self, layer: str) -> None:
        """Select a layer, switching to activations if the method cannot show it."""
        app = self._app
        app.selection.set_layer(layer)
        method = app.choice.method
        if method is None or not _suits(method, app.selection.layer_info):
            app.choice.choose("activations")

    def walk_layers(self, steps: int) -> None:
        """Select the next or previous layer that the method can show."""
        app = self._app
        if app.selection.model is None:
            return
        kinds = _layer_kinds(app.choice.method) or "any"
        names = [each.name for each in app.selection.model.layers if each.suits(kinds)]
        if not names:
            return
        here = app.selection.layer
        start = -1 if steps > 0 else 0
        place = names.index(here) if here in names else start
        chosen = max(0, min(len(names) - 1, place + steps))
        self.look_into(names[chosen])

    def walk_units(self, steps: int) -> None:
        """Select the next or previous channel, in the shown order."""
        app = self._app
        info = app.selection.layer_info
        order = app.display.state.order
        if not order and info is not None and info.shape:
            order = tuple(range(info.shape[0]))
        if order:
            here = app.selection.unit
            place = order.index(here) + steps if here in order else 0
            app.selection.set_unit(order[max(0, min(len(order) - 1, place))])

    def show_channel(self) -> None:
        """Show the selected channel enlarged; if none, the first shown."""
        app = self._app
        if app.selection.unit == NO_UNIT:
            self.walk_units(1)
        app.choice.show_channel(max(0, app.selection.unit))

    # --- explaining

    def explain_unit(self) -> None:
        """Explain the selected channel."""
        chosen = self._app.selection
        if chosen.unit == NO_UNIT or not chosen.layer:
            self._app.messages.say(self.tr("select a channel first: click one"))
        else:
            self._explain(f"{chosen.layer}:{chosen.unit}")

    def _show_value(self) -> None:
        """Show in Learn how the selected value of a feature map is computed."""
        chosen, layer = self._app.selection, self._app.selection.layer
        values: dict[str, Value] = {"layer": layer, "channel": chosen.unit}
        if chosen.image is not None and chosen.position is not None:
            height, width = chosen.image.size
            y, x = chosen.position
            values |= {"y": min(max(y / height, 0), 1), "x": min(max(x / width, 0), 1)}
        self._app.choice.choose("value", values)

    def _explain(self, target: str) -> None:
        """Set a target and enter Explain."""
        self._app.selection.set_target(target)
        self._app.explain_wanted.emit()

    def compare(self) -> None:
        """Compare the results selected in the tray; otherwise the newest two.

        Imported here: it must not delay the first paint.
        """
        from nnviz.gui.panels.compare import comparable, newest_pair  # noqa: PLC0415

        runs = self._stage.results.selected() or comparable(self._app)
        pair = newest_pair(runs)
        if pair is not None:
            self._app.compare_wanted.emit(*pair)
        else:
            told = self.tr("there are no two maps or two graphs to compare yet")
            self._app.messages.say(told)

    def open_boxes(self) -> None:
        """Show the page on which boxes are drawn."""
        self._app.workspace_wanted.emit("inspect")
        self._stage.center.set_mode(BOXES)

    def open_board(self) -> None:
        """Show the board."""
        self._app.explain_wanted.emit()
        self._stage.center.set_mode("board")

    def _board(self) -> Board | None:
        """Return the board if it is shown."""
        center = self._stage.center
        shown = center.board if center.mode == "board" else None
        return shown.board() if shown is not None else None

    # --- saving

    def save(self) -> None:
        """Save the result to the last folder, asking the first time."""
        folder = self._app.settings.export_folder
        if folder and is_folder(folder):
            self._export(Path(folder))
        else:
            self.save_as()

    def save_as(self) -> None:
        """Ask for a folder and save the image, arrays and recipe."""
        folder = QFileDialog.getExistingDirectory(
            self._window,
            self.tr("Save the result in"),
            self._app.settings.export_folder,
        )
        if folder:
            self._app.settings.export_folder = folder
            self._export(Path(folder))

    def export_contact_sheet(self) -> None:
        """Ask for a file and save the selected results as a contact sheet."""
        runs, bridge = self._stage.results.selected(), self._app.bridge
        if not runs or bridge is None:
            words = self.tr("select several results first, with Ctrl+click")
            self._app.messages.say(words)
            return
        title = self.tr("Export contact sheet")
        name, pattern = self.tr("contact.png"), self.tr("PNG images (*.png)")
        settings = self._app.settings
        path, _ = ask_new_file(self._window, settings, title, name, pattern)
        if path:
            whole = path if path.lower().endswith(".png") else f"{path}.png"
            self._app.saving.save(bridge.files.results.contact_sheet(runs[::-1], whole))

    def export_figure(self) -> None:
        """Ask for a file and save the shown result as a figure."""
        view, bridge = self._stage.center.result.current, self._app.bridge
        run = self._app.display.run
        if bridge is None or run is None or view is None or view.result is None:
            self._app.messages.say(self.tr("there is no result to export yet"))
            return
        subject = run.image.name if run.image is not None else run.recipe.model
        name = f"{Path(subject.rpartition(':')[2]).stem}.{run.recipe.method}.svg"
        patterns = self.tr("SVG (*.svg);;PDF (*.pdf);;PNG images (*.png)")
        title = self.tr("Export figure")
        settings = self._app.settings
        path, pattern = ask_new_file(self._window, settings, title, name, patterns)
        if path:
            chosen = pattern.rpartition("*")[2].strip(")") or ".svg"
            known = Path(path).suffix.lower() in _FIGURES
            whole = path if known else f"{path}{chosen}"
            shown = view.result, view.image
            look = view.figure_look()
            self._app.saving.save(bridge.files.results.figure(*shown, whole, look))

    def _export(self, folder: Path) -> None:
        center, bridge, board = self._stage.center, self._app.bridge, self._board()
        if bridge is not None and board is not None and center.board is not None:
            lock = center.board.chosen_lock()
            self._app.saving.save(bridge.files.results.board(board, str(folder), lock))
        elif self._shows_portraits and not self._app.display.state.paintable:
            self._app.messages.say(self.tr("there are no synthetic images to save yet"))
        elif self._shows_portraits:
            painted = self._app.jobs.compute(center.painting(), _PAINTING)
            painted.done.connect(
                lambda pixels: self._app.unit_images.save(pixels, folder)
            )
        elif bridge is not None and self._app.display.run is not None:
            run, looks = self._app.display.run, center.looks()
            self._app.saving.save(bridge.files.results.save(run, str(folder), looks))
        else:
            self._app.messages.say(self.tr("there is no result to save yet"))

    @property
    def _shows_portraits(self) -> bool:
        state = self._app.display.state
        content = state.content
        shown = content is not None and content.kind is ContentKind.PORTRAITS
        return shown and state.mode not in WHOLE

    def copy_image(self) -> None:
        """Copy the shown result or board to the clipboard, with its legend."""
        board, pane = self._board(), self._stage.center.board
        if board is not None and pane is not None:
            self._copy_painting(
                partial(board.painted, lock=pane.chosen_lock()),
                self.tr("board copied as an image"),
            )
            return
        center = self._stage.center
        if not self._app.display.state.paintable:
            self._app.messages.say(self.tr("there is no result to copy yet"))
            return
        self._copy_painting(center.painting(), self.tr("result copied as an image"))

    def _copy_painting(self, painting: Painting, words: str) -> None:
        """Paint in a file thread, then copy to the clipboard and report it."""

        def put(picture: NDArray[np.uint8]) -> None:
            # A copy: the clipboard outlives the array, and even Python.
            QApplication.clipboard().setImage(image_of(picture).copy())
            self._app.messages.say(words)

        job = self._app.jobs.compute(painting, _COPYING)
        job.done.connect(put)
        job.failed.connect(partial(self._app.messages.fail, "copy"))

    def _copy_text(
        self, write: Callable[..., str], write_board: Callable[[Plan], str]
    ) -> None:
        board = self._board()
        if board is not None:
            self._put_text(write_board(board.plan))
            return
        run = self._app.display.run
        if run is None:
            self._app.messages.say(self.tr("there is no result to copy yet"))
            return
        recipe = run.recipe
        if run.image is not None and run.image.path:
            # A recipe names no folder, but the command is for this machine.
            recipe = dataclasses.replace(recipe, image=run.image.path)
        self._put_text(write(recipe, *self._declared(recipe)))

    def _put_text(self, text: str) -> None:
        QApplication.clipboard().setText(text)
        self._app.messages.say(self.tr("copied: {0}").format(text.splitlines()[-1]))

    def _declared(
        self, recipe: Recipe
    ) -> tuple[tuple[Parameter, ...], Preprocess | None]:
        """Return a recipe's method parameters, and its network's own preprocessing."""
        models, info = self._app.models, self._app.selection.model
        known = (m for m in models.catalogue.methods if m.name == recipe.method)
        parameters = next((method.parameters for method in known), ())
        same = info is not None and info.reference == recipe.model
        return parameters, models.own_preprocess if same else None

    def _change_video(self) -> None:
        """Ask for a video and run the method on each of its frames."""
        asked, films = self._app.choice.asked(), self._app.videos
        if films.busy or asked is None:
            told = self.tr("a video is already being made")
            if asked is None:
                told = self.tr("choose a network and a method first")
            self._app.messages.say(told)
            return
        film = ask_video(self._window, self._app.settings)
        if not film:
            return
        settings, title = self._app.settings, self.tr("Write the new video to")
        name = f"{Path(film).stem}-{asked.method}.mp4"
        out = ask_new_video(self._window, settings, title, name)
        if out:
            films.make(asked, film, out)

    # --- appearance

    def _use_language(self, code: str) -> None:
        """Save the language, which applies from the next start."""
        self._app.settings.language = code
        words = self.tr("{0} from the next start on")
        self._app.messages.say(words.format(LANGUAGES[code]))
        self.language_chosen.emit(code)

    def _use_theme(self, name: str) -> None:
        self._app.settings.theme = name
        self._app.look.use(name)

    def _enlarge(self, steps: int) -> None:
        self._app.look.enlarge(steps)
        self._app.settings.scale = self._app.look.scale

    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    def toggle_preprocess(self) -> None:
        """Show or hide the preprocessing editor."""
        dock = self._stage.docks["preprocess"]
        dock.setVisible(dock.isHidden())
        if not dock.isHidden():
            dock.raise_()
            dock.widget().setFocus()

    def about(self) -> None:
        """Show information about the program."""
        self._app.messages.notice(
            Notice(
                "about",
                Severity.NOTE,
                self.tr("nnviz: see what a neural network sees, and why."),
            )
        )

    def _history(self, *, undo: bool) -> None:
        if undo and self._stage.images.list.hasFocus():
            self._app.images.restore()
            return
        form, laid = self._stage.method.form, self._laid()
        history = laid or (form.history if form is not None else None)
        if history is not None:
            (history.undo if undo else history.redo)()

    def _laid(self) -> StickerLayout | ExampleBoxes | None:
        """Return the stickers or boxes being edited; None where none are."""
        if self._app.choice.live:
            live = self._app.live_stickers
            return live if live.shown else None
        pages: dict[str, StickerLayout | ExampleBoxes] = {
            STICKERS: self._app.stickers,
            BOXES: self._app.boxes,
        }
        return pages.get(self._stage.center.mode)

    def _find(self, panel: ModelPanel | LayerPanel) -> None:
        """Show a page of the network browser and focus its search."""
        browser = self._stage.docks["browser"]
        self._window.setFocus()  # a page that turns would pass it on
        browser.show()
        browser.raise_()  # it may be behind others in a row of tabs
        self._stage.browser.setCurrentWidget(panel)
        panel.search.setFocus()
        panel.search.selectAll()


def file_names(text: str) -> list[str]:
    """Return the files that a text names, one per line; () if any line is not a file.

    A relative name does not count: it would depend on the working directory.
    """
    lines = [line.strip().strip("\"'") for line in text.splitlines() if line.strip()]
    if not lines or len(lines) > _MOST_LINES or max(map(len, lines)) > _LONGEST_PATH:
        return []
    paths = [Path(QUrl(line).toLocalFile() or line) for line in lines]
    try:
        whole = all(path.is_absolute() and exists(path) for path in paths)
    except (OSError, ValueError):
        return []
    return [str(path) for path in paths] if whole else []


def _layer_kinds(method: MethodInfo | None) -> str:
    """Return the kinds of layers that a method takes; "" if none."""
    parameters = method.parameters if method else ()
    return next((each.layers for each in parameters if each.kind is Kind.LAYER), "")


def _suits(method: MethodInfo, layer: LayerInfo | None) -> bool:
    """Return whether a method can show a layer."""
    kinds = _layer_kinds(method)
    return layer is not None and bool(kinds) and layer.suits(kinds)
