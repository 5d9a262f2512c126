"""The main window: assembles the panels and binds the commands."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QByteArray, QChildEvent, QEvent, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QMainWindow, QMenu, QTabBar

from nnviz.base.catalogue import method_title
from nnviz.base.info import MethodInfo
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import AnyJob
from nnviz.gui.shell.actions import Actions, Command, plain
from nnviz.gui.shell.command_handlers import CommandHandlers
from nnviz.gui.shell.commands import (
    MENUS,
    METHOD_SYNONYMS,
    SYNONYMS,
    commands,
    dock_command,
    enter_command,
    gestures,
)
from nnviz.gui.shell.docks.manager import DockManager
from nnviz.gui.shell.drop_frame import DropFrame
from nnviz.gui.shell.field_keys import FieldKeys
from nnviz.gui.shell.focus_guard import FocusGuard
from nnviz.gui.shell.menus import Menus
from nnviz.gui.shell.palette import Entry, Palette
from nnviz.gui.shell.presentation import Presentation
from nnviz.gui.shell.shortcuts import Key, ShortcutSheet
from nnviz.gui.shell.status import StatusBar
from nnviz.gui.shell.topbar import TopBar
from nnviz.gui.shell.workspace_bar import WorkspaceBar
from nnviz.gui.state.language import LANGUAGES, language_of
from nnviz.gui.state.modes import BOARD, BOXES, OCCLUDER, STICKERS
from nnviz.gui.state.workspace import Workspace
from nnviz.gui.theme.manager import THEMES
from nnviz.gui.workspaces.attack.workspace import ATTACK
from nnviz.gui.workspaces.data.workspace import DATA
from nnviz.gui.workspaces.explain.workspace import EXPLAIN
from nnviz.gui.workspaces.imagine.workspace import IMAGINE
from nnviz.gui.workspaces.inspect.workspace import INSPECT
from nnviz.gui.workspaces.learn.workspace import LEARN
from nnviz.gui.workspaces.live.workspace import LIVE
from nnviz.gui.workspaces.style.workspace import STYLE
from nnviz.gui.workspaces.train.workspace import TRAIN

WORKSPACES = (INSPECT, EXPLAIN, IMAGINE, STYLE, ATTACK, TRAIN, LIVE, DATA, LEARN)
_LEAST = QSize(1280, 800)
"""Initial size of the window, px, where the screen is large enough."""
_FRAMED_AFTER = 200
"""Milliseconds after which a desktop has framed a new window."""
_SHARE = 0.92
"""Maximum fraction of the screen's available area for the initial window."""


