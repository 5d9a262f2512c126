"""Controls of an occluder: fill and patch size."""

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from nnviz.base.explanations.occluder import FILLS, Fill
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.occlusion_trace import OcclusionTrace
from nnviz.gui.theme.parts import named
from nnviz.gui.views.widgets.named_slider import NamedSlider

_LEAST, _MOST, _USUAL = 5, 60, 25
"""Minimum, maximum and default side of the patch, % of the image's shorter side."""
_PERCENT = 100


def _tr(text: str) -> str:
    return QCoreApplication.translate("OccluderTools", text)


def _fill_words() -> Mapping[Fill, str]:
    return {
        "mean": _tr("mean color"),
        "gray": _tr("gray"),
        "black": _tr("black"),
        "white": _tr("white"),
        "blur": _tr("blur"),
        "inpainted": _tr("inpainted"),
    }


class FillBox(ComboBox):
    """Choice of what fills the hidden part."""

    def __init__(self) -> None:
        super().__init__()
        named(self, name=_tr("Fill"))
        words = _fill_words()
        for each in FILLS:
            self.addItem(words[each], each)

    @property
    def fill(self) -> Fill:
        """The selected fill."""
        chosen: Fill = self.currentData()
        return chosen


class PatchSlider(NamedSlider):
    """Slider for the side of a square patch."""

    def __init__(self) -> None:
        words = _tr("Patch"), _tr("Size of the patch")
        super().__init__(*words, (_LEAST, _MOST), steps=_MOST - _LEAST)
        self.set_value(_USUAL)

    @property
    def side(self) -> float:
        """The side as a share of the image's shorter side."""
        return self.value() / _PERCENT


def export_trace(trace: OcclusionTrace, app: AppContext, parent: QWidget) -> None:
    """Ask for a file and write a trace to it."""
    path, _ = QFileDialog.getSaveFileName(
        parent,
        _tr("Save the trace"),
        f"{app.settings.export_folder}/trace.csv",
        _tr("Table (*.csv)"),
    )
    if path and app.bridge is not None:
        app.saving.save(app.bridge.files.results.text(trace.text(), path))
