"""Controls of a heatmap's look: opacity, clipping, and more for a sparse map."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.tokens import SPACE
from nnviz.gui.views.widgets.named_slider import NamedSlider
from nnviz.render import sheets
from nnviz.render.maps import heatmaps
from nnviz.render.maps.heatmaps import Ground, MapLook

_LEAST_RANGE, _MOST_SMOOTHING = 90.0, 5.0
_GAMMA = (0.2, 2.0)


class MapControls(QWidget):
    """Sliders that edit a ``MapLook``.

    ``opacity`` and ``clip`` are for every map and are placed by their owner; the widget
    itself holds the controls for sparse maps only.

    Signals:
        changed: the user changed the look.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = heatmaps.PLAIN
        self.opacity = NamedSlider(
            self.tr("Opacity"), self.tr("Opacity of the map"), parent=self
        )
        self.clip = NamedSlider(
            self.tr("Range"),
            self.tr("Fraction of the values that the colors span"),
            (_LEAST_RANGE, 100.0),
            self,
        )
        words = self.tr(
            "Let the colors span 90 to 100 % of the values, so that a few "
            "outliers do not take up the whole range; the legend says so. At "
            "{0} %, colors are clipped only where it helps much."
        )
        self.clip.setToolTip(literal(words.format(f"{sheets.CLIP:g}")))
        self.smoothing = NamedSlider(
            self.tr("Smoothing"),
            self.tr("Standard deviation of the smoothing"),
            (0.0, _MOST_SMOOTHING),
            self,
            steps=50,
        )
        self.gamma = NamedSlider(
            self.tr("Gamma"), self.tr("Gamma of the colors"), _GAMMA, self, steps=18
        )
        self.ground = ComboBox(self)
        self._ground = QWidget(self)
        self._fill()
        self._connect()

    @property
    def look(self) -> MapLook:
        """The look of the map."""
        return self._look

    def show_look(self, look: MapLook, *, sparse: bool, over: bool) -> None:
        """Show a look without emitting signals.

        Args:
            look: look of the map.
            sparse: whether the map is grainy and has controls of its own.
            over: whether it lies over an image.
        """
        self._look = look
        for slider, value in (
            (self.opacity, look.opacity),
            (self.clip, look.percentile),
            (self.smoothing, look.smoothing),
            (self.gamma, look.gamma),
        ):
            with QSignalBlocker(slider):
                slider.set_value(value)
        self.ground.setCurrentIndex(list(Ground).index(look.ground))
        self.opacity.setVisible(over and look.ground is Ground.IMAGE)
        self._ground.setVisible(over)
        self.setVisible(sparse)

    def _fill(self) -> None:
        self.ground.addItem(self.tr("Image"), Ground.IMAGE)
        self.ground.addItem(self.tr("Black"), Ground.BLACK)
        self.ground.addItem(self.tr("White"), Ground.WHITE)
        self.ground.setAccessibleName(self.tr("Background of the map"))
        line = QHBoxLayout(self._ground)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE)
        line.addWidget(QLabel(self.tr("Background"), self))
        line.addWidget(self.ground)
        layout = flow(self.smoothing, self.gamma, self._ground, spacing=2 * SPACE)
        layout.setContentsMargins(SPACE, 0, SPACE, SPACE)
        self.setLayout(layout)

    def _connect(self) -> None:
        changes: tuple[tuple[NamedSlider, str], ...] = (
            (self.opacity, "opacity"),
            (self.clip, "percentile"),
            (self.smoothing, "smoothing"),
            (self.gamma, "gamma"),
        )
        for slider, field in changes:
            slider.changed.connect(self._changer(slider, field))
        self.ground.activated.connect(
            lambda _: self._change(ground=Ground(self.ground.currentData()))
        )

    def _changer(self, slider: NamedSlider, field: str) -> Callable[[], None]:
        return lambda: self._change(**{field: slider.value()})

    def _change(self, **changes: Any) -> None:
        self._look = replace(self._look, **changes)
        self.changed.emit()
