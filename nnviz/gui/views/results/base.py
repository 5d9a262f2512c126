"""Base class of the views of results."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QWidget

from nnviz.base.images import Image
from nnviz.base.results import Report, Result
from nnviz.gui.layout.deferred_refresh import DeferredRefresh
from nnviz.render import report

if TYPE_CHECKING:  # figures load slowly
    from nnviz.render.figures import FigureLook

Painting = Callable[[], NDArray[np.uint8]]
"""Paints the view's contents at the time of the call to ``painting``."""
PAINTED_WIDTH = 960


def nothing() -> NDArray[np.uint8]:
    """Return the painting for no result: one black pixel."""
    return np.zeros((1, 1, 3), np.uint8)


class ResultView(QWidget):
    """Base view of one result.

    Signals:
        hovered: text about the position under the cursor; empty when it leaves.
        unit_chosen: index of a tile that the user selected, as in the network.
        unit_pointed: layer and index of the unit whose tile is under the cursor; an
            empty layer for none.
        target_chosen: a part of the result that the user selected as the target, in
            target notation: "box:0"; empty when it is deselected.
        layer_chosen: name of a layer that the user selected.
        values_edited: parameters by name that the user changed in the result itself,
            by moving points.
        position_chosen: row and column of the photo, px, that the user selected.
    """

    _themed: DeferredRefresh | None = None  # events may arrive before __init__ ends

    hovered = Signal(str)
    unit_chosen = Signal(int)
    unit_pointed = Signal(str, int)
    target_chosen = Signal(str)
    layer_chosen = Signal(str)
    values_edited = Signal(object)
    position_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.result: Result | None = None
        self.image: Image | None = None
        self.stale = False
        self._themed = DeferredRefresh(self, self.follow_theme)

    def show_result(
        self,
        result: Any,
        image: Image | None,
        stale: bool = False,  # noqa: FBT001, FBT002 - part of the contract
    ) -> None:
        """Show a result, keeping zoom and selection where they still apply.

        Args:
            result: result of the view's kind.
            image: the image of the result, if any.
            stale: whether it is outdated; the report's view grays it.
        """
        self.result, self.image, self.stale = result, image, stale
        self.update_view()

    def update_view(self) -> None:
        """Update the widgets from ``self.result`` and ``self.image``."""
        raise NotImplementedError

    def set_report(self, shown: Report) -> None:
        """Set the report of the result, for what others in it say of this one.

        Called before ``show_result``.  Overridden where needed.
        """

    def follow_theme(self) -> None:
        """Repaint in another theme; only for views that do not use the palette."""

    def changeEvent(self, event: QEvent) -> None:
        """Follow a theme change once the view is visible."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._themed is not None:
            self._themed.ask()

    def select_unit(self, unit: int | None) -> None:
        """Mark a unit selected elsewhere; None or -1 for none.  Few views need it."""

    def select_layer(self, name: str) -> None:
        """Mark a layer selected elsewhere; "" for none.  Overridden where needed."""

    def set_photo_beside(self, beside: bool) -> None:  # noqa: FBT001
        """Set whether the image is shown beside the view.  Overridden where needed."""

    def figure_look(self) -> "FigureLook | None":
        """Return the look with which a figure is exported; None for the default."""
        return None

    def painting(self) -> Painting:
        """Return a function that paints the result for export, on any thread.

        The function returns uint8 (H, W, 3) with caption and legend.
        """
        if self.result is None:
            return nothing
        width = max(self.width(), PAINTED_WIDTH)
        return partial(report.paint, self.result, self.image, width)

    def painted(self) -> NDArray[np.uint8]:
        """Paint the result for export, on the calling thread."""
        return self.painting()()
