"""Each view shows what its result says and tells what is chosen."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from nnviz.base.frames import Frame
from nnviz.base.results import ColorImage, Curves, Heatmap, Report, Table, Text
from nnviz.gui.views.canvas.canvas import MarkStyle
from nnviz.gui.views.canvas.layers import array_of
from nnviz.gui.views.results.color_image import ImageView
from nnviz.gui.views.results.curves import CurvesView
from nnviz.gui.views.results.heatmap import HeatmapView, bounds_on
from nnviz.gui.views.results.mosaic import MosaicView
from nnviz.gui.views.results.ranking import RankingView, bars_of
from nnviz.gui.views.results.registry import make_view
from nnviz.gui.views.results.report import ReportView
from nnviz.gui.views.results.table import TableView, shared_widths
from nnviz.gui.views.results.text import TextView
from nnviz.render import colormaps, report
from nnviz.render.maps import heatmaps


@pytest.fixture
def shown(qtbot):
    kept = []

    def show(view, *args, size=(600, 400)):
        kept.append(view)  # what is left is painted once more after the test
        qtbot.addWidget(view)
        view.resize(*size)
        view.show()
        view.show_result(*args)
        return view

    yield show
    kept.clear()


def rgb(widget):
    return array_of(widget.grab().toImage())


class TestRanking:
    def test_logits_diverge_at_zero(self, ranking):
        # From -1 to 3: zero is a quarter of the way.
        best, second, last = bars_of(ranking)
        assert (best.start, best.end) == (0.25, 1)
        assert (second.start, second.end) == (0.25, 0.5)
        assert (last.start, last.end) == (0, 0.25)
        assert last.negative

    def test_keys_walk_and_tool_tips_hold_what_does_not_fit(
        self, shown, ranking, qtbot
    ):
        view = shown(RankingView(), ranking, None, size=(160, 200))
        listed = view.focusProxy()
        qtbot.keyClick(listed, Qt.Key.Key_Down)
        qtbot.keyClick(listed, Qt.Key.Key_Down)
        index = listed.currentIndex()
        assert index.row() >= 1
        tip = index.data(Qt.ItemDataRole.ToolTipRole)
        assert ranking.labels[index.row()] in tip

    def test_a_unit_chosen_elsewhere_is_marked(self, shown, ranking):
        view = shown(RankingView(), ranking, None)
        view.select_unit(5)
        assert view.focusProxy().currentIndex().row() == 2

    def test_the_photograph_stands_beside_the_bars(self, shown, ranking, photo):
        view = shown(RankingView(), ranking, photo)
        assert view.canvas.isVisible()
        assert view.canvas.image_size == photo.size
        view.set_photo_beside(True)
        assert not view.canvas.isVisible()
        view.set_photo_beside(False)
        assert view.canvas.isVisible()
        view.show_result(ranking, None)
        assert not view.canvas.isVisible()


class TestHeatmap:
    def test_lies_where_the_network_looked(self, make_heat, photo):
        # The middle 40 of 60 columns, all 40 rows.
        assert bounds_on(make_heat([[0, 1]]), photo) == (0, 10, 40, 50)

    def test_the_photo_shows_where_the_map_says_nothing(self, shown, make_heat, photo):
        view = shown(HeatmapView(), make_heat([[0, 1]]), photo, size=(600, 440))
        pixels = rgb(view.canvas)
        at = view.canvas.viewport().to_widget(20.3, 12.2)
        assert tuple(pixels[int(at[0]), int(at[1])]) == (10, 20, 30)
        at = view.canvas.viewport().to_widget(20.3, 42.2)
        hot = colormaps.table("inferno")[-1] * 0.85 + np.array([10, 20, 30]) * 0.15
        assert abs(pixels[int(at[0]), int(at[1])] - hot).max() <= 3

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            (np.zeros((3, 3)), "All values are 0"),
            (np.full((3, 3), np.nan), "No value is finite"),
        ],
    )
    def test_says_so_instead_of_painting_blue(self, shown, make_heat, values, words):
        view = shown(HeatmapView(), make_heat(values, framed=False), None)
        assert view.canvas.image_size is None
        assert words in view.canvas._message

    def test_over_a_photograph_it_is_said_on_the_photograph(
        self, shown, make_heat, photo
    ):
        """A live map that is zero for one frame must not blank the picture."""
        view = shown(HeatmapView(), make_heat(np.zeros((3, 3))), photo)
        assert view.canvas.image_size == photo.size
        assert "All values are 0" in view._words
        view.show_result(make_heat([[0, 1]]), photo)
        assert view._words == ""

    def test_the_middle_of_a_diverging_map_suits_the_theme(self, shown, make_heat):
        """Zero is painted dark in the dark theme, light in the light one."""
        view = shown(
            HeatmapView(), make_heat([[0, 1]], signed=True, framed=False), None
        )
        for ground, light in (("#1a1d22", False), ("#f4f5f7", True)):
            colors = QPalette(QColor(ground))
            colors.setColor(QPalette.ColorRole.Window, QColor(ground))
            view.setPalette(colors)
            QGuiApplication.processEvents()  # a theme is followed in a turn of its own
            pixels = rgb(view.canvas)
            at = view.canvas.viewport().to_widget(0.5, 0.5)
            assert (pixels[int(at[0]), int(at[1])].mean() > 128) == light

    def test_hover_reads_photo_and_map(self, shown, make_heat, photo):
        view = shown(HeatmapView(), make_heat([[0, 1.5]]), photo)
        assert view._read(5, 45) == "x 45  y 5 px  ·  10  20  30  ·  activation 1.50"
        assert "outside" in view._read(5, 2)

    def test_the_clipped_range_is_named_beside_the_whole(self, shown, make_heat):
        values = np.append(np.ones(999), 20.0)
        values[::2] = 0
        view = shown(HeatmapView(), make_heat(values[None], framed=False), None)
        assert "clipped at 99.5 %: 0 … 1 of 0 … 20" in view.legend.toolTip()
        view.controls.clip.set_value(100)
        assert "clipped" not in view.legend.toolTip()
        assert "0 – 20" in view.legend.toolTip()

    def test_smoothing_is_named(self, shown, make_heat):
        view = shown(HeatmapView(), make_heat([[0, 1]], framed=False), None)
        assert "interpolated" not in view.legend.toolTip()
        view.smooth.setChecked(True)
        assert "1 × 2 interpolated" in view.legend.toolTip()


class TestMapControls:
    """Truth: the look's fields, and colors worked by hand."""

    @pytest.fixture
    def sparse(self, shown, photo):
        """A map of one bright place, over an image of one color."""
        values = np.zeros((80, 80), np.float32)
        values[40, 40] = 1
        heat = Heatmap(values=values, signed=False, unit="", frame=Frame.PHOTO)
        return shown(HeatmapView(), heat, photo, size=(600, 440))

    def test_what_a_sparse_map_needs_is_offered_for_it_alone(
        self, sparse, make_heat, photo
    ):
        assert sparse.controls.isVisible()
        assert sparse.look == heatmaps.GRAINY
        sparse.show_result(make_heat([[0, 1]]), photo)
        assert not sparse.controls.isVisible()
        assert sparse.look == heatmaps.PLAIN

    def test_sliders_change_the_look_and_the_legend_names_it(self, sparse):
        sparse.controls.smoothing.set_value(2)
        sparse.controls.gamma.set_value(0.5)
        sparse.controls.opacity.set_value(0.4)
        sparse.controls.clip.set_value(98)
        look = sparse.look
        assert (look.smoothing, look.gamma) == (2, 0.5)
        assert (look.opacity, look.percentile) == (0.4, 98)
        assert "sigma 2 px · gamma 0.5" in sparse.legend.toolTip()
        assert "98%" in sparse.legend.toolTip().replace(" ", "")

    def test_a_look_stays_for_the_next_map_of_its_kind(self, sparse, make_heat, photo):
        heat = sparse.result
        sparse.controls.gamma.set_value(1.5)
        sparse.show_result(make_heat([[0, 1]]), photo)
        sparse.show_result(heat, photo)
        assert sparse.look.gamma == 1.5
        assert sparse.controls.gamma.value() == 1.5

    @pytest.mark.parametrize(("ground", "level"), [("black", 0), ("white", 255)])
    def test_a_sparse_map_stands_alone_on_black_or_white(self, sparse, ground, level):
        box = sparse.controls.ground
        box.setCurrentIndex(box.findData(ground))
        box.activated.emit(box.currentIndex())
        pixels = rgb(sparse.canvas)
        at = sparse.canvas.viewport().to_widget(3.5, 3.5)
        assert abs(pixels[int(at[0]), int(at[1])].astype(int) - level).max() <= 4

    def test_what_is_copied_follows_the_controls(self, sparse):
        before = sparse.painted()
        sparse.controls.gamma.set_value(2)
        after = sparse.painted()
        want = report.paint_map(
            sparse.result, sparse.image, after.shape[1], look=sparse.look
        )
        assert np.array_equal(after, want)
        assert not np.array_equal(after, before)


