"""Panel that edits the preprocessing and shows the effect on the prediction at once."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.preprocess import Preprocess
from nnviz.gui.forms.preprocess_form import PreprocessForm
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.parts import MARGIN, scrolled


class PreprocessPanel(QWidget):
    """Editor of size, fit, mean, std, order and range of the network's input."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self._own: Preprocess | None = None
        self.form = PreprocessForm()
        self.form.changed.connect(self._apply)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        inner.addWidget(self.form)
        inner.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolled(page))
        self.setFocusProxy(self.form)
        app.selection.model_changed.connect(lambda _: self._show())
        app.models.failed.connect(lambda *_: self._show())
        self._show()

    def _show(self) -> None:
        """Show the current preprocessing, leaving a field being edited alone."""
        info = self._app.selection.model
        self.setEnabled(info is not None)
        own = self._app.models.own_preprocess
        if info is None or (self.form.value(), self._own) == (info.preprocess, own):
            return
        self._own = own
        self.form.set_value(info.preprocess, own)

    def _apply(self, wanted: Preprocess) -> None:
        self._app.models.set_preprocess(None if wanted == self._own else wanted)
