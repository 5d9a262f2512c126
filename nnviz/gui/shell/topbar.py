"""Top bar: network, image, device, command palette."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from nnviz.base.images import Image
from nnviz.base.info import ModelInfo
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.shell.actions import Actions
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import keep_icon, keep_icon_size, named, row
from nnviz.gui.theme.signs import TIMES
from nnviz.gui.views.widgets.elided import ElidedButton, cut

_ICON = 16
"""Side of an icon at normal text, px."""


class TopBar(QToolBar):
    """Bar of the current network, image and device; a click changes one."""

    def __init__(self, app: AppContext, actions: Actions, parent: QWidget) -> None:
        super().__init__(self.tr("Top bar"), parent)
        self.setObjectName("topbar")
        self.setMovable(False)
        self._app = app
        keep_icon_size(app.look, self, _ICON)
        self.model = self._picker("box", self.tr("Network"))
        self.model.clicked.connect(actions["go.models"].trigger)
        self.source = self._picker("image", self.tr("Image"))
        self.source.setMenu(self._source_menu(actions))
        self.device = self._picker("cpu", self.tr("Device"))
        self._devices = QMenu(self)
        self.device.setMenu(self._devices)
        self.search = self._picker("search", self.tr("Command palette"))
        self.search.clicked.connect(actions["go.palette"].trigger)
        keys = actions["go.palette"].shortcut()
        native = keys.toString(QKeySequence.SequenceFormat.NativeText)
        self.search.setText(self.tr("Search commands   {0}").format(native))
        self._lay_out()
        self._name_model(None)
        self._name_image(None)
        self._list_devices()
        app.models.listed.connect(lambda _: self._list_devices())
        app.selection.model_changed.connect(self._name_model)
        app.selection.image_changed.connect(self._name_image)
        app.models.opening.connect(
            lambda reference: self._put(
                self.model, self.tr("opening {0}"), app.captions.model(reference)
            )
        )
        for ended in (app.models.opened, app.models.failed, app.models.stopped):
            ended.connect(lambda *_: self._name_model(app.selection.model))

    def _lay_out(self) -> None:
        # In one widget: a tool bar gives its own widgets their minimum, not their size
        # hint.
        line = row(self.model, self.source, self.device, None, self.search)
        line.setSpacing(2 * GRID)
        pickers = QWidget()
        pickers.setLayout(line)
        pickers.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.addWidget(pickers)

    def offer_images(self, *, offered: bool) -> None:
        """Show or hide the image button, which Live does not need."""
        self.source.setVisible(offered)

    def _picker(self, icon: str, name: str) -> ElidedButton:
        look = self._app.look
        picker = named(ElidedButton(self), "picker")
        picker.setAccessibleName(name)
        picker.setToolTip(literal(name))
        keep_icon_size(look, picker, _ICON)
        picker.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        picker.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        keep_icon(
            look, picker, lambda: look.icon(icon, look.theme.muted), picker.setIcon
        )
        return picker

    def _source_menu(self, actions: Actions) -> QMenu:
        menu = QMenu(self)
        for name in ("file.open", "file.open_folder", "file.paste", "file.sample"):
            menu.addAction(actions[name])
        return menu

    def _list_devices(self) -> None:
        """List the available devices, with the current one checked."""
        models = self._app.models
        self._devices.clear()
        for device in models.devices:
            action: QAction = self._devices.addAction(device)
            action.setCheckable(True)
            action.setChecked(device == models.device)
            action.triggered.connect(lambda _=False, device=device: self._use(device))
        self._name_device(models.device)

    def _use(self, device: str) -> None:
        self._app.settings.device = device
        self._app.models.set_device(device)
        self._list_devices()

    def _name_model(self, info: ModelInfo | None) -> None:
        self._put(self.model, "{0}", info.title if info else self.tr("no network"))

    def _name_image(self, image: Image | None) -> None:
        if image is None:
            self._put(self.source, "{0}", self.tr("no image"))
            return
        height, width = image.size
        self._put(self.source, "{0}", f"{image.name}   {width} {TIMES} {height}")

    def _name_device(self, device: str) -> None:
        self._put(self.device, "{0}", device)

    @staticmethod
    def _put(picker: QToolButton, template: str, text: str) -> None:
        shown = template.format(text)
        picker.setText(cut(shown))
        picker.setToolTip(literal(f"{picker.accessibleName()}: {shown}"))
        picker.setAccessibleDescription(shown)