class TestMosaic:
    def test_grid_stays_as_it_is_while_more_tiles_come(self, shown, make_mosaic):
        """Truth: the first tile's box and the sheet's size, by one tile and by nine."""
        found = []
        for count in (1, 9):
            made = make_mosaic(12, order=np.arange(count), room=12)
            view = shown(MosaicView(), made, None)
            layout = view._sheet.layout
            found.append((layout.columns, layout.size, view._sheet.bounds(0)))
            assert view.canvas.image_size == layout.size
            assert view._sheet.locate(*np.subtract(layout.size, 1)) is None
        assert found[0] == found[1]

    def test_screen_readers_are_told_the_chosen_tile(self, shown, make_mosaic, qtbot):
        """Truth: the tiles are in reverse order, twelve of them."""
        view = shown(MosaicView(), make_mosaic(), None)
        assert view.canvas.accessibleDescription() == "channel 11, 1 of 12"
        qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
        assert view.canvas.accessibleDescription() == "channel 10, 2 of 12"

    def test_click_chooses_the_tile_in_the_networks_order(
        self, shown, make_mosaic, qtbot
    ):
        view = shown(MosaicView(), make_mosaic(), None)
        top, left, *_ = view._sheet.bounds(2)
        y, x = view.canvas.viewport().to_widget(top + 0.5, left + 0.5)
        with qtbot.waitSignal(view.unit_chosen) as caught:
            qtbot.mouseClick(
                view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(int(x), int(y))
            )
        # Shown last to first: place 2 of 12 is tile 9.
        assert caught.args == [9]
        assert view.detail.title.text() == "channel 9"

    def test_arrow_keys_walk_in_the_shown_order(self, shown, make_mosaic, qtbot):
        view = shown(MosaicView(), make_mosaic(), None)
        columns = view._sheet.layout.columns
        assert view.unit == 11
        qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
        assert view.unit == 10
        qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
        assert view.unit == 10 - columns
        qtbot.keyClick(view.canvas, Qt.Key.Key_End)
        assert view.unit == 0
        qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
        assert view.unit == 0

    def test_hover_reads_tile_place_and_value(self, shown, make_mosaic, qtbot):
        view = shown(MosaicView(), make_mosaic(), None)
        top, left, *_ = view._sheet.bounds(0)
        # Tile 11 of 4 x 4: its value at row 1, column 2 is 11 * 16 + 6.
        words = view._read(top + 1.5, left + 2.5)
        assert words == "channel 11  ·  row 1, column 2  ·  activation 182"
        y, x = view.canvas.viewport().to_widget(top + 1.5, left + 2.5)
        qtbot.mouseMove(view.canvas, QPoint(int(x), int(y)))
        styles = {mark.style for mark in view.canvas._marks}
        assert MarkStyle.HOVER in styles

    def test_choosing_elsewhere_does_not_answer(self, shown, make_mosaic, qtbot):
        view = shown(MosaicView(), make_mosaic(), None)
        with qtbot.assertNotEmitted(view.unit_chosen):
            view.select_unit(3)
        assert view.unit == 3
        view.select_unit(-1)
        assert view.unit == 11

    def test_figures_are_those_of_the_tile(self, shown, make_mosaic):
        view = shown(MosaicView(), make_mosaic(), None)
        view.select_unit(1)
        # 16 to 31: mean 23.5.
        figures = view.detail.figures
        assert "min 16  ·  mean 23.5  ·  max 31" in figures.toolTip()
        view.detail.resize(600, 200)
        assert figures.text() == figures.toolTip()
        assert view.detail.place.text() == "11 of 12"

    def test_zoom_and_unit_stay_for_the_same_layer_only(self, shown, make_mosaic):
        view = shown(MosaicView(), make_mosaic(), None)
        view.select_unit(3)
        view.canvas.state.set(3.0, (0.4, 0.4))
        view.show_result(make_mosaic(), None)
        assert view.unit == 3
        assert view.canvas.state.magnification == 3
        view.show_result(make_mosaic(layer="layer2"), None)
        assert view.canvas.state.fitted
        assert view.unit == 11

    def test_the_columns_follow_the_shape(self, shown, make_mosaic, qtbot):
        view = shown(MosaicView(), make_mosaic(64), None, size=(1400, 400))
        assert view._split.orientation() is Qt.Orientation.Horizontal
        wide = view._sheet.layout.columns
        view.resize(600, 1300)
        qtbot.waitUntil(lambda: view._sheet.layout.columns < wide)
        assert view._split.orientation() is Qt.Orientation.Vertical

    def test_own_scales_show_no_common_range(self, shown, make_mosaic):
        view = shown(MosaicView(), make_mosaic(), None)
        assert "0 – 191" in view.legend.toolTip()
        view.shared.setChecked(False)
        assert "one scale per channel" in view.legend.toolTip()
        assert "191" not in view.legend.toolTip()

    def test_silent_layer_says_so(self, shown, make_mosaic):
        tiles = np.zeros((4, 3, 3), np.float32)
        view = shown(MosaicView(), make_mosaic(4, 3, tiles=tiles), None)
        assert view.canvas._message == "All values are 0 in all 4 tiles"

    def test_outliers_are_cut_by_name_only(self, shown, make_mosaic):
        tiles = np.tile(np.linspace(-1, 1, 400, dtype=np.float32), (4, 1))
        tiles[0, 0] = 50
        made = make_mosaic(4, tiles=tiles.reshape(4, 20, 20), signed=True)
        view = shown(MosaicView(), made, None)
        assert "99.5 %" in view.legend.toolTip()
        assert "of −50 … 50" in view.legend.toolTip()
        view.clip.setChecked(False)
        assert "−50 – 50" in view.legend.toolTip()

    def test_large_tiles_become_finer_when_zoomed(self, shown, make_mosaic, qtbot):
        view = shown(MosaicView(), make_mosaic(64, 100), None)
        coarse = view._sheet.pixels.shape
        assert max(view._sheet.layout.tile_size) < 100
        view.canvas.state.set(8.0, (0.5, 0.5))
        qtbot.waitUntil(lambda: view._sheet.layout.tile_size == (100, 100))
        assert view._sheet.pixels.shape > coarse
        top, left, *_ = view._sheet.bounds(1)
        # Tile 62 of 100 x 100 is shown second: its value at row 3, column 5.
        assert f"{62 * 10000 + 305:.3g}"[:3] in view._read(top + 3.5, left + 5.5)
        assert "row 3, column 5" in view._read(top + 3.5, left + 5.5)

    @pytest.mark.parametrize(("count", "side"), [(2048, 7), (3, 400), (4, 1)])
    def test_many_and_huge_tiles(self, shown, make_mosaic, count, side):
        view = shown(MosaicView(), make_mosaic(count, side), None)
        assert view._sheet.layout.count == count

    def test_single_values_cannot_have_a_scale_each(self, shown, make_mosaic):
        view = shown(MosaicView(), make_mosaic(4, 1, shared_scale=False), None)
        assert view.shared.isChecked()
        assert not view.shared.isEnabled()
        assert len(set(view._sheet.pixels[0, ::2])) > 1

    def test_no_tiles_at_all(self, shown, make_mosaic):
        view = shown(MosaicView(), make_mosaic(order=np.zeros(0, np.int64)), None)
        assert view.canvas._message


