"""Choice of a source: camera, video, folder, address, or screen."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QMenu,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from nnviz.base.shipped.samples import sample_video
from nnviz.base.video import (
    Camera,
    SourceKind,
    SourceRequest,
    SourceState,
    SourceStatus,
)
from nnviz.gui.layout.text_fields import HintedField
from nnviz.gui.panels.dialogs.files import IMAGES, ask_folder
from nnviz.gui.panels.dialogs.videos import ask_video
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.parts import keep_icon, named
from nnviz.gui.theme.signs import TIMES
from nnviz.gui.views.widgets.elided import ElidedButton, cut


class SourcePicker(ElidedButton):
    """Button with the source's name and a menu of all others."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        named(self, "picker", self.tr("Source of frames"))
        self.setToolTip(self.tr("Where the frames come from"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        look = app.look
        keep_icon(
            look, self, lambda: look.icon("video", look.theme.muted), self.setIcon
        )
        self._menu = QMenu(self)
        self._cameras: list[QAction] = []
        self._address = named(
            HintedField(), name=self.tr("Address of a stream, or part of the screen")
        )
        self._address.setPlaceholderText(
            "rtsp://, http://, screen:left,top,width,height"
        )
        self._address.setClearButtonEnabled(True)
        self._address.returnPressed.connect(self._open_address)
        self.setMenu(self._menu)
        self._fill()
        self._menu.aboutToShow.connect(app.live.find_cameras)
        connect_while_in(app.choice, "live", app.live.cameras_found, self._list)
        app.live.status_changed.connect(self._name)
        self._name(None)

    def _fill(self) -> None:
        menu = self._menu
        menu.addSection(self.tr("Cameras"))
        self._below_cameras = menu.addSection(self.tr("Videos"))
        menu.addAction(self.tr("Video file…")).triggered.connect(self.ask_video)
        menu.addAction(self.tr("Folder as video…")).triggered.connect(self.ask_folder)
        menu.addAction(self.tr("Sample video")).triggered.connect(self.open_sample)
        menu.addSection(self.tr("Address"))
        field = QWidgetAction(menu)
        field.setDefaultWidget(self._address)
        menu.addAction(field)
        menu.addSection(self.tr("This machine"))
        menu.addAction(self.tr("The screen")).triggered.connect(self._open_screen)
        self._list(())

    def _list(self, cameras: tuple[Camera, ...]) -> None:
        """List the cameras that are present."""
        for action in self._cameras:
            self._menu.removeAction(action)
            action.deleteLater()
        self._cameras = [self._offer(camera) for camera in cameras]
        if not cameras:
            none = QAction(self.tr("No camera found"), self._menu)
            none.setEnabled(False)
            self._cameras = [none]
        self._menu.insertActions(self._below_cameras, self._cameras)

    def _offer(self, camera: Camera) -> QAction:
        action = QAction(camera.name, self._menu)
        action.triggered.connect(lambda: self._open_camera(camera))
        return action

    def _name(self, status: SourceStatus | None) -> None:
        if status is None:
            self.setText(self.tr("Choose a source"))
            return
        words = status.title
        if status.size is not None and status.state is not SourceState.FAILED:
            height, width = status.size
            words += f"   {width} {TIMES} {height}"
        self.setText(cut(words))
        self.setAccessibleDescription(words)

    def _open_camera(self, camera: Camera) -> None:
        self._open(SourceKind.CAMERA, camera.address, mirrored=True)

    def _open_address(self) -> None:
        text = self._address.text().strip()
        if text:
            self._menu.close()
            self._app.live.open_named(text)

    def _open_screen(self) -> None:
        self._open(SourceKind.SCREEN, "")

    def ask_video(self) -> None:
        """Ask for a video file and play it."""
        path = ask_video(self, self._app.settings)
        if path:
            self._open(SourceKind.FILE, path)

    def ask_folder(self) -> None:
        """Ask for a folder of images and play it."""
        title = self.tr("Play the images of a folder")
        folder = ask_folder(self, self._app.settings, IMAGES, title)
        if folder:
            self._open(SourceKind.FOLDER, folder)

    def open_sample(self) -> None:
        """Play the sample video."""
        self._app.live.open(sample_video())

    def _open(self, kind: SourceKind, address: str, *, mirrored: bool = False) -> None:
        self._app.live.open(
            SourceRequest(kind=kind, address=address, mirrored=mirrored)
        )
