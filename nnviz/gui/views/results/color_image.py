"""View of a color image."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.images import rgb8
from nnviz.base.results import ColorImage
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.results.base import ResultView


class ImageView(ResultView):
    """View of a ``ColorImage``."""

    result: ColorImage | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        # A generated image has no camera pixels worth showing as squares.
        self.canvas.smooth = True
        self.canvas.setAccessibleName(self.tr("Image"))
        self.canvas.hovered.connect(self.hovered)
        self.setFocusProxy(self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)

    def update_view(self) -> None:
        """Show the pixels."""
        if self.result is not None:
            self.canvas.set_image(rgb8(self.result.pixels))