def test_picture_is_painted(shown):
    pixels = np.zeros((2, 2, 3), np.float32)
    pixels[0, 0] = 1
    view = shown(ImageView(), ColorImage(pixels=pixels), None, size=(100, 100))
    assert tuple(rgb(view.canvas)[20, 20]) == (255, 255, 255)


def test_curves_are_drawn_and_read_out(shown):
    lines = Curves(
        x=np.arange(3.0), series={"loss": np.arange(3.0)}, x_label="step", y_label="y"
    )
    view = shown(CurvesView(), lines, None)
    drawn = view._plot.listDataItems()
    assert [list(item.getData()[1]) for item in drawn] == [[0, 1, 2]]
    bars = Curves(
        x=np.arange(4.0),
        series={"a": np.ones(3), "b": np.ones(3)},
        x_label="value",
        y_label="count",
        style="bars",
    )
    view.show_result(bars, None)
    view.show_result(bars, None)
    assert len(view._plot.listDataItems()) == 2


def test_curves_without_a_point_are_empty_axes(shown):
    """Before the first epoch of a training run there is nothing to draw."""
    none = Curves(x=np.zeros(0), series={"a": np.zeros(0), "b": np.zeros(0)},
                  x_label="epoch", y_label="loss", limits=(0.0, 1.0))  # fmt: skip
    view = shown(CurvesView(), none, None)
    assert [item.getData()[1] for item in view._plot.listDataItems()] == [None, None]
    box = view._plot.getPlotItem().vb
    view._moved(box.sceneBoundingRect().center())
    assert rgb(view).shape[2] == 3


