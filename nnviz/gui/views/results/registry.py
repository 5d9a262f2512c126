"""Registry of views by kind of result."""

from PySide6.QtWidgets import QWidget

from nnviz.base.kinds.matrices import Matrix
from nnviz.base.kinds.planes import Plane
from nnviz.base.results import (
    Boxes,
    ColorImage,
    Curves,
    Diagram,
    Heatmap,
    Mask,
    Mosaic,
    Ranking,
    Result,
    Table,
    Text,
)
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.results.boxes import BoxesView
from nnviz.gui.views.results.color_image import ImageView
from nnviz.gui.views.results.curves import CurvesView
from nnviz.gui.views.results.diagram import DiagramView
from nnviz.gui.views.results.heatmap import HeatmapView
from nnviz.gui.views.results.mask import MaskView
from nnviz.gui.views.results.matrix import MatrixView
from nnviz.gui.views.results.mosaic import MosaicView
from nnviz.gui.views.results.plane import PlaneView
from nnviz.gui.views.results.ranking import RankingView
from nnviz.gui.views.results.table import TableView
from nnviz.gui.views.results.text import TextView

_VIEWS: dict[type[Result], type[ResultView]] = {
    Ranking: RankingView,
    Heatmap: HeatmapView,
    ColorImage: ImageView,
    Plane: PlaneView,
    Mosaic: MosaicView,
    Boxes: BoxesView,
    Mask: MaskView,
    Matrix: MatrixView,
    Curves: CurvesView,
    Diagram: DiagramView,
    Table: TableView,
    Text: TextView,
}


def make_view(result: Result, parent: QWidget | None = None) -> ResultView:
    """Build an empty view for a kind of result."""
    return _VIEWS[type(result)](parent)