class MainWindow(QMainWindow):
    """The main window around one ``AppContext``."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self.app = app
        app.look.dress(self)
        self.setWindowTitle("nnviz")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.workspace = INSPECT
        self.stage = DockManager(app, self)
        self.commands = Actions(self, app.look)
        self.operations = CommandHandlers(app, self, self.stage)
        self.presentation = Presentation(self, self.stage, app.look)
        self._bind()
        self._make_menus()
        self._make_bars()
        self._drop = DropFrame(self)
        self.palette_box = Palette(self, self.entries)
        self.keys_sheet = ShortcutSheet(self, app.look, self.keys)
        self._framed = QTimer(self, singleShot=True, interval=_FRAMED_AFTER)
        self._framed.timeout.connect(self.fit_frame)
        self.take_room()
        self._restore()
        self.stage.open_for(INSPECT)
        self._connect()
        FieldKeys(self, self.stage.center)
        FocusGuard(self, self.stage.center)
        self.setFocus()

    # --- construction

    def _bind(self) -> None:
        operations = self.operations.table() | {
            "go.palette": self._open_palette,
            "help.keys": self._open_keys,
            "view.reset": self.reset_layout,
            "view.present": self.presentation.toggle,
        }
        for command in commands():
            self.commands.add(command, operations[command.name])
        for workspace in WORKSPACES:
            first = workspace is WORKSPACES[0]
            command = enter_command(workspace, apart=first)
            self.commands.add(command, partial(self.enter, workspace))
        for name in self.stage.docks:
            self._adopt_dock(name)
        self.stage.dock_added.connect(self._add_dock_action)

    def _adopt_dock(self, name: str) -> QAction:
        switch = self.stage.docks[name].toggleViewAction()
        return self.commands.adopt(dock_command(name, switch.text()), switch)

    def _add_dock_action(self, name: str) -> None:
        """Add a newly mounted dock to the View menu."""
        switch = self._adopt_dock(name)
        self._menus.add(dock_command(name, switch.text()), switch)

    def _make_menus(self) -> None:
        self.recent = QMenu(self.tr("Open recent"), self)
        self.recent.aboutToShow.connect(self._fill_recent)
        self._menus = Menus(self.menuBar(), MENUS, self.tr)
        for command, action in self.commands.all():
            self._menus.add(command, action)
        self._menus.insert(self.recent, self.commands["file.open_dataset"])

    def _make_bars(self) -> None:
        self.top = TopBar(self.app, self.commands, self)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.top)
        bar = WorkspaceBar(WORKSPACES, self.commands, self.app.look, self)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)
        self.status = StatusBar(self.app)
        self.setStatusBar(self.status)

    def take_room(self) -> None:
        """Resize to a comfortable part of the screen."""
        free = self.screen().availableGeometry()
        room = QSize(round(_SHARE * free.width()), round(_SHARE * free.height()))
        self.resize(room.expandedTo(_LEAST).boundedTo(free.size()))
        frame = self.frameGeometry()
        frame.moveCenter(free.center())
        self.move(frame.topLeft())

    def event(self, event: QEvent) -> bool:
        """Fit the window into the screen once the desktop has framed it."""
        if event.type() is QEvent.Type.Show and not event.spontaneous():
            self._framed.start()
        return super().event(event)

    def fit_frame(self) -> None:
        """Shrink and move a window that would fit without its frame."""
        frame, free = self.frameGeometry(), self.screen().availableGeometry()
        small = self.size().boundedTo(free.size()) == self.size()
        if not small or self.isMaximized() or free.contains(frame):
            return
        border = frame.size() - self.size()
        self.resize(self.size().boundedTo(free.size() - border))
        frame.setSize(self.size() + border)
        right, bottom = free.right() - frame.width(), free.bottom() - frame.height()
        left = max(free.left(), min(frame.left(), right + 1))
        self.move(left, max(free.top(), min(frame.top(), bottom + 1)))

    def _restore(self) -> None:
        settings = self.app.settings
        if not settings.geometry.isEmpty():
            self.restoreGeometry(settings.geometry)
        self.stage.center.restore_state(settings.center)

    def _connect(self) -> None:
        center = self.stage.center
        center.hovered.connect(self.status.hover)
        for panel in (center, self.stage.images, self.stage.results):
            panel.wanted.connect(lambda name: self.commands[name].trigger())
        center.mode_changed.connect(
            lambda mode: self.stage.make_room(
                wide=mode in (BOARD, BOXES, OCCLUDER, STICKERS)
            )
        )
        self.stage.layers.activated.connect(self.operations.look_into)
        self.app.models.listed.connect(lambda _: self._choose_first())
        self.app.choice.elsewhere.connect(self._go_to)
        self.app.job_wanted.connect(self._show_job)
        self.app.live_wanted.connect(lambda: self.enter(LIVE))
        self.app.workspace_wanted.connect(self._enter_named)
        self.app.imagine_wanted.connect(lambda: self.enter(IMAGINE))
        self.app.explain_wanted.connect(lambda: self.enter(EXPLAIN))
        self.app.stickers_wanted.connect(self._open_studio)
        menu = self.stage.center.result
        menu.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for name in ("go.explain_unit", "go.value", "edit.copy_picture", "file.save"):
            menu.addAction(self.commands[name])
        self.app.look.changed.connect(self._mark_theme)
        self._mark_theme()
        self.operations.language_chosen.connect(self._mark_language)
        self._mark_language(language_of(self.app.settings.language))

    def _open_studio(self) -> None:
        """Show the sticker studio."""
        self.enter(ATTACK)
        self.stage.center.set_mode(STICKERS)

    def _choose_first(self) -> None:
        if self.app.choice.method is None:
            self.app.choice.enter(self.workspace)

    def _mark_theme(self) -> None:
        for name in THEMES:
            action = self.commands[f"view.theme.{name}"]
            action.setChecked(name == self.app.look.name)

    def _mark_language(self, code: str) -> None:
        for each in LANGUAGES:
            self.commands[f"view.language.{each}"].setChecked(each == code)

    def childEvent(self, event: QChildEvent) -> None:
        """Name and fix the tab bars that Qt creates where docks share a place.

        Their tabs cannot be dragged: a bar that the layout has just given up still
        shows for a moment, and Qt 6 ends in a segmentation fault when its tabs move
        (``QMainWindowLayout::tabMoved`` finds no dock area for it).
        """
        super().childEvent(event)
        # Only then: a private class of Qt makes PySide load everything it had deferred.
        if event.polished() and isinstance(child := event.child(), QTabBar):
            child.setAccessibleName(self.tr("Tabbed panels"))
            child.setElideMode(Qt.TextElideMode.ElideNone)
            child.setUsesScrollButtons(True)
            child.setMovable(False)

    # --- behavior

    def enter(self, workspace: Workspace) -> None:
        """Enter a workspace: show its docks, and open the camera only in Live."""
        if workspace is self.workspace:
            self.presentation.finish()
            return
        self.presentation.leave()
        self.workspace = workspace
        self.commands[f"workspace.{workspace.name}"].setChecked(True)
        self.stage.open_for(workspace)
        self.top.offer_images(offered=not workspace.live)
        self.app.choice.enter(workspace)
        if workspace.live:
            self.app.live.enter()
        else:
            self.app.live.leave()

    def _enter_named(self, name: str) -> None:
        self.enter(next(each for each in WORKSPACES if each.name == name))

    def _go_to(self, info: MethodInfo | None) -> None:
        """Enter the workspace of a method; for None, the first with images."""
        still = [each for each in WORKSPACES if not each.live]
        fitting = [each for each in still if info is None or each.offers(info)]
        self.enter((fitting or still)[0])

    def _show_job(self, job: AnyJob) -> None:
        """Enter the workspace of a run, and show the image that it is about."""
        run = self.app.runs.run_of(job)
        if run is None:
            return
        self.enter(next(each for each in WORKSPACES if each.name == run.workspace))
        image = run.request.image
        if image is not None and image is not self.app.selection.image:
            self.app.images.show(image.path or image.name)
        self.app.choice.choose_quietly(run.request)

    def _open_palette(self) -> None:
        self.palette_box.open()

    def _open_keys(self) -> None:
        self.keys_sheet.open()

    def reset_layout(self) -> None:
        """Restore the default layout."""
        self.app.settings.forget_window()
        self.stage.layouts.reset()

    def keys(self) -> list[Key]:
        """Return every shortcut and gesture, by menu, for the shortcut sheet."""
        text = QKeySequence.SequenceFormat.NativeText
        return [
            Key(
                command.group,
                plain(action.text()),
                ",  ".join(each.toString(text) for each in action.shortcuts()),
            )
            for command, action in self.commands.all()
            if action.shortcuts()
        ] + list(gestures())

    def _full_title(self, command: Command, action: QAction) -> str:
        """Return a command's title with its menu and submenu before it."""
        menu = self.tr(command.group) if command.group else ""
        parts = (menu, command.submenu, plain(action.text()))
        return ": ".join(part for part in parts if part)

    def entries(self) -> list[Entry]:
        """Return the entries of the palette: commands, methods, networks, layers."""
        app = self.app
        entries = [
            Entry(
                self._full_title(command, action),
                action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
                action.trigger,
                action.isEnabled(),
                SYNONYMS.get(command.name, ""),
            )
            for command, action in self.commands.all()
        ]
        entries += [
            Entry(
                info.title,
                self.tr("method"),
                partial(app.choice.choose, info.name),
                # Its English name is found in every language.
                synonyms=f"{method_title(info.name)} "
                f"{METHOD_SYNONYMS.get(info.group, '')}",
            )
            for info in app.models.catalogue.methods
        ]
        entries += [
            self._entry(entry.title, entry.reference, entry.reference, app.open_model)
            for entry in app.models.catalogue.models
        ]
        model = app.selection.model
        entries += [
            self._entry(layer.name, layer.kind, layer.name, self.operations.look_into)
            for layer in (model.layers if model else ())
        ]
        return entries

    @staticmethod
    def _entry(text: str, hint: str, name: str, act: Callable[[str], object]) -> Entry:
        return Entry(text, hint, lambda: act(name))

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self.app.settings.recent:
            self.recent.addAction(path).triggered.connect(
                lambda _=False, path=path: self.operations.open_recent(path)
            )
        self.recent.addSeparator()
        clear = self.recent.addAction(self.tr("Clear"))
        clear.triggered.connect(self.app.settings.clear_recent)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and images."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()
            self._drop.offer(len(event.mimeData().urls()))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Hide the drop frame."""
        self._drop.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self._drop.hide()
        self.operations.take(event.mimeData(), dropped=True)
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save the window's state and stop everything in progress."""
        self.presentation.finish()
        self.stage.layouts.remember()
        self.app.settings.save_window(
            QByteArray(self.saveGeometry()), self.stage.center.save_state()
        )
        self.app.settings.sync()
        self.hide()
        self.app.close()
        super().closeEvent(event)