@pytest.mark.parametrize(
    ("high", "low", "place"),
    [
        ([0.1, 0.9, 1, 1, 1, 1], [0.9, 0, 0, 0, 0, 0], (1, 0.5)),
        ([9, 4, 2, 1, 1, 1], [9, 3, 1, 0, 0, 0], (1, 0)),
        ([0, 1, 4, 7, 9, 9], [0, 0, 1, 5, 8, 9], (1, 1)),
    ],
)
def test_the_legend_stands_where_it_covers_least(shown, high, low, place):
    """Truth: by hand; flat curves leave the middle, falling or rising ones a corner."""
    series = {"high": np.array(high, float), "low": np.array(low, float)}
    curves = Curves(x=np.arange(6.0), series=series, x_label="step", y_label="p")
    view = shown(CurvesView(), curves, None)
    assert view._legend_at == place


def test_numbers_of_an_axis_stay_what_they_are_in_another_theme(shown):
    """A loss of 0.5 is written 0.5, and one of 2.5 after it 2.5, not 2500."""

    def curves(values):
        return Curves(
            x=np.arange(3.0), series={"a": values}, x_label="step", y_label="loss"
        )

    view = shown(CurvesView(), curves(np.array([0.5, 0.2, 0.1])), None)
    view.follow_theme()
    view.show_result(curves(np.array([2.5, 2.0, 1.0])), None)
    axis = view._plot.getAxis("left")
    assert (
        float(axis.tickStrings([2.0], axis.autoSIPrefixScale * axis.scale, 1)[0]) == 2
    )


def test_a_curve_that_grows_looks_like_one_drawn_at_once(shown):
    """Truth: a view that has shown nothing before; the lines are kept."""

    def loss(count):
        values = np.linspace(2.0, 0.5, count)
        return Curves(
            x=np.arange(1.0, count + 1), series={"a": values, "b": values / 2},
            x_label="epoch", y_label="loss",
        )  # fmt: skip

    view = shown(CurvesView(), loss(20), None)
    lines = view._plot.listDataItems()
    view.show_result(loss(40), None)
    assert view._plot.listDataItems() == lines
    fresh = shown(CurvesView(), loss(40), None)
    assert np.array_equal(rgb(view), rgb(fresh))
    view.show_result(loss(5), None)
    assert view._plot.listDataItems() != lines


class TestTable:
    TABLE = Table(columns=("name", "size"), rows=(("b", 2.0), ("a", 10.0), ("c", 9.0)))

    def test_numbers_sort_as_numbers(self, shown):
        view = shown(TableView(), self.TABLE, None)
        view.grid.sortByColumn(1, Qt.SortOrder.DescendingOrder)
        assert view.text().splitlines()[1] == "a\t10.0"

    @pytest.mark.parametrize(
        ("column", "ascending"),
        [
            (0, ["1.2.act", "1.10.act", "13", "14"]),
            (1, ["14", "1.2.act", "1.10.act", "13"]),
        ],
    )
    def test_text_sorts_naturally_and_after_numbers(self, shown, column, ascending):
        """Truth: the order of layers by hand; "all" is a field larger than any."""
        rows = (("13", "all"), ("1.10.act", 184.0), ("14", 8.0), ("1.2.act", 56.0))
        view = shown(TableView(), Table(columns=("layer", "field"), rows=rows), None)
        for order, wanted in (
            (Qt.SortOrder.AscendingOrder, ascending),
            (Qt.SortOrder.DescendingOrder, ascending[::-1]),
        ):
            view.grid.sortByColumn(column, order)
            lines = view.text().splitlines()[1:]
            assert [line.split("\t")[0] for line in lines] == wanted

    def test_columns_widen_as_rows_come(self, shown):
        """Agreements of a board: the table stands there before its first row."""
        words = "Saliency, Guided backpropagation"
        columns = "maps", "size"
        view = shown(TableView(), Table(columns=columns, rows=()), None)
        view.show_result(Table(columns=columns, rows=((words, 1.0),)), None)
        needed = view.grid.fontMetrics().horizontalAdvance(words)
        assert needed < view.grid.columnWidth(0) <= 320

    @pytest.mark.parametrize(
        ("natural", "room", "wanted"),
        [
            ([100, 50], 400, [100, 50]),  # all fits: no texts are cut
            ([700, 60, 60], 600, [480, 60, 60]),  # the wide one gives what lacks
            ([700, 500, 50], 750, [350, 350, 50]),  # both end at the same width
            ([700, 500, 50], 300, [320, 320, 50]),  # then a scroll bar comes
            ([48] * 11, 500, [48] * 11),
        ],
    )
    def test_widest_columns_give_way(self, natural, room, wanted):
        """Truth: by hand; a sentence of 500 px was cut at 320 in a view of 900."""
        assert shared_widths(natural, room, 320) == wanted

    def test_numbers_stay_beside_each_other_and_a_moved_border_stays(self, shown):
        columns = ("true / predicted", *map(str, range(10)))
        rows = tuple((f"{n}", *([17.0] * 10)) for n in range(40))
        view = shown(TableView(), Table(columns=columns, rows=rows), None)
        view.resize(760, 300)
        QApplication.processEvents()
        widths = [view.grid.columnWidth(n) for n in range(11)]
        assert sum(widths) <= view.grid.viewport().width()
        assert max(widths[1:]) - min(widths[1:]) <= 3  # before, the last one was wider
        view.grid.horizontalHeader().resizeSection(0, 200)
        view.resize(700, 300)
        QApplication.processEvents()
        assert view.grid.columnWidth(0) == 200

    def test_row_of_a_layer_selects_it_as_the_graph_does(self, shown, qtbot):
        """By mouse and by keys; a layer chosen elsewhere marks its row, silently."""
        rows = (("conv", 3.0), ("fc", 1.0), ("act", 2.0))
        table = Table(columns=("layer", "ms"), rows=rows, of_layers=True)
        view = shown(TableView(), table, None)
        chosen: list[str] = []
        view.layer_chosen.connect(chosen.append)
        view.grid.sortByColumn(1, Qt.SortOrder.AscendingOrder)  # fc, act, conv
        place = view.grid.visualRect(view.grid.model().index(1, 1)).center()
        qtbot.mouseClick(view.grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.keyClick(view.grid, Qt.Key.Key_Down)
        assert chosen == ["act", "conv"]
        view.select_layer("fc")
        assert view.text().splitlines()[1:] == ["fc\t1.0"]
        view.show_result(Table(columns=("layer",), rows=(("a",),)), None)
        assert chosen == ["act", "conv"]

    def test_whole_numbers_are_whole(self, shown):
        """Parameters of a layer: every digit counts, and can be read."""
        rows = ((147456.0, 0.12345),)
        view = shown(TableView(), Table(columns=("a", "b"), rows=rows), None)
        cells = [view.grid.model().index(0, column).data() for column in (0, 1)]
        assert cells == ["147\u2009456", "0.123"]  # a thin space

    def test_rows_of_other_tables_select_nothing(self, shown, qtbot):
        view = shown(TableView(), self.TABLE, None)
        with qtbot.assertNotEmitted(view.layer_chosen):
            view.grid.selectRow(1)

    def test_copies_as_text(self, shown):
        view = shown(TableView(), self.TABLE, None)
        view.grid.selectRow(0)
        view.copy()
        assert QGuiApplication.clipboard().text() == "name\tsize\nb\t2.0"


def test_text_is_shown(shown):
    view = shown(TextView(), Text(text="mind the gap", warning=True), None)
    assert view._label.text() == "mind the gap"


class TestReport:
    @pytest.fixture
    def view(self, qtbot):
        made = ReportView()
        qtbot.addWidget(made)
        made.resize(800, 600)
        made.show()
        return made

    def test_main_result_first_and_others_made_when_looked_at(
        self, view, make_report, photo
    ):
        view.show_report(make_report(), photo)
        assert isinstance(view.current, MosaicView)
        assert list(view._views) == ["channels"]
        view._tabs.setCurrentIndex(1)
        assert isinstance(view.current, HeatmapView)
        assert view._notes.text() == "a note"

    def test_next_report_is_shown_in_place(self, view, make_report, make_mosaic):
        view.show_report(make_report())
        before = view.current
        before.canvas.state.set(2.0, (0.5, 0.5))
        view.show_report(make_report(channels=make_mosaic(order=np.array([4, 5]))))
        assert view.current is before
        assert before.canvas.state.magnification == 2
        assert before.result.order.tolist() == [4, 5]

    def test_a_hidden_tab_is_brought_up_to_date_later(
        self, view, make_report, make_heat
    ):
        view.show_report(make_report())
        view._tabs.setCurrentIndex(1)
        view._tabs.setCurrentIndex(0)
        view.show_report(make_report(channel=make_heat([[5, 6]])))
        view._tabs.setCurrentIndex(1)
        assert view.current.result.values.tolist() == [[5, 6]]

    def test_other_kinds_replace_the_views(self, view, make_report, ranking, qtbot):
        view.show_report(make_report())
        view.show_report(Report({"probabilities": ranking}))
        assert isinstance(view.current, RankingView)
        assert not view._tabs.isVisible()
        qtbot.wait(1)
        assert len(view.findChildren(MosaicView)) == 0

    def test_stale_is_grayed_and_said(self, view, make_report):
        view.show_report(make_report(), stale="stopped at 37 %")
        assert view._veil.isVisible()
        assert view._veil._words == "stopped at 37 %"
        view.show_report(make_report(), stale=True)
        assert view._veil._words == "stopped"
        view.show_report(make_report())
        assert not view._veil.isVisible()

    def test_unit_and_hover_pass_through(self, view, make_report, qtbot):
        view.show_report(make_report())
        with qtbot.waitSignal(view.unit_chosen) as caught:
            qtbot.keyClick(view.current.canvas, Qt.Key.Key_Right)
        assert caught.args == [10]
        view.show_report(make_report())
        assert view.current.unit == 10

    def test_painted_is_what_is_exported(self, view, make_report, photo):
        assert view.painting()().shape == (1, 1, 3)
        view.show_report(make_report(), photo)
        picture = view.painting()()
        assert picture.dtype == np.uint8
        assert picture.shape[1] == 960

    def test_clear_forgets_all(self, view, make_report):
        view.show_report(make_report())
        view.clear()
        assert view.current is None
        assert view.report is None


def test_every_kind_has_a_view_and_none_leaves_timers(qtbot, make_report, ranking):
    kinds = [
        *make_report().values(),
        ranking,
        ColorImage(pixels=np.zeros((2, 2, 3), np.float32)),
        Curves(x=np.arange(2), series={"a": np.arange(2)}, x_label="x", y_label="y"),
        Table(columns=("a",), rows=((1.0,),)),
    ]
    for result in kinds:
        view = make_view(result)
        qtbot.addWidget(view)
        view.show_result(result, None)
        running = [t for t in view.findChildren(QTimer) if t.isActive()]
        assert not running
        assert view.result is result
